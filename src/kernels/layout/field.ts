// Byte offsets into the parameter blocks of the field's kernels, and the constants both sides must agree on.
// This file is plain enough to be both AssemblyScript (kernels) and TypeScript (WasmField, BlockGrid).

// Blocks
/** Corners along a block's edge, and in a block. */
export const BLOCK_SIDE = 8;
export const BLOCK_CORNERS = 512;

// Grid descriptor
export const G_VERSION = 56; // u32: changes whenever corners do, so that copies of them can tell that they are old

// Fusion
/** Parts that fit into a ray's word. */
export const MAX_PARTS = 8;
/** Bits of a block number in a ray's word: parts take the lowest 8 bits, the highest says that a block is missing. */
export const RAY_BLOCK_BITS = 23;
export const RAY_BYTES = 32;
export const F_RAYS = 112; // RAY_BYTES per point: grid position, normal, weight (f32×7), word (parts, block)
export const F_BUCKETS = 140; // u32 per block: scratch of the sort
export const F_ORDER = 144; // u32 per point: the chosen points, block by block
export const F_CHOSEN = 148; // u32: how many
export const F_FETCHED = 152; // FETCHED_BYTES per part: what was read only to bring it into the cache
export const FETCHED_BYTES = 128;

// Carving
export const CARVE_CHUNK = 128; // rays per chunk
/** Corners deep in something that a ray may prove to be air, in one scan: a lorry takes some more. */
export const CARVE_HITS = 8;
/** Most corners that one ray lists: those around each of its hits. */
export const CARVED_PER_RAY = 216; // 27 · CARVE_HITS
export const K_LIST = 100; // u32: room for CARVED_PER_RAY corners of each ray
export const K_COUNTS = 104; // u32 per chunk: corners listed

// Registration
export const REGISTER_CHUNK = 256; // points per chunk
export const R_CELLS = 168; // CELL_BYTES per point
/** A point's latest fine cell: coordinates i32×3, version of the grid u32, corners {sdf, weight} f32×16. */
export const CELL_BYTES = 80;
export const CELL_CORNERS = 16; // offset of the corners

// Optimisation
export const CORNERS_BYTES = 64; // {sdf, weight} of a cell's eight corners
export const T_CELLS = 72; // CORNERS_BYTES per sample of the batch
