import { transformCovariance } from '../geometry/covariance.js';
import type { Random } from '../geometry/random.js';
import { compose, exp, identity, inverse, type Pose } from '../geometry/se3.js';
import type { Trajectory } from './trajectory.js';

/** One reading of wheel odometry: what nav_msgs/Odometry holds. */
export interface OdometrySample {
  readonly stampNs: bigint;
  /** T_start_sensor, in the plane. */
  readonly pose: Pose;
  /** 36, axes of the start frame, growing with the way. */
  readonly poseCovariance: Float64Array;
  /** [vx vy vz wx wy wz], sensor frame, and its covariance. */
  readonly twist: Float64Array;
  readonly twistCovariance: Float64Array;
}

export interface OdometryNoise {
  /** Share by which distances are measured too long. */
  readonly scale: number;
  /** Standard deviation of the distance after a metre, m, and of the heading after a metre, rad; they grow as a random walk. */
  readonly distance: number;
  readonly heading: number;
}

export const DEFAULT_ODOMETRY_NOISE: OdometryNoise = { scale: 0.01, distance: 0.01, heading: 0.003 };
/** What wheels do not measure: height, roll and pitch (m², rad²). */
const UNKNOWN = 1e6;
/** Sideways, m per metre. */
const SIDEWAYS = 0.03;

/** Readings of wheels under the sensor at `rate` hertz for `duration` seconds from trajectory time t0 (stamped startNs). */
export function* odometryReadings(
  trajectory: Trajectory,
  t0: number,
  duration: number,
  rate: number,
  noise: OdometryNoise,
  random: Random,
  startNs: bigint,
): Generator<OdometrySample> {
  const count = Math.floor(duration * rate + 1e-9) + 1;
  let pose = identity();
  let covariance = planar(0, 0, 0);
  let [seen, twist] = [trajectory.pose(t0), new Float64Array(6)];
  let own = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    if (i > 0) {
      const next = trajectory.pose(t0 + i / rate);
      const moved = compose(inverse(seen), next);
      const [draw, metres] = [random.fork(i), Math.hypot(moved[3]!, moved[7]!)];
      const spread = Math.sqrt(metres);
      const forward =
        Math.sign(moved[3]!) * metres * (1 + noise.scale) + noise.distance * spread * draw.normal();
      const turn = heading(next) - heading(seen) + noise.heading * spread * draw.normal();
      const step = exp([forward, 0, 0, 0, 0, Math.atan2(Math.sin(turn), Math.cos(turn))]);
      own = [
        noise.distance ** 2 * metres + (noise.scale * metres) ** 2,
        (SIDEWAYS * metres) ** 2,
        noise.heading ** 2 * metres,
      ];
      const before = pose;
      pose = compose(pose, step);
      const arm = [3, 7, 11].map((k) => pose[k]! - before[k]!);
      const carried = transformCovariance(covariance, identity(), arm);
      const added = transformCovariance(planar(own[0]!, own[1]!, own[2]!), pose, [0, 0, 0]);
      covariance = carried.map((v, k) => (isUnknown(k) ? UNKNOWN : isOpen(k) ? 0 : v + added[k]!));
      twist = Float64Array.of(forward * rate, 0, 0, 0, 0, Math.atan2(Math.sin(turn), Math.cos(turn)) * rate);
      seen = next;
    }
    yield {
      stampNs: startNs + BigInt(Math.round((i * 1e9) / rate)),
      pose,
      poseCovariance: covariance,
      twist,
      twistCovariance: planar(...(own.map((v) => v * rate ** 2) as [number, number, number])),
    };
  }
}

function heading(T: Pose): number {
  return Math.atan2(T[4]!, T[0]!);
}

/** 6×6 with variances of x, y and yaw; the rest is not measured. */
function planar(x: number, y: number, yaw: number): Float64Array {
  const out = new Float64Array(36);
  [x, y, UNKNOWN, UNKNOWN, UNKNOWN, yaw].forEach((v, i) => (out[i * 7] = v));
  return out;
}

/** The diagonal of what is not measured, and its rows and columns. */
const isUnknown = (k: number): boolean => k % 7 === 0 && k > 7 && k < 35;
const isOpen = (k: number): boolean => {
  const [r, c] = [Math.floor(k / 6), k % 6];
  return (r > 1 && r < 5) || (c > 1 && c < 5);
};
