import { colourCodec } from './colour-layer.js';
import type { LayerContents, LayerName } from './content.js';
import { distanceCodec } from './distance-layer.js';
import { featuresCodec } from './features-layer.js';
import type { LayerCodec } from './layer-codec.js';

/** How each layer is saved, by its name. */
export const LAYER_CODECS: { readonly [Name in LayerName]: LayerCodec<LayerContents[Name]> } = {
  distance: distanceCodec,
  features: featuresCodec,
  colour: colourCodec,
};

/** Whether a layer of a manifest is one that this program reads. */
export function isKnownLayer(name: string, coding: number): name is LayerName {
  return Object.hasOwn(LAYER_CODECS, name) && LAYER_CODECS[name as LayerName].coding === coding;
}
