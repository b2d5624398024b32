import { FeltmapError } from '../geometry/errors.js';
import { decodeTFMessage } from '../messages/poses.js';
import { TfBuffer } from '../messages/tf-buffer.js';
import { ROS_TYPES } from '../messages/types.js';
import { ImuIntake } from '../sensors/imu/intake.js';
import type { BagReader } from './types.js';

/** Value of the option that leaves the IMU out. */
const NO_IMU = 'none';

/** The IMU of a bag: its topic, and an intake that has the bag's fixed transforms. */
export interface BagImu {
  readonly topic: string;
  /** Why it is not used, each reason once. */
  readonly warnings: readonly string[];
  /** A new one for each time the bag is read. */
  intake(): ImuIntake;
}

/**
 * The first IMU topic of a bag, or the wanted one.
 *
 * @param wanted a topic, or 'none'
 * @throws FeltmapError not-found when the wanted topic is missing or no sensor_msgs/Imu
 */
export async function openImu(bag: BagReader, path: string, wanted?: string): Promise<BagImu | undefined> {
  if (wanted === NO_IMU) return undefined;
  const found = bag
    .topics()
    .filter((t) => t.type === ROS_TYPES.imu && (wanted === undefined ? t.count !== 0 : t.name === wanted));
  if (wanted !== undefined && found.length === 0) {
    const all = bag.topics().filter((t) => t.type === ROS_TYPES.imu);
    throw new FeltmapError(
      'not-found',
      `${path} has no IMU topic ${wanted}; IMU topics: ${all.map((t) => t.name).join(', ') || 'none'}`,
    );
  }
  const topic = found[0]?.name;
  if (topic === undefined) return undefined;
  const tf = await staticTransforms(bag);
  const said = new Map<string, string>();
  return {
    topic,
    get warnings() {
      return [...said.values()];
    },
    intake: () =>
      new ImuIntake({
        lookup: (target, source, stampNs) => tf.lookup(target, source, stampNs),
        warn: (key, text) => {
          if (!said.has(key)) said.set(key, `${topic}: ${text}`);
        },
      }),
  };
}

/** What /tf_static says, wherever in the recording. */
export async function staticTransforms(bag: BagReader): Promise<TfBuffer> {
  const tf = new TfBuffer();
  const topics = bag.topics().filter((t) => t.type === ROS_TYPES.tf && t.name.endsWith('/tf_static'));
  if (topics.length === 0) return tf;
  for await (const message of bag.messages({ topics: topics.map((t) => t.name) })) {
    try {
      for (const transform of decodeTFMessage(message.data, message.encoding)) tf.set(transform, true);
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error; // one damaged message must not cost the others
    }
  }
  return tf;
}
