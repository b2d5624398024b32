import { TIME_SCALE, type LinearSystem } from '../../field/linear-system.js';
import type { MotionSteps } from '../../field/terms/motion-tie.js';
import { invertSpd } from '../../geometry/linear.js';

/** Residuals of neighbouring points are alike: so many count as one (calibrated on simulated truth, docs/how-it-works.md). */
export const ALIKE = 1.5;
/** Standard deviation of the velocity within a sweep about what the steps say, where they were right so far (m/s, rad/s). */
const STEADY = 0.01;
/**
 * Of few steps and in hindsight, their running variances count so many times. With a larger constant instead (0.04), the errors of street
 * and quad were 0.54 to 1.46 times the standard deviations, depending on the axis; now 0.64 to 1.44 (seeds 4 and 5).
 */
const SPREADS = 2;
/** Of the velocity where the steps say nothing. */
const UNKNOWN = 1;
/** Share of a change of the acceleration from sweep to sweep that undistortion does not follow. */
const MISSED = 0.3;

/**
 * Covariance of a registered pose in the map around it: the inverse of the normal matrix over the pose *and* the velocity
 * within the sweep (which are mixed up: leaving the velocity out makes heights and tilts look three times as sure), and
 * what a velocity that does not change evenly leaves, ΔT²/12 of the acceleration at the ends of a sweep.
 *
 * @param system the measurements at the solution
 * @param variance their mean squared residual
 * @param steps what is known of the velocity; absent after a loss
 * @param swept whether the velocity within the sweep was solved for
 * @returns 6×6 row-major, [x y z rotX rotY rotZ] about the sensor, submap axes
 */
export function trackCovariance(
  { A, size, weight }: LinearSystem,
  variance: number,
  steps: MotionSteps | undefined,
  swept: boolean,
): Float64Array {
  const n = swept ? 12 : 6;
  const H = new Float64Array(n * n);
  for (let r = 0; r < n; r++)
    for (let c = 0; c < n; c++) H[r * n + c] = A[r * size + c]! / (ALIKE * variance);
  for (let i = 0; i < n; i++) H[i * (n + 1)]! += (1e-9 * (weight + 1)) / (ALIKE * variance);
  if (swept) addVelocity(H, steps);
  const inverse = invertSpd(H, n);
  const out = new Float64Array(36);
  for (let r = 0; r < 6; r++)
    for (let c = 0; c < 6; c++) out[r * 6 + c] = inverse ? inverse[r * n + c]! : r === c ? 1e6 : 0;
  if (!steps?.spread) return out;
  const { dt, duration = 0, spread } = steps;
  const missed = SPREADS * ((MISSED * duration * duration) / (12 * dt)) ** 2;
  for (let i = 0; i < 6; i++) out[i * 7]! += missed * spread[i]!;
  return out;
}

/** Information about the velocity within the sweep, from the step to the pose; see {@link MotionTie}. */
function addVelocity(H: Float64Array, steps: MotionSteps | undefined): void {
  const s = steps ? 2 / (steps.dt * TIME_SCALE) : 0;
  for (let i = 0; i < 6; i++) {
    const expected = TIME_SCALE ** 2 / UNKNOWN ** 2;
    const information = steps ? TIME_SCALE ** 2 / (STEADY ** 2 + SPREADS * (steps.spread?.[i] ?? 0)) : 0;
    H[i * 13]! += information * s * s;
    H[(6 + i) * 13]! += expected + information;
    H[(6 + i) * 12 + i]! -= information * s;
    H[i * 12 + 6 + i]! -= information * s;
  }
}
