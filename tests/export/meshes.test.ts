import { NodeIO } from '@gltf-transform/core';
import { describe, expect, it } from 'vitest';
import { encodeGlb } from '../../src/export/glb.js';
import { decodeGlb } from '../../src/export/glb-reader.js';
import { decodePcd, encodePcd } from '../../src/export/pcd.js';
import { encodePly } from '../../src/export/ply.js';
import { decodePly } from '../../src/export/ply-reader.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { randomMesh } from './made-up-mesh.js';

const full = randomMesh(500, 900);
const noNormals = { positions: full.positions, indices: full.indices };
const bytes = (s: string) => new Uint8Array(Buffer.from(s, 'latin1'));

describe('PLY', () => {
  it('round-trips positions, normals, colours and triangles bit for bit', () => {
    expect(decodePly(encodePly(full, ['made by a test\nelement vertex 7']))).toEqual(full);
    expect(decodePly(encodePly(noNormals))).toEqual(noNormals);
    const points = { positions: full.positions, indices: new Uint32Array(0) };
    expect(decodePly(encodePly(points))).toEqual(points);
  });
  it('has the size its header promises', () => {
    const ply = encodePly(full);
    const header = Buffer.from(ply).indexOf('end_header\n') + 11;
    expect(ply.length - header).toBe(500 * 27 + 900 * 13);
  });
  it('reads ascii, polygons, float colours and unknown elements and properties', () => {
    const mesh = decodePly(
      bytes(
        'ply\r\nformat ascii 1.0\r\ncomment x\r\nelement vertex 4\r\nproperty double x\r\nproperty list uchar int skip\r\nproperty double y\r\n' +
          'property double z\r\nproperty float red\r\nproperty float green\r\nproperty float blue\r\nelement extra 2\r\nproperty int a\r\n' +
          'element face 2\r\nproperty list uchar int vertex_index\r\nproperty uchar flag\r\nend_header\r\n' +
          '0 0 0 0 1 0 0\r\n1 2 9 9 0 0 0 1 0\r\n1 0 1 0 0 0 1\r\n0 1 8 1 0 0 0 .5\r\n5\r\n6\r\n4 0 1 2 3 7\r\n3 2 1 0 7\r\n',
      ),
    );
    expect([...mesh.positions]).toEqual([0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0]);
    expect([...mesh.colors!]).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 128]);
    expect([...mesh.indices]).toEqual([0, 1, 2, 0, 2, 3, 2, 1, 0]);
  });
  it('reads big-endian', () => {
    const head = bytes(
      'ply\nformat binary_big_endian 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\nend_header\n',
    );
    const out = new Uint8Array(head.length + 12);
    out.set(head);
    [1.5, -2, 3e5].forEach((v, i) => new DataView(out.buffer).setFloat32(head.length + 4 * i, v));
    expect([...decodePly(out).positions]).toEqual([1.5, -2, 3e5]);
  });
  it('is not kept busy by elements without content, nor filled by a file of tiny words', () => {
    const head =
      'ply\nformat ascii 1.0\nelement nothing 900000000000000\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\nelement face 1000000000\nend_header\n';
    const { positions, indices } = decodePly(Buffer.from(`${head}1 2 3\n4 5 6\n 7 8 9`));
    expect([...positions]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(indices).toHaveLength(0);
    const before = process.memoryUsage().rss;
    const tiny = Buffer.concat([Buffer.from(head.replace('vertex 3', 'vertex 1')), Buffer.alloc(60e6, '1 ')]);
    expect(decodePly(tiny).positions).toHaveLength(3);
    expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
  });

  it('refuses every way of being cut off with one clear sentence', () => {
    const ply = encodePly(full);
    for (let cut = 0; cut < ply.length; cut += 97)
      expect(() => decodePly(ply.subarray(0, cut), 'm.ply')).toThrow(FeltmapError);
    expect(() => decodePly(ply.subarray(0, ply.length - 1), 'm.ply')).toThrow(/m\.ply is cut off/);
  });
  it.each([
    ['no magic', 'pls\nend_header\n', /begin with "ply"/],
    ['a format of its own', 'ply\nformat middle 1.0\nelement vertex 0\nend_header\n', /format is none/],
    [
      'a count that is not one',
      'ply\nformat ascii 1.0\nelement vertex -1\nend_header\n',
      /element vertex -1/,
    ],
    [
      'a promise of 4 billion vertices',
      'ply\nformat ascii 1.0\nelement vertex 4000000000\nproperty float x\nproperty float y\nproperty float z\nend_header\n1 2 3\n',
      /cut off/,
    ],
    [
      'no positions',
      'ply\nformat ascii 1.0\nelement vertex 1\nproperty float q\nend_header\n1\n',
      /without x, y/,
    ],
    [
      'a corner that does not exist',
      'ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n3 0 0 1\n',
      /vertex 1 of 1/,
    ],
    [
      'a polygon of a billion corners',
      'ply\nformat ascii 1.0\nelement vertex 0\nproperty float x\nproperty float y\nproperty float z\nelement face 1\nproperty list uint int vertex_indices\nend_header\n1000000000 0\n',
      /cut off/,
    ],
  ])('refuses %s', (_what, text, message) => {
    expect(() => decodePly(bytes(text))).toThrow(message);
  });
});

describe('GLB', () => {
  it('reads back with @gltf-transform/core, values and axes intact', async () => {
    const document = await new NodeIO().readBinary(await encodeGlb(full, 'street'));
    const [mesh] = document.getRoot().listMeshes();
    const [primitive] = mesh!.listPrimitives();
    expect(primitive!.getAttribute('POSITION')!.getArray()).toEqual(full.positions);
    expect(primitive!.getAttribute('NORMAL')!.getArray()).toEqual(full.normals);
    expect(primitive!.getIndices()!.getArray()).toEqual(full.indices);
    const color = primitive!.getAttribute('COLOR_0')!;
    expect(color.getNormalized()).toBe(true);
    expect(color.getElement(3, [])[3]).toBe(1);
    // z up becomes y up: the node's matrix maps (0, 0, 1) to (0, 1, 0)
    const m = document.getRoot().listNodes()[0]!.getMatrix();
    expect([m[8], m[9], m[10]].map((v) => Math.round(1e6 * v!) / 1e6 + 0)).toEqual([0, 1, 0]);
    expect(primitive!.getMaterial()!.getDoubleSided()).toBe(true);
  });
  it('has linear colours, as its specification wants, and gives back all 256 values of a byte', async () => {
    const colors = Uint8Array.from({ length: 3 * 500 }, (_, i) => i % 256);
    const bytes = await encodeGlb({ ...full, colors });
    const document = await new NodeIO().readBinary(bytes);
    const color = document.getRoot().listMeshes()[0]!.listPrimitives()[0]!.getAttribute('COLOR_0')!;
    // By IEC 61966-2-1, worked out elsewhere.
    for (const [srgb, linear] of [
      [0, 0],
      [10, 10 / 255 / 12.92],
      [188, 0.50289],
      [255, 1],
    ] as const)
      expect(color.getElement(Math.floor(srgb / 3), [])[srgb % 3]).toBeCloseTo(linear, 4);
    expect((await decodeGlb(bytes)).colors).toEqual(colors);
  });
  it('writes a mesh without normals and an empty one', async () => {
    const plain = await new NodeIO().readBinary(await encodeGlb(noNormals));
    const primitive = plain.getRoot().listMeshes()[0]!.listPrimitives()[0]!;
    expect(primitive.listSemantics()).toEqual(['POSITION']);
    const nothing = { positions: new Float32Array(0), indices: new Uint32Array(0) };
    const empty = await new NodeIO().readBinary(await encodeGlb(nothing));
    expect(empty.getRoot().listMeshes()).toEqual([]);
    expect(empty.getRoot().listBuffers()).toEqual([]);
  });
});

describe('PCD through pcl.js', () => {
  it.each(['ascii', 'binary', 'compressed'] as const)('round-trips %s', async (encoding) => {
    const pcd = await encodePcd(full.positions, encoding);
    expect(Buffer.from(pcd.subarray(0, 60)).toString('latin1')).toMatch(/^# \.PCD v0\.7/);
    const back = await decodePcd(pcd);
    expect(back.length).toBe(full.positions.length);
    if (encoding === 'ascii')
      back.forEach((v, i) => expect(Math.abs(v - full.positions[i]!)).toBeLessThan(1e-4));
    else expect(back).toEqual(full.positions);
  });
  it('has the field rgb of PCL where there are colours', async () => {
    const pcd = await encodePcd(full.positions, 'binary', full.colors);
    const text = Buffer.from(pcd).toString('latin1');
    expect(text).toMatch(/\nFIELDS x y z rgb\nSIZE 4 4 4 4\nTYPE F F F [FU]\n/);
    const body = new DataView(pcd.buffer, pcd.byteOffset + text.indexOf('DATA binary\n') + 12);
    for (let i = 0; i < 500; i++) {
      const [r, g, b] = full.colors.subarray(3 * i, 3 * i + 3);
      expect(body.getUint32(16 * i + 12, true) & 0xffffff).toBe((r! << 16) | (g! << 8) | b!);
    }
    expect(await decodePcd(pcd)).toEqual(full.positions);
  });
  it('leaves out points that are not finite and writes an empty cloud', async () => {
    const back = await decodePcd(await encodePcd(Float32Array.of(1, 2, 3, NaN, 0, 0, 4, 5, Infinity)));
    expect([...back]).toEqual([1, 2, 3]);
    expect(Buffer.from(await encodePcd(new Float32Array(0))).toString('latin1')).toContain('POINTS 0');
  });
  it('leaves no crash handlers of its own in the process', async () => {
    const before = process.listenerCount('unhandledRejection');
    await encodePcd(Float32Array.of(1, 2, 3));
    expect(process.listenerCount('unhandledRejection')).toBe(before);
    const ours = process.rawListeners('uncaughtException').map(String);
    expect(ours.filter((f) => f.includes('ExitStatus'))).toEqual([]);
  });
});
