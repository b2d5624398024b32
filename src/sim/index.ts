export { makeWorld, simulate, Simulation, type SimulateOptions, type WorldName } from './simulate.js';
export { World, type MovingObject, type WorldDescription } from './world.js';
export { boxBetween, placed, post, type HalfSpace, type Primitive } from './primitives.js';
export { Route, type RoutePiece } from './route.js';
export { Trajectory, type Motion } from './trajectory.js';
export { castSweep, lidarModel, sweep, type LidarModel, type LidarNoise } from './lidar.js';
export { GRAVITY, type ImuNoise, type ImuSample } from './imu.js';
export { distanceToSurface, surfacePoints, type SurfaceOptions } from './surface.js';
export { DEFAULT_ODOMETRY_NOISE, type OdometryNoise, type OdometrySample } from './odometry.js';
