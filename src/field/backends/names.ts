/** Values of the setting `engine`. */
export const ENGINES = [
  'auto',
  'wasm',
  'webgpu',
  'tfjs',
  'tfjs-node-gpu',
  'tfjs-webgpu',
  'tfjs-wasm',
  'tfjs-cpu',
] as const;
export type EngineName = (typeof ENGINES)[number];
