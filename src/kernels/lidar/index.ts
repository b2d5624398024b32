// LiDAR preparation: the kernels behind sensors/lidar/preparer.ts.
export { prepareIngest } from './ingest';
export { prepareThin, prepareThinAndImage } from './thin';
export { prepareNormals } from './normals';
export { prepareGround } from './ground';
export { prepareDeskew, prepareDeskewTwist } from './deskew';
export { prepareDeskewKeypoints } from './deskew-keypoints';
export { prepareRest } from './ground-flag';
