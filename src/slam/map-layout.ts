import { lengthScale } from '../config/lengths.js';
import type { Config } from '../config/schema.js';
import type { Manifest } from '../field/saved/manifest.js';

/** A saved map: its files, and the manifest among them, read. */
export interface SavedMap {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly manifest: Manifest;
}

/** Lengths that a map is laid out by. */
export interface MapLayout {
  /** Distance between fine corners (m). */
  readonly voxel: number;
  /** Largest fine distance (m). */
  readonly truncation: number;
  /** Feature cell in voxels. */
  readonly featureCell: number;
  readonly warnings: readonly string[];
}

/** The layout of the configuration, or of a saved map, which cannot change any more. */
export function mapLayout(config: Config, manifest?: Manifest): MapLayout {
  const { map } = config;
  const voxel = map.voxel * lengthScale(config);
  const configured = { voxel, truncation: voxel * map.truncation, featureCell: map.featureCell };
  if (!manifest) return { ...configured, warnings: [] };
  const fine = manifest.levels[0]!;
  const layout = {
    voxel: fine.voxel,
    truncation: fine.truncation,
    featureCell: manifest.features?.cellVoxels ?? map.featureCell,
  };
  const differs = (a: number, b: number): boolean => Math.abs(a - b) > 1e-6;
  const warnings: string[] = [];
  const warn = (what: string, saved: string, wanted: string): number =>
    warnings.push(`The saved map has ${what} of ${saved}, the configuration ${wanted}; the map's are used.`);
  if (differs(layout.voxel, configured.voxel)) warn('voxels', `${layout.voxel} m`, `${configured.voxel} m`);
  else if (differs(layout.truncation, configured.truncation))
    warn('a truncation', `${layout.truncation} m`, `${configured.truncation} m`);
  if (layout.featureCell !== configured.featureCell)
    warn('feature cells', `${layout.featureCell} voxels`, `${configured.featureCell}`);
  return { ...layout, warnings };
}
