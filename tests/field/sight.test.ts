import { describe, expect, it } from 'vitest';
import { blocksInSight, isSeenThrough, sightOf } from '../../src/field/sight.js';
import { exp } from '../../src/geometry/se3.js';
import type { SurfaceSamples } from '../../src/sensors/observation.js';

/** A wall across x at a distance, seen within ±half of its middle; with or without normals. */
function wall(distance: number, half: number, normals: boolean): SurfaceSamples {
  const points: number[][] = [];
  for (let y = -half; y <= half; y += 0.1)
    for (let z = -half; z <= half; z += 0.1) points.push([distance, y, z]);
  const column = (k: number): Float32Array => Float32Array.from(points, (p) => p[k]!);
  const zero = new Float32Array(points.length);
  return {
    x: column(0),
    y: column(1),
    z: column(2),
    nx: normals ? zero.map(() => -1) : zero,
    ny: zero,
    nz: zero,
    tau: zero,
    quality: zero.map(() => 1),
    flags: new Uint8Array(points.length),
    up: [0, 0, 1],
    count: points.length,
    keypoints: new Uint32Array(0),
  };
}

describe('what a scan sees', () => {
  it.each([true, false])('proves what is clearly before it to be empty (normals: %s)', (normals) => {
    const sight = sightOf(wall(10, 4, normals), 0.3);
    for (const [x, y, z] of [
      [5, 0, 0],
      [3, 0.8, -0.7],
      [8, -1, 2],
    ] as const)
      expect(isSeenThrough(sight, x, y, z, 0.3)).toBe(true);
    // At the wall, behind it, beside what was seen, and behind the sensor.
    for (const [x, y, z] of [
      [9.8, 0, 0],
      [10, 0, 0],
      [12, 1, 1],
      [5, 4.5, 0],
      [-5, 0, 0],
      [0.5, 0, 0],
    ] as const)
      expect(isSeenThrough(sight, x, y, z, 0.3)).toBe(false);
  });

  it('stays off a plane that it grazes, however far before the point where it is seen', () => {
    const road = wall(10, 6, true);
    // The road lies 1.7 m below: x along, z = −1.7.
    const points = {
      ...road,
      x: road.y.map((v) => 8 + v),
      y: road.z.map((v) => v / 2),
      z: road.x.map(() => -1.7),
      nx: road.ny,
      nz: road.nx.map(() => 1),
    };
    const sight = sightOf(points, 0.3);
    for (const x of [4, 6, 8, 10]) {
      expect(isSeenThrough(sight, x, 0, -1.62, 0.3)).toBe(false);
      expect(isSeenThrough(sight, x, 0, -1.45, 0.3)).toBe(false);
    }
    expect(isSeenThrough(sight, 6, 0, -1.2, 0.3)).toBe(true);
  });
});

it('looks at every block within range in one of the turns, and at none twice', () => {
  const coords: number[] = [0, 0, 0, 0];
  for (let x = -6; x < 6; x++)
    for (let y = -6; y < 6; y++) for (let z = -2; z < 2; z++) coords.push(x, y, z, 0);
  const blocks = Uint32Array.from({ length: coords.length / 4 - 1 }, (_, i) => i + 1);
  const table = { blocks, coords: Int32Array.from(coords), voxel: 0.15 };
  const out = new Int32Array(4 * blocks.length);
  const pose = exp([0.3, -0.4, 0.2, 0, 0, 1]);
  for (const parts of [1, 3, 4, 16]) {
    const seen: number[] = [];
    for (let part = 0; part < parts; part++) {
      const n = blocksInSight(table, pose, { part, parts, maxRange: 5 }, out);
      for (let i = 0; i < n; i++) seen.push(out[4 * i]!);
    }
    const near = [...blocks].filter((b) => {
      const at = [0, 1, 2].map((k) => (table.coords[4 * b + k]! + 0.5) * 1.2 - pose[3 + 4 * k]!);
      return Math.hypot(...at) < 5;
    });
    expect(new Set(seen).size).toBe(seen.length);
    expect(near.every((b) => seen.includes(b))).toBe(true);
    expect(seen.length).toBeLessThan(blocks.length);
  }
});
