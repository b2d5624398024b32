// The part of rclnodejs 2 that the node uses. Its own types are not there where no ROS 2 is sourced, and do not cover
// what has to be overridden (see ros-node.ts).

export interface RclQos {
  readonly depth: number;
  readonly reliability: number;
  readonly durability: number;
}

export interface RclParameter {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

export interface RclSetResult {
  successful: boolean;
  reason: string;
}

export interface RclDescriptor {
  toMessage(): Record<string, unknown>;
}

export interface RclPublisher {
  publish(message: Buffer): void;
  readonly subscriptionCount: number;
  readonly topic: string;
}

export interface RclResponse {
  send(response: object): void;
}

export interface RclEndpoint {
  readonly node_name: string;
  readonly topic_type: string;
  readonly endpoint_gid: readonly number[];
  readonly qos_profile: RclQos;
}

export interface RclTime {
  readonly nanoseconds: bigint;
}

export interface RclClock {
  now(): RclTime;
  rosTimeOverride: RclTime;
}

export interface RclLogger {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

export interface RclContext {
  readonly handle: unknown;
}

export interface RclSubscriptionOptions {
  readonly isRaw?: boolean;
  readonly qos?: object;
}

// Callbacks of every kind go through the same guard.
export type AnyCallback = (...args: never[]) => unknown;

export interface RclNode {
  readonly context: RclContext;
  name(): string;
  namespace(): string;
  getLogger(): RclLogger;
  getClock(): RclClock;
  resolveTopicName(name: string): string;
  createPublisher(type: string, topic: string, options: { qos: object }): RclPublisher;
  createSubscription(
    type: string,
    topic: string,
    options: RclSubscriptionOptions | AnyCallback,
    callback?: AnyCallback,
  ): unknown;
  createService(type: string, name: string, options: object | AnyCallback, callback?: AnyCallback): unknown;
  declareParameter(parameter: RclParameter, descriptor: RclDescriptor, ignoreOverrides: boolean): unknown;
  getSubscriptionsInfoByTopic(topic: string): readonly RclEndpoint[];
  getPublishersInfoByTopic(topic: string): readonly RclEndpoint[];
  getTopicNamesAndTypes(): readonly { readonly name: string; readonly types: readonly string[] }[];
  getParameterNames(): string[];
  spin(timeoutMs?: number): void;
  stop(): void;
  _getNativeParameterOverrides(): Map<string, RclParameter>;
  _setParametersAtomically(parameters: RclParameter[], declaring?: boolean): RclSetResult;
}

export interface RclLifecycleNode extends RclNode {
  registerOnConfigure(callback: () => number): void;
  registerOnActivate(callback: () => number): void;
  registerOnDeactivate(callback: () => number): void;
  registerOnCleanup(callback: () => number): void;
  registerOnShutdown(callback: () => number): void;
  configure(): unknown;
  activate(): unknown;
  readonly currentState: { readonly label: string };
  _onChangeState(request: unknown, response: RclResponse & { readonly template: { success: boolean } }): void;
}

export type RclNodeClass<N extends RclNode = RclNode> = new (
  name: string,
  namespace: string,
  context: RclContext,
) => N;

export interface Rclnodejs {
  readonly Node: RclNodeClass;
  readonly lifecycle: {
    readonly LifecycleNode: RclNodeClass<RclLifecycleNode>;
    readonly CallbackReturnCode: { readonly SUCCESS: number; readonly ERROR: number };
  };
  readonly Context: { defaultContext(): RclContext };
  readonly Parameter: new (name: string, type: number, value: unknown) => RclParameter;
  readonly ParameterDescriptor: new (
    name: string,
    type: number,
    description: string,
    readOnly: boolean,
  ) => RclDescriptor;
  readonly QoS: new (history: number, depth: number, reliability: number, durability: number) => object;
  readonly Time: new (seconds: bigint, nanoseconds: bigint, clockType: number) => RclTime;
  readonly ClockType: { readonly ROS_TIME: number };
  /** Class of a message or service, such as `std_srvs/srv/Trigger`; throws where it was not generated. */
  require(type: string): unknown;
  init(context: RclContext, argv: readonly string[]): Promise<void>;
  shutdown(): void;
  removeSignalHandlers(): void;
}
