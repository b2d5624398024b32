export * from './reader.js';
export * from './source.js';
export * from './types.js';
