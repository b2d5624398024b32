import { caseTriangles, CELL_EDGES } from '../../mesh/case-table.js';
import type { Mesh } from '../../mesh/mesh.js';
import type { SimObject } from './object.js';
import type { Solid } from './solid.js';

/** Cells along an edge of the blocks that are skipped where the surface is far. */
const BLOCK = 8;
/** How near to the surface a vertex is moved, metres, and in how many steps at most. */
const CLOSE = 1e-9;
const MAX_STEPS = 24;

let cases: number[][] | undefined;

/**
 * The surface of a solid as a welded, closed mesh by marching cubes: vertices lie on the surface (to 1 nm),
 * normals are those of the solid.
 *
 * @param cell edge of the grid's cells, metres; details below it are lost. Default 2 mm.
 */
export function objectMesh(object: Solid & Pick<SimObject, 'normal'>, cell = 0.002): Mesh {
  cases ??= Array.from({ length: 256 }, (_, signs) => caseTriangles(signs));
  const { bounds } = object;
  // Off the symmetric middle: a face of the solid in a plane of the grid's corners has no sign.
  const origin = [0, 1, 2].map((k) => bounds[k]! - 1.37 * cell);
  const blocks = [0, 1, 2].map((k) =>
    Math.ceil((bounds[k + 3]! - origin[k]! + 1.21 * cell) / (BLOCK * cell)),
  );
  const [nx, ny] = [blocks[0]! * BLOCK + 1, blocks[1]! * BLOCK + 1];
  const x = (i: number): number => origin[0]! + i * cell;
  const y = (j: number): number => origin[1]! + j * cell;
  const z = (k: number): number => origin[2]! + k * cell;
  const halfDiagonal = (Math.sqrt(3) / 2) * BLOCK * cell;
  const side = BLOCK + 1;
  const values = new Float64Array(side ** 3);
  const vertexOf = new Map<number, number>();
  const positions: number[] = [];
  const indices: number[] = [];

  const vertex = (i: number, j: number, k: number, axis: number, from: number, to: number): number => {
    const key = ((k * ny + j) * nx + i) * 3 + axis;
    const known = vertexOf.get(key);
    if (known !== undefined) return known;
    // Regula falsi after Dowell and Jarratt (Illinois): a side that stays counts half the next time.
    let [low, high, a, b] = [0, 1, from, to];
    let stayed = 0;
    const px = (t: number): number => x(i) + (axis === 0 ? t * cell : 0);
    const py = (t: number): number => y(j) + (axis === 1 ? t * cell : 0);
    const pz = (t: number): number => z(k) + (axis === 2 ? t * cell : 0);
    let t = low + ((high - low) * a) / (a - b);
    for (let n = 0; n < MAX_STEPS; n++) {
      const value = object.distance(px(t), py(t), pz(t));
      if (Math.abs(value) < CLOSE) break;
      if (value < 0 === a < 0) {
        [low, a] = [t, value];
        if (stayed === 1) b /= 2;
        stayed = 1;
      } else {
        [high, b] = [t, value];
        if (stayed === 2) a /= 2;
        stayed = 2;
      }
      t = low + ((high - low) * a) / (a - b);
    }
    positions.push(px(t), py(t), pz(t));
    vertexOf.set(key, positions.length / 3 - 1);
    return positions.length / 3 - 1;
  };

  const meshBlock = (bi: number, bj: number, bk: number): void => {
    for (let k = 0, n = 0; k < side; k++)
      for (let j = 0; j < side; j++)
        for (let i = 0; i < side; i++, n++) values[n] = object.distance(x(bi + i), y(bj + j), z(bk + k));
    const at = (i: number, j: number, k: number): number => values[(k * side + j) * side + i]!;
    for (let k = 0; k < BLOCK; k++)
      for (let j = 0; j < BLOCK; j++)
        for (let i = 0; i < BLOCK; i++) {
          let signs = 0;
          for (let c = 0; c < 8; c++)
            if (at(i + (c & 1), j + ((c >> 1) & 1), k + (c >> 2)) < 0) signs |= 1 << c;
          for (const edge of cases![signs]!) {
            const { axis, lower, upper } = CELL_EDGES[edge]!;
            const [ci, cj, ck] = [i + (lower & 1), j + ((lower >> 1) & 1), k + (lower >> 2)];
            const to = at(i + (upper & 1), j + ((upper >> 1) & 1), k + (upper >> 2));
            indices.push(vertex(bi + ci, bj + cj, bk + ck, axis, at(ci, cj, ck), to));
          }
        }
  };

  for (let bk = 0; bk < blocks[2]!; bk++)
    for (let bj = 0; bj < blocks[1]!; bj++)
      for (let bi = 0; bi < blocks[0]!; bi++) {
        const middle = (b: number): number => (b + 0.5) * BLOCK;
        const far = Math.abs(object.distance(x(middle(bi)), y(middle(bj)), z(middle(bk)))) > halfDiagonal;
        if (!far) meshBlock(bi * BLOCK, bj * BLOCK, bk * BLOCK);
      }

  const normals = new Float32Array(positions.length);
  const normal = new Float64Array(3);
  for (let v = 0; v < positions.length; v += 3) {
    object.normal(positions[v]!, positions[v + 1]!, positions[v + 2]!, normal);
    normals.set(normal, v);
  }
  return { positions: Float32Array.from(positions), normals, indices: Uint32Array.from(indices) };
}
