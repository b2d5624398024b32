import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, identity, separation, type Pose } from '../../../src/geometry/se3.js';
import { GridDrift } from '../../../src/slam/tracking/grid-drift.js';

const variances = (linear: number, angular: number): Float64Array =>
  Float64Array.from({ length: 6 }, (_, i) => (i < 3 ? linear : angular) ** 2);
const covariance = (linear: number, angular: number): Float64Array =>
  Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? (i < 21 ? linear : angular) ** 2 : 0));
const at = (x: number, y = 0): Pose => Float64Array.of(1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, 0);

/** A scan's σ in the registration: its covariance counts so much more there (CORRELATED/ALIKE). */
const IN_REGISTRATION = 20;
const SCAN = 0.0012;
const PRIOR = variances(0.0022, 0.001);

/**
 * A body goes 4 m along x. The finer grid gains `slope` metres a metre, a scan sees the body to 2 mm; its registration weighs
 * that against what was predicted. Returns the rms errors of the frames with the drift known, without, and of scans alone.
 */
function drive(slope: number, seed: number, grid = new GridDrift()): [number, number, number] {
  const random = new Random(seed);
  const sums = [0, 0, 0];
  const steps = 160;
  for (let k = 1; k <= steps; k++) {
    const x = (4 * k) / steps;
    const registered = at(x * (1 + slope));
    const known = grid.fromGrid(registered)[3]!;
    const seen = x + 0.002 * random.normal();
    const expected = grid.variance[0]! + PRIOR[0]!;
    const gain = expected / (expected + IN_REGISTRATION * SCAN ** 2);
    const found = at(known + gain * (seen - known));
    grid.measured({ predicted: at(known), found, prior: PRIOR, covariance: covariance(SCAN, 0.001) });
    [known - x, registered[3]! - x, seen - x].forEach((v, i) => (sums[i]! += v * v));
  }
  return sums.map((sum) => Math.sqrt(sum / steps)) as [number, number, number];
}

describe('the drift of a finer grid', () => {
  it('is found by scans that are worse than it one by one: frames become better than either', () => {
    for (const seed of [1, 2, 3]) {
      const [known, unknown, scans] = drive(0.0045, seed);
      expect(known, `seed ${seed}`).toBeLessThan(0.8 * scans);
      expect(known, `seed ${seed}`).toBeLessThan(0.2 * unknown);
    }
  });

  it('costs a grid that does not drift less than a millimetre', () => {
    for (const seed of [1, 2, 3]) expect(drive(0, seed)[0]).toBeLessThan(0.001);
  });

  it('does not grow where the body rests, and leaves a first pose alone', () => {
    const grid = new GridDrift();
    for (let k = 0; k < 50; k++)
      grid.measured({
        predicted: at(1),
        found: at(1.001),
        prior: PRIOR,
        covariance: covariance(SCAN, 0.001),
      });
    expect(separation(grid.fromGrid(at(1)), at(1))).toBe(0);
    expect([...Float64Array.from(grid.variance)]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('takes no step for drift that is far beyond what was expected', () => {
    const grid = new GridDrift();
    grid.measured({ predicted: at(0), found: at(0), prior: PRIOR, covariance: covariance(SCAN, 0.001) });
    grid.measured({
      predicted: at(2),
      found: at(2.05, 0.002),
      prior: PRIOR,
      covariance: covariance(SCAN, 0.001),
    });
    const moved = grid.fromGrid(at(2));
    expect(moved[3]).toBe(2);
    expect(moved[7]).toBeGreaterThan(0.0005);
  });

  it('turns and shifts about the body, there and back', () => {
    const grid = new GridDrift();
    const body = compose(at(2, 1), exp([0, 0, 0, 0.1, -0.2, 0.3]));
    const measured = (predicted: Pose, found: Pose): void =>
      grid.measured({ predicted, found, prior: PRIOR, covariance: covariance(SCAN, 0.001) });
    measured(identity(), identity());
    const turned = compose(exp([0, 0, 0, 0, 0, 0.002]), body);
    for (let i = 0; i < 3; i++) turned[4 * i + 3] = body[4 * i + 3]! + [0.001, 0, -0.001][i]!;
    measured(body, turned);
    const there = grid.fromGrid(body);
    expect(there[3]! - body[3]!).toBeGreaterThan(0.0003);
    expect(there[11]! - body[11]!).toBeLessThan(-0.0003);
    grid.intoGrid(there).forEach((v, i) => expect(v).toBeCloseTo(body[i]!, 9));
    grid.clear();
    expect([...grid.fromGrid(body)]).toEqual([...compose(identity(), body)]);
  });

  it('fades as the grid follows', () => {
    const grid = new GridDrift();
    drive(0.0045, 1, grid);
    const before = separation(grid.fromGrid(at(0)), at(0));
    for (let k = 0; k < 100; k++) grid.followed();
    expect(separation(grid.fromGrid(at(0)), at(0))).toBeLessThan(0.06 * before);
  });
});
