import { describe, expect, it } from 'vitest';
import { rasterise } from '../../src/export/rasterise.js';
import {
  headingOf,
  renderMesh,
  threeQuarterView,
  topDownView,
  type Camera,
} from '../../src/export/render.js';
import { project, viewOf } from '../../src/export/render-camera.js';
import { ambientOcclusion } from '../../src/export/occlusion.js';
import { pixelNormals } from '../../src/export/shade.js';
import type { Mesh } from '../../src/mesh/mesh.js';

/** Axis-parallel rectangle z = height, facing up. */
function floor(x0: number, y0: number, x1: number, y1: number, z: number): Mesh {
  return {
    positions: Float32Array.of(x0, y0, z, x1, y0, z, x1, y1, z, x0, y1, z),
    indices: Uint32Array.of(0, 1, 2, 0, 2, 3),
  };
}

function join(...meshes: Mesh[]): Mesh {
  const indices: number[] = [];
  const positions: number[] = [];
  for (const m of meshes) {
    indices.push(...m.indices.map((i) => i + positions.length / 3));
    positions.push(...m.positions);
  }
  return { positions: Float32Array.from(positions), indices: Uint32Array.from(indices) };
}

const above: Camera = {
  kind: 'orthographic',
  eye: [0, 0, 50],
  target: [0, 0, 0],
  up: [0, 1, 0],
  viewHeight: 10,
};

describe('camera', () => {
  it('puts x to the right and y up when looking down with y up', () => {
    const view = viewOf(above, 200, 100);
    expect(project(view, 0, 0, 0)).toEqual([100, 50, 50]);
    expect(project(view, 1, 2, 10)).toEqual([110, 30, 40]);
  });
  it('scales by depth in perspective', () => {
    const view = viewOf(
      { kind: 'perspective', eye: [0, 0, 0], target: [1, 0, 0], fovY: Math.PI / 2 },
      100,
      100,
    );
    const [x, y, depth] = project(view, 10, 5, 2.5);
    expect([x, y, depth].map((v) => +v.toFixed(9))).toEqual([25, 37.5, 10]); // left is +y, up is +z
  });
});

describe('rasterise', () => {
  it('covers exactly the pixels whose centres lie inside, with the depth of the surface', () => {
    const view = viewOf(above, 100, 100); // 10 pixels a metre
    const buffer = rasterise(floor(-2, -1, 3, 1, 20), view);
    let covered = 0;
    buffer.triangle.forEach((t, i) => {
      const [x, y] = [(i % 100) + 0.5, Math.floor(i / 100) + 0.5];
      const inside = x > 30 && x < 80 && y > 40 && y < 60;
      expect(t >= 0).toBe(inside);
      if (inside) expect(buffer.nearness[i]).toBeCloseTo(-30, 4);
      if (inside) covered++;
    });
    expect(covered).toBe(50 * 20);
  });
  it('keeps the nearer of two surfaces whatever their order', () => {
    const view = viewOf({ kind: 'perspective', eye: [0, 0, 50], target: [0, 0, 0], up: [0, 1, 0] }, 64, 64);
    const low = floor(-9, -9, 9, 9, 0);
    const high = floor(-3, -3, 3, 3, 5);
    const centre = 32 * 64 + 32;
    expect(rasterise(join(low, high), view).triangle[centre]).toBeGreaterThanOrEqual(6);
    expect(rasterise(join(high, low), view).triangle[centre]).toBeLessThan(6);
    expect(1 / rasterise(join(low, high), view).nearness[centre]!).toBeCloseTo(45, 3);
  });
  it('cuts triangles that reach behind the eye', () => {
    const view = viewOf({ kind: 'perspective', eye: [0, 0, 2], target: [1, 0, 2], fovY: 1.5 }, 80, 80);
    const buffer = rasterise(floor(-100, -100, 100, 100, 0), view);
    for (let y = 0; y < 80; y++)
      for (let x = 0; x < 80; x++) {
        const seen = buffer.triangle[y * 80 + x]! >= 0;
        if (y < 39) expect(seen).toBe(false); // above the horizon
        if (y > 43) expect(seen).toBe(true);
        if (y > 43) {
          const depth = 1 / buffer.nearness[y * 80 + x]!;
          expect(depth).toBeCloseTo((2 * view.focal) / (y + 0.5 - 40), 2);
        }
      }
  });
  it('ignores vertices that are not finite', () => {
    const mesh = floor(-2, -2, 2, 2, 0);
    mesh.positions[0] = NaN;
    const buffer = rasterise(mesh, viewOf(above, 10, 10));
    expect(buffer.triangle.every((t) => t === -1)).toBe(true);
  });
});

describe('shading', () => {
  it('gives normals towards the viewer, interpolated where the mesh has them', () => {
    const view = viewOf(above, 40, 40);
    const flat = floor(-2, -2, 2, 2, 0);
    flat.indices.reverse(); // seen from behind
    const n = pixelNormals(flat, view, rasterise(flat, view));
    const centre = 3 * (20 * 40 + 20);
    expect([...n.subarray(centre, centre + 3)].map((v) => v + 0)).toEqual([0, 0, 1]);
    const tilted = {
      ...flat,
      normals: new Float32Array([...[-1, 0, 1], ...[1, 0, 1], ...[1, 0, 1], ...[-1, 0, 1]]),
    };
    const m = pixelNormals(tilted, view, rasterise(tilted, view));
    const at = (x: number) => m[3 * (20 * 40 + x)]! / m[3 * (20 * 40 + x) + 2]!;
    expect(at(26)).toBeCloseTo((26.5 - 20) / 4 / 2, 3); // x of the normal grows linearly from −1 at −2 m to 1 at 2 m
    expect(at(15)).toBeCloseTo((15.5 - 20) / 4 / 2, 3);
  });
  it('darkens the foot of a wall and leaves the open plain alone', () => {
    const wall: Mesh = {
      positions: Float32Array.of(-4, 1, 0, 4, 1, 0, 4, 1, 3, -4, 1, 3),
      indices: Uint32Array.of(0, 1, 2, 0, 2, 3),
    };
    const scene = join(floor(-4, -4, 4, 4, 0), wall);
    const view = viewOf(
      { kind: 'orthographic', eye: [0, -20, 20], target: [0, 0, 0], viewHeight: 8 },
      120,
      120,
    );
    const buffer = rasterise(scene, view);
    const open = ambientOcclusion(view, buffer, pixelNormals(scene, view, buffer), 1);
    const at = (x: number, y: number, z: number) => {
      const [px, py] = project(view, x, y, z);
      return open[Math.floor(py) * 120 + Math.floor(px)]!;
    };
    expect(at(0, -2.5, 0)).toBeGreaterThan(0.97);
    expect(at(0, 0.85, 0)).toBeLessThan(0.85);
  });
});

describe('renderMesh', () => {
  const scene = join(floor(-4, -4, 4, 4, 0), floor(-1, -1, 1, 1, 2));
  const camera: Camera = { kind: 'perspective', eye: [9, -9, 9], target: [0, 0, 0] };
  const pixel = (image: Uint8Array, width: number, x: number, y: number) => [
    ...image.subarray(4 * (y * width + x), 4 * (y * width + x) + 4),
  ];

  it('draws the same bytes twice, on the background asked for', () => {
    const options = { width: 96, height: 64, camera, background: ['#102030', '#405060'] as const };
    const image = renderMesh(scene, options);
    expect(image).toEqual(renderMesh(scene, options));
    expect(pixel(image, 96, 0, 0)).toEqual([16, 32, 48, 255]);
    expect(pixel(image, 96, 95, 63).slice(0, 3)).toEqual([64, 80, 96]);
    expect(pixel(image, 96, 48, 32)).not.toEqual(pixel(image, 96, 0, 32));
  });
  it('leaves the background transparent, with soft edges', () => {
    const image = renderMesh(scene, { width: 96, height: 64, camera, background: null });
    const alphas = new Set(image.filter((_, i) => i % 4 === 3));
    expect(alphas.has(0)).toBe(true);
    expect(alphas.has(255)).toBe(true);
    expect([...alphas].some((a) => a > 0 && a < 255)).toBe(true);
  });
  it('takes the colours of the mesh and of heights', () => {
    const colors = new Uint8Array(
      [...Array(4).fill([255, 0, 0]), ...Array(4).fill([0, 255, 0])].flat() as number[],
    );
    const top = { width: 60, height: 60, camera: above };
    const own = renderMesh({ ...scene, colors }, { ...top, shading: 'colors' });
    const [r, g] = pixel(own, 60, 30, 30);
    expect(g! - r!).toBeGreaterThan(100); // the upper square is green
    const [r2, g2] = pixel(own, 60, 12, 12);
    expect(r2! - g2!).toBeGreaterThan(100);
    const byHeight = renderMesh(scene, { ...top, heights: [0, 2] });
    const [low, high] = [pixel(byHeight, 60, 12, 12), pixel(byHeight, 60, 30, 30)];
    expect(low[2]! - low[0]!).toBeGreaterThan(15); // bluish below
    expect(high[0]! - high[2]!).toBeGreaterThan(50); // reddish above
  });
  it('blends colours between vertices, and takes a plain one for what is unknown', () => {
    const colors = Uint8Array.from(
      [
        [255, 0, 0],
        [0, 0, 255],
        [0, 0, 255],
        [255, 0, 0],
      ].flat(),
    );
    const top = { width: 60, height: 60, camera: above, shading: 'colors' as const, occlusionRadius: 0 };
    const wide = floor(-5, -5, 5, 5, 0);
    const image = renderMesh({ ...wide, colors }, top);
    let before = -Infinity;
    for (let x = 2; x < 58; x++) {
      const [r, , b] = pixel(image, 60, x, 30);
      expect(b! - r!).toBeGreaterThan(before);
      before = b! - r!;
    }
    const unknown = pixel(renderMesh({ ...wide, colors: new Uint8Array(12).fill(128) }, top), 60, 30, 30);
    const known = pixel(renderMesh({ ...wide, colors: new Uint8Array(12).fill(129) }, top), 60, 30, 30);
    expect(unknown[0]! - known[0]!).toBeGreaterThan(30);
    expect(unknown).toEqual(pixel(renderMesh(wide, top), 60, 30, 30));
  });
  it('draws the path over the mesh and faintly through it', () => {
    const top = { width: 60, height: 60, camera: above, shading: 'plain' as const };
    const path = (z: number, hidden: number) => ({
      points: Float32Array.of(-4, 0, z, 4, 0, z),
      color: '#ff0000',
      width: 4,
      hidden,
    });
    const without = pixel(renderMesh(scene, top), 60, 30, 30);
    expect(pixel(renderMesh(scene, { ...top, paths: [path(3, 0)] }), 60, 30, 30)).toEqual([255, 0, 0, 255]);
    expect(pixel(renderMesh(scene, { ...top, paths: [path(1, 0)] }), 60, 30, 30)).toEqual(without);
    const faint = pixel(renderMesh(scene, { ...top, paths: [path(1, 0.5)] }), 60, 30, 30);
    expect(faint[1]).toBeGreaterThan(20);
    expect(faint[1]).toBeLessThan(without[1]!);
    expect(pixel(renderMesh(scene, { ...top, paths: [path(3, 0)] }), 60, 30, 40)).toEqual(
      pixel(renderMesh(scene, top), 60, 30, 40),
    );
  });
  it('draws nothing of an empty mesh', () => {
    const empty = { positions: new Float32Array(0), indices: new Uint32Array(0) };
    const image = renderMesh(empty, { width: 4, height: 4, camera, background: null });
    expect(image.every((v) => v === 0)).toBe(true);
  });
});

describe('automatic views', () => {
  // A street 60 m long and 16 m wide towards 30°, with walls 6 m high.
  const a = Math.PI / 6;
  const positions: number[] = [];
  const indices: number[] = [];
  for (let s = 0; s < 60; s++)
    for (const [side, z] of [
      [-8, 0],
      [8, 0],
      [-8, 6],
      [8, 6],
    ] as const)
      positions.push(s * Math.cos(a) - side * Math.sin(a), s * Math.sin(a) + side * Math.cos(a), z);
  for (let i = 0; i + 6 < positions.length / 3; i++) indices.push(i, i + 4, i + 6);
  const street: Mesh = { positions: Float32Array.from(positions), indices: Uint32Array.from(indices) };
  const path = Float32Array.from({ length: 3 * 60 }, (_, i) =>
    i % 3 === 2 ? 1 : Math.floor(i / 3) * (i % 3 === 0 ? Math.cos(a) : Math.sin(a)),
  );

  it('find the direction of travel', () => {
    expect(headingOf(path)).toBeCloseTo(a, 6);
    const back = new Float32Array(path.length);
    for (let i = 0; i < path.length; i += 3) back.set(path.subarray(path.length - 3 - i, path.length - i), i);
    expect(Math.cos(headingOf(back) - a - Math.PI)).toBeCloseTo(1, 6);
  });
  it.each([
    ['three-quarter', threeQuarterView],
    ['top-down', topDownView],
  ] as const)('%s: nearly everything is in the picture and fills it', (_name, viewFor) => {
    const [width, height] = [1600, 900];
    const view = viewOf(viewFor(street, path, { aspect: width / height }), width, height);
    let inside = 0;
    let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < positions.length; i += 3) {
      const [x, y, depth] = project(view, positions[i]!, positions[i + 1]!, positions[i + 2]!);
      expect(depth).toBeGreaterThan(0);
      if (x >= 0 && x < width && y >= 0 && y < height) inside++;
      [x0, x1, y0, y1] = [Math.min(x0, x), Math.max(x1, x), Math.min(y0, y), Math.max(y1, y)];
    }
    expect(inside / (positions.length / 3)).toBeGreaterThan(0.94);
    expect(Math.max((x1 - x0) / width, (y1 - y0) / height)).toBeGreaterThan(0.8);
  });
  it('cope with no path and no mesh', () => {
    const none = { positions: new Float32Array(0), indices: new Uint32Array(0) };
    for (const viewFor of [threeQuarterView, topDownView]) {
      const camera = viewFor(none, new Float32Array(0), { aspect: 1 });
      expect([...camera.eye, ...camera.target].every(Number.isFinite)).toBe(true);
      expect(viewFor(street, new Float32Array(0), { aspect: 1 }).eye.every(Number.isFinite)).toBe(true);
    }
  });
});
