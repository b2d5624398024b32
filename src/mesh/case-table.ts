/**
 * Marching-cubes cases, derived instead of listed.
 *
 * Corner c of a cell has the offsets (c & 1, c >> 1 & 1, c >> 2 & 1); bit c of a case is set where the distance is
 * negative. Edge 4·axis + s + 2·t runs along `axis`; s and t are its offsets on the next two axes in cyclic order.
 *
 * Walk a face's corners counter-clockwise as seen from outside the cell. Every step from negative to positive (an
 * exit) is joined to the next step back (the entry), which cuts off that run of positive corners. On an ambiguous
 * face (signs alternate) this keeps the negative corners connected, so thin solids do not fall apart. The rule looks
 * at the face alone, and the cell on the other side walks it backwards and gets the same segments: no cracks.
 * A crossed edge is an exit on one of its two faces and an entry on the other, hence the segments close into loops.
 */

import { CASE_BYTES } from '../kernels/layout/mesh.js';

const EDGES_PER_CELL = 12;

/** Axis, lower corner and upper corner of a cell's edge. */
export interface CellEdge {
  readonly axis: number;
  readonly lower: number;
  readonly upper: number;
}

export const CELL_EDGES: readonly CellEdge[] = Array.from({ length: EDGES_PER_CELL }, (_, edge) => {
  const axis = edge >> 2;
  const lower = ((edge & 1) << ((axis + 1) % 3)) | (((edge >> 1) & 1) << ((axis + 2) % 3));
  return { axis, lower, upper: lower | (1 << axis) };
});

/** The cell's six faces as corners counter-clockwise seen from outside: −x, +x, −y, +y, −z, +z. */
export const CELL_FACES: readonly (readonly number[])[] = Array.from({ length: 6 }, (_, face) => {
  const axis = face >> 1;
  const u = 1 << ((axis + 1) % 3);
  const w = 1 << ((axis + 2) % 3);
  return (face & 1) === 1
    ? [0, u, u | w, w].map((corner) => corner | (1 << axis)) // u × w = +axis points out
    : [0, w, u | w, u];
});

/** Number of the edge between two neighbouring corners. */
export function edgeBetween(a: number, b: number): number {
  const lower = Math.min(a, b);
  const upper = Math.max(a, b);
  return CELL_EDGES.findIndex((edge) => edge.lower === lower && edge.upper === upper);
}

/** Directed contour segments [from edge, to edge] of a case on one face, the positive side to their right from outside. */
export function faceSegments(signs: number, face: number): [number, number][] {
  const corners = CELL_FACES[face]!;
  const negative = (step: number): boolean => ((signs >> corners[step & 3]!) & 1) === 1;
  const segments: [number, number][] = [];
  for (let exit = 0; exit < 4; exit++) {
    if (!negative(exit) || negative(exit + 1)) continue;
    let entry = exit + 1;
    while (negative(entry) || !negative(entry + 1)) entry++;
    const edge = (step: number): number => edgeBetween(corners[step & 3]!, corners[(step + 1) & 3]!);
    segments.push([edge(entry), edge(exit)]);
  }
  return segments;
}

/** Closed loops of edges of a case, counter-clockwise seen from the positive side. */
export function caseLoops(signs: number): number[][] {
  const next = new Map<number, number>();
  for (let face = 0; face < 6; face++) for (const [from, to] of faceSegments(signs, face)) next.set(from, to);
  const loops: number[][] = [];
  for (let start = 0; start < EDGES_PER_CELL; start++) {
    const loop: number[] = [];
    for (let edge = start; next.has(edge);) {
      loop.push(edge);
      const following = next.get(edge)!;
      next.delete(edge);
      edge = following;
    }
    if (loop.length > 0) loops.push(loop);
  }
  return loops;
}

/** True when both edges lie in one face of the cell. */
export function shareFace(a: number, b: number): boolean {
  const { lower, upper } = CELL_EDGES[a]!;
  const other = CELL_EDGES[b]!;
  const and = lower & upper & other.lower & other.upper;
  const or = lower | upper | other.lower | other.upper;
  return and !== 0 || or !== 7;
}

/**
 * Triangles of a loop: the triangulation with the shortest diagonals (edge midpoints) among those without a diagonal
 * inside a face. A diagonal in a face could be drawn by the neighbouring cell too, and four triangles would meet
 * there. Dynamic programme over polygon intervals (Klincsek 1980).
 */
function triangulate(loop: readonly number[]): number[] {
  const n = loop.length;
  const cost = (a: number, b: number): number => {
    if (b - a === 1 || b - a === n - 1) return 0;
    return shareFace(loop[a]!, loop[b]!) ? Infinity : midpointDistance(loop[a]!, loop[b]!);
  };
  const best = Array.from({ length: n }, () => new Float64Array(n));
  const split = Array.from({ length: n }, () => new Int32Array(n).fill(-1));
  for (let span = 2; span < n; span++) {
    for (let a = 0; a + span < n; a++) {
      const b = a + span;
      best[a]![b] = Infinity;
      for (let m = a + 1; m < b; m++) {
        const total = best[a]![m]! + best[m]![b]! + cost(a, b);
        if (total < best[a]![b]! - 1e-9) {
          best[a]![b] = total;
          split[a]![b] = m;
        }
      }
    }
  }
  const triangles: number[] = [];
  const emit = (a: number, b: number): void => {
    if (b - a < 2) return;
    const m = split[a]![b]!;
    if (m < 0) throw new RangeError(`Loop ${loop.join(' ')} has no triangulation free of face diagonals.`);
    emit(a, m);
    triangles.push(loop[a]!, loop[m]!, loop[b]!);
    emit(m, b);
  };
  emit(0, n - 1);
  return triangles;
}

/** Edge numbers of a case's triangles, three each, counter-clockwise seen from the positive side. */
export function caseTriangles(signs: number): number[] {
  return caseLoops(signs).flatMap(triangulate);
}

/** The 256 cases as the kernel reads them: `CASE_BYTES` bytes each. */
export function buildCaseTable(): Uint8Array {
  const table = new Uint8Array(256 * CASE_BYTES);
  for (let signs = 0; signs < 256; signs++) {
    const triangles = caseTriangles(signs);
    table[signs * CASE_BYTES] = triangles.length / 3;
    table.set(triangles, signs * CASE_BYTES + 1);
  }
  return table;
}

function midpointDistance(a: number, b: number): number {
  let sum = 0;
  for (let axis = 0; axis < 3; axis++) {
    const middle = (edge: CellEdge): number => (((edge.lower >> axis) & 1) + ((edge.upper >> axis) & 1)) / 2;
    sum += (middle(CELL_EDGES[a]!) - middle(CELL_EDGES[b]!)) ** 2;
  }
  return Math.sqrt(sum);
}
