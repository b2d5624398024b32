import { describe, expect, it } from 'vitest';
import { transformPoint } from '../../src/geometry/se3.js';
import { placed } from '../../src/sim/primitives.js';
import { simulate } from '../../src/sim/simulate.js';
import { worldOf } from './helpers.js';

/** A wall along the way on the left, a pillar before it, and a ball that rolls along on the right. */
const world = worldOf(
  [
    { kind: 'box', half: [60, 0.5, 3], pose: placed(20, 8.5, 1), reflectivity: 0.7 }, // face at y = 8, top at z = 4
    { kind: 'box', half: [5, 0.4, 1], pose: placed(10, 8.4, 1.5), reflectivity: 0.7 }, // in the wall, faces coinciding
    { kind: 'box', half: [0.5, 0.5, 1.5], pose: placed(20, 5, 1.2), reflectivity: 0.7 }, // up to z = 2.7
    { kind: 'box', half: [0.4, 0.4, 0.3], pose: placed(20, 8.3, 1.2), reflectivity: 0.7 }, // sticks out by 0.1 m
  ],
  [{ normal: [0, 0, 1], offset: 0, reflectivity: 0.5 }],
  [
    {
      primitives: [{ kind: 'sphere', radius: 0.8, pose: placed(0, 0, 0), reflectivity: 0.7 }],
      place: (t, out) => out.set([5 * t + 2, -3, 1, 0]),
    },
  ],
);
const simulation = simulate({ world, seed: 1, length: 40 });
const spacing = 0.05;
const points = simulation.surfacePoints({ spacing, frame: simulation.worldPose(0).fill(0).map((_, i) => (i % 5 === 0 ? 1 : 0)) }); // prettier-ignore
const rows = Array.from({ length: points.length / 3 }, (_, i) => [...points.subarray(3 * i, 3 * i + 3)] as [number, number, number]); // prettier-ignore
const count = (keep: (x: number, y: number, z: number) => boolean) => rows.filter((p) => keep(...p)).length;

describe('surfacePoints', () => {
  it('lie on the static surface, near the path', () => {
    const sensors = simulation.worldPoses();
    for (const [x, y, z] of rows.filter((_, i) => i % 50 === 0)) {
      expect(Math.abs(world.staticSdf(x, y, z))).toBeLessThan(1e-4);
      const nearest = Math.min(...sensors.map((T) => Math.hypot(x - T[3]!, y - T[7]!, z - T[11]!)));
      expect(nearest).toBeLessThan(12.05);
    }
    expect(rows.length).toBeGreaterThan(100_000);
  });

  it('cover what beams reached as densely as asked', () => {
    const wall = count((x, y, z) => Math.abs(y - 8) < 1e-3 && x > 5 && x < 15 && z > 0.3 && z < 3);
    expect((wall * spacing ** 2) / (10 * 2.7)).toBeGreaterThan(0.97);
    expect((wall * spacing ** 2) / (10 * 2.7)).toBeLessThan(1.03);
    const ground = count((x, y, z) => z === 0 && x > 10 && x < 30 && y > 1.5 && y < 4);
    expect((ground * spacing ** 2) / 50).toBeGreaterThan(0.97);
    expect((ground * spacing ** 2) / 50).toBeLessThan(1.03);
  });

  it('leave out what no beam can reach', () => {
    expect(count((_x, y) => y > 8.05)).toBe(0); // the wall's top and back, and the ground behind it
    expect(count((x, y, z) => z === 0 && Math.abs(x - 20) < 0.5 && Math.abs(y - 5) < 0.5)).toBe(0); // under the pillar
    expect(count((x, y, z) => z > 2.69 && Math.abs(x - 20) < 0.49 && Math.abs(y - 5) < 0.49)).toBe(0); // its top
    // The wall where the small box sticks out of it, and that box's parts inside the wall.
    expect(
      count((x, y, z) => Math.abs(x - 20) < 0.39 && Math.abs(z - 1.2) < 0.29 && Math.abs(y - 8) < 1e-3),
    ).toBe(0);
  });

  it('hold both flanks and the front of the pillar, but not its back', () => {
    const near = (y: number) => Math.abs(y - 5) < 0.45;
    expect(count((x, y, z) => Math.abs(x - 19.5) < 1e-3 && near(y) && z < 2.5)).toBeGreaterThan(500);
    expect(count((x, y, z) => Math.abs(x - 20.5) < 1e-3 && near(y) && z < 2.5)).toBeGreaterThan(500);
    expect(count((x, y) => Math.abs(x - 20) < 0.45 && Math.abs(y - 4.5) < 1e-3)).toBeGreaterThan(500);
    expect(count((x, y, z) => Math.abs(x - 20) < 0.3 && Math.abs(y - 5.5) < 1e-3 && z > 0.3)).toBe(0);
  });

  it('ignore what moves', () => {
    expect(count((_x, y, z) => z > 0.25 && y < 0)).toBe(0);
  });

  it('come in the odom frame by default, the same every time', () => {
    const options = { spacing: 0.2, scans: [0, 5, 10] };
    const odom = simulation.surfacePoints(options);
    expect(odom).toEqual(simulation.surfacePoints(options));
    const T = simulation.worldPose(0);
    for (let i = 0; i < odom.length; i += 300) {
      const p = transformPoint(T, odom[i]!, odom[i + 1]!, odom[i + 2]!);
      expect(Math.abs(world.staticSdf(...p))).toBeLessThan(1e-4);
    }
    expect(odom.length).toBeGreaterThan(3000);
    const distances = simulation.distanceToSurface(odom);
    expect(Math.max(...distances)).toBeLessThan(1e-4);
    const raised = simulation.distanceToSurface(Float32Array.of(0, 0, 0));
    expect(raised[0]).toBeCloseTo(world.staticSdf(T[3]!, T[7]!, T[11]!), 5);
  });

  it('of a street are made in seconds and seen from some beam', () => {
    const street = simulate({ world: 'street', seed: 3, duration: 1 });
    const seen = street.surfacePoints({ spacing: 0.1 });
    expect(seen.length / 3).toBeGreaterThan(30_000);
    expect(Math.max(...street.distanceToSurface(seen.subarray(0, 30_000)))).toBeLessThan(2e-4);
  });
});
