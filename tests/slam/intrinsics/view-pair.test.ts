import { describe, expect, it } from 'vitest';
import { compose, exp } from '../../../src/geometry/se3.js';
import {
  linearisePair,
  pairSystem,
  PAIR_UNKNOWNS,
  UNKNOWNS,
  type Intrinsics,
  type ViewPair,
} from '../../../src/slam/intrinsics/view-pair.js';
import { CAMERA, pairsOf, placeAt } from './room-views.js';

/** The pair and the camera after a step along one unknown. */
function stepped(pair: ViewPair, camera: Intrinsics, unknown: number, by: number): [ViewPair, Intrinsics] {
  const step = new Float64Array(UNKNOWNS);
  step[unknown] = by;
  const [focal, ratio, x, y] = step.subarray(PAIR_UNKNOWNS);
  return [
    {
      ...pair,
      pose: compose(exp(step.subarray(0, 6)), pair.pose),
      gain: pair.gain + step[6]!,
      bias: pair.bias + step[7]!,
    },
    {
      fx: camera.fx * Math.exp(focal! + ratio! / 2),
      fy: camera.fy * Math.exp(focal! - ratio! / 2),
      cx: camera.cx + x! * camera.fx,
      cy: camera.cy + y! * camera.fy,
    },
  ];
}

const gradient = (pair: ViewPair, camera: Intrinsics): Float64Array => {
  const system = pairSystem();
  linearisePair(pair, camera, 2, system);
  expect(system.compared).toBeGreaterThan(1000);
  return system.b;
};

describe('a pair of views', () => {
  const [pair] = pairsOf([placeAt(0, 2), placeAt(6, 5, 3, 0.05)]);

  it('has nothing to say where all is right', () => {
    const system = pairSystem();
    linearisePair(pair!, CAMERA, 0, system);
    for (let i = 0; i < UNKNOWNS; i++) {
      const sigma = 1 / Math.sqrt(system.A[i * (UNKNOWNS + 1)]!);
      // A step that would be taken, were it the only unknown: interpolation between pixels and edges leave some.
      expect(Math.abs(system.b[i]! * sigma ** 2)).toBeLessThan([0.002, 0.002, 0.002, 0.002, 0.002, 0.002, 0.02, 3, 0.004, 0.004, 0.004, 0.004][i]!); // prettier-ignore
    }
  });

  it.each(Array.from({ length: UNKNOWNS }, (_, i) => i))(
    'has the curvature along unknown %i that its gradient shows',
    (unknown) => {
      const by = unknown === 7 ? 2 : 0.004;
      const system = pairSystem();
      linearisePair(pair!, CAMERA, 2, system);
      const after = gradient(...stepped(pair!, CAMERA, unknown, by));
      const before = gradient(...stepped(pair!, CAMERA, unknown, -by));
      // b is minus the gradient; Gauss–Newton leaves second derivatives and the kernels' slopes out.
      const curvature = (before[unknown]! - after[unknown]!) / (2 * by);
      const expected = system.A[unknown * (UNKNOWNS + 1)]!;
      expect(curvature / expected).toBeGreaterThan(0.7);
      expect(curvature / expected).toBeLessThan(1.2);
    },
  );
});
