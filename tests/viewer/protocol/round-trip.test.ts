import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import {
  decodeClientMessage,
  decodeNormals,
  decodeServerMessage,
  dequantisePositions,
  encodeClientFrame,
  encodeNormals,
  encodeServerFrame,
  quantisePositions,
  type MeshBlockFrame,
} from '../../../src/viewer/protocol/index.js';
import { CLIENT_FRAMES, randomBlock, SERVER_FRAMES } from '../frames.js';

/** Equal bytes; comparing long arrays element by element takes the test runner minutes. */
function same(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return Buffer.compare(bytes(a), bytes(b)) === 0;
}

describe('protocol round trip', () => {
  it('brings random mesh blocks back: positions within size / 65535, the rest exactly', () => {
    const random = new Random('blocks');
    let worst = 0;
    for (let i = 0; i < 200; i++) {
      // Every twentieth is large enough for indices of 4 bytes.
      const { exact, unit, ...block } = randomBlock(random, i % 20 === 0 ? 140_000 : 600);
      const [frame] = decodeServerMessage(encodeServerFrame(block)) as [MeshBlockFrame];
      const { positions, normals, indices, ...rest } = frame;
      for (const name of ['submap', 'key', 'version', 'firstSeen', 'lastSeen', 'box'] as const)
        expect(rest[name]).toEqual(block[name]);
      expect(same(rest.colors ?? new Uint8Array(), block.colors ?? new Uint8Array())).toBe(true);
      expect('colors' in frame).toBe('colors' in block);
      expect(same(Uint32Array.from(indices), block.indices)).toBe(true);
      const vertices = exact.length / 3;
      expect(indices.BYTES_PER_ELEMENT).toBe(vertices <= 256 ? 1 : vertices <= 65536 ? 2 : 4);
      const back = dequantisePositions(positions, frame.box, new Float64Array(exact.length));
      for (let k = 0; k < exact.length; k++)
        worst = Math.max(worst, Math.abs(back[k]! - exact[k]!) / (frame.box.size[k % 3]! / 65535));
      const directions = decodeNormals(normals);
      let least = 1;
      for (let k = 0; k < unit.length; k += 3)
        least = Math.min(
          least,
          unit[k]! * directions[k]! + unit[k + 1]! * directions[k + 1]! + unit[k + 2]! * directions[k + 2]!,
        );
      expect(least).toBeGreaterThan(Math.cos((1 * Math.PI) / 180));
    }
    expect(worst).toBeGreaterThan(0.4); // it is quantised …
    expect(worst).toBeLessThanOrEqual(0.5 + 1e-6); // … to the nearest step: half of what is allowed
  });

  it('keeps the axes exactly as normals, and all-equal coordinates as positions', () => {
    const axes = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, -1, 0, 0, 0, -1, 0, 0, 0, -1);
    const back = decodeNormals(encodeNormals(axes));
    back.forEach((value, i) => expect(value).toBeCloseTo(axes[i]!, 6));
    const box = { min: [5, 6, 7], size: [0, 0, 0] } as const;
    expect([...dequantisePositions(quantisePositions([5, 6, 7], box), box)]).toEqual([5, 6, 7]);
  });

  it('puts vertices that two neighbouring cubes share at the same place, bit for bit', () => {
    const random = new Random('cubes');
    const side = Math.fround(8 * 0.15);
    for (let i = 0; i < 500; i++) {
      const bx = random.int(2000) - 1000;
      const cube = (b: number) => ({
        min: [Math.fround(b * side), 0, 0] as const,
        size: [side, side, side] as const,
      });
      const [y, z] = [random.range(0, side), random.range(0, side)];
      const shared = [Math.fround((bx + 1) * side), y, z];
      const [a, b] = [cube(bx), cube(bx + 1)].map((box) => {
        const steps = quantisePositions(shared, box);
        return dequantisePositions(steps, box, new Float64Array(3));
      });
      expect([a![1], a![2]]).toEqual([b![1], b![2]]);
      expect(Math.abs(a![0]! - b![0]!)).toBeLessThan(2e-4); // float32 of the corner, a kilometre out
    }
  });

  it.each(SERVER_FRAMES.map((frame) => [frame.type, frame] as const))('%s', (_, frame) => {
    expect(decodeServerMessage(encodeServerFrame(frame))).toEqual([frame]);
  });

  it.each(CLIENT_FRAMES.map((frame) => [frame.type, frame] as const))('%s', (_, frame) => {
    expect(decodeClientMessage(encodeClientFrame(frame))).toEqual([frame]);
  });

  it('takes many frames in one message, also at an odd address', () => {
    const message = Buffer.concat(SERVER_FRAMES.map((frame) => encodeServerFrame(frame)));
    expect(decodeServerMessage(message)).toEqual(SERVER_FRAMES);
    const shifted = new Uint8Array(message.length + 3).subarray(3);
    shifted.set(message);
    expect(decodeServerMessage(shifted)).toEqual(SERVER_FRAMES);
  });

  it('spends at most 20 bytes a triangle on surfaces as marching cubes makes them', () => {
    // A flat sheet through 8 × 8 cells: 81 vertices, 128 triangles; and the worst seen in practice, 20 and 20.
    for (const [vertices, triangles, most] of [
      [81, 128, 9],
      [20, 20, 20],
    ] as const) {
      const frame = encodeServerFrame({
        type: 'meshBlock',
        submap: 0,
        key: 1,
        version: 1,
        firstSeen: 0,
        lastSeen: 1,
        box: { min: [0, 0, 0], size: [1, 1, 1] },
        positions: new Uint16Array(3 * vertices),
        normals: new Int8Array(2 * vertices),
        indices: new Uint16Array(3 * triangles),
      });
      expect(frame.byteLength / triangles).toBeLessThan(most);
    }
  });
});
