import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { exp } from '../../../src/geometry/se3.js';
import {
  HOUSEHOLD_FAMILIES,
  makeObject,
  OBJECT_FAMILIES,
  placedObject,
  SIZE_RANGE,
  TRAINED_FAMILIES,
  UNSEEN_FAMILIES,
} from '../../../src/sim/objects/object.js';
import { objectMesh } from '../../../src/sim/objects/object-mesh.js';
import { turned } from '../../../src/sim/objects/solid.js';
import { pointAround } from './helpers.js';

const SEEDS = [0, 1, 2, 3, 4, 5];

describe.each(OBJECT_FAMILIES)('%s', (family) => {
  const objects = SEEDS.map((seed) => makeObject(family, seed));

  it('never changes faster than one metre a metre, and by exactly that next to nearly all of the surface', () => {
    for (const object of objects) {
      const random = new Random(`${family} pairs ${object.seed}`);
      let near = 0;
      let exact = 0;
      for (let i = 0; i < 1500; i++) {
        const [x, y, z] = pointAround(object.bounds, 0.2, random);
        const step = random.chance(0.5) ? 1e-4 : 0.02;
        const d = exp([step, 0, 0, random.range(-3, 3), random.range(-3, 3), random.range(-3, 3)]);
        const move = [d[0]! * step, d[4]! * step, d[8]! * step];
        const here = object.distance(x, y, z);
        const there = object.distance(x + move[0]!, y + move[1]!, z + move[2]!);
        // Outside; inside, the nearest point of a superquadric may be missed deep down.
        if (here > -0.01 && there > -0.01)
          expect(Math.abs(here - there)).toBeLessThan(step * (1 + 1e-4) + 1e-8);
        if (Math.abs(here) > 0.006) continue;
        near++;
        // Along the normal to the surface: its distance is that of the step.
        const n = new Float64Array(3);
        object.normal(x, y, z, n);
        if (Math.abs(object.distance(x - here * n[0]!, y - here * n[1]!, z - here * n[2]!)) < 2e-5) exact++;
      }
      expect(near).toBeGreaterThan(20);
      expect(exact / near).toBeGreaterThan(0.85);
    }
  });

  it('stands on the table within its bounds, 60 to 180 mm large', () => {
    for (const object of objects) {
      const mesh = objectMesh(object, 0.003);
      const low = [Infinity, Infinity, Infinity];
      const high = [-Infinity, -Infinity, -Infinity];
      mesh.positions.forEach((value, i) => {
        low[i % 3] = Math.min(low[i % 3]!, value);
        high[i % 3] = Math.max(high[i % 3]!, value);
      });
      expect(object.bounds[2]).toBeCloseTo(0, 9);
      expect(low[2]).toBeGreaterThan(-1e-6);
      expect(low[2]).toBeLessThan(5e-4);
      for (let k = 0; k < 3; k++) {
        expect(low[k]).toBeGreaterThan(object.bounds[k]! - 1e-6);
        expect(high[k]).toBeLessThan(object.bounds[k + 3]! + 1e-6);
      }
      const extent = Math.max(...high.map((value, k) => value - low[k]!));
      expect(extent).toBeGreaterThan(0.75 * SIZE_RANGE[0]);
      expect(extent).toBeLessThan(1.03 * SIZE_RANGE[1]);
    }
  });

  it('has a closed mesh on its surface with the volume of its inside', () => {
    const object = objects[0]!;
    const { positions, normals, indices } = objectMesh(object, 0.0025);
    for (let v = 0; v < positions.length; v += 3)
      expect(Math.abs(object.distance(positions[v]!, positions[v + 1]!, positions[v + 2]!))).toBeLessThan(
        1e-7,
      );
    const edges = new Map<number, number>();
    let volume = 0;
    let turnedAway = 0;
    for (let t = 0; t < indices.length; t += 3) {
      const [a, b, c] = [indices[t]!, indices[t + 1]!, indices[t + 2]!];
      for (const [from, to] of [[a, b], [b, c], [c, a]] as const) edges.set(from * 1e7 + to, 1); // prettier-ignore
      const p = (v: number, k: number): number => positions[3 * v + k]!;
      const [ux, uy, uz] = [0, 1, 2].map((k) => p(b, k) - p(a, k)) as [number, number, number];
      const [vx, vy, vz] = [0, 1, 2].map((k) => p(c, k) - p(a, k)) as [number, number, number];
      const n = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
      volume += (p(a, 0) * n[0]! + p(a, 1) * n[1]! + p(a, 2) * n[2]!) / 6;
      const dot = [0, 1, 2].reduce((sum, k) => sum + n[k]! * normals![3 * a + k]!, 0);
      if (dot < -1e-12) turnedAway++;
    }
    for (const key of edges.keys()) expect(edges.has((key % 1e7) * 1e7 + Math.floor(key / 1e7))).toBe(true);
    expect(turnedAway / (indices.length / 3)).toBeLessThan(0.01);
    // Against the share of random points inside.
    const random = new Random(`${family} volume`);
    const b = object.bounds;
    let inside = 0;
    const tries = 20000;
    for (let i = 0; i < tries; i++) if (object.distance(...pointAround(b, 0, random)) < 0) inside++;
    const share = (inside / tries) * (b[3] - b[0]) * (b[4] - b[1]) * (b[5] - b[2]);
    expect(volume).toBeGreaterThan(0.9 * share);
    expect(volume).toBeLessThan(1.1 * share);
  });

  it('is the same for the same seed, another for another', () => {
    const values = objects.map((object) => [0, 1, 2, 3].map((i) => object.distance(0.01 * i, 0.02, 0.03)));
    const again = SEEDS.map((seed) => makeObject(family, seed)).map((object) => [0, 1, 2, 3].map((i) => object.distance(0.01 * i, 0.02, 0.03))); // prettier-ignore
    expect(again).toEqual(values);
    expect(new Set(values.map((v) => v.join())).size).toBe(SEEDS.length);
  });
});

describe.each(HOUSEHOLD_FAMILIES)('%s, for training', (family) => {
  it('never changes faster than one metre a metre, and is nowhere outside of its bounds or below the table', () => {
    for (const seed of SEEDS) {
      const object = makeObject(family, seed);
      const [x0, y0, , x1, y1, z1] = object.bounds;
      const random = new Random(`${family} pairs ${seed}`);
      let near = 0;
      for (let i = 0; i < 1500; i++) {
        const p = pointAround(object.bounds, 0.2, random);
        const q = p.map((v) => v + random.range(-0.003, 0.003)) as [number, number, number];
        const way = Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
        expect(Math.abs(object.distance(...p) - object.distance(...q))).toBeLessThan(1.0001 * way + 1e-9);
        if (p.some((v, k) => v < object.bounds[k]! || v > object.bounds[k + 3]!))
          expect(object.distance(...p)).toBeGreaterThan(-1e-6);
        if (object.distance(...p) < 0.001) near++;
      }
      expect(near).toBeGreaterThan(3);
      expect(Math.max(x1 - x0, y1 - y0, z1)).toBeLessThan(1.3 * SIZE_RANGE[1]);
      expect(Math.max(x1 - x0, y1 - y0, z1)).toBeGreaterThan(0.9 * SIZE_RANGE[0]);
    }
  }); // prettier-ignore
});

describe('objects', () => {
  it('keep the unseen families apart', () => {
    expect(TRAINED_FAMILIES.length).toBe(12);
    expect(UNSEEN_FAMILIES.length).toBe(4);
    expect(new Set([...OBJECT_FAMILIES, ...HOUSEHOLD_FAMILIES]).size).toBe(20);
  });

  it('can be turned, moved and sized', () => {
    const mug = makeObject('mug', 3);
    const T = turned(0.6, 0.3, 0.1, 0.2);
    const away = placedObject(mug, T);
    expect(away.distance(0.3, 0.1, 0.25)).toBeCloseTo(mug.distance(0, 0, 0.05), 12);
    const quarter = makeObject('mug', 3, { yaw: Math.PI / 2 });
    expect(quarter.distance(0.01, 0.05, 0.04)).toBeCloseTo(mug.distance(0.05, -0.01, 0.04), 12);
    const { bounds } = makeObject('box', 1, { size: 0.1 });
    expect(Math.max(bounds[3] - bounds[0], bounds[4] - bounds[1], bounds[5] - bounds[2])).toBeCloseTo(
      0.1,
      12,
    );
  });

  it('of no known family are refused with the list of those there are', () => {
    expect(() => makeObject('spoon' as 'mug', 1)).toThrow(/no object called "spoon".*mug.*teapot/);
  });
});
