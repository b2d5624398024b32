import { describe, expect, it } from 'vitest';
import { encodeNormals, quantisePositions, type MeshBlockFrame } from '../../../src/viewer/protocol/index.js';
import { bakeBlocks } from '../../../src/viewer/client/scene/bake.js';
import { gridStep } from '../../../src/viewer/client/scene/grid.js';
import { Governor } from '../../../src/viewer/client/scene/governor.js';
import { chooseLevel, clusterTriangles } from '../../../src/viewer/client/scene/lod.js';
import { rampTexels } from '../../../src/viewer/client/scene/palette.js';
import { hitBox, hitTriangles } from '../../../src/viewer/client/scene/raycast.js';
import { SHADINGS, shadingOf } from '../../../src/viewer/client/scene/shading.js';
import { random } from './random.js';

/** A square of n×n cells in the plane z = height, 16-bit steps. */
function sheet(n: number, height: number): { positions: Uint16Array; indices: Uint32Array } {
  const positions = new Uint16Array(4 * (n + 1) ** 2);
  for (let j = 0; j <= n; j++)
    for (let i = 0; i <= n; i++)
      positions.set([(65535 * i) / n, (65535 * j) / n, height, 0], 4 * (j * (n + 1) + i));
  const indices: number[] = [];
  for (let j = 0; j < n; j++)
    for (let i = 0; i < n; i++) {
      const a = j * (n + 1) + i;
      indices.push(a, a + 1, a + n + 2, a, a + n + 2, a + n + 1);
    }
  return { positions, indices: Uint32Array.from(indices) };
}

function area(positions: Uint16Array, indices: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = [4 * indices[i]!, 4 * indices[i + 1]!, 4 * indices[i + 2]!];
    const [ux, uy] = [positions[b]! - positions[a]!, positions[b + 1]! - positions[a + 1]!];
    const [vx, vy] = [positions[c]! - positions[a]!, positions[c + 1]! - positions[a + 1]!];
    sum += 0.5 * (ux * vy - uy * vx);
  }
  return sum / 65535 ** 2;
}

describe('levels of detail', () => {
  it('a plane stays a plane, wound as before, with about the triangles of its cells', () => {
    const { positions, indices } = sheet(64, 1000);
    const coarse = clusterTriangles(positions, indices, 8);
    expect(coarse.length / 3).toBeLessThanOrEqual(2 * 8 * 8);
    expect(coarse.length / 3).toBeGreaterThan(60);
    // One vertex per cell, near its middle: the outer half cells are lost, and no triangle is turned over.
    expect(area(positions, coarse)).toBeGreaterThan((6 / 8) ** 2);
    for (let i = 0; i < coarse.length; i += 3)
      expect(area(positions, coarse.subarray(i, i + 3))).toBeGreaterThan(0);
  });

  it('keeps all of a mesh that is coarser than the cells', () => {
    const { positions, indices } = sheet(4, 30000);
    expect(clusterTriangles(positions, indices, 64)).toEqual(indices);
  });

  it('only uses vertices there are, and drops what falls into one cell (random triangles)', () => {
    const next = random(7);
    const positions = Uint16Array.from({ length: 4 * 500 }, () => 65536 * next());
    const indices = Uint32Array.from({ length: 3 * 900 }, () => 500 * next());
    for (const cells of [1, 3, 10, 64]) {
      const coarse = clusterTriangles(positions, indices, cells);
      expect(coarse.length % 3).toBe(0);
      expect(coarse.every((v) => v < 500)).toBe(true);
      if (cells === 1) expect(coarse).toHaveLength(0);
      for (let i = 0; i < coarse.length; i += 3) expect(new Set(coarse.subarray(i, i + 3)).size).toBe(3);
    }
  });

  it('takes the coarsest level that stays below the limit', () => {
    expect(chooseLevel([0.4, 0.8, 1.6], 0.1, 1.5)).toBe(0);
    expect(chooseLevel([0.4, 0.8, 1.6], 0.3, 1.5)).toBe(1);
    expect(chooseLevel([0.4, 0.8, 1.6], 10, 1.5)).toBe(3);
  });
});

describe('baking', () => {
  it('merged blocks lie where the single ones did', () => {
    const next = random(3);
    const blocks = [0, 1, 2].map((b): MeshBlockFrame & { truth: Float32Array; up: Float32Array } => {
      const box = { min: [1.6 * b - 1.6, -3.2, 0.8], size: [1.6, 1.6, 1.6] } as const;
      const truth = Float32Array.from({ length: 3 * 50 }, (_, i) => box.min[(i % 3) as 0] + 1.6 * next());
      const up = Float32Array.from({ length: 50 }, () => 0).reduce<number[]>((out) => {
        const v = [next() - 0.5, next() - 0.5, next() - 0.5];
        const l = Math.hypot(...v);
        return out.concat(v.map((x) => x / l));
      }, []);
      return {
        type: 'meshBlock',
        submap: 0,
        key: b,
        version: 1,
        firstSeen: b,
        lastSeen: 9,
        box,
        positions: quantisePositions(truth, box),
        normals: encodeNormals(up),
        indices: Uint16Array.from({ length: 30 }, () => 50 * next()),
        truth,
        up: Float32Array.from(up),
        ...(b === 1 ? { colors: Uint8Array.from({ length: 150 }, (_, i) => i) } : {}),
      };
    });
    const baked = bakeBlocks(blocks, 1.6);
    expect([baked.vertices, baked.indices]).toEqual([150, 90]);
    const { min, side } = baked.cube;
    for (const v of [...min, side]) expect(Math.abs(v / 1.6 - Math.round(v / 1.6))).toBeLessThan(1e-9);
    for (let v = 0; v < 150; v++) {
      const block = blocks[Math.floor(v / 50)]!;
      const i = 3 * (v % 50);
      for (let c = 0; c < 3; c++) {
        const x = min[c as 0] + (side * baked.position[4 * v + c]!) / 65535;
        // Half a step of the block's box and half of the group's cube.
        expect(Math.abs(x - block.truth[i + c]!)).toBeLessThan((0.5 * (1.6 + side)) / 65535 + 1e-6);
        expect(Math.abs(baked.normal[4 * v + c]! / 127 - block.up[i + c]!)).toBeLessThan(0.025);
      }
      expect(baked.stamp[v]).toBe(block.firstSeen);
      expect(baked.tint[4 * v + 3]).toBe(block.colors ? 255 : 0);
      if (block.colors) expect(baked.tint[4 * v + 1]).toBe(block.colors[i + 1]);
    }
    for (let i = 0; i < 90; i++)
      expect(baked.index[i]).toBe(blocks[Math.floor(i / 30)]!.indices[i % 30]! + 50 * Math.floor(i / 30));
  });

  it('writes into the old arrays when they hold it, and makes new ones otherwise', () => {
    const block = (vertices: number): MeshBlockFrame => ({
      type: 'meshBlock',
      submap: 0,
      key: 1,
      version: 1,
      firstSeen: 0,
      lastSeen: 0,
      box: { min: [0, 0, 0], size: [1, 1, 1] },
      positions: new Uint16Array(3 * vertices),
      normals: new Int8Array(2 * vertices),
      indices: new Uint8Array(3),
    });
    const first = bakeBlocks([block(100)], 1);
    expect(bakeBlocks([block(90)], 1, first).position).toBe(first.position);
    expect(bakeBlocks([block(200)], 1, first).position).not.toBe(first.position);
  });
});

describe('colours', () => {
  it('of vertices reach the GPU with a mark of which are known', () => {
    const base = { type: 'meshBlock', submap: 0, version: 1, firstSeen: 0, lastSeen: 0 } as const;
    const box = { min: [0, 0, 0], size: [1, 1, 1] } as const;
    const one = {
      ...base,
      box,
      positions: new Uint16Array(9),
      normals: new Int8Array(6),
      indices: Uint8Array.of(0, 1, 2),
    };
    const seen = { ...one, key: 0, colors: Uint8Array.of(1, 2, 3, 128, 128, 128, 128, 128, 127) };
    const baked = bakeBlocks([seen, { ...one, key: 1 }], 1);
    const grey = [128, 128, 128, 0];
    expect([...baked.tint.subarray(0, 24)]).toEqual(
      [[1, 2, 3, 255], grey, [128, 128, 127, 255], grey, grey, grey].flat(),
    );
    // What was there before does not shine through.
    const again = bakeBlocks([{ ...one, key: 1 }], 1, baked);
    expect(again.tint).toBe(baked.tint);
    expect([...again.tint.subarray(0, 12)]).toEqual([grey, grey, grey].flat());
  });

  it('are shown by themselves where there are some, and never against a choice', () => {
    expect([shadingOf('auto', false), shadingOf('auto', true)]).toEqual(['height', 'colour']);
    for (const choice of SHADINGS)
      expect([shadingOf(choice, false), shadingOf(choice, true)]).toEqual([choice, choice]);
  });
});

describe('rays', () => {
  it('hit where plain geometry says, from both sides, and what the filter leaves', () => {
    const positions = [0, 0, 1, 2, 0, 1, 0, 2, 1, 0, 0, 3, 2, 0, 3, 0, 2, 3];
    const indices = [0, 1, 2, 3, 4, 5];
    const down = { origin: [0.4, 0.4, 10], direction: [0, 0, -1] } as const;
    const up = { origin: [0.4, 0.4, -10], direction: [0, 0, 2] } as const;
    expect(hitTriangles(down, positions, 3, indices)).toBeCloseTo(7, 9);
    expect(hitTriangles(up, positions, 3, indices)).toBeCloseTo(5.5, 9);
    expect(hitTriangles(down, positions, 3, indices, (t) => t > 8)).toBeCloseTo(9, 9);
    expect(hitTriangles({ origin: [3, 3, 9], direction: [0, 0, -1] }, positions, 3, indices)).toBe(Infinity);
  });

  it('enter boxes where they should (random rays against sampling)', () => {
    const next = random(11);
    const [min, max] = [
      [-1, -2, -0.5],
      [1, 0.5, 2],
    ];
    for (let k = 0; k < 200; k++) {
      const origin = [8 * next() - 4, 8 * next() - 4, 8 * next() - 4] as const;
      const direction = [next() - 0.5, next() - 0.5, next() - 0.5] as const;
      const t = hitBox({ origin, direction }, min!, max!);
      const inside = (s: number): boolean =>
        origin.every((o, c) => {
          const x = o + s * direction[c]!;
          return x >= min![c]! - 1e-9 && x <= max![c]! + 1e-9;
        });
      if (t < Infinity) {
        expect(inside(t)).toBe(true);
        if (t > 1e-3) expect(inside(t - 1e-3)).toBe(false);
      } else expect(Array.from({ length: 400 }, (_, i) => 0.1 * i).some(inside)).toBe(false);
    }
  });
});

describe('small rules', () => {
  it('ramps are opaque, and viridis rises in lightness all the way', () => {
    const texels = rampTexels('viridis', 64);
    let before = -1;
    for (let i = 0; i < 64; i++) {
      const light = 0.2126 * texels[4 * i]! + 0.7152 * texels[4 * i + 1]! + 0.0722 * texels[4 * i + 2]!;
      expect(texels[4 * i + 3]).toBe(255);
      expect(light).toBeGreaterThan(before);
      before = light;
    }
    // Turbo's published middle is #a4fc3c; the polynomial is a fit.
    const turbo = rampTexels('turbo', 255);
    [0xa4, 0xfc, 0x3c].forEach((v, c) => expect(Math.abs(turbo[4 * 127 + c]! - v)).toBeLessThan(24));
  });

  it('grid lines lie a power of ten apart', () => {
    expect(gridStep(100)).toBe(10);
    expect(gridStep(20)).toBe(1);
    expect(gridStep(0.5)).toBeCloseTo(0.01, 12);
  });

  it('the governor takes detail from slow frames and gives it back at rest', () => {
    const governor = new Governor();
    let now = 0;
    for (let i = 0; i < 60; i++) governor.drawn((now += 100));
    expect(governor.step).toBeGreaterThan(2);
    expect(governor.scale).toBeLessThan(1);
    let restored = 0;
    for (let i = 0; i < 60; i++) {
      governor.idle();
      if (governor.restore()) restored++;
    }
    expect([governor.step, restored]).toEqual([0, 1]);
    for (let i = 0; i < 60; i++) governor.drawn((now += 16));
    expect(governor.step).toBe(0);
  });

  it('the governor does not dwell on frames of a second, and remembers after a rest what kept up', () => {
    const governor = new Governor();
    let now = 0;
    governor.drawn(now);
    governor.drawn((now += 1000)); // one alone may be a hiccup
    expect(governor.step).toBe(0);
    governor.drawn((now += 1000));
    const least = governor.step;
    expect(least).toBeGreaterThan(3);
    expect(governor.samples).toBe(0);
    const rest = () => {
      for (let i = 0; i < 60; i++) {
        governor.idle();
        governor.restore();
      }
    };
    rest();
    expect([governor.step, governor.samples]).toEqual([0, 4]);
    expect(governor.resume()).toBe(true);
    expect(governor.step).toBe(least);
    expect(governor.resume()).toBe(false); // once
    // Quick frames give detail back, so that it starts with more the next time.
    for (let i = 0; i < 400; i++) governor.drawn((now += 10));
    expect(governor.step).toBeLessThan(least);
  });
});
