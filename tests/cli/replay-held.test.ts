import { describe, expect, it } from 'vitest';
import { heldBox, ReplayHeld } from '../../src/cli/replay-held.js';
import { exp, type Pose } from '../../src/geometry/se3.js';
import type { SurfaceSolver } from '../../src/host/completion/completion-thread.js';
import type { RegionSurface } from '../../src/host/completion/region-surface.js';
import type { TouchEvent } from '../../src/host/protocol.js';
import type { Measurement } from '../../src/sensors/measurement.js';
import { objectIn } from '../host/completion/fakes.js';

const BOX = 'in_hand:-0.1,-0.1,0,0.1,0.1,0.2';

function measured(stampNs: bigint, T: Pose): Measurement {
  return {
    kind: 'touch-points',
    stampNs,
    frameId: 'gel',
    points: Float32Array.of(0, 0, 0),
    sigma: 0.001,
    mount: exp([0, 0, 0, 0, 0, 0]),
    inFrames: new Map([['in_hand', T]]),
  };
}

function felt(stampNs: bigint): TouchEvent {
  const touch = { state: 'unknown', predicted: exp([0, 0, 0, 0, 0, 0]), points: Float32Array.of(0, 0, 0), normals: Float32Array.of(0, 0, 1), sigma: 0.001 }; // prettier-ignore
  return { type: 'touch', sensor: 'gel', submap: 0, result: { stampNs, touch } } as unknown as TouchEvent;
}

describe('--complete-in', () => {
  it('takes a frame and a box that the prior covers', () => {
    expect(heldBox(BOX)).toEqual({ frame: 'in_hand', box: [-0.1, -0.1, 0, 0.1, 0.1, 0.2] });
    expect(heldBox('/a:b:0,0,0,0.1,0.1,0.1').frame).toBe('a:b');
    expect(() => heldBox('0,0,0,1,1,1')).toThrow(/--complete-in takes a frame and a box/);
    expect(() => heldBox('hand:0,0,0')).toThrow(/--complete-in takes six numbers/);
    expect(() => heldBox('hand:0,0,0,1,1,1')).toThrow(/1\.00 m long/);
  });

  it('completes what was felt, each touch where it was in the frame at its stamp', async () => {
    const held = new ReplayHeld([heldBox(BOX), heldBox('other:0,0,0,0.1,0.1,0.1')]);
    expect(held.frames).toEqual(['in_hand', 'other']);
    async function* source(): AsyncGenerator<Measurement> {
      yield measured(1n, exp([0.05, 0, 0.1, 0, 0, 0]));
      yield measured(2n, exp([-0.05, 0, 0.1, 0, 0, 0]));
    }
    let count = 0;
    for await (const one of held.watched(source())) if ('frameId' in one) count++;
    expect(count).toBe(2);
    // Answers come later than the measurements that follow; one touch that nobody asked about changes nothing.
    for (const stampNs of [1n, 2n, 3n]) held.take(felt(stampNs));

    const surfaces: RegionSurface[] = [];
    const solver: SurfaceSolver = {
      complete: async (surface, box) => {
        if (surface.touches.length === 0) throw new Error('nothing felt');
        surfaces.push(surface);
        return objectIn(box);
      },
      close: async () => undefined,
    };
    const warnings: string[] = [];
    const objects = await held.complete(3, warnings, solver);
    expect(objects.map(({ number }) => number)).toEqual([3]);
    expect(warnings).toEqual(["Object 4, of 'other', is not completed: nothing felt"]);
    const points = surfaces[0]!.touches.map((part) => Array.from(part.points, (v) => Number(v.toFixed(4))));
    expect(points).toEqual([
      [0.05, 0, 0.1],
      [-0.05, 0, 0.1],
    ]);
  });
});
