import { FeltmapError } from '../geometry/errors.js';
import type { Pose } from '../geometry/se3.js';
import { decodeOdometry, decodePath, decodePoseStamped, decodeTFMessage } from '../messages/poses.js';
import { ROS_TYPES } from '../messages/types.js';
import { openBag } from './reader.js';
import type { BagMessage, GroundTruth } from './types.js';

interface StampedPose {
  readonly stampNs: bigint;
  readonly pose: Pose;
  readonly frameId: string;
  readonly childFrameId?: string;
}

/** Poses of a topic of a bag; for TF topics of one transform, chosen by `/topic:PARENT:CHILD` if there are several. */
export async function readPoseTopic(bagPath: string, source: string): Promise<GroundTruth> {
  const [topic, parent, child] = source.split(':');
  const bag = await openBag(bagPath);
  try {
    const info = bag.topics().find((t) => t.name === topic);
    if (!info) {
      const names = bag.topics().map((t) => t.name);
      throw new FeltmapError(
        'not-found',
        `${bagPath} has no topic ${topic}; it has: ${names.join(', ') || 'none'}`,
      );
    }
    const decode = DECODERS[info.type];
    if (!decode) {
      throw new FeltmapError(
        'bad-input',
        `topic ${topic} is a ${info.type}; a trajectory is read from Odometry, PoseStamped, Path or TFMessage`,
      );
    }
    const found: StampedPose[] = [];
    const pairs = new Set<string>();
    for await (const message of bag.messages({ topics: [topic!] })) {
      for (const pose of decodeOrNothing(decode, message)) {
        if (parent !== undefined && pose.frameId !== parent) continue;
        if (child !== undefined && pose.childFrameId !== child) continue;
        if (info.type === ROS_TYPES.tf) pairs.add(`${pose.frameId}:${pose.childFrameId}`);
        found.push(pose);
      }
    }
    if (pairs.size > 1) {
      throw new FeltmapError(
        'ambiguous',
        `${topic} holds several transforms (${[...pairs].join(', ')}); choose one as ${topic}:PARENT:CHILD`,
      );
    }
    if (found.length === 0)
      throw new FeltmapError('bad-input', `${bagPath}: ${source} holds no poses that can be read`);
    const childFrameId = found[0]!.childFrameId;
    return {
      stampsNs: found.map((p) => p.stampNs),
      poses: found.map((p) => p.pose),
      description: `topic ${source} of ${bagPath}`,
      ...(childFrameId !== undefined && { childFrameId }),
    };
  } finally {
    await bag.close();
  }
}

const DECODERS: Record<string, (m: BagMessage) => StampedPose[]> = {
  [ROS_TYPES.odometry]: (m) => [decodeOdometry(m.data, m.encoding)],
  [ROS_TYPES.poseStamped]: (m) => [decodePoseStamped(m.data, m.encoding)],
  [ROS_TYPES.path]: (m) => [...decodePath(m.data, m.encoding).poses],
  [ROS_TYPES.tf]: (m) =>
    decodeTFMessage(m.data, m.encoding).map(({ transform, ...t }) => ({ ...t, pose: transform })),
};

function decodeOrNothing(decode: (m: BagMessage) => StampedPose[], message: BagMessage): StampedPose[] {
  try {
    return decode(message);
  } catch (error) {
    if (error instanceof FeltmapError) return []; // one damaged message must not cost the trajectory
    throw error;
  }
}
