import type { Pose } from '../geometry/se3.js';
import type { Encoding } from '../messages/wire.js';

export type BagFormat = 'mcap' | 'rosbag2-sqlite' | 'ros1-bag';

export interface TopicInfo {
  readonly name: string;
  /** ROS 2 style name, `sensor_msgs/msg/PointCloud2`, for ROS 1 bags too. */
  readonly type: string;
  /** Absent where the file has no index that says so. */
  readonly count?: number;
  /** Message definition as text; empty where the file holds none. */
  readonly schema: string;
  /** Serialisation; messages in others than 'cdr' and 'ros1' are left out when reading. */
  readonly encoding: string;
}

export interface BagMessage {
  readonly topic: string;
  readonly type: string;
  readonly logTimeNs: bigint;
  readonly publishTimeNs?: bigint;
  /** May be a view into a chunk: copy it to keep it for long. */
  readonly data: Uint8Array;
  readonly encoding: Encoding;
  readonly schema: string;
}

export interface MessageQuery {
  /** Only these topics. */
  readonly topics?: readonly string[];
  /** Log times from `startNs` (inclusive) … */
  readonly startNs?: bigint;
  /** … to `endNs` (exclusive). */
  readonly endNs?: bigint;
}

/** A recording of ROS messages. Memory stays flat however large the file is. */
export interface BagReader {
  readonly format: BagFormat;
  /** What was found wrong so far; reading adds to it. */
  readonly warnings: readonly string[];
  /** First and last log time, where an index says so. */
  readonly timeRange: { readonly startNs: bigint; readonly endNs: bigint } | undefined;
  topics(): TopicInfo[];
  /** Messages in order of log time. Damaged parts are skipped and noted in `warnings`; only IO errors throw. */
  messages(query?: MessageQuery): AsyncIterable<BagMessage>;
  close(): Promise<void>;
}

/** A trajectory to compare with. */
export interface GroundTruth {
  readonly stampsNs: readonly bigint[];
  /** T_world_frame at each stamp. */
  readonly poses: readonly Pose[];
  /** For people: where it came from. */
  readonly description: string;
  /** Frame whose poses these are, where the source says. */
  readonly childFrameId?: string;
}
