// A SLAM thread and a solver that answer what a test wants.
import type { SlamService } from '../../../src/host/client.js';
import type { CompletedRegion } from '../../../src/host/completion/complete-surface.js';
import type { SurfaceSolver } from '../../../src/host/completion/completion-thread.js';
import type { RegionSurface } from '../../../src/host/completion/region-surface.js';
import type { Box } from '../../../src/completion/complete-region.js';
import { identity } from '../../../src/geometry/se3.js';

export function surface(fingerprint: string): RegionSurface {
  return { T_odom_submap: identity(), grids: [], touches: [], fingerprint };
}

/** One triangle in the middle of a box, whose corners are less sure from one to the next. */
export function objectIn(box: Box, gain = 1): CompletedRegion {
  const at = [0, 1, 2].map((k) => (box[k]! + box[k + 3]!) / 2) as [number, number, number];
  const touch = { point: at, approach: [0, 0, -1] as const, sigma: 0.004, contact: 1, gain };
  return {
    mesh: {
      positions: Float32Array.of(...at, at[0] + 0.1, at[1], at[2], at[0], at[1] + 0.1, at[2]),
      normals: Float32Array.of(0, 0, 1, 0, 0, 1, 0, 0, 1),
      indices: Uint32Array.of(0, 1, 2),
      sigmas: Float32Array.of(0, 0.005, 0.02),
      bounds: Float32Array.of(0, 0.015, 0.06),
    },
    T_odom_object: identity(),
    table: { normal: [0, 0, 1], offset: 0 },
    points: 12,
    touches: 0,
    next: touch,
  };
}

/** Solves when the test says so, or at once. */
export class FakeSolver implements SurfaceSolver {
  readonly boxes: Box[] = [];
  closed = false;
  error: Error | undefined;
  /** Gain of the next touch of each object. */
  gain = 1;
  ready: Promise<void> = Promise.resolve();
  async complete(_: RegionSurface, box: Box): Promise<CompletedRegion> {
    this.boxes.push(box);
    await this.ready;
    if (this.error) throw this.error;
    return objectIn(box, this.gain);
  }
  async close(): Promise<void> {
    this.closed = true;
  }
}

/** A SLAM thread that only knows surfaces. */
export function slamWith(fingerprint: () => string): SlamService {
  return {
    call: async (request) => {
      if (request.type !== 'region') throw new Error(`unexpected ${request.type}`);
      return surface(fingerprint()) as never;
    },
    listen: () => () => undefined,
    terminate: async () => undefined,
    failure: undefined,
  };
}
