import { compose, fromQuaternion, inverse, rotationAngle, toQuaternion, type Pose } from '../geometry/se3.js';
import { alignPoses, meanAxes } from './align.js';
import type { Matched } from './associate.js';

/** Attitudes that differ by less (degrees, root mean square) are no question of the order of numbers. */
const LEAST = 2;
/** The other order fits so many times as well. */
const TIMES = 4;

/** A trajectory whose attitudes fit where its quaternions are read in the other order. */
export interface QuaternionOrder {
  readonly wrong: 'estimate' | 'truth';
  /** Attitude error as read (qx qy qz qw) and read as qw qx qy qz, degrees, root mean square. */
  readonly asRead: number;
  readonly reread: number;
}

/**
 * Whether one of two trajectories has its quaternions in the order qw qx qy qz: positions fit all the same, attitudes do not. Compared
 * after alignment of the positions, up to a constant turn between the axes of the two.
 *
 * @returns undefined where attitudes fit as they are, or not much better in the other order
 */
export function quaternionOrder({ estimate, truth }: Matched): QuaternionOrder | undefined {
  const asRead = attitudeError(estimate, truth);
  if (!(asRead > LEAST)) return undefined;
  const ofTruth = attitudeError(estimate, truth.map(realFirst));
  const ofEstimate = attitudeError(estimate.map(realFirst), truth);
  const reread = Math.min(ofTruth, ofEstimate);
  if (TIMES * reread > asRead) return undefined;
  return { wrong: ofTruth <= ofEstimate ? 'truth' : 'estimate', asRead, reread };
}

/** The pose of a line whose quaternion was read as qx qy qz qw but is qw qx qy qz. */
function realFirst(T: Pose): Pose {
  const [w, x, y, z] = toQuaternion(T);
  return fromQuaternion([T[3]!, T[7]!, T[11]!], [x, y, z, w]);
}

function attitudeError(estimate: readonly Pose[], truth: readonly Pose[]): number {
  const T = alignPoses(estimate, truth);
  const axes = meanAxes(estimate, truth);
  let sum = 0;
  estimate.forEach((P, i) => {
    sum += rotationAngle(compose(inverse(truth[i]!), compose(compose(T, P), axes))) ** 2;
  });
  return (Math.sqrt(sum / Math.max(1, estimate.length)) * 180) / Math.PI;
}
