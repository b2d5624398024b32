import type { Box } from '../completion/complete-region.js';
import type { SensorKind } from '../config/sensors.js';
import type { FreeSpace } from '../completion/free-space.js';
import type { EvidencePart } from '../completion/evidence.js';
import type { Pose, Twist } from '../geometry/se3.js';
import type { MeshChanges } from '../mesh/block-store.js';
import type { MapSurface, Mesh } from '../mesh/mesh.js';
import type { Plan } from '../planning/cost-map.js';
import type { ColorFrame } from '../sensors/camera/frame.js';
import type { ImuBatch } from '../sensors/imu/batch.js';
import type { ScanStorage } from '../sensors/lidar/scan.js';
import type { PosedMeasurement } from '../sensors/measurement.js';
import type { ClearBall, ObservationCounts } from '../sensors/observation.js';
import type { OdometryBatch } from '../sensors/odometry/batch.js';
import type { SlamListener, TrackingState } from './events.js';
import type { TouchCalibration } from '../sensors/tactile/calibration.js';
import type { FinishedMap } from './mapping/submaps.js';
import type { TouchState } from './touch/judge.js';
import type { KinematicSigma } from './touch/kinematics.js';
import type { Trajectory } from './trajectory.js';

export type { TrackingState } from './events.js';

/** Milliseconds spent in each stage of one scan. */
export interface StageTimes {
  prepare: number;
  track: number;
  map: number;
  optimise: number;
  mesh: number;
  total: number;
}

/** What a result says about a touch beside its pose. */
export interface FeltTouch {
  readonly state: TouchState;
  /** T_odom_sensor by the arm. */
  readonly predicted: Pose;
  /** What that is good for, the body it is on included. */
  readonly kinematics: KinematicSigma;
  /** Where the surface was felt, sensor frame, x y z each (m); none: nothing was touched. */
  readonly points: Float32Array;
  /** Their unit normals out of the surface, same frame; 0, 0, 0 where not known. */
  readonly normals: Float32Array;
  /** Standard deviation of the points as the sensor has them (m). */
  readonly sigma: number;
  /** Of a sensor that nothing touched, sensor frame. */
  readonly clear?: ClearBall;
}

/** A touch whose pose is another than was said when it came: T_odom_sensor. */
export interface RefinedTouch {
  readonly index: number;
  readonly pose: Pose;
}

/** What came out of one scan. */
export interface ScanResult {
  readonly index: number;
  readonly stampNs: bigint;
  /** T_odom_sensor at the scan's stamp. */
  readonly pose: Pose;
  /** Of the pose in the map around it: 6×6 row-major, order x y z rotX rotY rotZ, fixed axes of the odom frame (REP-103). */
  readonly covariance: Float64Array;
  /** Of the body's pose in the odom frame, likewise: grows with the way. */
  readonly odomCovariance: Float64Array;
  /** Velocity in the sensor frame [vx vy vz wx wy wz], m/s and rad/s. */
  readonly twist: Twist;
  readonly state: TrackingState;
  /** Empty while tracking; otherwise one sentence that says why not. */
  readonly reason: string;
  /** How many there were, what became of the rest, and how many were used. */
  readonly points: ObservationCounts & { readonly mapped: number; readonly registered: number };
  /** Frame of the depth camera whose frame it was; absent for other sensors. */
  readonly camera?: string;
  readonly iterations: number;
  /** Share of registration points that fit the map within the robust kernel. */
  readonly inlierRatio: number;
  readonly times: StageTimes;
  /** Of a touch: it is no pose on the body's path. */
  readonly touch?: FeltTouch;
}

/** Size of the map, for progress lines and diagnostics. */
export interface MapStatistics {
  readonly blocks: number;
  readonly featureRows: number;
  readonly triangles: number;
  readonly keyframes: number;
  readonly memoryBytes: number;
  /** Fine blocks that were forgotten to make room; their mesh is kept, a saved map lacks them. */
  readonly forgottenBlocks: number;
}

/** What viewers show besides results. Reading it changes nothing. */
export interface SlamView {
  /** The submap that is being mapped. */
  readonly submap: number;
  /** Side of a mesh block of each of the map's grids, metres: block (bx, by, bz) spans from bx to bx + 1 times this. */
  readonly blockSizes: readonly number[];
  /** What each of the grids is of. */
  readonly kinds?: readonly SensorKind[];
  /** Version of the newest change of the mesh. */
  readonly meshVersion: number;
  /** Blocks set and deleted after a version, oldest change first. */
  meshChanges(version: number): MeshChanges;
  /** The newest keyframe, by a number that differs from that of every other; undefined before the first. */
  readonly newestKeyframe: number | undefined;
  /** Deskewed points of the last scan in the sensor's frame at its stamp, 3·N, thinned evenly to at most `most`. */
  points(most: number): Float32Array;
}

/** A pose given from outside, T_odom_sensor at the stamp, and the twist to undistort with (sensor frame). */
export interface KnownPose {
  readonly pose: Pose;
  readonly twist: Twist;
}

/**
 * The SLAM system as everything outside the core sees it: scans in, poses and a map out.
 *
 * @example
 * const slam = await createSlam(config);
 * slam.listen((event) => event.type === 'pose' && publish(event)); // comes before the scan is mapped
 * slam.imu(batch); // readings up to the scan, where there are any
 * const { pose, state } = slam.process(scan);
 */
export interface Slam {
  /**
   * Processes one scan, or one frame of a depth camera, in order of time; one of several sensors may be late (sensors/arrival.ts). With a `known` pose it
   * is mapped there and not tracked; without `mapping` it is tracked only.
   *
   * @throws FeltmapError bad-input for a scan that contradicts itself or is too late; out-of-memory when the map is full.
   *   What was mapped stays.
   */
  process(scan: PosedMeasurement, known?: KnownPose, mapping?: boolean): ScanResult;
  /** A scan that was read into these arrays is not copied; absent where that makes no difference. */
  readonly storage?: ScanStorage | undefined;
  /** Takes IMU readings, before the scans that they belong to. */
  imu(batch: ImuBatch): void;
  /** Takes poses of an external odometry, before the scans that they belong to. */
  odometry(batch: OdometryBatch): void;
  /** Takes an image that colours the surface once the poses around it are known; absent in systems without colours. */
  picture?(frame: ColorFrame): void;
  /** Takes what turns images of gels into heights, before those; of one gel, by its frame, or of all others. */
  calibrateTouch?(calibration: TouchCalibration, frameId?: string): void;
  /** Gels forget what they look like untouched: their next images that are alike show it. Returns how many knew it. */
  retakeReferences?(): number;
  /** Hands all events to `listener`, the submaps there are first; returns a function that ends it. */
  listen(listener: SlamListener): () => void;
  /** The path of the body so far. */
  readonly trajectory: Trajectory;
  /** The welded mesh of the map that is being made. */
  mesh(): Mesh;
  statistics(): MapStatistics;
  /**
   * No more measurements come, or not soon: what takes longer than anybody waits for live. Touches of gels are found together.
   *
   * @param until asked every few milliseconds: true, and the next call goes on from there; default: never
   * @returns touches that are elsewhere now, none where no touch has come since the last time; undefined: there is more to do
   */
  settle?(until?: () => boolean): readonly RefinedTouch[] | undefined;
  /** Brings up to `blocks` more blocks of the mesh up to date, where no scan waits. @returns how many there were */
  meshMore?(blocks: number): number;
  /** The same with what it is made of: `mapCloud` makes surface points of it, one per voxel that the surface crosses. */
  surface(): MapSurface;
  /**
   * Where a robot can go in the map that is being made, for planners; absent in systems that cannot tell.
   *
   * @param robot position of its base in the odom frame, metres
   * @param slice whether signed distances at a height are wanted, too
   * @returns in the submap's frame; undefined while nothing is mapped
   */
  plan?(robot: readonly [number, number, number], slice: boolean): Plan | undefined;
  /**
   * What was felt in a box (m, odom frame), one part a touch, same frame, in arrays that the caller may give away; absent in
   * systems without touch.
   */
  touched?(box: Box): readonly EvidencePart[];
  /** Where in a box (m, odom frame) gels were and nothing touched them, same frame; absent in systems without touch. */
  missed?(box: Box): FreeSpace;
  /**
   * What a grid of the map that is being made has at points (3·N, submap frame): five numbers each, signed distance along
   * the rays (m), its gradient, and the least weight of the corners about it, 0 where nothing was seen. Grids are numbered as
   * in `view.blockSizes`.
   */
  sampled?(scale: number, points: Float32Array): Float32Array;
  /** The map that is being made as files, by name: what createSlam takes to continue it. Same map, same bytes. */
  save(): Map<string, Uint8Array>;
  /** Maps that were given up in this run, oldest first: after a long loss a new one starts. */
  readonly earlier?: readonly FinishedMap[];
  /** What the user should know about how the system was made and what has happened to it since, oldest first: only ever grows. */
  readonly warnings?: readonly string[];
  /** Absent in systems that cannot be watched. */
  readonly view?: SlamView;
  close(): Promise<void>;
}
