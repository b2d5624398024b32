import {
  decodeCameraInfo,
  decodeCompressedImage,
  decodeImage,
  encodeCameraInfo,
  encodeCompressedImage,
  encodeImage,
} from './images.js';
import { decodeImu, encodeImu } from './imu.js';
import { decodePointCloud2, encodePointCloud2 } from './pointcloud2.js';
import {
  decodeOdometry,
  decodePath,
  decodePoseStamped,
  decodeTFMessage,
  encodeOdometry,
  encodePath,
  encodePoseStamped,
  encodeTFMessage,
} from './poses.js';
import { ROS_TYPES } from './types.js';

const TRANSCODERS: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  [ROS_TYPES.pointCloud2]: (b) => encodePointCloud2(decodePointCloud2(b, 'ros1')),
  [ROS_TYPES.imu]: (b) => encodeImu(decodeImu(b, 'ros1')),
  [ROS_TYPES.image]: (b) => encodeImage(decodeImage(b, 'ros1')),
  [ROS_TYPES.compressedImage]: (b) => encodeCompressedImage(decodeCompressedImage(b, 'ros1')),
  [ROS_TYPES.cameraInfo]: (b) => encodeCameraInfo(decodeCameraInfo(b, 'ros1')),
  [ROS_TYPES.odometry]: (b) => encodeOdometry(decodeOdometry(b, 'ros1')),
  [ROS_TYPES.path]: (b) => encodePath(decodePath(b, 'ros1')),
  [ROS_TYPES.poseStamped]: (b) => encodePoseStamped(decodePoseStamped(b, 'ros1')),
  [ROS_TYPES.tf]: (b) => encodeTFMessage(decodeTFMessage(b, 'ros1')),
};

/** Turns a ROS 1 message of this (ROS 2 style) type into CDR; undefined for types that Feltmap does not know. */
export function ros1ToCdr(type: string): ((bytes: Uint8Array) => Uint8Array) | undefined {
  return TRANSCODERS[type];
}
