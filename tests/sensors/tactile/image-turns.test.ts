import { expect, it } from 'vitest';
import { TURNS, turnedPlace } from '../../../src/sensors/tactile/image-turns.js';

it('knows the eight ways that a square lies on itself, each by its words', () => {
  const side = 3;
  const places = TURNS.map((turn) =>
    Array.from({ length: 9 }, (_, i) => turnedPlace(turn, i % side, Math.floor(i / side), side)),
  );
  expect(new Set(places.map(String)).size).toBe(8);
  for (const way of places) expect([...way].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const where = (words: string) => places[TURNS.findIndex((turn) => turn.words === words)];
  expect(where('')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(where('mirrored left to right')).toEqual([2, 1, 0, 5, 4, 3, 8, 7, 6]);
  expect(where('mirrored top to bottom')).toEqual([6, 7, 8, 3, 4, 5, 0, 1, 2]);
  expect(where('turned by 180°')).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0]);
  // Clockwise, the first row has gone to the last column.
  expect(where('turned by 90°')!.slice(0, 3)).toEqual([2, 5, 8]);
  expect(where('turned by −90°')!.slice(0, 3)).toEqual([6, 3, 0]);
});
