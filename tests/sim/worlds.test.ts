import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { makeWorld } from '../../src/sim/simulate.js';
import { Trajectory } from '../../src/sim/trajectory.js';
import { placed } from '../../src/sim/primitives.js';
import { direction, randomPrimitives, sphereTrace, worldOf, type Vector } from './helpers.js';

const NAMES = ['street', 'quad', 'corridor'];

describe.each(NAMES)('%s', (name) => {
  const world = makeWorld(name, 4, { doorFrames: true });
  /** A point in the open near the way, and a time. */
  const place = (random: Random): { p: Vector; t: number } => {
    for (;;) {
      const at = world.route.at(random.range(0, Math.min(world.route.length, 400)));
      const p: Vector = [at.x + random.range(-6, 6), at.y + random.range(-6, 6), at.z + random.range(0.2, 5)];
      const t = random.range(0, 20);
      if (world.sdf(...p, t) > 0.02) return { p, t };
    }
  };

  it('casts rays to where sphere tracing of the signed distance ends', () => {
    const random = new Random(`trace ${name}`);
    let hits = 0;
    for (let n = 0; n < 1000; n++) {
      const { p, t } = place(random);
      const d = direction(random);
      const traced = sphereTrace((x, y, z) => world.sdf(x, y, z, t), p, d, 100);
      if (Number.isNaN(traced)) continue; // along a wall for thousands of steps
      const range = world.raycast(...p, ...d, 100, t);
      if (Number.isFinite(range)) hits++;
      expect(range === traced || Math.abs(range - traced) < 1e-6, `${range} against ${traced}`).toBe(true);
    }
    expect(hits).toBeGreaterThan(400);
  });

  it('finds the same distance through the hierarchy as by asking every primitive', () => {
    const random = new Random(`brute ${name}`);
    for (let n = 0; n < 300; n++) {
      const at = world.route.at(random.range(0, Math.min(world.route.length, 400)));
      const p: Vector = [at.x + random.range(-20, 20), at.y + random.range(-20, 20), random.range(-1, 15)];
      let least = Infinity;
      for (const { normal, offset } of world.planes) {
        least = Math.min(least, normal[0] * p[0] + normal[1] * p[1] + normal[2] * p[2] - offset);
      }
      for (let i = 0; i < world.statics.count; i++) least = Math.min(least, world.statics.distance(i, ...p));
      expect(world.staticSdf(...p)).toBe(least);
    }
  });

  it('has a unit gradient in the open that central differences confirm', () => {
    const random = new Random(`gradient ${name}`);
    const g = new Float64Array(3);
    const h = 1e-5;
    let smooth = 0;
    for (let n = 0; n < 500; n++) {
      const { p, t } = place(random);
      expect(world.gradient(...p, t, g)).toBe(world.sdf(...p, t));
      expect(Math.hypot(g[0]!, g[1]!, g[2]!)).toBeCloseTo(1, 9);
      const differences = [0, 1, 2].map((k) => {
        const step = (by: number) => world.sdf(...(p.map((v, j) => (j === k ? v + by : v)) as Vector), t);
        return (step(h) - step(-h)) / (2 * h);
      });
      if (Math.abs(Math.hypot(...differences) - 1) > 1e-4) continue; // equally far from two solids
      smooth++;
      for (let k = 0; k < 3; k++) expect(Math.abs(g[k]! - differences[k]!)).toBeLessThan(1e-3);
    }
    expect(smooth).toBeGreaterThan(450);
  });

  it('reports the normal of what a ray hit', () => {
    const random = new Random(`normal ${name}`);
    const n = new Float64Array(3);
    for (let k = 0; k < 300; k++) {
      const { p, t } = place(random);
      const d = direction(random);
      const r = world.raycast(...p, ...d, 60, t);
      if (!Number.isFinite(r)) continue;
      const end = p.map((v, i) => v + r * d[i]!) as Vector;
      world.hitNormal(...end, n);
      expect(world.hitReflectivity).toBeGreaterThan(0);
      expect(n[0]! * d[0] + n[1]! * d[1] + n[2]! * d[2]).toBeLessThan(1e-6); // faces the ray
      // A short way out along the normal the surface is that far away, unless a neighbour is nearer.
      const out = end.map((v, i) => v + 1e-6 * n[i]!) as Vector;
      expect(world.sdf(...out, t)).toBeLessThan(1e-6 + 1e-9);
      expect(Math.abs(world.sdf(...end, t))).toBeLessThan(1e-9);
    }
  });

  it('is the same for the same seed and another for another', () => {
    const numbers = (seed: number) => Array.from(makeWorld(name, seed).statics.data);
    expect(numbers(4)).toEqual(numbers(4));
    expect(numbers(4)).not.toEqual(numbers(5));
  });

  it.each(['smooth', 'violent'] as const)('keeps the way clear, %s', (motion) => {
    for (let seed = 0; seed < 6; seed++) {
      const w = makeWorld(name, seed);
      const trajectory = new Trajectory(w.route, motion, new Random(seed));
      const metres = Math.min(w.route.length, 400) - 1;
      const end = Math.min(trajectory.timeAt(metres), 120);
      for (let t = 0; t < end; t += 0.1) {
        const T = trajectory.pose(t);
        expect(w.staticSdf(T[3]!, T[7]!, T[11]!), `seed ${seed}, ${t} s`).toBeGreaterThan(0.5);
        if (motion === 'smooth') expect(w.movingSdf(T[3]!, T[7]!, T[11]!, t)).toBeGreaterThan(0.5);
      }
    }
  });
});

describe('street', () => {
  it('goes on for as long as a drive is to be, and does not meet itself', () => {
    for (const seed of [1, 2, 3, 4]) {
      const short = makeWorld('street', seed).route;
      const { route } = makeWorld('street', seed, { length: 2000 });
      expect(route.length).toBeGreaterThan(2000);
      const way = Array.from({ length: 400 }, (_, k) => ({ ...route.at(5 * k) }));
      // Up to the last turn it is the same street.
      for (let k = 0; 5 * k < short.length - 40; k++) {
        const { x, y } = short.at(5 * k);
        expect(Math.hypot(way[k]!.x - x, way[k]!.y - y)).toBeLessThan(1e-9);
      }
      for (const [i, a] of way.entries())
        for (const b of way.slice(i + 20)) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(60);
    }
  });

  it('offers 400 m with two turns, ramps, and cars that move', () => {
    for (let seed = 0; seed < 5; seed++) {
      const world = makeWorld('street', seed);
      expect(world.route.length).toBeGreaterThan(400);
      expect(world.route.bends).toHaveLength(2);
      expect(world.movingCount).toBeGreaterThan(3);
      const heights = Array.from({ length: 400 }, (_, s) => world.route.at(s).z);
      expect(Math.max(...heights)).toBeGreaterThan(0.6);
      expect(Math.abs(heights[399]!)).toBeLessThan(1e-9);
      // The way follows the road's surface over the ramps: nothing but the ground is 1.8 m below the sensor.
      for (let s = 1; s < world.route.length; s += 2) {
        const p = world.route.at(s);
        const range = world.raycast(p.x, p.y, p.z + 1.5, 0, 0, -1, 10, 1e6);
        expect(Math.abs(range - 1.5), `seed ${seed} at ${s} m`).toBeLessThan(0.06);
      }
    }
  });

  it('moves its cars rigidly in continuous time', () => {
    const world = makeWorld('street', 2);
    const p = world.route.at(150);
    const near: number[] = [];
    for (let t = 0; t < 30; t += 0.05) near.push(world.movingSdf(p.x, p.y, p.z + 1, t));
    expect(Math.min(...near)).toBeLessThan(3); // something passes by
    for (let i = 1; i < near.length; i++) expect(Math.abs(near[i]! - near[i - 1]!)).toBeLessThan(0.05 * 13);
  });
});

describe('corridor', () => {
  it('gives no hold along its axis: ranges to walls, floor and ceiling do not change on the way', () => {
    const world = makeWorld('corridor', 1);
    const random = new Random(1);
    for (let n = 0; n < 200; n++) {
      const d = direction(random);
      const a = world.route.at(0);
      const b = world.route.at(60);
      const u = world.raycast(a.x, a.y, 1, ...d, 100, 0);
      const v = world.raycast(b.x, b.y, 1, ...d, 100, 0);
      expect(u === v || Math.abs(u - v) < 1e-9).toBe(true);
    }
  });
});

describe('World', () => {
  it('prefers what is in front, moving or not, and says which', () => {
    const box = { kind: 'box', half: [1, 1, 1], reflectivity: 0.3 } as const;
    const world = worldOf(
      [{ ...box, pose: placed(10, 0, 0) }],
      [{ normal: [-1, 0, 0], offset: -20, reflectivity: 0.9 }],
      [
        {
          primitives: [{ kind: 'sphere', radius: 0.5, pose: placed(1, 0, 0), reflectivity: 0.7 }],
          place: (t, out) => out.set([4, 10 - t, 0, Math.PI / 2]), // its centre: (4, 11 − t)
        },
      ],
    );
    const n = new Float64Array(3);
    expect(world.raycast(0, 0, 0, 1, 0, 0, 100, 0)).toBe(9);
    expect([world.hitMoving, world.hitReflectivity]).toEqual([false, 0.3]);
    expect(world.raycast(0, 0, 0, 1, 0, 0, 100, 11)).toBeCloseTo(3.5, 12);
    expect([world.hitMoving, world.hitReflectivity]).toEqual([true, 0.7]);
    world.hitNormal(3.5, 0, 0, n);
    expect([...n].map((v) => Math.round(v * 1e9) / 1e9)).toEqual([-1, 0, 0]);
    expect(world.raycast(0, 5, 0, 1, 0, 0, 100, 11)).toBe(20);
    expect(world.hitReflectivity).toBe(0.9);
    expect(world.raycast(0, 5, 0, 1, 0, 0, 19, 11)).toBe(Infinity);
    expect(world.raycast(0, 5, 0, -1, 0, 0, 1000, 11)).toBe(Infinity);
  });

  it('is exact for unions of solids that overlap, outside of them', () => {
    const random = new Random('union');
    const world = worldOf(randomPrimitives(random));
    const g = new Float64Array(3);
    for (let n = 0; n < 500; n++) {
      const p: Vector = [random.range(-5, 5), random.range(-5, 5), random.range(-5, 5)];
      const d = world.staticGradient(...p, g);
      if (d <= 1e-3) continue;
      // The foot point lies on the surface, and no ray of that length meets anything nearer.
      const foot = p.map((v, k) => v - d * g[k]!) as Vector;
      expect(Math.abs(world.staticSdf(...foot))).toBeLessThan(1e-9);
      const away = direction(random);
      expect(world.raycast(...p, ...away, 100, 0)).toBeGreaterThan(d - 1e-9);
    }
  });

  it('is empty when it has nothing in it', () => {
    const world = worldOf([]);
    expect(world.staticSdf(1, 2, 3)).toBe(Infinity);
    expect(world.raycast(0, 0, 0, 1, 0, 0, Infinity, 0)).toBe(Infinity);
  });

  it('is not known under other names', () => {
    expect(() => makeWorld('moon')).toThrow(/street, quad or corridor/);
  });
});
