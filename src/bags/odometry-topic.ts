import { FeltmapError } from '../geometry/errors.js';
import { decodeTFMessage } from '../messages/poses.js';
import { ROS_TYPES } from '../messages/types.js';
import { OdometryIntake } from '../sensors/odometry/intake.js';
import { staticTransforms } from './imu-topic.js';
import type { BagMessage, BagReader } from './types.js';

/** Value of the option that leaves it out. */
const NO_ODOMETRY = 'none';
/** What stands before the name of a frame of tf, in the place of a topic. */
const TF = 'tf:';

/** The external odometry of a bag: its topics, and readers that have the bag's transforms. */
export interface BagOdometry {
  readonly topics: readonly string[];
  /** Why it is not used, each reason once. */
  readonly warnings: readonly string[];
  /** A new one for each time the bag is read. @param bodyFrame whose motion it is */
  intake(bodyFrame: string): {
    readonly add: (message: BagMessage) => void;
    readonly take: OdometryIntake['take'];
  };
}

/**
 * The wanted external odometry of a bag: a nav_msgs/Odometry topic, or `tf:FRAME`, the pose of the body in a frame of tf.
 *
 * @throws FeltmapError not-found when the topic is missing or of another type, or there is no tf
 */
export async function openOdometry(
  bag: BagReader,
  path: string,
  wanted?: string,
): Promise<BagOdometry | undefined> {
  if (wanted === undefined || wanted === NO_ODOMETRY) return undefined;
  const frame = wanted.startsWith(TF) ? wanted.slice(TF.length) : undefined;
  const type = frame === undefined ? ROS_TYPES.odometry : ROS_TYPES.tf;
  const all = bag.topics().filter((t) => t.type === type);
  const moving = all.filter((t) =>
    frame === undefined ? t.name === wanted : !t.name.endsWith('/tf_static'),
  );
  if (moving.length === 0)
    throw new FeltmapError(
      'not-found',
      frame === undefined
        ? `${path} has no Odometry topic ${wanted}; Odometry topics: ${all.map((t) => t.name).join(', ') || 'none'}`
        : `${path} has no topic /tf to take the pose in '${frame}' from; give an Odometry topic`,
    );
  const topics = moving.map((t) => t.name);
  const fixed = await staticTransforms(bag);
  const said = new Map<string, string>();
  return {
    topics,
    get warnings() {
      return [...said.values()];
    },
    intake: (bodyFrame) => {
      const tf = fixed;
      tf.clearMoving();
      const intake = new OdometryIntake({
        lookup: (target, source, stampNs) => tf.lookup(target, source, stampNs),
        warn: (key, text) => {
          if (!said.has(key)) said.set(key, `${wanted}: ${text}`);
        },
      });
      const add = (message: BagMessage): void => {
        if (frame === undefined) return intake.add(message.data, message.encoding);
        for (const transform of transformsOf(message)) {
          tf.set(transform, false);
          intake.addTransform(frame, bodyFrame, transform.stampNs);
        }
      };
      return { add, take: (...when) => intake.take(...when) };
    },
  };
}

function transformsOf(message: BagMessage): ReturnType<typeof decodeTFMessage> {
  try {
    return decodeTFMessage(message.data, message.encoding);
  } catch (error) {
    if (error instanceof FeltmapError) return []; // one damaged message must not cost the others
    throw error;
  }
}
