import { compose, exp, identity, type Pose } from '../../src/geometry/se3.js';
import { uniform } from '../../src/eval/sampling.js';

/** Poses along x, `step` metres apart. */
export function straight(n: number, step: number): Pose[] {
  return Array.from({ length: n }, (_, i) => Float64Array.of(1, 0, 0, i * step, 0, 1, 0, 0, 0, 0, 1, 0));
}

/** A winding drive: seeded random curvature and slope, `step` metres a pose. */
export function winding(n: number, step: number, seed: number): Pose[] {
  const random = uniform(seed);
  const poses = [identity()];
  let yaw = 0;
  for (let i = 1; i < n; i++) {
    yaw = 0.9 * yaw + 0.02 * (random() - 0.5);
    const xi = [step, 0, 0, 0.004 * (random() - 0.5), 0.004 * (random() - 0.5), yaw];
    poses.push(compose(poses[i - 1]!, exp(xi)));
  }
  return poses.slice(0, n);
}

/** `poses` with independent noise on the right: σ of position (m) and attitude (rad), uniform. */
export function noisy(poses: readonly Pose[], metres: number, radians: number, seed: number): Pose[] {
  const random = uniform(seed);
  const u = (s: number) => s * (2 * random() - 1);
  return poses.map((T) =>
    compose(T, exp([u(metres), u(metres), u(metres), u(radians), u(radians), u(radians)])),
  );
}

export function stamps(n: number, periodNs = 100_000_000n, start = 1_317_042_272_349_660_000n): bigint[] {
  return Array.from({ length: n }, (_, i) => start + BigInt(i) * periodNs);
}
