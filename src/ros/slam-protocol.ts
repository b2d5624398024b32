import type { PortableError } from '../host/protocol.js';
import type { Config } from '../config/schema.js';
import type { Pose } from '../geometry/se3.js';
import type { PointTiming } from '../sensors/lidar/scan.js';
import type { MapStatistics, ScanResult } from '../slam/types.js';
import type { ViewUpdate } from '../host/viewer-feed/view-update.js';
import type { Header } from '../messages/header.js';
import type { MeshColor } from './mesh-color.js';

/** What the SLAM thread is started with. `factoryUrl`: a module that exports `createSlam`. */
export interface SlamThreadData {
  readonly config: Config;
  readonly factoryUrl: string;
  readonly map?: ReadonlyMap<string, Uint8Array>;
}

/** A cloud as it came from ROS, with what the main thread knows about it. */
export interface ScanRequest {
  readonly type: 'scan';
  /** sensor_msgs/PointCloud2 in CDR. */
  readonly bytes: Uint8Array;
  /** T_base_sensor. */
  readonly mount: Pose;
  readonly secondary: boolean;
  readonly imu?: ImuBatch;
  /** Whether the deskewed cloud is wanted. */
  readonly cloud: boolean;
}

/** Turn rates that came since the last scan. */
export interface ImuBatch {
  readonly stampsNs: BigInt64Array;
  /** 3 per stamp, rad/s, IMU frame. */
  readonly rates: Float64Array;
  /** T_sensor_imu. */
  readonly mount: Pose;
}

export interface ScanReply {
  readonly result: ScanResult;
  readonly statistics: MapStatistics;
  /** The scan became a keyframe. */
  readonly keyframe: boolean;
  readonly timing: PointTiming;
  /** Milliseconds that decoding took. */
  readonly decodeMs: number;
  /** Warnings that are new since the last scan. */
  readonly warnings?: readonly string[];
  /** The deskewed cloud as PointCloud2 in CDR, frame and stamp of the scan. */
  readonly cloud?: Uint8Array<ArrayBuffer>;
}

export interface MeshRequest {
  readonly type: 'mesh';
  readonly restart: boolean;
  readonly header: Header;
  readonly origin: Pose;
  readonly color: MeshColor;
  readonly maxBytes: number;
}

/** Main thread → SLAM thread; every request gets one reply, in order. */
export type SlamRequest =
  | ScanRequest
  | MeshRequest
  | { readonly type: 'reset'; readonly config: Config; readonly map?: ReadonlyMap<string, Uint8Array> }
  | { readonly type: 'configure'; readonly config: Config }
  /** What a viewer has not been told yet; `all`: also what could wait. */
  | { readonly type: 'view'; readonly all: boolean }
  | { readonly type: 'save-map' }
  | { readonly type: 'save-mesh'; readonly origin: Pose; readonly frame: string }
  | { readonly type: 'close' };

/** Reply to each type of request. */
export interface SlamReplies {
  scan: ScanReply;
  /** Undefined when there is nothing to send. */
  mesh: { bytes: Uint8Array<ArrayBuffer>; blocks: number; deleted: number; remaining: number } | undefined;
  reset: { warnings: readonly string[] };
  configure: undefined;
  /** Undefined when there is nothing to tell. */
  view: ViewUpdate | undefined;
  'save-map': { files: ReadonlyMap<string, Uint8Array> };
  'save-mesh': { ply: Uint8Array<ArrayBuffer>; vertices: number; triangles: number };
  close: undefined;
}

export type SlamEnvelope = { readonly id: number; readonly request: SlamRequest };
export type SlamAnswer =
  | { readonly id: number; readonly reply: SlamReplies[keyof SlamReplies] }
  | { readonly id: number; readonly error: PortableError };
