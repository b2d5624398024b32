import { lengthScale } from '../config/lengths.js';
import type { Config } from '../config/schema.js';
import type { SavedGrid, SavedMap, SavedSubmap } from '../field/saved/saved-map.js';
import { FeltmapError } from '../geometry/errors.js';
import { rotationAngle, translationNorm } from '../geometry/se3.js';

/** The one submap of a saved map that mapping goes on in. */
export interface SavedPart {
  readonly map: SavedMap;
  readonly submap: SavedSubmap;
  /** Of each kind of sensor, coarsest first. */
  readonly grids: readonly SavedGrid[];
}

/**
 * @param sensor kinds of the sensors that mapping goes on with
 * @param count how many kinds these are: each has a grid
 * @throws FeltmapError unsupported for a map of several submaps or other grids, or whose submap was moved; bad-input for one
 *   that was made with another sensor
 */
export function savedPart(map: SavedMap, sensor: string, count = 1): SavedPart {
  if (map.sensor !== sensor)
    throw new FeltmapError(
      'bad-input',
      `The saved map was made with sensor.kind ${map.sensor}, this run is with ${sensor}; go on in it with the same kind of sensor.`,
    );
  const [submap, ...others] = map.submaps;
  const grids = submap?.grids ?? [];
  if (!submap || grids.length !== count || others.length > 0)
    throw new FeltmapError(
      'unsupported',
      `The saved map has ${map.submaps.length} submaps with ${map.submaps.reduce((n, s) => n + s.grids.length, 0)} grids, this program goes on in one submap with ${count === 1 ? 'one grid' : `${count} grids`} only; use a newer Feltmap.`,
    );
  const { T_world_submap: T } = submap;
  if (translationNorm(T) > 1e-9 || rotationAngle(T) > 1e-9)
    throw new FeltmapError(
      'unsupported',
      `Submap ${submap.id} of the saved map does not lie at the origin, as this program needs it; use a newer Feltmap.`,
    );
  return { map, submap, grids };
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
export function mapLayout(config: Config, saved?: SavedGrid): MapLayout {
  const { map } = config;
  const voxel = map.voxel * lengthScale(config);
  const configured = { voxel, truncation: voxel * map.truncation, featureCell: map.featureCell };
  if (!saved) return { ...configured, warnings: [] };
  const { spec } = saved;
  const layout = {
    voxel: spec.voxel,
    truncation: spec.truncation,
    featureCell: spec.layers.find(({ name }) => name === 'features')?.stride ?? map.featureCell,
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
