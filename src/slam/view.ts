import { BLOCK_CELLS } from '../mesh/block-layout.js';
import type { MeshBlockStore, MeshChanges } from '../mesh/block-store.js';
import type { PreparedScan } from '../sensors/lidar/prepared-scan.js';
import { FIRST_SUBMAP } from './events.js';
import type { KeyframeStore } from './mapping/keyframes.js';
import type { SlamView } from './types.js';

/** Looks into the parts of a system, for viewers. */
export class SystemView implements SlamView {
  readonly submap = FIRST_SUBMAP;
  readonly blockSize: number;

  constructor(
    private readonly store: MeshBlockStore,
    voxel: number,
    private readonly keyframes: KeyframeStore,
    private readonly preparer: { readonly latest: PreparedScan },
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
    const { mapCount, columns } = this.preparer.latest;
    const count = Math.min(mapCount, most);
    const out = new Float32Array(3 * count);
    const step = mapCount / Math.max(1, count);
    for (let i = 0; i < count; i++) {
      const from = Math.floor(i * step);
      out[3 * i] = columns.deskewedX[from]!;
      out[3 * i + 1] = columns.deskewedY[from]!;
      out[3 * i + 2] = columns.deskewedZ[from]!;
    }
    return out;
  }
}
