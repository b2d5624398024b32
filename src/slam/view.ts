import type { SensorKind } from '../config/sensors.js';
import { BLOCK_CELLS } from '../kernels/layout/mesh.js';
import type { MeshBlockStore, MeshChanges } from '../mesh/block-store.js';
import type { SurfaceSamples } from '../sensors/observation.js';
import type { Submaps } from './mapping/submaps.js';
import type { Scales } from './scale.js';
import type { SlamView } from './types.js';

/**
 * Looks into the parts of a system, for viewers.
 *
 * @example
 * const view = new SystemView(scales, submaps, () => observation.surface);
 * const { blocks } = view.meshChanges(0); // all of them
 * const positions = view.points(5000);
 */
export class SystemView implements SlamView {
  readonly blockSizes: readonly number[];
  readonly kinds: readonly SensorKind[];
  readonly #store: MeshBlockStore;

  /** @param latest the surface of the observation that was processed last */
  constructor(
    private readonly scales: Scales,
    private readonly submaps: Submaps,
    private readonly latest: () => SurfaceSamples | undefined,
  ) {
    this.#store = scales.first.mesher.store;
    this.kinds = scales.all.map(({ kind }) => kind);
    this.blockSizes = scales.all.map(({ field }) => BLOCK_CELLS * field.levels[0]!.voxel);
  }

  get submap(): number {
    return this.submaps.current;
  }

  get meshVersion(): number {
    return this.#store.version;
  }

  meshChanges(version: number): MeshChanges {
    return this.#store.changedSince(version);
  }

  get newestKeyframe(): number | undefined {
    const newest = this.scales.all.map(({ mapper }) => mapper.keyframes.frames.at(-1)?.scan ?? -1);
    return newest.some((scan) => scan >= 0) ? Math.max(...newest) : undefined;
  }

  points(most: number): Float32Array {
    const surface = this.latest();
    if (!surface) return new Float32Array(0);
    const { count: all, x, y, z } = surface;
    const count = Math.min(all, most);
    const out = new Float32Array(3 * count);
    const step = all / Math.max(1, count);
    for (let i = 0; i < count; i++) {
      const from = Math.floor(i * step);
      out[3 * i] = x[from]!;
      out[3 * i + 1] = y[from]!;
      out[3 * i + 2] = z[from]!;
    }
    return out;
  }
}
