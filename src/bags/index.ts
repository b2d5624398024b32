export * from './ground-truth.js';
export * from './mcap-writer.js';
export * from './reader.js';
export * from './schemas.js';
export * from './source.js';
export * from './types.js';
