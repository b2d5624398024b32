import { createRequire } from 'node:module';

/** The part of rclnodejs that these tests use; declared here because the package is absent without ROS 2. */
export interface RclNode {
  createSubscription<T>(
    type: string,
    topic: string,
    options: object,
    callback: (message: T) => void,
  ): unknown;
  createPublisher(type: string, topic: string, options?: object): RclPublisher;
  createClient(type: string, name: string): RclClient;
  destroyPublisher(publisher: RclPublisher): void;
  destroyClient(client: RclClient): void;
  countPublishers(topic: string): number;
  countSubscribers(topic: string): number;
  spin(timeout?: number): void;
  destroy(): void;
}

export interface RclPublisher {
  publish(message: object | Buffer): void;
}

export interface RclClient {
  waitForService(timeoutMs: number): Promise<boolean>;
  sendRequest(request: object, callback: (response: never) => void): void;
}

export interface Rcl {
  init(): Promise<void>;
  shutdown(): void;
  removeSignalHandlers(): void;
  createNode(name: string, namespace?: string): RclNode;
  QoS: new (history: number, depth: number, reliability: number, durability: number) => object;
}

/** rclnodejs as the node under test loads it; throws what it throws when it cannot. */
export function loadRcl(): Rcl {
  return createRequire(import.meta.url)('rclnodejs') as Rcl;
}

const KEEP_LAST = 1;

/** rmw's numbers: reliability 1 reliable, 2 best effort; durability 1 transient local, 2 volatile. */
export const qos = (rcl: Rcl, depth: number, kind: 'reliable' | 'sensor' | 'latched'): object =>
  new rcl.QoS(KEEP_LAST, depth, kind === 'sensor' ? 2 : 1, kind === 'latched' ? 1 : 2);
