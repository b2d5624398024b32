import { identity } from '../../src/geometry/se3.js';
import { encodePointCloud2 } from '../../src/messages/pointcloud2.js';
import type { Output, RosPort } from '../../src/ros/port.js';
import { pointCloud2FromScan } from '../../src/sensors/lidar/to-pointcloud2.js';
import type { ScanResult } from '../../src/slam/types.js';
import type { LogLevel } from '../../src/ros/throttle.js';

/** A result of the tracker with what a test needs and ordinary values elsewhere. */
export function scanResult(over: Partial<ScanResult>): ScanResult {
  return {
    index: 0,
    stampNs: 0n,
    pose: identity(),
    covariance: new Float64Array(36),
    odomCovariance: new Float64Array(36),
    twist: new Float64Array(6),
    state: 'tracking',
    reason: '',
    points: { input: 100, valid: 100, mapped: 100, registered: 100 },
    iterations: 3,
    inlierRatio: 1,
    times: { prepare: 1, track: 2, map: 3, optimise: 4, mesh: 5, total: 15 },
    ...over,
  };
}

/** A PointCloud2 in CDR, in a buffer of its own as rclnodejs gives it. */
export function cloudBytes(seconds: number, frameId = 'lidar', points = 4): Uint8Array {
  const positions = Float32Array.from({ length: 3 * points }, (_, i) => i + 1);
  const scan = {
    stampNs: BigInt(Math.round(seconds * 1e9)),
    frameId,
    count: points,
    positions,
    timing: 'none',
  } as const;
  return encodePointCloud2(pointCloud2FromScan(scan));
}

/** A ROS graph that is a list. */
export class FakePort implements RosPort {
  readonly sent: { output: Output; bytes: Uint8Array }[] = [];
  readonly logs: { level: LogLevel; text: string }[] = [];
  listening: Partial<Record<Output, string[]>> = {};

  publish(output: Output, bytes: Uint8Array): void {
    this.sent.push({ output, bytes });
  }
  listeners(output: Output): number {
    return this.subscribers(output).length;
  }
  subscribers(output: Output): readonly string[] {
    return this.listening[output] ?? [];
  }
  publishers(): { count: number; problems: readonly string[] } {
    return { count: 1, problems: [] };
  }
  resolve(topic: string): string {
    return topic;
  }
  now(): bigint {
    return 0n;
  }
  readonly log = (level: LogLevel, text: string): void => {
    this.logs.push({ level, text });
  };

  of(output: Output): Uint8Array[] {
    return this.sent.filter((message) => message.output === output).map(({ bytes }) => bytes);
  }
}
