// Preparation of depth images: the kernels behind sensors/camera/preparer.ts.
export { cameraReduce } from './reduce';
export { cameraHidden } from './hidden';
export { cameraNormals } from './normals';
export { cameraShrink } from './shrink';
export { cameraColor } from './color';
export { cameraGrey } from './grey';
export { cameraSurface } from './surface';
