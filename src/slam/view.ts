import { BLOCK_CELLS } from '../kernels/layout/mesh.js';
import type { MeshBlockStore, MeshChanges } from '../mesh/block-store.js';
import type { SurfaceSamples } from '../sensors/observation.js';
import type { KeyframeStore } from './mapping/keyframes.js';
import type { Submaps } from './mapping/submaps.js';
import type { SlamView } from './types.js';

/**
 * Looks into the parts of a system, for viewers.
 *
 * @example
 * const view = new SystemView(mesher.store, 0.15, mapper.keyframes, submaps, () => observation.surface);
 * const { blocks } = view.meshChanges(0); // all of them
 * const positions = view.points(5000);
 */
export class SystemView implements SlamView {
  readonly blockSize: number;

  /** @param latest the surface of the observation that was processed last */
  constructor(
    private readonly store: MeshBlockStore,
    voxel: number,
    private readonly keyframes: KeyframeStore,
    private readonly submaps: Submaps,
    private readonly latest: () => SurfaceSamples | undefined,
  ) {
    this.blockSize = BLOCK_CELLS * voxel;
  }

  get submap(): number {
    return this.submaps.current;
  }

  get meshVersion(): number {
    return this.store.version;
  }

  meshChanges(version: number): MeshChanges {
    return this.store.changedSince(version);
  }

  get newestKeyframe(): number | undefined {
    return this.keyframes.frames.at(-1)?.scan;
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
