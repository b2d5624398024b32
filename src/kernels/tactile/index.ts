// Images of a gel to heights, and the training of the network between: the kernels behind sensors/tactile.
export { tactileSlopes } from './slopes';
export { tactileForward, tactileColumns, tactileBackward } from './poisson';
export { tactileTrain } from './train';
