import { describe, expect, it } from 'vitest';
import {
  buildCaseTable,
  caseLoops,
  caseTriangles,
  CELL_EDGES,
  CELL_FACES,
  edgeBetween,
  faceSegments,
  shareFace,
} from '../../src/mesh/case-table.js';
import { CASE_BYTES, MAX_CASE_TRIANGLES } from '../../src/kernels/layout/mesh.js';

const cases = Array.from({ length: 256 }, (_, signs) => signs);
const crossed = (signs: number): number[] =>
  CELL_EDGES.flatMap(({ lower, upper }, edge) => (((signs >> lower) ^ (signs >> upper)) & 1 ? [edge] : []));

describe('cell geometry', () => {
  it('has twelve edges, each found between its corners', () => {
    expect(new Set(CELL_EDGES.map(({ lower, upper }) => `${lower}-${upper}`)).size).toBe(12);
    CELL_EDGES.forEach(({ axis, lower, upper }, edge) => {
      expect(lower ^ upper).toBe(1 << axis);
      expect(edgeBetween(upper, lower)).toBe(edge);
    });
  });

  it('walks faces counter-clockwise as seen from outside', () => {
    const at = (corner: number): number[] => [corner & 1, (corner >> 1) & 1, corner >> 2];
    CELL_FACES.forEach((corners, face) => {
      const [p, q, r] = corners.map(at) as [number[], number[], number[], number[]];
      const u = q.map((c, i) => c - p[i]!);
      const w = r.map((c, i) => c - q[i]!);
      const axis = face >> 1;
      const [a, b] = [(axis + 1) % 3, (axis + 2) % 3];
      expect(u[a]! * w[b]! - u[b]! * w[a]!).toBe((face & 1) === 1 ? 1 : -1);
      for (const corner of corners) expect((corner >> axis) & 1).toBe(face & 1);
    });
  });
});

describe('contours of the 256 cases', () => {
  it('are closed loops that use every crossed edge once and no other', () => {
    for (const signs of cases) {
      const loops = caseLoops(signs);
      expect(loops.flat().sort((a, b) => a - b)).toEqual(crossed(signs));
      for (const loop of loops) expect(loop.length).toBeGreaterThanOrEqual(3);
    }
  });

  it('agree on a shared face: the neighbour draws the same segments the other way round', () => {
    for (let axis = 0; axis < 3; axis++)
      for (let pattern = 0; pattern < 16; pattern++) {
        // The pattern on this cell's upper face and on the neighbour's lower face; other corners do not matter.
        const bits = CELL_FACES[2 * axis + 1]!.map((corner, i) => ((pattern >> i) & 1) << corner);
        const here = bits.reduce((sum, bit) => sum | bit, 0);
        const there = here >> (1 << axis);
        const mirror = (edge: number): number => {
          const { lower, upper } = CELL_EDGES[edge]!;
          return edgeBetween(lower ^ (1 << axis), upper ^ (1 << axis));
        };
        const ours = faceSegments(here, 2 * axis + 1).map(([from, to]) => `${mirror(to)}-${mirror(from)}`);
        const theirs = faceSegments(there, 2 * axis).map(([from, to]) => `${from}-${to}`);
        expect(ours.sort()).toEqual(theirs.sort());
        for (const others of [0, 255]) {
          const mask = CELL_FACES[2 * axis + 1]!.reduce((sum, corner) => sum | (1 << corner), 0);
          expect(faceSegments((here & mask) | (others & ~mask), 2 * axis + 1)).toEqual(
            faceSegments(here, 2 * axis + 1),
          );
        }
      }
  });

  it('reverse in the complement, except on ambiguous faces, where the negative corners stay joined', () => {
    for (const signs of cases)
      for (let face = 0; face < 6; face++) {
        const segments = faceSegments(signs, face);
        const complement = faceSegments(signs ^ 255, face).map(([from, to]) => `${to}-${from}`);
        if (segments.length < 2) {
          expect(complement).toEqual(segments.map(([from, to]) => `${from}-${to}`));
          continue;
        }
        for (const [from, to] of segments) {
          // Both ends touch one corner, the one that is cut off: it must be a positive one.
          const ends = (edge: number): number[] => [CELL_EDGES[edge]!.lower, CELL_EDGES[edge]!.upper];
          const corner = ends(from).find((c) => ends(to).includes(c))!;
          expect((signs >> corner) & 1).toBe(0);
        }
      }
  });
});

describe('triangles of the 256 cases', () => {
  it('have the loops as their boundary and no edge inside a face that a neighbour could repeat', () => {
    for (const signs of cases) {
      const triangles = caseTriangles(signs);
      const loops = caseLoops(signs);
      const boundary = new Set(
        loops.flatMap((loop) => loop.map((edge, i) => `${edge}-${loop[(i + 1) % loop.length]}`)),
      );
      const seen = new Map<string, number>();
      for (let i = 0; i < triangles.length; i += 3)
        for (let c = 0; c < 3; c++) {
          const key = `${triangles[i + c]}-${triangles[i + ((c + 1) % 3)]}`;
          seen.set(key, (seen.get(key) ?? 0) + 1);
        }
      for (const edge of boundary) expect(seen.get(edge)).toBe(1);
      for (const [key, count] of seen) {
        expect(count).toBe(1);
        if (boundary.has(key)) continue;
        const [a, b] = key.split('-').map(Number) as [number, number];
        expect(seen.get(`${b}-${a}`)).toBe(1);
        expect(shareFace(a, b)).toBe(false);
      }
      expect(triangles.length / 3).toBe(loops.reduce((sum, loop) => sum + loop.length - 2, 0));
    }
  });

  it('look from the negative corner to the positive side', () => {
    for (let corner = 0; corner < 8; corner++) {
      const [a, b, c] = caseTriangles(1 << corner).map((edge) => {
        const { lower, upper } = CELL_EDGES[edge]!;
        return [0, 1, 2].map((axis) => (((lower >> axis) & 1) + ((upper >> axis) & 1)) / 2);
      }) as [number[], number[], number[]];
      const u = b.map((x, i) => x - a[i]!);
      const w = c.map((x, i) => x - a[i]!);
      const normal = [
        u[1]! * w[2]! - u[2]! * w[1]!,
        u[2]! * w[0]! - u[0]! * w[2]!,
        u[0]! * w[1]! - u[1]! * w[0]!,
      ];
      normal.forEach((n, axis) => expect(Math.sign(n)).toBe((corner >> axis) & 1 ? -1 : 1));
    }
  });

  it('fit the table the kernel reads', () => {
    const table = buildCaseTable();
    expect(Math.max(...cases.map((signs) => caseTriangles(signs).length / 3))).toBe(MAX_CASE_TRIANGLES);
    expect(CASE_BYTES).toBe(16);
    for (const signs of cases) {
      const entry = table.subarray(signs * CASE_BYTES, (signs + 1) * CASE_BYTES);
      expect([...entry.subarray(1, 1 + 3 * entry[0]!)]).toEqual(caseTriangles(signs));
    }
  });
});
