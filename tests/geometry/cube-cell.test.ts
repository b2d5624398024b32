import { expect, it } from 'vitest';
import { cubeCell } from '../../src/geometry/cube-cell.js';
import { Random } from '../../src/geometry/random.js';

it('gives each direction one of 6·side² cells, whatever its length, and neighbours near ones', () => {
  const random = new Random('cube');
  const side = 16;
  const seen = new Set<number>();
  for (let k = 0; k < 40_000; k++) {
    const d = [random.normal(), random.normal(), random.normal()] as const;
    const cell = cubeCell(...d, side);
    expect(Number.isInteger(cell) && cell >= 0 && cell < 6 * side * side).toBe(true);
    expect(cubeCell(8 * d[0], 8 * d[1], 8 * d[2], side)).toBe(cell);
    seen.add(cell);
  }
  expect(seen.size).toBe(6 * side * side);
});

it('numbers faces +x −x +y −y +z −z, then rows, then columns', () => {
  const middle = 8 * 16 + 8;
  const axes = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]] as const; // prettier-ignore
  axes.forEach(([x, y, z], face) => expect(cubeCell(x, y, z, 16)).toBe(face * 256 + middle));
  expect(cubeCell(1, 0.999, -0.999, 16)).toBe(15);
  expect(cubeCell(1, 1, 1, 16)).toBe(255);
});
