// Every kernel has the form (args: usize, chunk: i32): it reads its parameters from a struct at `args` and
// does the part `chunk` of the work, so that any number of threads can share it. Pure functions on raw memory:
// no AssemblyScript object is ever allocated, because instances share one memory but not their globals.
export { fuse } from './field/fuse';
export { allocateBlocks, castPoints } from './field/rays';
export { dropBlocks, makeBlocks, orderBlocks } from './field/blocks';
export { carve } from './field/carve';
export { markSeenThrough, sightNearest, sightPlanes } from './field/sight';
export { register } from './field/register';
export { registerOriented } from './field/oriented';
export { gatherBlocks } from './field/gather';
export { blocksInView, makeBand, rangeTiles } from './field/view';
export { gatherFlat } from './field/gather-flat';
export { blocksInFlatView, makeFlatBand } from './field/view-flat';
export { readColours, registerColour } from './field/colour';
export { allocateRows, fitForward, fitUpdate } from './field/fit';
export { query, evaluateBlocks } from './field/query';
export * from './mesh/extract';
export * from './lidar/index';
export * from './camera/index';
export * from './tactile/index';
export { drawSamples } from './field/sample';

/** Where this module's static data ends. */
export function heapBase(): usize {
  return __heap_base;
}
