import { describe, expect, it } from 'vitest';
import { crc32 } from 'node:zlib';
import { IntegerModel } from '../../src/field/saved/integer-model.js';
import { readManifest, type Manifest } from '../../src/field/saved/manifest.js';
import {
  classWeight,
  quantiseScalars,
  restoreScalars,
  weightClass,
  type FeatureBlocks,
  type ScalarBlocks,
} from '../../src/field/saved/quantise.js';
import { BitModels, RangeDecoder, RangeEncoder } from '../../src/field/saved/range-coder.js';
import {
  decodeSavedField,
  encodeSavedField,
  mapBytes,
  readPlaces,
} from '../../src/field/saved/saved-field.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { Random } from '../../src/geometry/random.js';
import { exp } from '../../src/geometry/se3.js';

const VOXEL = 0.15;
const TRUNCATION = 0.3;

describe('range coder', () => {
  it('reads back any bits, and takes close to their entropy', () => {
    const random = new Random(1);
    const bits = Array.from({ length: 20000 }, (_, i) => ({
      context: i % 3,
      bit: random.chance([0.02, 0.5, 0.999][i % 3]!) ? 1 : 0,
    }));
    const encoder = new RangeEncoder();
    const models = new BitModels(3);
    for (const { context, bit } of bits) encoder.bit(models, context, bit);
    const bytes = encoder.finish();
    const decoder = new RangeDecoder(bytes);
    const again = new BitModels(3);
    for (const { context, bit } of bits) expect(decoder.bit(again, context)).toBe(bit);
    decoder.check();
    const entropy = (p: number): number => -p * Math.log2(p) - (1 - p) * Math.log2(1 - p);
    const ideal = ((entropy(0.02) + 1 + entropy(0.001)) * 20000) / 3 / 8;
    expect(bytes.length).toBeLessThan(ideal * 1.08 + 20);
    expect(bytes.length).toBeGreaterThan(ideal * 0.95);
  });

  it('carries through long runs of 0xff', () => {
    // The least likely branch again and again pushes the low end towards the top of its range.
    for (const seed of [1, 2, 3]) {
      const random = new Random(seed);
      const bits = Array.from({ length: 5000 }, () => (random.chance(0.9) ? 1 : 0));
      const encoder = new RangeEncoder();
      bits.forEach((bit, i) => encoder.bit(new BitModels(1), 0, i % 7 ? bit : 1));
      const decoder = new RangeDecoder(encoder.finish());
      bits.forEach((bit, i) => expect(decoder.bit(new BitModels(1), 0)).toBe(i % 7 ? bit : 1));
    }
  });

  it('keeps integers of all sizes and signs', () => {
    const random = new Random(5);
    const values = [0, 1, -1, 2, -2, 3, 255, -256, 65535, -65536, 1 << 22, -(1 << 22)];
    for (let i = 0; i < 3000; i++) values.push(Math.round(random.normal() * 2 ** random.int(20)));
    const encoder = new RangeEncoder();
    const model = new IntegerModel(2);
    values.forEach((value, i) => model.code(encoder, i & 1, value));
    const decoder = new RangeDecoder(encoder.finish());
    const again = new IntegerModel(2);
    values.forEach((value, i) => expect(again.code(decoder, i & 1, 0) === value).toBe(true));
  });
});

/** Corners near a rippled floor, on a grid of blocks about the origin, in an order of no meaning. */
function floor(seed: number, size = 3): ScalarBlocks {
  const random = new Random(seed);
  const places: [number, number, number][] = [];
  for (let x = -size; x < size; x++)
    for (let y = -size; y < size; y++) for (let z = -1; z < 1; z++) places.push([x, y, z]);
  places.sort(() => random.next() - 0.5);
  const count = places.length + 1;
  const [coords, data] = [new Int32Array(count * 4), new Float32Array(count * 1024)];
  places.forEach((place, n) => {
    coords.set(place, (n + 1) * 4);
    for (let i = 0; i < 512; i++) {
      const [x, y, z] = [0, 1, 2].map((a) => (place[a]! * 8 + ((i >> (3 * a)) & 7)) * VOXEL) as [
        number,
        number,
        number,
      ];
      const d = z - 0.1 * Math.sin(x) * Math.cos(y) + 0.005 * random.normal();
      if (Math.abs(d) > TRUNCATION || random.chance(0.05)) continue;
      data[((n + 1) * 512 + i) * 2] = d;
      data[((n + 1) * 512 + i) * 2 + 1] = 100 * random.next() ** 4 + 1e-5;
    }
  });
  return { count, coords, data };
}

function features(seed: number): FeatureBlocks {
  const random = new Random(seed);
  const coords = Int32Array.of(0, 0, 0, 0, 1, 0, -2, 0, -3, 5, 0, 0);
  const rowOf = new Int32Array(3 * 512);
  const rows = new Float32Array(400 * 32);
  let row = 1;
  for (let at = 512; at < rowOf.length && row < 400; at++) {
    if (!random.chance(0.5)) continue;
    if (row % 5) for (let k = 0; k < 8; k++) rows[row * 32 + k] = 0.2 * random.normal();
    rowOf[at] = row++;
  }
  return { count: 3, coords, rowOf, stride: 32, rows };
}

const content = (blocks = floor(7)): Parameters<typeof encodeSavedField>[0] => ({
  sensor: 'lidar',
  frame: 'lidar',
  scans: 12,
  lastPose: exp([1, 2, 3, 0.1, -0.2, 0.3]),
  places: [exp([0, 0, 0, 0, 0, 0]), exp([4, 5, 6, 1, 0.5, -2])],
  levels: [{ ...blocks, voxel: VOXEL, truncation: TRUNCATION }],
  features: { ...features(8), cellVoxels: 4, decoder: Float32Array.of(1, -2.5, 3e-3) },
});

/** What a corner was, by place. */
function cornersOf({ count, coords, data }: ScalarBlocks): Map<string, [number, number]> {
  const corners = new Map<string, [number, number]>();
  for (let b = 1; b < count; b++)
    for (let i = 0; i < 512; i++) {
      const weight = data[(b * 512 + i) * 2 + 1]!;
      if (weight > 0)
        corners.set(`${coords.subarray(b * 4, b * 4 + 3).join()},${i}`, [data[(b * 512 + i) * 2]!, weight]);
    }
  return corners;
}

describe('saved field', () => {
  it('keeps every corner within half a step, and its weight within its class', () => {
    const blocks = floor(7);
    const files = encodeSavedField(content(blocks));
    const manifest = readManifest(files);
    const { levels, features: saved } = decodeSavedField(files, manifest);
    const level = levels[0]!;
    const was = cornersOf(blocks);
    const pairs = new Float32Array(1024);
    let seen = 0;
    for (let n = 0; n < level.coords.length / 3; n++) {
      restoreScalars(level, n, TRUNCATION, pairs);
      for (let i = 0; i < 512; i++) {
        const before = was.get(`${level.coords.subarray(n * 3, n * 3 + 3).join()},${i}`);
        expect(pairs[2 * i + 1]! > 0).toBe(before !== undefined);
        if (!before) continue;
        seen++;
        expect(Math.abs(pairs[2 * i]! - before[0])).toBeLessThanOrEqual(TRUNCATION / level.limit / 2 + 1e-6);
        expect(weightClass(pairs[2 * i + 1]!)).toBe(weightClass(before[1]));
      }
    }
    expect(seen).toBe(was.size);
    expect(manifest.levels[0]!.corners).toBe(was.size);
    expect(saved!.decoder).toEqual(Float32Array.of(1, -2.5, 3e-3));
    const f = features(8);
    const expected: number[] = [];
    for (const block of [1, 2])
      // z −2, then z 0
      for (let i = 0; i < 512; i++) {
        const row = f.rowOf[block * 512 + i]!;
        if (row)
          for (let k = 0; k < 8; k++)
            expected.push(Math.round(f.rows[row * 32 + k]! / manifest.features!.step));
      }
    expect(saved!.values.length).toBe(expected.length);
    expect(
      saved!.values.every((value, i) => value === expected[i] || (value === 0 && expected[i] === 0)),
    ).toBe(true);
    const [, place] = readPlaces(files, manifest);
    exp([4, 5, 6, 1, 0.5, -2]).forEach((v, i) => expect(place![i]).toBeCloseTo(v, 5));
  });

  it('keeps weights on their side of the limits for tracking and meshing', () => {
    for (const limit of [0.05, 0.5, 5])
      for (const factor of [0.999, 1.001])
        expect(classWeight(weightClass(limit * factor)) >= limit).toBe(factor > 1);
    const classes = [1e-9, 0.01, 0.3, 1, 7, 99, 1e9].map(weightClass);
    expect(classes).toEqual([...classes].sort((a, b) => a - b));
    expect(classes[0]).toBe(1);
  });

  it('is small: the noise is all that costs', () => {
    const blocks = floor(9, 8);
    const smooth = { ...blocks, data: blocks.data.map((v, i) => (i % 2 ? (v > 0 ? 3 : 0) : v)) };
    const { levels, ...rest } = content(smooth);
    const bare = { ...rest, levels: levels.map((level) => ({ ...level })) };
    delete (bare as { features?: unknown }).features;
    const files = encodeSavedField(bare);
    // 5 mm noise in 4.8 mm steps has log2(5/4.8·√(2πe)) = 2.1 bits, 5 % random holes 0.3 bits.
    expect((mapBytes(files) * 8) / readManifest(files).levels[0]!.corners).toBeLessThan(3.6);
  });

  it('gives the same bytes whatever the order of blocks, and for an empty map', () => {
    const blocks = floor(7);
    const order = Array.from({ length: blocks.count - 1 }, (_, i) => blocks.count - 1 - i);
    const turned = {
      count: blocks.count,
      coords: new Int32Array(blocks.coords),
      data: new Float32Array(blocks.data),
    };
    order.forEach((from, n) => {
      turned.coords.set(blocks.coords.subarray(from * 4, from * 4 + 4), (n + 1) * 4);
      turned.data.set(blocks.data.subarray(from * 1024, from * 1024 + 1024), (n + 1) * 1024);
    });
    expect(encodeSavedField(content(turned))).toEqual(encodeSavedField(content(blocks)));
    const empty = encodeSavedField(
      content({ count: 1, coords: new Int32Array(4), data: new Float32Array(1024) }),
    );
    expect(decodeSavedField(empty, readManifest(empty)).levels[0]!.coords).toHaveLength(0);
  });

  it('leaves out blocks that hold nothing', () => {
    const blocks = floor(3, 1);
    blocks.data.fill(0, 1024, 2048);
    expect(quantiseScalars(blocks, TRUNCATION, 63).coords).toHaveLength((blocks.count - 2) * 3);
  });
});

describe('a saved map that is not what it claims to be', () => {
  const files = encodeSavedField(content());
  const manifest = readManifest(files);
  const field = files.get('field.bin')!;
  const reading = (changes: Record<string, Uint8Array | undefined>): (() => unknown) => {
    const changed = new Map(files);
    for (const [name, bytes] of Object.entries(changes)) if (bytes) changed.set(name, bytes); else changed.delete(name); // prettier-ignore
    return () => decodeSavedField(changed, readManifest(changed));
  };
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

  it('says in one sentence what is wrong', () => {
    expect(reading({ 'manifest.json': undefined })).toThrow(/no manifest\.json/);
    expect(reading({ 'field.bin': undefined })).toThrow(/no field\.bin/);
    expect(reading({ 'field.bin': field.subarray(0, 1000) })).toThrow(/has 1000 bytes instead of/);
    expect(reading({ 'manifest.json': Uint8Array.of(0xff, 0xfe) })).toThrow(/no JSON/);
    expect(reading({ 'manifest.json': json({ ...manifest, version: 2 }) })).toThrow(/version 2.*use a newer/);
    expect(reading({ 'manifest.json': json({ ...manifest, lastPose: [1] }) })).toThrow(
      /damaged at "lastPose"/,
    );
    expect(reading({ 'manifest.json': json([]) })).toThrow(/damaged/);
    const flipped = field.slice();
    flipped[100]! ^= 4;
    expect(reading({ 'field.bin': flipped })).toThrow(/checksum/);
    const huge = { ...manifest, levels: [{ ...manifest.levels[0]!, blocks: 1 << 22 }] };
    expect(reading({ 'manifest.json': json(huge) })).toThrow(/do not fit together/);
    const fewer = { ...manifest, places: 1 };
    expect(reading({ 'manifest.json': json(fewer) })).toThrow(/do not fit together/);
  });

  it('never does anything but decode or say so, with the checksum forged', () => {
    const random = new Random(11);
    let refused = 0;
    for (let round = 0; round < 150; round++) {
      const bytes = field.slice();
      for (let i = random.int(6) + 1; i > 0; i--) bytes[random.int(bytes.length)] = random.int(256);
      const forged: Manifest = structuredClone(manifest);
      forged.field.crc32 = crc32(bytes);
      if (random.chance(0.4)) forged.levels[0]!.blocks += random.int(20) - 10;
      if (random.chance(0.4)) forged.features!.rows += random.int(20) - 10;
      if (random.chance(0.2)) forged.levels[0]!.limit = 1 + random.int(32767);
      try {
        reading({ 'field.bin': bytes, 'manifest.json': json(forged) })();
      } catch (error) {
        expect(error).toBeInstanceOf(FeltmapError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(20);
  });
});
