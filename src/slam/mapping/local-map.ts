import type { KernelPool } from '../../compute/pool.js';
import type { Field } from '../../field/field.js';
import type { Pose } from '../../geometry/se3.js';
import type { MapMesher } from '../../mesh/map-mesher.js';
import { BLOCK_CELLS } from '../../kernels/layout/mesh.js';
import type { Observation, RangeGrid } from '../../sensors/observation.js';
import { SeenSpace, type Contradiction, type SinceLast } from '../places/seen-space.js';
import type { Exposure } from '../../field/terms/photometric.js';
import type { Correction } from './correction.js';
import type { FrameCadence } from './frame-cadence.js';
import type { MappedHow, Mapper } from './mapper.js';
import { MovingPoints } from './moving-points.js';

/** Shares of the map's room: beyond the first, far places are forgotten until the second is reached. */
const FULL = 0.85;
const ROOMY = 0.6;
/** From one kept view to the next, and how much nearer than the nearest return counts as empty, in fine voxels. */
const VIEW_SPACING = 13;
const EMPTY_MARGIN = 2.5;
/** Blocks before that border are meshed too: their triangles reach into what is forgotten. */
const BORDER_BLOCKS = 2;

/**
 * The map around the body: field, mapper and mesh as one. A full map goes on where the sensor is; far blocks are
 * forgotten once they have been meshed.
 *
 * @example
 * map.integrate(observation, T_submap_sensor, scan);
 * const refined = map.optimise(); // T_submap_sensor
 * map.updateMesh(48);
 */
export class LocalMap {
  readonly #field: Field;
  readonly #mapper: Mapper;
  readonly #mesher: MapMesher;
  readonly #cadence: FrameCadence | undefined;
  readonly #correction: Correction | undefined;
  readonly #paint: ((observation: Observation, pose: Pose, exposure?: Exposure) => void) | undefined;
  readonly #forget: (() => void) | undefined;
  readonly #seen: SeenSpace;
  readonly #moving: MovingPoints;
  /** Number of the scan that was integrated last. */
  #scan = 0;
  #integrated = 0;
  #forgotten = 0;
  #loadedScans: number;

  /** @param loadedScans scans in a map that was loaded, 0 for an empty one */
  constructor(
    parts: {
      readonly pool: KernelPool;
      readonly field: Field;
      readonly mapper: Mapper;
      readonly mesher: MapMesher;
      /** Of organised ranges: which are mapped; all unless given. */
      readonly cadence?: FrameCadence | undefined;
      /** Of the next coarser grid by this one. */
      readonly correction?: Correction | undefined;
      /** Told of each observation that is fused: its picture may colour the surface of a coarser grid. */
      readonly paint?: ((observation: Observation, pose: Pose, exposure?: Exposure) => void) | undefined;
      /** Forgets what lies beside field and mesh. */
      readonly forget?: (() => void) | undefined;
    },
    loadedScans = 0,
  ) {
    this.#loadedScans = loadedScans;
    this.#field = parts.field;
    this.#mapper = parts.mapper;
    this.#mesher = parts.mesher;
    this.#cadence = parts.cadence;
    this.#correction = parts.correction;
    this.#paint = parts.paint;
    this.#forget = parts.forget;
    const { voxel } = parts.field.levels[0]!;
    this.#moving = new MovingPoints(parts.pool, voxel);
    this.#seen = new SeenSpace(VIEW_SPACING * voxel, EMPTY_MARGIN * voxel);
  }

  /** Scans in the map that was loaded; 0 once it was cleared. */
  get loadedScans(): number {
    return this.#loadedScans;
  }

  /** Observations that this run has added. */
  get integrated(): number {
    return this.#integrated;
  }

  /** Observations that the map rests on; no limit for a loaded map. */
  get age(): number {
    return this.#loadedScans > 0 ? Infinity : this.#integrated;
  }

  /** Fine blocks that had to be forgotten. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Version of the mesh. */
  get meshVersion(): number {
    return this.#mesher.store.version;
  }

  /**
   * Fuses an observation, unless it shows what the ones before it did.
   *
   * @returns whether it was fused
   * @param pose T_submap_sensor
   * @param scan its number in the map
   */
  integrate(observation: Observation, pose: Pose, scan: number, how: MappedHow = {}): boolean {
    const { surface, grid } = observation;
    if (grid && this.#cadence && !this.#cadence.isDue(observation.sensor, pose)) return false;
    if (this.#field.fill > FULL) this.#forgetFar(pose);
    const touched = observation.contacts !== undefined;
    if (!grid && !touched) this.#moving.mark(surface, pose);
    const { T_body_sensor } = observation;
    // While the exposure is on its way to another one nobody knows what its colours are against those of the map.
    const fused = grid && how.exposure?.unsteady ? withoutColor(grid) : grid;
    this.#mapper.integrate(surface, pose, scan, { ...how, T_body_sensor, ...(fused && { grid: fused }) });
    if (!grid && !touched) this.#moving.keep(surface, pose);
    if (!how.exposure?.unsteady) this.#paint?.(observation, pose, how.exposure);
    if (!touched) this.#seen.add(observation, pose);
    this.#scan = scan;
    this.#integrated++;
    return true;
  }

  /** How an observation at a pose (T_submap_sensor) contradicts what was seen before; it must be undistorted. */
  contradiction(observation: Observation, pose: Pose): Contradiction {
    return this.#seen.compare(observation, pose);
  }

  /** The same with the observation that was mapped last alone. */
  contradictionSinceLast(observation: Observation, pose: Pose): SinceLast {
    return this.#seen.compareLast(observation, pose);
  }

  /** The same by what is part of a surface alone, undefined where that is too little; it must be completed. */
  contradictionOfSurfaces(observation: Observation, pose: Pose): Contradiction | undefined {
    return this.#seen.compareSurfaces(observation, pose);
  }

  /** Optimises features and latest poses together; returns T_submap_sensor of the latest observation. */
  optimise(): Pose | undefined {
    return this.#mapper.optimise();
  }

  /** Meshes up to `blocks` of the most changed blocks. */
  updateMesh(blocks: number): void {
    this.#mesher.update(blocks);
    this.#correction?.apply(this.#scan);
  }

  /** Forgets everything. */
  clear(): void {
    this.#field.clear();
    this.#mapper.clear();
    this.#mesher.clear();
    this.#seen.clear();
    this.#moving.clear();
    this.#cadence?.clear();
    this.#correction?.clear();
    this.#forget?.();
    this.#integrated = 0;
    this.#loadedScans = 0;
  }

  #forgetFar(pose: Pose): void {
    const here = [pose[3]!, pose[7]!, pose[11]!];
    const radius = this.#field.radiusFor(here, ROOMY);
    this.#mesher.finishBeyond(here, radius - BORDER_BLOCKS * BLOCK_CELLS * this.#field.levels[0]!.voxel);
    const forgotten = this.#field.forgetBeyond(here, radius);
    this.#mesher.keep(forgotten);
    this.#forgotten += forgotten.length / 3;
  }
}

/** The grid of a camera as if it had taken no colours. */
function withoutColor(grid: RangeGrid): RangeGrid {
  const { width, height, fx, fy, cx, cy, z, nx, ny, nz, information } = grid;
  return { width, height, fx, fy, cx, cy, z, nx, ny, nz, information };
}
