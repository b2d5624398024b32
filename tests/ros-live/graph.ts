import { fromQuaternion, type Pose } from '../../src/geometry/se3.js';
import { type Rcl, type RclClient, type RclNode, type RclPublisher, loadRcl, qos } from './rcl.js';
import { sleep, until } from './wait.js';

export interface Stamp {
  sec: number;
  nanosec: number;
}
export interface HeaderMessage {
  stamp: Stamp;
  frame_id: string;
}
interface Vector {
  x: number;
  y: number;
  z: number;
}
interface Quaternion extends Vector {
  w: number;
}
export interface OdometryMessage {
  header: HeaderMessage;
  child_frame_id: string;
  pose: { pose: { position: Vector; orientation: Quaternion }; covariance: ArrayLike<number> };
  twist: { twist: { linear: Vector; angular: Vector }; covariance: ArrayLike<number> };
}
export interface TransformMessage {
  header: HeaderMessage;
  child_frame_id: string;
  transform: { translation: Vector; rotation: Quaternion };
}
export interface DiagnosticMessage {
  header: HeaderMessage;
  status: { level: number; name: string; message: string; values: { key: string; value: string }[] }[];
}
export interface TriggerResult {
  success: boolean;
  message: string;
}
/** rcl_interfaces/ParameterValue types. */
export const ParameterKind = { bool: 1, integer: 2, double: 3, string: 4, strings: 9 } as const;

export const nanoseconds = (stamp: Stamp): bigint =>
  BigInt(stamp.sec) * 1_000_000_000n + BigInt(stamp.nanosec);

/** T_odom_base of each message. */
export const pathOf = (odometry: readonly OdometryMessage[]): { stampsNs: bigint[]; poses: Pose[] } => ({
  stampsNs: odometry.map((m) => nanoseconds(m.header.stamp)),
  poses: odometry.map(({ pose: { pose } }) => {
    const { position: p, orientation: q } = pose;
    return fromQuaternion([p.x, p.y, p.z], [q.x, q.y, q.z, q.w]);
  }),
});

/** The other end of the graph: one rclnodejs node in the test's process. */
export class Graph {
  readonly #rcl: Rcl;
  readonly #node: RclNode;

  private constructor(rcl: Rcl, node: RclNode) {
    this.#rcl = rcl;
    this.#node = node;
  }

  static async open(): Promise<Graph> {
    const rcl = loadRcl();
    await rcl.init();
    rcl.removeSignalHandlers();
    const node = rcl.createNode('feltmap_test');
    node.spin(5);
    return new Graph(rcl, node);
  }

  close(): void {
    this.#rcl.shutdown();
  }

  /** A publisher of serialised messages that waits until somebody listens. */
  async publisher(
    type: string,
    topic: string,
    kind: 'reliable' | 'sensor' | 'latched',
  ): Promise<RclPublisher> {
    const publisher = this.advertise(type, topic, kind);
    await until(`a subscriber of ${topic}`, () => this.#node.countSubscribers(topic) > 0);
    await sleep(200); // counted is not yet matched
    return publisher;
  }

  advertise(type: string, topic: string, kind: 'reliable' | 'sensor' | 'latched', depth = 10): RclPublisher {
    return this.#node.createPublisher(type, topic, { qos: qos(this.#rcl, depth, kind) });
  }

  unadvertise(publisher: RclPublisher): void {
    this.#node.destroyPublisher(publisher);
  }

  /** Collects what arrives, decoded by rclnodejs. */
  collect<T>(
    type: string,
    topic: string,
    kind: 'reliable' | 'sensor' | 'latched' = 'reliable',
    arrived: (message: T) => void = () => {},
  ): T[] {
    const received: T[] = [];
    const options = { qos: qos(this.#rcl, 200, kind) };
    this.#node.createSubscription<T>(type, topic, options, (message) => {
      received.push(message);
      arrived(message);
    });
    return received;
  }

  /** Collects the bytes of what arrives: for messages that rclnodejs decodes slowly. */
  collectRaw(type: string, topic: string, kind: 'reliable' | 'sensor' | 'latched' = 'reliable'): Buffer[] {
    const received: Buffer[] = [];
    const options = { isRaw: true, qos: qos(this.#rcl, 200, kind) };
    this.#node.createSubscription<Buffer>(type, topic, options, (bytes) => received.push(Buffer.from(bytes)));
    return received;
  }

  subscriberCount(topic: string): number {
    return this.#node.countSubscribers(topic);
  }

  publisherCount(topic: string): number {
    return this.#node.countPublishers(topic);
  }

  /** Calls a service; rejects when nobody offers it or no answer comes within the time. */
  async call<T>(type: string, name: string, request: object, timeoutMs = 30_000): Promise<T> {
    const client: RclClient = this.#node.createClient(type, name);
    try {
      if (!(await client.waitForService(timeoutMs))) throw new Error(`nobody offers ${name}`);
      return await new Promise<T>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no answer from ${name}`)), timeoutMs);
        client.sendRequest(request, (response: T) => {
          clearTimeout(timer);
          resolve(response);
        });
      });
    } finally {
      this.#node.destroyClient(client);
    }
  }

  trigger(name: string, timeoutMs?: number): Promise<TriggerResult> {
    return this.call<TriggerResult>('std_srvs/srv/Trigger', name, {}, timeoutMs);
  }

  /** Sets one parameter of `node`; the answer tells whether it was taken, and why not. */
  async setParameter(
    node: string,
    name: string,
    value: boolean | number | string | bigint,
  ): Promise<SetResult> {
    const { results } = await this.call<{ results: SetResult[] }>(
      'rcl_interfaces/srv/SetParameters',
      `${node}/set_parameters`,
      { parameters: [{ name, value: parameterValue(value) }] },
    );
    return results[0] as SetResult;
  }

  async getParameter(node: string, name: string): Promise<ParameterValue> {
    const { values } = await this.call<{ values: ParameterValue[] }>(
      'rcl_interfaces/srv/GetParameters',
      `${node}/get_parameters`,
      { names: [name] },
    );
    return values[0] as ParameterValue;
  }
}

export interface SetResult {
  successful: boolean;
  reason: string;
}
export interface ParameterValue {
  type: number;
  bool_value: boolean;
  integer_value: bigint | number;
  double_value: number;
  string_value: string;
}

/** Numbers are sent as doubles; bigints as integers. */
function parameterValue(value: boolean | number | string | bigint): object {
  const all = {
    type: ParameterKind.string,
    bool_value: false,
    integer_value: 0n,
    double_value: 0,
    string_value: '',
    byte_array_value: [],
    bool_array_value: [],
    integer_array_value: [],
    double_array_value: [],
    string_array_value: [],
  };
  if (typeof value === 'boolean') return { ...all, type: ParameterKind.bool, bool_value: value };
  if (typeof value === 'bigint') return { ...all, type: ParameterKind.integer, integer_value: value };
  if (typeof value === 'number') return { ...all, type: ParameterKind.double, double_value: value };
  return { ...all, string_value: value };
}
