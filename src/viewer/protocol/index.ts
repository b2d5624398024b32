/** The protocol between the viewer's server and its page; docs/viewer-protocol.md describes it. For both ends. */
export * from './constants.js';
export * from './frames.js';
export { ProtocolError } from './bytes.js';
export * from './quantise.js';
export { TRACKING_STATES, type ViewerTrackingState } from './motion.js';
export type { KeyframesFrame, SubmapPoseFrame, TrajectoryFrame } from './motion.js';
export type { BlockRemovedFrame, MeshBlockFrame } from './mesh-block.js';
export type { CompleteFrame, ObjectFrame, ObjectRemovedFrame } from './objects.js';
export type { CameraFrame, ImageFrame, ScanFrame, TouchFrame } from './observations.js';
export type { HelloFrame, ImageStream, NoticeFrame, StatusFrame } from './texts.js';
