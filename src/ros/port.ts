import type { LogSink } from './throttle.js';
import type { INPUT_QOS, OUTPUT_QOS } from './qos.js';

/** Topics that the node publishes. */
export type Output = keyof typeof OUTPUT_QOS;
/** Topics that the node subscribes to, several clouds apart. */
export type Input = keyof typeof INPUT_QOS;

/** What the node needs of ROS: bytes out, and a look at the graph. Tests put a list in its place. */
export interface RosPort {
  /** Publishes a message in CDR. */
  publish(output: Output, bytes: Uint8Array): void;
  /** How many subscriptions an output has. */
  listeners(output: Output): number;
  /** Which they are: a name for each that never changes hands. Costs more. */
  subscribers(output: Output): readonly string[];
  /** Who publishes an input, and why nothing can come from them, where that is known. */
  publishers(topic: string): TopicPublishers;
  /** Full name of a topic after remapping. */
  resolve(topic: string): string;
  /** Time of the node's clock, ns: /clock with use_sim_time. */
  now(): bigint;
  readonly log: LogSink;
}

export interface TopicPublishers {
  readonly count: number;
  /** One sentence per publisher whose messages can never arrive: another type, or quality of service. */
  readonly problems: readonly string[];
  /** Where there is none: other topics of the type that is needed. */
  readonly others?: readonly string[];
}

/** What a Trigger service answers. */
export interface TriggerResult {
  readonly success: boolean;
  readonly message: string;
}
