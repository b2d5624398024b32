import { inverse, type Pose, type Twist } from '../../geometry/se3.js';
import { transformCovariance } from '../../geometry/covariance.js';

/** Standard deviations of a step without a covariance that can be believed: so much (m, rad), and more per metre and radian. */
const METRES = { fixed: 0.001, perMetre: 0.05, perRadian: 0.02 };
const RADIANS = { fixed: 0.0005, perMetre: 0.02, perRadian: 0.05 };
/** A covariance that claims to be so much better is not believed: constants that nobody has measured look like that. */
const BELIEVED = 0.25;
/** What an odometry does not measure (m, rad): height, roll and pitch of one that is bound to a plane. */
export const UNMEASURED = 3;
/** A plane's odometry has nothing but rounding there (m, rad). */
const PLANE = 1e-9;

/** What is known of a step beside its motion. */
export interface StepFacts {
  /** Seconds. */
  readonly dt: number;
  /** T_frame_child and covariance (36, of the pose) of the reading before the step and of the last one in it; seconds between them. */
  readonly from: Pose;
  readonly to: Pose;
  readonly before?: ArrayLike<number> | undefined;
  readonly after?: ArrayLike<number> | undefined;
  readonly between: number;
  /** 36, of the velocity. */
  readonly velocity?: ArrayLike<number> | undefined;
}

/**
 * Standard deviations of a step of an external odometry, [x y z rotX rotY rotZ], axes of the child.
 *
 * For each component the first of these that can be believed: what the pose's covariance grew by, as that of dead
 * reckoning does; that of the velocity, times the step's time; a default per metre and radian.
 *
 * @param motion of the step, child frame: m and rad
 */
export function stepSigmas(motion: Twist, facts: StepFacts): Float64Array {
  const metres = Math.hypot(motion[0]!, motion[1]!, motion[2]!);
  const radians = Math.hypot(motion[3]!, motion[4]!, motion[5]!);
  const grown = growth(facts);
  const planar = [2, 3, 4].every((i) => Math.abs(motion[i]!) < PLANE);
  return Float64Array.from({ length: 6 }, (_, i) => {
    if (planar && i >= 2 && i <= 4) return UNMEASURED;
    const { fixed, perMetre, perRadian } = i < 3 ? METRES : RADIANS;
    const usual = fixed + perMetre * metres + perRadian * radians;
    const least = BELIEVED * usual;
    for (const variance of [grown?.[i], (facts.velocity?.[i * 7] ?? 0) * facts.dt ** 2]) {
      const sigma = Math.sqrt(variance ?? 0);
      if (sigma >= least) return Math.min(sigma, UNMEASURED); // also leaves out what is no number
    }
    return usual;
  });
}

/** Variances (6, axes of the child) that the steps since added to the pose's covariance; undefined where there is none. */
function growth({ from, to, before, after, between, dt }: StepFacts): Float64Array | undefined {
  if (!before || !after || !(between > 0)) return undefined;
  // A pose error goes along to the next pose; what is left is the step's own.
  const arm = [3, 7, 11].map((i) => to[i]! - from[i]!);
  const carried = transformCovariance(Float64Array.from(before), IDENTITY, arm);
  const own = Float64Array.from(after, (v, i) => ((v - carried[i]!) * dt) / between);
  const turned = transformCovariance(own, inverse(to), [0, 0, 0]);
  return Float64Array.from({ length: 6 }, (_, i) => turned[i * 7]!);
}

const IDENTITY = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
