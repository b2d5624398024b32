// Every kernel has the form (args: usize, chunk: i32): it reads its parameters from a struct at `args` and
// does the part `chunk` of the work, so that any number of threads can share it. Pure functions on raw memory:
// no AssemblyScript object is ever allocated, because instances share one memory but not their globals.
export { allocateBlocks, castPoints, fuse } from './fuse';
export { makeBlocks } from './grid';
export { carve, carveMarked } from './carve';
export { register } from './register';
export { allocateRows, fitForward, fitUpdate } from './fit';
export { query, evaluateBlocks } from './query';
export * from './mesh';
export * from './prepare';
export { drawSamples } from './sample';

/** Where this module's static data ends. */
export function heapBase(): usize {
  return __heap_base;
}
