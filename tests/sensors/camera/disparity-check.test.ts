import { describe, expect, it } from 'vitest';
import { DisparityCheck } from '../../../src/sensors/camera/disparity-check.js';
import { Random } from '../../../src/geometry/random.js';

const [width, height, f] = [320, 240, 260];

/** Depth (m) over a floor 1.2 m below the camera, a wall 3 m ahead and one on the left, from heights that differ a little. */
function room(frame: number, x: number, y: number): number {
  const [u, v] = [(x - width / 2) / f, (y - height / 2) / f];
  const floor = v > 0 ? (1.2 + 0.01 * frame) / v : Infinity;
  const left = u < 0 ? -1.1 / u : Infinity;
  return Math.min(floor, left, 3 - 0.02 * frame);
}

function noteOf(value: (frame: number, x: number, y: number) => number, words = false): string | undefined {
  const check = new DisparityCheck();
  for (let frame = 0; frame < 60; frame++) {
    const data = words ? new Uint16Array(width * height) : new Float32Array(width * height);
    for (let i = 0; i < data.length; i++) data[i] = value(frame, i % width, Math.floor(i / width));
    check.add({ width, height, data, scale: words ? 0.001 : 1 });
  }
  return check.note;
}

describe('DisparityCheck', () => {
  it('says nothing of depth, in millimetres or metres, with noise', () => {
    const random = new Random(1);
    expect(noteOf((n, x, y) => Math.round(1000 * room(n, x, y)), true)).toBeUndefined();
    expect(noteOf((n, x, y) => room(n, x, y) * (1 + 0.005 * (random.next() - 0.5)))).toBeUndefined();
  });

  it.each([
    ['pixels', false, 20],
    ['sixteenths of a pixel in whole numbers', true, 16 * 40],
    ['inverse metres', false, 1],
  ])('tells disparities in %s', (_, words, unit) => {
    const note = noteOf((n, x, y) => {
      const value = unit / room(n, x, y);
      return words ? Math.round(value) : value;
    }, words);
    expect(note).toMatch(/^these look like disparities .* and 0 if taken as depth; publish depth/);
  });

  it('says nothing where nothing recedes', () => {
    expect(noteOf(() => 1 / 3)).toBeUndefined();
  });

  it('says nothing of spheres, which are neither', () => {
    // Depth of a sphere of 0.5 m whose centre is 0.8 m ahead; what is beside it was not measured.
    const sphere = (_: number, x: number, y: number): number => {
      const [u, v] = [(x - width / 2) / f, (y - height / 2) / f];
      const [aa, c] = [1 + u * u + v * v, 0.8 ** 2 - 0.5 ** 2];
      const root = 0.8 ** 2 - aa * c;
      return root > 0 ? (0.8 - Math.sqrt(root)) / aa : 0;
    };
    expect(noteOf(sphere)).toBeUndefined();
    expect(noteOf((n, x, y) => sphere(n, x, y) && 1 / sphere(n, x, y))).toBeUndefined();
  });
});
