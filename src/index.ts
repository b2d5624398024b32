/**
 * Feltmap as a library: scans in, poses and a map out. Everything here is stable; modules behind it are not.
 */
export { loadConfig, type ConfigSources } from './config/load.js';
export { configSchema, type Config } from './config/schema.js';
export { FeltmapError, type ErrorCode } from './geometry/errors.js';
export * as se3 from './geometry/se3.js';
export type { Pose, Twist } from './geometry/se3.js';
export type { CameraIntrinsics, ColorImage, DepthImage, RgbdFrame } from './sensors/camera/frame.js';
export type { LidarScan, PointTiming } from './sensors/lidar/scan.js';

export { readGroundTruth } from './bags/ground-truth.js';
export type { GroundTruth } from './bags/types.js';
export { openScanSource, type ScanRange, type ScanSource } from './bags/source.js';

export { createSlam } from './slam/create.js';
export type { Mesh } from './mesh/mesh.js';
export type { KnownPose, MapStatistics, ScanResult, Slam, StageTimes, TrackingState } from './slam/types.js';

export { evaluateTrajectory, type TrajectoryMetrics } from './eval/trajectory.js';
export type { Trajectory } from './eval/associate.js';

export { writeFileAtomic } from './export/atomic-file.js';
export { encodeGlb } from './export/glb.js';
export { formatKitti, parseKitti } from './export/kitti.js';
export { encodePcd } from './export/pcd.js';
export { encodePly } from './export/ply.js';
export { formatTum, parseTum } from './export/tum.js';
