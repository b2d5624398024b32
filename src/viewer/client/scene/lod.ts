/** Corners per axis of the finest clustering table: 6 bits each, so that a key fits a small typed array. */
const MAX_CELLS = 64;

/** Scratch space of `clusterTriangles`, kept between calls: groups change many times a second. */
interface Scratch {
  /** Cell of every vertex. */
  cells: Uint16Array | Uint32Array;
  readonly count: Uint32Array;
  readonly sum: Float32Array;
  readonly best: Int32Array;
  readonly bestDistance: Float32Array;
}

const scratch: Scratch = {
  cells: new Uint32Array(0),
  count: new Uint32Array(MAX_CELLS ** 3),
  sum: new Float32Array(3 * MAX_CELLS ** 3),
  best: new Int32Array(MAX_CELLS ** 3),
  bestDistance: new Float32Array(MAX_CELLS ** 3),
};

/**
 * Coarser triangles over the same vertices (vertex clustering after Rossignac & Borrel 1993): space is cut into
 * cells, each cell keeps the vertex nearest to its vertices' mean, and triangles that fall into fewer than three cells
 * go. Vertices are shared with the full mesh: a level of detail costs an index list, no vertex memory.
 *
 * @param positions 4·V, 0 … 65535 across the box, fourth value ignored
 * @param indices 3·T
 * @param cellsPerAxis 1 … 64
 * @returns 3·T', winding kept
 */
export function clusterTriangles(
  positions: Uint16Array,
  indices: Uint32Array,
  cellsPerAxis: number,
): Uint32Array {
  const n = Math.min(MAX_CELLS, Math.max(1, Math.floor(cellsPerAxis)));
  const vertices = positions.length / 4;
  if (scratch.cells.length < vertices) scratch.cells = new Uint32Array(Math.ceil(1.5 * vertices));
  const { cells, count, sum, best, bestDistance } = scratch;
  const total = n ** 3;
  count.fill(0, 0, total);
  sum.fill(0, 0, 3 * total);
  bestDistance.fill(Infinity, 0, total);

  for (let v = 0; v < vertices; v++) {
    const x = positions[4 * v]!;
    const y = positions[4 * v + 1]!;
    const z = positions[4 * v + 2]!;
    const cell = ((z * n) >>> 16) * n * n + ((y * n) >>> 16) * n + ((x * n) >>> 16);
    cells[v] = cell;
    count[cell]!++;
    sum[3 * cell]! += x;
    sum[3 * cell + 1]! += y;
    sum[3 * cell + 2]! += z;
  }
  for (let v = 0; v < vertices; v++) {
    const cell = cells[v]!;
    const c = 1 / count[cell]!;
    const dx = positions[4 * v]! - sum[3 * cell]! * c;
    const dy = positions[4 * v + 1]! - sum[3 * cell + 1]! * c;
    const dz = positions[4 * v + 2]! - sum[3 * cell + 2]! * c;
    const d = dx * dx + dy * dy + dz * dz;
    if (d < bestDistance[cell]!) {
      bestDistance[cell] = d;
      best[cell] = v;
    }
  }
  const out = new Uint32Array(indices.length);
  let used = 0;
  for (let i = 0; i + 2 < indices.length; i += 3) {
    const a = cells[indices[i]!]!;
    const b = cells[indices[i + 1]!]!;
    const c = cells[indices[i + 2]!]!;
    if (a === b || b === c || c === a) continue;
    out[used] = best[a]!;
    out[used + 1] = best[b]!;
    out[used + 2] = best[c]!;
    used += 3;
  }
  return out.slice(0, used);
}

/**
 * Coarsest level whose cells stay below `pixels` on the screen.
 *
 * @param cellSizes metres, of levels 1, 2, …, ascending; level 0 is the full mesh
 * @param metresPerPixel where the group is nearest to the eye
 */
export function chooseLevel(cellSizes: readonly number[], metresPerPixel: number, pixels: number): number {
  let level = 0;
  while (level < cellSizes.length && cellSizes[level]! <= pixels * metresPerPixel) level++;
  return level;
}
