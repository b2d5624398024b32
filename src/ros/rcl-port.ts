import { printable } from '../cli/printable.js';
import { ROS_TYPES } from '../messages/types.js';
import type { Output, RosPort, TopicPublishers } from './port.js';
import { compatible, OUTPUT_QOS, type QosProfile } from './qos.js';
import type { RclEndpoint, Rclnodejs, RclNode, RclPublisher, RclQos } from './rclnodejs-api.js';
import { toRclQos } from './ros-node.js';
import type { LogLevel } from './throttle.js';

const OUTPUT_TYPES: Record<Output, string> = {
  odometry: ROS_TYPES.odometry,
  tf: ROS_TYPES.tf,
  path: ROS_TYPES.path,
  mesh: ROS_TYPES.markerArray,
  cloud: ROS_TYPES.pointCloud2,
  costmap: ROS_TYPES.occupancyGrid,
  distance_slice: ROS_TYPES.pointCloud2,
  touch: ROS_TYPES.markerArray,
  completion: ROS_TYPES.markerArray,
  next_touch: ROS_TYPES.poseStamped,
  diagnostics: ROS_TYPES.diagnosticArray,
};

/**
 * A {@link RosPort} on a node of rclnodejs: raw messages both ways.
 *
 * @example
 * const port = new RclPort(rclnodejs, node);
 * port.subscribe('/points', 'sensor_msgs/msg/PointCloud2', qos, (bytes) => core.onCloud('/points', bytes));
 * port.log('info', 'Waiting for clouds.');
 */
export class RclPort implements RosPort {
  readonly #publishers: Record<Output, RclPublisher>;
  readonly #subscribed = new Map<string, { readonly type: string; readonly qos: QosProfile }>();

  constructor(
    private readonly rcl: Rclnodejs,
    private readonly node: RclNode,
  ) {
    const make = (output: Output): RclPublisher =>
      node.createPublisher(OUTPUT_TYPES[output], output === 'tf' ? '/tf' : output, {
        qos: toRclQos(rcl, OUTPUT_QOS[output]),
      });
    this.#publishers = {
      odometry: make('odometry'),
      tf: make('tf'),
      path: make('path'),
      mesh: make('mesh'),
      cloud: make('cloud'),
      costmap: make('costmap'),
      distance_slice: make('distance_slice'),
      touch: make('touch'),
      completion: make('completion'),
      next_touch: make('next_touch'),
      diagnostics: make('diagnostics'),
    };
  }

  /** Subscribes to serialised messages. Everything has to be subscribed to before the node spins. */
  subscribe(topic: string, type: string, qos: QosProfile, onMessage: (bytes: Uint8Array) => void): void {
    this.#subscribed.set(topic, { type, qos });
    const options = { isRaw: true, qos: toRclQos(this.rcl, qos) };
    this.node.createSubscription(type, topic, options, (bytes: Uint8Array) => onMessage(bytes));
  }

  publish(output: Output, bytes: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = bytes;
    // No copy: publish() takes a Buffer, which may be a view of the same bytes.
    this.#publishers[output].publish(Buffer.from(buffer, byteOffset, byteLength));
  }

  listeners(output: Output): number {
    return this.#publishers[output].subscriptionCount;
  }

  subscribers(output: Output): readonly string[] {
    const { topic } = this.#publishers[output];
    return this.node.getSubscriptionsInfoByTopic(topic).map(({ endpoint_gid: gid }) => gid.join('.'));
  }

  publishers(topic: string): TopicPublishers {
    const wanted = this.#subscribed.get(topic);
    const endpoints = this.node.getPublishersInfoByTopic(topic);
    const problems = endpoints
      .map((endpoint) => wanted && problemWith(endpoint, topic, wanted.type, wanted.qos))
      .filter((problem) => problem !== undefined);
    if (endpoints.length > 0 || !wanted) return { count: endpoints.length, problems };
    return { count: 0, problems, others: this.#othersOf(wanted.type) };
  }

  /** Topics of a type that others publish. */
  #othersOf(type: string): readonly string[] {
    const own = new Set(Object.values(this.#publishers).map(({ topic }) => topic));
    return this.node
      .getTopicNamesAndTypes()
      .filter(({ name, types }) => types.includes(type) && !own.has(name))
      .map(({ name }) => name)
      .filter((name) => this.node.getPublishersInfoByTopic(name).length > 0);
  }

  resolve(topic: string): string {
    return this.node.resolveTopicName(topic);
  }

  /** Types of those who publish a topic now. */
  publishedTypes(topic: string): readonly string[] {
    return this.node.getPublishersInfoByTopic(topic).map(({ topic_type: type }) => type);
  }

  now(): bigint {
    return this.node.getClock().now().nanoseconds;
  }

  readonly log = (level: LogLevel, text: string): void => {
    this.node.getLogger()[level](printable(text));
  };
}

/** Why nothing can come from a publisher, if so. Exported for tests. */
export function problemWith(
  { node_name: who, topic_type: type, qos_profile: qos }: RclEndpoint,
  topic: string,
  wantedType: string,
  wantedQos: QosProfile,
): string | undefined {
  if (type !== wantedType)
    return `${who} publishes ${topic} as ${type}, but ${wantedType} is needed; ${remedy(type, wantedType)}.`;
  if (compatible(fromRcl(qos), wantedQos)) return undefined;
  return `${who} publishes ${topic} with a quality of service that does not match (${wantedQos.reliability}, ${wantedQos.durability} is needed).`;
}

/** Images come raw or compressed. */
function remedy(type: string, wanted: string): string {
  const images: readonly string[] = [ROS_TYPES.image, ROS_TYPES.compressedImage];
  if (!images.includes(type) || !images.includes(wanted)) return 'remap the topic';
  return type === ROS_TYPES.image ? 'set rgbd_input to raw' : 'set rgbd_input to compressed';
}

function fromRcl({ depth, reliability, durability }: RclQos): QosProfile {
  return {
    depth,
    reliability: reliability === 2 ? 'best-effort' : 'reliable',
    durability: durability === 1 ? 'transient-local' : 'volatile',
  };
}
