import { BLOCK_CELLS } from '../mesh/block-layout.js';
import type { MeshBlockStore, MeshChanges } from '../mesh/block-store.js';
import type { SurfaceSamples } from '../sensors/observation.js';
import type { KeyframeStore } from './mapping/keyframes.js';
import type { SlamView } from './types.js';

/** Looks into the parts of a system, for viewers. */
export class SystemView implements SlamView {
  readonly blockSize: number;

  constructor(
    private readonly store: MeshBlockStore,
    voxel: number,
    private readonly keyframes: KeyframeStore,
    private readonly newest: { readonly surface: SurfaceSamples | undefined },
  ) {
    this.blockSize = BLOCK_CELLS * voxel;
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
    const { surface } = this.newest;
    if (!surface) return new Float32Array(0);
    const count = Math.min(surface.count, most);
    const out = new Float32Array(3 * count);
    const step = surface.count / Math.max(1, count);
    for (let i = 0; i < count; i++) {
      const from = Math.floor(i * step);
      out[3 * i] = surface.x[from]!;
      out[3 * i + 1] = surface.y[from]!;
      out[3 * i + 2] = surface.z[from]!;
    }
    return out;
  }
}
