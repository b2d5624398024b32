import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import {
  describeNoise,
  LEAST_GROWTH,
  measureGrowth,
  MOST_GROWTH,
  NoiseGrowth,
} from '../../../src/sensors/camera/noise-growth.js';
import { depthOf, pinhole, plane, type Scene } from './scene.js';

const KINECT = { a: 0.0012, z0: 0.4 };
const CAMERA = pinhole(320, 240);
/** A floor from 1.3 m to 4 m. */
const FLOOR = plane([0, 0.62, 0.5], 0.96);

/** What a camera of this noise sees, 0 where there is nothing. */
function image(b: number, scene: Scene = FLOOR, seed = 1) {
  const random = new Random(seed);
  const z = depthOf(CAMERA, scene, (d) => {
    if (!(d > 0 && d < 8)) return 0;
    return d + (KINECT.a + b * (d - KINECT.z0) ** 2) * random.normal();
  });
  return { width: CAMERA.width, height: CAMERA.height, z };
}

describe('measureGrowth', () => {
  it.each([0.0019, 0.005, 0.012])('finds a growth of %s/m on a plane', (b) => {
    expect(measureGrowth(image(b), KINECT)! / b).toBeCloseTo(1, 1);
  });

  it('finds none in depth without noise, whatever its slope', () => {
    // What is left is the floor's own noise being less than a: a growth below zero.
    const exact = image(0);
    exact.z.set(depthOf(CAMERA, FLOOR, (d) => (d > 0 && d < 8 ? d : 0)));
    expect(measureGrowth(exact, KINECT)).toBeLessThan(0);
  });

  it('leaves the edges of things out', () => {
    // Bars of 16 pixels, 0.4 m in front of the floor.
    const bars: Scene = (u, v) => FLOOR(u, v) - (Math.floor((u + 10) * 18) % 2 === 0 ? 0.4 : 0);
    expect(measureGrowth(image(0.005, bars), KINECT)! / 0.005).toBeGreaterThan(0.9);
    expect(measureGrowth(image(0.005, bars), KINECT)! / 0.005).toBeLessThan(1.5);
  });

  it('says nothing of an image half of whose pixels hang somewhere before the surface', () => {
    const random = new Random('flying');
    const flying = image(0.0019);
    flying.z.forEach((z, i) => (flying.z[i] = random.next() < 0.5 ? z : z * random.next()));
    expect(measureGrowth(flying, KINECT)).toBeUndefined();
  });

  it('says nothing of what is near, or of an image with hardly any depth', () => {
    expect(measureGrowth(image(0.01, plane([0, 0, 1], 0.9)), KINECT)).toBeUndefined();
    const few = image(0.01);
    few.z.fill(0, 0, 234 * CAMERA.width);
    expect(measureGrowth(few, KINECT)).toBeUndefined();
  });
});

describe('NoiseGrowth', () => {
  it("stays with a Kinect's for a Kinect and for what scatters less", () => {
    for (const b of [0, 0.0019, 0.0025]) {
      const growth = new NoiseGrowth(KINECT);
      for (let seed = 0; seed < 9; seed++) expect(growth.add(image(b, FLOOR, seed))).toBe(false);
      expect(growth).toMatchObject({ value: LEAST_GROWTH, settled: true });
    }
  });

  it('follows the first image, settles with the median of nine, and heeds no more', () => {
    const growth = new NoiseGrowth(KINECT);
    expect(growth.add(image(0.004))).toBe(true);
    expect(growth.value / 0.004).toBeCloseTo(1, 1);
    for (let seed = 1; seed < 9; seed++) growth.add(image(seed < 5 ? 0.006 : 0.008, FLOOR, seed));
    // In order: 4, 6, 6, 6, 6, 8, … mm.
    expect(growth.value / 0.006).toBeCloseTo(1, 1);
    expect(growth.settled).toBe(true);
    expect(growth.add(image(0.015))).toBe(false);
  });

  it('does not count images that say nothing', () => {
    const growth = new NoiseGrowth(KINECT);
    for (let i = 0; i < 20; i++) expect(growth.add(image(0.01, plane([0, 0, 1], 0.9), i))).toBe(false);
    expect(growth.settled).toBe(false);
    expect(growth.add(image(0.01))).toBe(true);
  });

  it('is given up after many images that say nothing', () => {
    const growth = new NoiseGrowth(KINECT);
    const near = image(0.01, plane([0, 0, 1], 0.9), 1);
    for (let i = 0; i < 600; i++) growth.add(near);
    expect(growth).toMatchObject({ value: LEAST_GROWTH, settled: true });
    expect(growth.add(image(0.01))).toBe(false);
  });

  it('believes no more than its limit', () => {
    const growth = new NoiseGrowth(KINECT);
    growth.add(image(0.05));
    expect(growth.value).toBe(MOST_GROWTH);
  });
});

describe('describeNoise', () => {
  it('writes millimetres', () => {
    expect(describeNoise({ a: 0.0012, b: 0.0037, z0: 0.4 })).toBe('1.2 mm + 3.7 mm·(z − 0.4 m)²');
  });
});
