import { expect, it } from 'vitest';
import { LEFT_OUT, Pieces } from '../../src/mesh/components.js';
import { randomNumbers } from './helpers.js';

it('keeps pieces of so many triangles and numbers what stays in order', () => {
  const pieces = new Pieces(10);
  pieces.triangle(9, 2, 4); // 2 4 9 5: two triangles
  pieces.triangle(5, 9, 4);
  pieces.triangle(0, 7, 8); // one
  const { numbers, count } = pieces.renumber(2); // 1, 3 and 6 are in none
  expect(count).toBe(4);
  expect([...numbers].map((n) => (n === LEFT_OUT ? '-' : n))).toEqual('-,-,0,-,1,2,-,-,-,3'.split(',').map((c) => (c === '-' ? c : Number(c)))); // prettier-ignore
});

it('agrees with a search from every vertex', () => {
  const random = randomNumbers(5);
  for (let round = 0; round < 40; round++) {
    const vertices = 30;
    const triangles = Array.from({ length: 9 }, () => [0, 0, 0].map(() => Math.floor(random() * vertices)));
    const pieces = new Pieces(vertices);
    for (const [a, b, c] of triangles) pieces.triangle(a!, b!, c!);
    const { numbers } = pieces.renumber(3);
    for (let v = 0; v < vertices; v++) {
      const reached = new Set([v]);
      for (let before = 0; before !== reached.size;) {
        before = reached.size;
        for (const t of triangles) if (t.some((w) => reached.has(w))) for (const w of t) reached.add(w);
      }
      const found = triangles.filter((t) => reached.has(t[0]!));
      expect(numbers[v] !== LEFT_OUT).toBe(found.length >= 3);
    }
  }
});
