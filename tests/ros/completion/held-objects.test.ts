import { describe, expect, it } from 'vitest';
import { exp } from '../../../src/geometry/se3.js';
import type { CompletedRegion } from '../../../src/host/completion/complete-surface.js';
import type { SurfaceSolver } from '../../../src/host/completion/completion-thread.js';
import type { RegionSurface } from '../../../src/host/completion/region-surface.js';
import type { HostEvent, TouchEvent } from '../../../src/host/protocol.js';
import { decodeMarkerArray } from '../../../src/messages/markers.js';
import { TfBuffer } from '../../../src/messages/tf-buffer.js';
import { NodeCompletion } from '../../../src/ros/completion/node-completion.js';
import { ParameterStore } from '../../../src/ros/parameter-check.js';
import { ThrottledLog } from '../../../src/ros/throttle.js';
import { objectIn, slamWith } from '../../host/completion/fakes.js';
import { FakePort } from '../helpers.js';

const SECOND = 1_000_000_000n;
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** Remembers what it was asked to complete. */
class Solver implements SurfaceSolver {
  readonly surfaces: RegionSurface[] = [];
  async complete(surface: RegionSurface, box: Parameters<SurfaceSolver['complete']>[1]): Promise<CompletedRegion> {
    this.surfaces.push(surface);
    return objectIn(box);
  }
  async close(): Promise<void> {}
} // prettier-ignore

function touched(stampNs: bigint, point: readonly number[]): HostEvent {
  const touch = { state: 'unknown', predicted: exp([0, 0, 0, 0, 0, 0]), points: Float32Array.from(point), normals: Float32Array.of(0, 0, 1), sigma: 0.001 } as const; // prettier-ignore
  return { type: 'touch', sensor: 'gel', submap: 0, result: { stampNs, touch } } as unknown as TouchEvent;
}

describe('objects in a frame that moves', () => {
  it('get each touch where it was in the frame at its stamp, and are published in it', async () => {
    const [port, tf, solver, store] = [new FakePort(), new TfBuffer(), new Solver(), new ParameterStore()];
    store.start([
      ['completion.box', [-0.1, -0.1, 0, 0.1, 0.1, 0.2]],
      ['completion.frame', 'in_hand'],
    ]);
    // The hand goes along x; the gel stays where it is. After 3 s nothing is told for a second.
    for (const s of [1.4, 1.6, 2.4, 2.6, 3, 4]) {
      const stampNs = BigInt(Math.round(s * 1e9));
      tf.set({ stampNs, frameId: 'base', childFrameId: 'in_hand', transform: exp([0.1 * s, 0, 0, 0, 0, 0]) }, false); // prettier-ignore
    }
    tf.set({ stampNs: 0n, frameId: 'base', childFrameId: 'gel', transform: exp([0.2, 0, 0.1, 0, 0, 0]) }, true); // prettier-ignore
    const completion = new NodeCompletion({
      parameters: store,
      port,
      log: new ThrottledLog(port.log),
      tf,
      slam: () => slamWith(() => 'a'),
      lastStampNs: () => 5n * SECOND,
      solver,
    });
    completion.useParameters();
    await settle();
    completion.follow(touched((3n * SECOND) / 2n, [0, 0, 0]));
    completion.follow(touched((5n * SECOND) / 2n, [0, 0, 0]));
    completion.follow(touched((7n * SECOND) / 2n, [0, 0, 0])); // not known
    completion.follow(touched(60n * SECOND, [0, 0, 0])); // tf does not reach so far
    completion.refresh();
    await settle();
    const { touches, standsOn } = solver.surfaces.at(-1)!;
    const rounded = touches.map(({ points }) => Array.from(points, (v) => Number(v.toFixed(4))));
    expect(rounded).toEqual([
      [0.05, 0, 0.1],
      [-0.05, 0, 0.1],
    ]);
    expect(standsOn!.offset).toBe(0);
    expect(port.logs.map(({ text }) => text).join()).toMatch(/a touch of 'gel' is left out of 'in_hand'/);
    const marker = decodeMarkerArray(port.of('completion').at(-1)!)[0]!;
    expect(marker).toMatchObject({ frameId: 'in_hand', ns: 'held_object_1' });

    expect(await completion.complete()).toMatchObject({ success: true, message: '1 of 1 objects completed' });
    // Another object is taken: what was felt of the first is not of it.
    expect(completion.clear().message).toMatch(/1 objects cleared/);
    completion.follow(touched((5n * SECOND) / 2n, [0, 0, 0.02]));
    completion.refresh();
    await settle();
    expect(solver.surfaces.at(-1)!.touches).toHaveLength(1);
    await completion.stop();
  });
});
