// Numbers that the mesh kernel, the mesher and the welding agree on, and the kernel's arguments as byte offsets.
// This file is plain enough to be both AssemblyScript (kernels) and TypeScript (BlockMesher).

/** Cells along a block's side. */
export const BLOCK_CELLS = 8;
/** Corners along a block's side; the last layer is shared with the next block. */
export const BLOCK_SIDE = 9;
/** Values of one block: 9³ corners, x fastest. */
export const BLOCK_CORNERS = 729;
/** Local edge ids: axis · 729 + i + 9·(j + 9·k) of the lower corner. */
export const BLOCK_EDGE_IDS = 3 * BLOCK_CORNERS;
/** Every edge of a block crossed: 3 axes × 8 × 9 × 9. A slot holds that many, so no block can overflow. */
export const MAX_BLOCK_VERTICES = 3 * 8 * 9 * 9;
/** Triangles of the worst of the 256 cases. */
export const MAX_CASE_TRIANGLES = 5;
/** One case for the kernel: the number of triangles, then three edges of each. */
export const CASE_BYTES = 1 + 3 * MAX_CASE_TRIANGLES;
/** Every cell at its worst. */
export const MAX_BLOCK_INDICES = 512 * MAX_CASE_TRIANGLES * 3;
/** A set of bits, one a corner: 736, and slack for the last unaligned 32-bit read. */
export const BIT_BYTES = 96;
/** Scratch of a slot: two bit sets and the map from edge to vertex (u16). */
export const SCRATCH_BYTES = 2 * BIT_BYTES + 2 * BLOCK_EDGE_IDS + 2;
/** Bytes of a slot's coordinates: bx, by, bz, unused (i32). */
export const COORD_BYTES = 16;
/** Bytes of a slot's counts: vertices, indices (i32). */
export const COUNT_BYTES = 8;
/** Bytes that the kernel may read past the values of the last slot. */
export const VALUES_SLACK = 64;

// Arguments
export const M_VALUES = 0; // f32*: BLOCK_CORNERS a slot
export const M_COORDS = 4; // i32*: COORD_BYTES a slot
export const M_CASES = 8; // u8*: CASE_BYTES a case
export const M_POSITIONS = 12; // f32*: xyz, MAX_BLOCK_VERTICES a slot
export const M_NORMALS = 16; // f32*: likewise
export const M_EDGES = 20; // u16*: local edge id of each vertex
export const M_INDICES = 24; // u16*: MAX_BLOCK_INDICES a slot
export const M_COUNTS = 28; // i32*: COUNT_BYTES a slot
export const M_SCRATCH = 32; // u8*: SCRATCH_BYTES a slot
export const M_SIDE = 40; // f64: distance of neighbouring corners, metres
export const M_BYTES = 48;
