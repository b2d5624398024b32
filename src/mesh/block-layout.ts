/** Numbers that the mesh kernel (kernels/mesh.ts), the mesher and the welding agree on. */
import { MAX_CASE_TRIANGLES } from './case-table.js';

/** Cells along a block's side. */
export const BLOCK_CELLS = 8;
/** Values of one block: 9³ corners, the last layer shared with the next block. */
export const BLOCK_CORNERS = 729;
/** Local edge ids: axis · 729 + i + 9·(j + 9·k) of the lower corner. */
export const BLOCK_EDGE_IDS = 3 * BLOCK_CORNERS;
/** Every edge of a block crossed: 3 axes × 8 × 9 × 9. A slot holds that many, so no block can overflow. */
export const MAX_BLOCK_VERTICES = 3 * 8 * 9 * 9;
/** Every cell at its worst. */
export const MAX_BLOCK_INDICES = 512 * MAX_CASE_TRIANGLES * 3;
