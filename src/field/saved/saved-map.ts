import { FeltmapError } from '../../geometry/errors.js';
import { exp, log, orthonormalise, type Pose } from '../../geometry/se3.js';
import type { GridLayout, LayerLayout } from './grid-layout.js';
import type { FieldContent, LayerContents, LayerName, MapContent } from './content.js';
import { misfit } from './damage.js';
import { floatBytes, readFloats, readPart, reference, type MapFiles } from './files.js';
import type { LayerCodec, LayerSize, OpenedLayer, SaveOptions } from './layer-codec.js';
import { isKnownLayer, LAYER_CODECS } from './layers.js';
import { MANIFEST, readManifest, writeManifest, type Manifest, type ManifestData } from './manifest.js';

type SubmapData = ManifestData['submaps'][0];
type GridData = SubmapData['grids'][0];
type SubmapEntry = Manifest['submaps'][0];
type GridEntry = SubmapEntry['grids'][0];
const PLACE_BYTES = 24;

/** One grid of a saved map. What it needs is known before anything is unpacked. */
export interface SavedGrid {
  /** How the grid is laid out, with the layers that this program reads. */
  readonly spec: GridLayout;
  readonly sizes: Readonly<Partial<Record<LayerName, LayerSize>>>;
  /**
   * Reads the layers; takes memory for {@link SavedGrid.sizes}, so compare these first.
   *
   * @throws FeltmapError not-found without a layer's file, bad-input when it is damaged
   */
  content(): FieldContent;
}

/** One submap of a saved map. */
export interface SavedSubmap {
  readonly id: number;
  readonly T_world_submap: Pose;
  readonly grids: readonly SavedGrid[];
  /**
   * Poses T_submap_sensor along the path.
   *
   * @throws FeltmapError as {@link SavedGrid.content}
   */
  places(): Pose[];
}

/** A saved map whose manifest is read. */
export interface SavedMap extends Pick<MapContent, 'sensor' | 'frame' | 'scans' | 'last'> {
  readonly submaps: readonly SavedSubmap[];
  /** What is left out, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * The files of a saved map, by name; the manifest comes last, so that a half-written map is not taken for a whole one.
 * Same content, same bytes.
 */
export function encodeSavedMap(content: MapContent, options: SaveOptions = {}): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const put = (what: string, bytes: Uint8Array): ReturnType<typeof reference> => {
    const entry = reference(what, bytes);
    files.set(entry.name, bytes);
    return entry;
  };
  const submaps = content.submaps.map(({ id, T_world_submap, places, grids }): SubmapData => ({
    id,
    T_world_submap: [...T_world_submap],
    places: {
      count: places.length,
      file: put(`submap-${id}.places`, floatBytes(places.flatMap((pose) => [...log(pose)]))),
    },
    grids: grids.map((grid, i) =>
      encodeGrid(grid, options, (layer, bytes) => put(`submap-${id}.grid-${i}.${layer}`, bytes)),
    ),
  })); // prettier-ignore
  const { sensor, frame, scans, last } = content;
  const { submap, T_submap_sensor } = last;
  const manifest = writeManifest({
    sensor,
    frame,
    scans,
    last: { submap, T_submap_sensor: [...T_submap_sensor] },
    submaps,
  });
  return files.set(MANIFEST, manifest);
}

function encodeGrid(
  { spec, layers }: FieldContent,
  options: SaveOptions,
  put: (layer: string, bytes: Uint8Array) => GridData['layers'][0]['file'],
): GridData {
  let bounds: GridData['bounds'] = null;
  const encode = <N extends LayerName>(name: N, { wordsPerCorner, stride }: LayerLayout) => {
    const codec: LayerCodec<LayerContents[N]> = LAYER_CODECS[name];
    const content = layers[name];
    const encoded = content && codec.encode(content, options);
    if (!encoded) return [];
    if (stride === 1) bounds ??= boundsOf(encoded.coords, spec.voxel);
    const { coding, required } = codec;
    const { parameters, bytes } = encoded;
    return [{ name, coding, required, wordsPerCorner, stride, parameters, file: put(name, bytes) }];
  };
  const entries = spec.layers.flatMap((layer) => encode(layer.name, layer));
  const { voxel, truncation, pyramid } = spec;
  return { voxel, truncation, pyramid: [...pyramid], bounds, layers: entries };
}

/**
 * Reads the manifest of a saved map, of this version or an older one, and checks that this program can read the rest.
 *
 * @example
 * ```ts
 * const map = openSavedMap(files); // manifest.json and the files beside it, by name
 * const { spec, sizes, content } = map.submaps[0].grids[0];
 * const distances = content().layers.distance; // levels of 8³ blocks
 * ```
 * @throws FeltmapError as {@link readManifest}; unsupported for a required layer that this program does not know
 */
export function openSavedMap(files: MapFiles): SavedMap {
  const { sensor, frame, scans, last, submaps } = readManifest(files);
  const warnings: string[] = [];
  return {
    sensor,
    frame,
    scans,
    last: { submap: last.submap, T_submap_sensor: toPose(last.T_submap_sensor) },
    submaps: submaps.map((submap) => openSubmap(files, submap, warnings)),
    warnings,
  };
}

function openSubmap(
  files: MapFiles,
  { id, T_world_submap, places, grids }: SubmapEntry,
  warnings: string[],
): SavedSubmap {
  // prettier-ignore
  if (places.file.to - places.file.from !== places.count * PLACE_BYTES) throw misfit();
  return {
    id,
    T_world_submap: toPose(T_world_submap),
    grids: grids.map((grid) => openGrid(files, grid, warnings)),
    places() {
      const twists = readFloats(readPart(files, places.file));
      return Array.from({ length: places.count }, (_, i) => exp(twists.subarray(i * 6, i * 6 + 6)));
    },
  };
}

function openGrid(
  files: MapFiles,
  { voxel, truncation, pyramid, layers }: GridEntry,
  warnings: string[],
): SavedGrid {
  // prettier-ignore
  const specs: LayerLayout[] = [];
  const sizes: Partial<Record<LayerName, LayerSize>> = {};
  const readers: (() => Partial<LayerContents>)[] = [];
  for (const { name, coding, required, wordsPerCorner, stride, parameters, file } of layers) {
    if (!isKnownLayer(name, coding)) {
      if (required) throw unknownLayer(name, coding);
      warnings.push(
        `The saved map has a layer "${name}" (coding ${coding}) that this program cannot read; it is left out, and missing when the map is saved again.`,
      );
      continue;
    }
    const codec: LayerCodec<LayerContents[typeof name]> = LAYER_CODECS[name];
    const opened: OpenedLayer<LayerContents[typeof name]> = codec.open(
      parameters,
      1 + pyramid.length,
      file.to - file.from,
    );
    specs.push({ name, wordsPerCorner, stride });
    sizes[name] = opened.size;
    readers.push(() => ({ [name]: opened.decode(readPart(files, file)) }));
  }
  const spec = { voxel, truncation, pyramid, layers: specs };
  return {
    spec,
    sizes,
    content: () => ({ spec, layers: Object.assign({}, ...readers.map((read) => read())) as Partial<LayerContents> }), // prettier-ignore
  };
}

function unknownLayer(name: string, coding: number): FeltmapError {
  return new FeltmapError(
    'unsupported',
    `The saved map has a layer "${name}" (coding ${coding}) that it cannot be read without, and this program does not know it; use a newer Feltmap.`,
  );
}

function toPose(values: readonly number[]): Pose {
  return orthonormalise(Float64Array.from(values));
}

/** Extent of blocks of 8 voxels (m). */
function boundsOf(coords: Int32Array, voxel: number): GridData['bounds'] {
  if (coords.length === 0) return null;
  const [min, max] = [[Infinity, Infinity, Infinity], [-Infinity, -Infinity, -Infinity]]; // prettier-ignore
  coords.forEach((value, i) => {
    min![i % 3] = Math.min(min![i % 3]!, value * 8 * voxel);
    max![i % 3] = Math.max(max![i % 3]!, (value + 1) * 8 * voxel);
  });
  return { min: min!, max: max! };
}
