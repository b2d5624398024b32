import type { Config } from '../config/schema.js';
import { FeltmapError, type ErrorCode } from '../geometry/errors.js';
import type { Pose, Twist } from '../geometry/se3.js';
import type { MapSurface } from '../mesh/mesh.js';
import type { ImuBatch } from '../sensors/imu/batch.js';
import type { PointTiming } from '../sensors/lidar/scan.js';
import type { PosedMeasurement } from '../sensors/measurement.js';
import type { ColorFrame, ColorImage } from '../sensors/camera/frame.js';
import type { TouchCalibration } from '../sensors/tactile/calibration.js';
import type { OdometryBatch } from '../sensors/odometry/batch.js';
import type { SlamEvent } from '../slam/events.js';
import type { FinishedMap } from '../slam/mapping/submaps.js';
import type { FeltTouch, MapStatistics, RefinedTouch, ScanResult, Slam } from '../slam/types.js';

import type { Box } from '../completion/complete-region.js';
import type { RegionSurface } from './completion/region-surface.js';
import type { MeshMessage, MeshMessageOptions } from './mesh-feed/mesh-stream.js';
import type { PlanMessageOptions, PlanMessages } from './plan-feed.js';
import type { ViewUpdate } from './viewer-feed/view-update.js';

/** Makes the SLAM system: `createSlam` in the program, a small double in tests. `map`: a saved field to continue. */
export type SlamFactory = (config: Config, map?: ReadonlyMap<string, Uint8Array>) => Promise<Slam>;

/** What the SLAM thread is started with. `factoryUrl`: a module that exports `createSlam`. */
export interface SlamThreadData {
  readonly config: Config;
  readonly factoryUrl: string;
  readonly map?: ReadonlyMap<string, Uint8Array>;
  /** Somebody may watch: changes of the mesh are sent when asked for (`watch`), and in any case at the end. */
  readonly view?: boolean;
  /** After a scan that failed all others fail likewise, so that a replay's results end there. */
  readonly stopAtError?: boolean;
  /**
   * Touches are found together whenever none came for a while, beside the other work, and before a map or a mesh is saved;
   * otherwise at the end only, so that a recording gives the same map again.
   */
  readonly settles?: boolean;
}

/** A scan or a frame that is decoded, as recordings give it. Answered when it is mapped; see {@link HostEvent} for the results. */
export interface ScanRequest {
  readonly type: 'scan';
  readonly scan: PosedMeasurement;
  /** Number of a camera's picture stream in the viewer; 0 unless given. */
  readonly stream?: number;
  /** Whether the points are wanted with the result. */
  readonly undistorted?: boolean;
}

/** A cloud as it came from ROS, decoded in the SLAM thread; answered likewise. */
export interface CloudRequest {
  readonly type: 'cloud';
  /** sensor_msgs/PointCloud2 in CDR. */
  readonly bytes: Uint8Array;
  /** The stamp to use in the place of the cloud's own, and how far its clock has stepped (sensors/stamps.ts). */
  readonly stampNs?: bigint;
  readonly clockShiftNs?: bigint;
  /** T_base_sensor. */
  readonly mount: Pose;
  /** The sensor's velocity relative to the base, sensor frame; absent where it is fixed. */
  readonly mountTwist?: Twist;
  /** Whether the undistorted cloud is wanted with the result. */
  readonly undistorted: boolean;
}

/** Main thread → SLAM thread; every request gets one reply, in order. */
export type SlamRequest =
  | ScanRequest
  | CloudRequest
  | { readonly type: 'imu'; readonly batch: ImuBatch }
  | { readonly type: 'odometry'; readonly batch: OdometryBatch }
  /** An image of a colour camera. `stream`: as of scans. */
  | { readonly type: 'picture'; readonly frame: ColorFrame; readonly stream?: number }
  /** What turns images of gels into heights, before those; of one gel, by its frame, or of all others. Maps that follow use it too. */
  /** Gels take their references anew. */
  | { readonly type: 'retake-references' }
  | { readonly type: 'calibrate-touch'; readonly calibration: TouchCalibration; readonly frameId?: string }
  /** Changes of the mesh for RViz; `restart`: all of it after a DELETEALL; `repeat`: all of it beside the changes. */
  | ({ readonly type: 'mesh'; readonly restart: boolean; readonly repeat: boolean } & Omit<
      MeshMessageOptions,
      'origin'
    >)
  /** Cost map and distances for planners. */
  | ({ readonly type: 'plan' } & PlanMessageOptions)
  /**
   * The map's surface in and around a box (m, odom frame), to complete the object in it; `whole`: the mesh is brought up to date
   * before, whatever it takes.
   */
  | { readonly type: 'region'; readonly box: Box; readonly whole?: boolean }
  /** Whether changes of the mesh and thinned scans are wanted as `view` events from now on. */
  | { readonly type: 'watch'; readonly active: boolean }
  /** Answered when all changes of the mesh so far have been sent as `view` events. */
  | { readonly type: 'flush-view' }
  | { readonly type: 'reset'; readonly config: Config; readonly map?: ReadonlyMap<string, Uint8Array> }
  /** Settings that act at once, by their path in the configuration. */
  | { readonly type: 'configure'; readonly settings: readonly (readonly [path: string, value: unknown])[] }
  | { readonly type: 'save-map' }
  /** Meshes as PLY; `frame`: what their frame is called. */
  | { readonly type: 'save-mesh'; readonly frame: string }
  /** Everything that is mapped; the thread ends with it. */
  | { readonly type: 'finish' };

/** Reply to each type of request. */
export interface SlamReplies {
  scan: undefined;
  cloud: undefined;
  imu: undefined;
  odometry: undefined;
  picture: undefined;
  /** How many gels had one. */
  'retake-references': number;
  'calibrate-touch': undefined;
  /** Undefined when there is nothing to send. */
  mesh: MeshMessage | undefined;
  /** Undefined while nothing is mapped. */
  plan: PlanMessages | undefined;
  region: RegionSurface;
  watch: undefined;
  'flush-view': undefined;
  reset: { readonly warnings: readonly string[] };
  configure: undefined;
  /** One for each map of the run, the one that is being made last. */
  'save-map': readonly { readonly submap: number; readonly files: ReadonlyMap<string, Uint8Array> }[];
  'save-mesh': readonly {
    readonly submap: number;
    readonly ply: Uint8Array<ArrayBuffer>;
    readonly triangles: number;
  }[];
  finish: SlamFinal;
}

/** Everything a run leaves behind. */
export interface SlamFinal extends MapSurface {
  /** Maps that were given up after a long loss, oldest first. */
  readonly earlier: readonly FinishedMap[];
  /** Of the map that was made last. */
  readonly submap: number;
  readonly map: ReadonlyMap<string, Uint8Array>;
  readonly statistics: MapStatistics;
}

/** A scan is mapped; its pose was sent before (PoseEvent), this one is refined by the joint optimisation. */
export interface ResultEvent {
  readonly type: 'result';
  readonly result: ScanResult;
  readonly statistics: MapStatistics;
  /** The scan became a keyframe. */
  readonly keyframe: boolean;
  readonly timing: PointTiming;
  /** Milliseconds that decoding took. */
  readonly decodeMs: number;
  /** The undistorted cloud as PointCloud2 in CDR, frame and stamp of the scan. */
  readonly cloud?: Uint8Array<ArrayBuffer>;
}

/** A touch is mapped: it says nothing about the body's path. */
export interface TouchEvent {
  readonly type: 'touch';
  readonly sensor: string;
  readonly submap: number;
  /** The pose is T_odom_sensor. */
  readonly result: ScanResult & { readonly touch: FeltTouch };
  /** What the sensor saw, made small; now and then while somebody watches. */
  readonly picture?: ColorImage;
  readonly statistics: MapStatistics;
}

/** Touches that are elsewhere than was said when they came: T_odom_sensor. */
export interface TouchesRefined {
  readonly type: 'touches-refined';
  readonly touches: readonly RefinedTouch[];
}

/** What the SLAM thread sends unasked: all that happens in the map, in order, and what the host adds to it. */
export type HostEvent =
  | SlamEvent
  | ResultEvent
  | TouchEvent
  | TouchesRefined
  | { readonly type: 'view'; readonly update: ViewUpdate }
  /** Warnings since the last ones. */
  | { readonly type: 'warnings'; readonly warnings: readonly string[] };

/** Main thread → SLAM thread. */
export interface SlamEnvelope {
  readonly id: number;
  readonly request: SlamRequest;
}

/** SLAM thread → main thread; id 0 answers the start. */
export type SlamMessage =
  | { readonly id: number; readonly reply: SlamReplies[keyof SlamReplies] }
  | { readonly id: number; readonly error: PortableError }
  | { readonly event: HostEvent };

/** An error that survives the way between threads with its code. */
export interface PortableError {
  readonly message: string;
  readonly code?: ErrorCode;
  readonly stack?: string;
}

export function packError(error: unknown): PortableError {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    message: error.message,
    ...(error instanceof FeltmapError ? { code: error.code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  };
}

export function unpackError(packed: PortableError): Error {
  const error = packed.code ? new FeltmapError(packed.code, packed.message) : new Error(packed.message);
  if (packed.stack !== undefined) error.stack = packed.stack;
  return error;
}
