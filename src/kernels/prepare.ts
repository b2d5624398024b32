// LiDAR preparation: the kernels behind sensors/lidar/preparer.ts.
export { prepareIngest } from './prepare-ingest';
export { prepareThin, prepareThinCoarse } from './prepare-thin';
export { prepareImage } from './prepare-image';
export { prepareNormals } from './prepare-normals';
export { prepareDeskew } from './prepare-deskew';
