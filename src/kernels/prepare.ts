// LiDAR preparation: the kernels behind sensors/lidar/preparer.ts.
export { prepareIngest } from './prepare-ingest';
export { prepareThin } from './prepare-thin';
export { prepareImage } from './prepare-image';
export { prepareNormals } from './prepare-normals';
export { prepareGround } from './prepare-ground';
export { prepareDeskew, prepareDeskewTwist } from './prepare-deskew';
