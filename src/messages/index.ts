export * from './header.js';
export * from './imu.js';
export * from './pointcloud2.js';
export * from './poses.js';
export * from './types.js';
export * from './wire.js';
export * from './transcode.js';
