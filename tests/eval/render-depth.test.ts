import { describe, expect, it } from 'vitest';
import { renderDepth } from '../../src/eval/render-depth.js';
import type { Pinhole } from '../../src/geometry/pinhole.js';
import { uniform } from '../../src/eval/sampling.js';
import { compose, exp, identity } from '../../src/geometry/se3.js';
import type { Mesh } from '../../src/mesh/mesh.js';

const CAMERA: Pinhole = { width: 160, height: 120, fx: 130, fy: 140, cx: 79.3, cy: 58.9 };

/** Direction of a pixel's ray with z = 1. */
const ray = (i: number): [number, number] => [
  ((i % CAMERA.width) - CAMERA.cx) / CAMERA.fx,
  (Math.floor(i / CAMERA.width) - CAMERA.cy) / CAMERA.fy,
];

/** A grid of squares over (u, v) of 0…1. */
function patch(n: number, point: (u: number, v: number) => number[]): Mesh {
  const positions = new Float32Array(3 * (n + 1) ** 2);
  const indices: number[] = [];
  for (let j = 0; j <= n; j++)
    for (let i = 0; i <= n; i++) {
      const at = j * (n + 1) + i;
      positions.set(point(i / n, j / n), 3 * at);
      if (i < n && j < n) indices.push(at, at + 1, at + n + 1, at + 1, at + n + 2, at + n + 1);
    }
  return { positions, indices: Uint32Array.from(indices) };
}

/** The mesh as `T` moves it. */
function moved({ positions, ...rest }: Mesh, T: Float64Array): Mesh {
  const out = positions.slice();
  for (let i = 0; i < out.length; i += 3)
    for (let r = 0; r < 3; r++)
      out[i + r] =
        T[4 * r]! * positions[i]! +
        T[4 * r + 1]! * positions[i + 1]! +
        T[4 * r + 2]! * positions[i + 2]! +
        T[4 * r + 3]!;
  return { ...rest, positions: out };
}

const SPHERE = { center: [0.2, -0.1, 3], radius: 0.9 } as const;
const sphere = patch(120, (u, v) => {
  const [a, b] = [2 * Math.PI * u, Math.PI * v];
  const [x, y, z] = SPHERE.center;
  const r = SPHERE.radius;
  return [x + r * Math.sin(b) * Math.cos(a), y + r * Math.sin(b) * Math.sin(a), z + r * Math.cos(b)];
});

/** Depth at which the sphere is first met; NaN where the ray passes by. */
function sphereDepth(i: number, radius: number = SPHERE.radius): number {
  const [x, y] = ray(i);
  const [a, b, c] = SPHERE.center;
  const length = x * x + y * y + 1;
  const middle = (x * a + y * b + c) / length;
  const rest = middle ** 2 - (a * a + b * b + c * c - radius ** 2) / length;
  return rest < 0 ? NaN : middle - Math.sqrt(rest);
}

describe('rendered depth', () => {
  it('of a tilted plane is exact in every pixel', () => {
    // z = 2 + 0.3 x − 0.2 y, far beyond the picture.
    const plane = patch(1, (u, v) => [8 * u - 4, 8 * v - 4, 2 + 0.3 * (8 * u - 4) - 0.2 * (8 * v - 4)]);
    const { depth, color } = renderDepth(plane, CAMERA, identity());
    expect(color).toBeUndefined();
    for (let i = 0; i < depth.length; i++) {
      const [x, y] = ray(i);
      expect(Math.abs(depth[i]! - 2 / (1 - 0.3 * x + 0.2 * y))).toBeLessThan(2e-6);
    }
  });

  it('of a sphere is within its facets, misses beside it, and is the same from any pose of both', () => {
    const T = exp([0.5, -2, 1, 0.4, -0.9, 2.1]);
    // A chord of 2·π·r/120 lies r − r·cos(π/120) under the surface, across a square a bit more.
    const sag = 3 * SPHERE.radius * (1 - Math.cos(Math.PI / 120));
    for (const { depth } of [
      renderDepth(sphere, CAMERA, identity()),
      renderDepth(moved(sphere, T), CAMERA, T),
    ]) {
      let hits = 0;
      for (let i = 0; i < depth.length; i++) {
        const [outer, inner] = [sphereDepth(i), sphereDepth(i, SPHERE.radius - sag)];
        if (Number.isNaN(outer)) expect(depth[i]).toBeNaN();
        else if (!Number.isNaN(inner)) {
          hits++;
          expect(depth[i]).toBeGreaterThan(outer - 1e-5);
          expect(depth[i]).toBeLessThan(inner + 1e-5);
        }
      }
      expect(hits).toBeGreaterThan(3000);
    }
  });

  it('leaves no gap between triangles, wherever their edges run', () => {
    const random = uniform(11);
    const n = 37;
    // A wall whose inner corners are shifted at random, some exactly onto pixels' centres.
    const wall = patch(n, (u, v) => {
      const [i, j] = [Math.round(n * u), Math.round(n * v)];
      const inner = i > 0 && i < n && j > 0 && j < n;
      const shift = (): number => (inner ? (random() - 0.5) / n : 0);
      const [x, y] = [8 * (u + shift()) - 4, 8 * (v + shift()) - 4];
      if (random() < 0.5 || !inner) return [x, y, 2];
      const at = (w: number, f: number, c: number): number => (2 * (Math.round((w * f) / 2 + c) - c)) / f;
      return [at(x, CAMERA.fx, CAMERA.cx), at(y, CAMERA.fy, CAMERA.cy), 2];
    });
    const { depth } = renderDepth(wall, CAMERA, identity());
    for (const z of depth) expect(Math.abs(z - 2)).toBeLessThan(1e-6);
  });

  it('sees the nearer of two surfaces, and either side of a triangle', () => {
    const at = (z: number, turn: boolean): Mesh =>
      patch(1, (u, v) => [turn ? 4 * u - 2 : 2 - 4 * u, 4 * v - 2, z]);
    const both = (first: Mesh, second: Mesh): Mesh => ({
      positions: Float32Array.of(...first.positions, ...second.positions),
      indices: Uint32Array.of(...first.indices, ...second.indices.map((v) => v + first.positions.length / 3)),
    });
    for (const turn of [false, true])
      for (const mesh of [both(at(1, turn), at(1.5, !turn)), both(at(1.5, turn), at(1, !turn))])
        for (const z of renderDepth(mesh, CAMERA, identity()).depth) expect(z).toBeCloseTo(1, 5);
  });

  it('cuts what reaches behind the camera', () => {
    // A floor 1 m below that runs from 5 m behind to 50 m ahead, and walls that pass through the camera's plane.
    const floor = patch(1, (u, v) => [100 * u - 50, 1, 55 * v - 5]);
    const { depth } = renderDepth(floor, CAMERA, identity());
    let floors = 0;
    for (let i = 0; i < depth.length; i++) {
      const y = ray(i)[1];
      if (y <= 1 / 50) expect(depth[i]).toBeNaN();
      else {
        floors++;
        expect(depth[i]! * y).toBeCloseTo(1, 5);
      }
    }
    expect(floors).toBeGreaterThan(5000);
    const behind = patch(1, (u, v) => [u - 0.5, v - 0.5, -1]);
    expect(renderDepth(behind, CAMERA, identity()).depth.every(Number.isNaN)).toBe(true);
  });

  it('passes over triangles without area and numbers that are none', () => {
    const mesh = {
      positions: Float32Array.of(0, 0, 1, 0, 0, 1, NaN, 0, 1, Infinity, 0, 1, 0, 1, Infinity),
      indices: Uint32Array.of(0, 1, 0, 0, 1, 2, 0, 3, 4, 2, 3, 4),
    };
    expect(renderDepth(mesh, CAMERA, identity()).depth.every(Number.isNaN)).toBe(true);
  });

  it('has colours that are linear on the surface, and marks what has none', () => {
    // Red by x and green by y over a wall in a corner of the room, seen aslant: linear on the wall, not in the picture.
    const wall = patch(1, (u, v) => [4 * u - 2, 4 * v - 2, 3 + 3 * (u - 0.5)]);
    const colors = Uint8Array.of(0, 0, 9, 240, 0, 9, 0, 240, 9, 240, 240, 9);
    const { depth, color } = renderDepth({ ...wall, colors }, CAMERA, identity());
    let hits = 0;
    for (let i = 0; i < depth.length; i++) {
      const rgb = [...color!.subarray(3 * i, 3 * i + 3)];
      if (Number.isNaN(depth[i])) {
        expect(rgb).toEqual([128, 128, 128]);
        continue;
      }
      hits++;
      const [x, y] = ray(i);
      expect(Math.abs(rgb[0]! - 60 * (x * depth[i]! + 2))).toBeLessThan(0.51);
      expect(Math.abs(rgb[1]! - 60 * (y * depth[i]! + 2))).toBeLessThan(0.51);
      expect(rgb[2]).toBe(9);
    }
    expect(hits).toBeGreaterThan(5000);
    // One corner without a colour: its triangle has none.
    const partly = Uint8Array.of(0, 0, 9, 240, 0, 9, 0, 240, 9, 128, 128, 128);
    const half = renderDepth({ ...wall, colors: partly }, CAMERA, identity());
    let unknown = 0;
    for (let i = 0; i < depth.length; i++)
      if (!Number.isNaN(depth[i]) && half.color![3 * i + 2] === 128) unknown++;
    expect(unknown).toBeGreaterThan(0.2 * hits);
    expect(unknown).toBeLessThan(0.8 * hits);
  });

  it('keeps up with a camera', () => {
    // 150 000 triangles at 640 × 480; only that nothing is out of hand, machines differ.
    const hills = patch(274, (u, v) => [
      6 * u - 3,
      5 * v - 2.5,
      3 + 0.2 * Math.sin(40 * u) * Math.sin(40 * v),
    ]);
    const camera = { width: 640, height: 480, fx: 525, fy: 525, cx: 319.5, cy: 239.5 };
    const T = compose(exp([0, 0, 0, 0, 0.05, 0]), identity());
    const times = Array.from({ length: 5 }, () => {
      const begin = performance.now();
      renderDepth(hills, camera, T);
      return performance.now() - begin;
    });
    expect(hills.indices.length / 3).toBeGreaterThan(150_000);
    expect(Math.min(...times)).toBeLessThan(1000);
  });
});
