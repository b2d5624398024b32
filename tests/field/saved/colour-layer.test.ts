import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { colourClass, colourCodec, colourWeight } from '../../../src/field/saved/colour-layer.js';
import type { ColourCorners } from '../../../src/field/saved/content.js';
import { readManifest, writeManifest, type Manifest } from '../../../src/field/saved/manifest.js';
import { encodeSavedMap, openSavedMap } from '../../../src/field/saved/saved-map.js';
import { FeltmapError } from '../../../src/geometry/errors.js';
import { Random } from '../../../src/geometry/random.js';
import { colours, content, floor, layerFile } from './content.js';

const blocks = floor(7);
const files = encodeSavedMap(content(blocks, true, true));
const read = (from: ReadonlyMap<string, Uint8Array>): ColourCorners =>
  openSavedMap(from).submaps[0]!.grids[0]!.content().layers.colour!;

/** The corners that have a colour, by place. */
function byPlace({ coords, corners }: ColourCorners): Map<string, number[]> {
  const out = new Map<string, number[]>();
  for (let block = 0; block * 3 < coords.length; block++) {
    const values = corners(block);
    const place = coords.subarray(3 * block, 3 * block + 3).join();
    for (let i = 0; i < 512; i++)
      if (values[4 * i + 3]) out.set(`${place},${i}`, [...values.subarray(4 * i, 4 * i + 4)]);
  }
  return out;
}

describe('colours of a saved map', () => {
  it('come back on the same corners, rounded to whole levels, weights within a factor of 2^¼', () => {
    const [before, after] = [byPlace(colours(blocks)), byPlace(read(files))];
    expect(before.size).toBeGreaterThan(3000);
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    let [worst, ratio] = [0, 0];
    for (const [place, values] of before) {
      const now = after.get(place)!;
      for (let c = 0; c < 3; c++) worst = Math.max(worst, Math.abs(now[c]! - values[c]!));
      ratio = Math.max(ratio, Math.abs(Math.log2(now[3]! / values[3]!)));
    }
    expect(worst).toBeLessThanOrEqual(128); // half a level
    expect(ratio).toBeLessThanOrEqual(0.27); // 2^¼, and small weights are whole numbers
    const { sizes, spec } = openSavedMap(files).submaps[0]!.grids[0]!;
    expect(sizes.colour!.corners[0]).toBe(before.size);
    expect(spec.layers.at(-1)).toEqual({ name: 'colour', wordsPerCorner: 2, stride: 1 });
  });

  it('are the same when they are saved again', () => {
    const once = colourCodec.encode(colours(blocks), {})!;
    const again = colourCodec.encode(read(files), {})!;
    expect(again.bytes).toEqual(once.bytes);
    for (let weight = 1; weight <= 65_535; weight++) {
      const back = colourWeight(colourClass(weight));
      if (colourClass(back) !== colourClass(weight)) expect.fail(`weight ${weight} becomes ${back}`);
    }
    expect(colourWeight(colourClass(0))).toBe(0);
  });

  it('are small: what is smooth costs little more than its noise', () => {
    const bits = (8 * files.get(layerFile(files, 'colour'))!.length) / byPlace(read(files)).size;
    // Kept as they are they would take 32, and a bit to say where. Three times log2(2.3·√(2πe)) = 3.3 bits are noise, 4 are weights.
    expect(bits).toBeLessThan(20);
  });

  it('hold the whole range of levels', () => {
    const random = new Random(3);
    const coords = Int32Array.of(0, 0, 0, -4, 7, 1);
    const values = Uint16Array.from({ length: 4096 }, (_, i) =>
      i % 4 === 3 ? random.int(2) * (1 + random.int(65_535)) : random.int(65_536),
    );
    const { parameters, bytes } = colourCodec.encode(
      { coords, corners: (b) => values.subarray(b * 2048, b * 2048 + 2048) },
      {},
    )!;
    const back = colourCodec.open(parameters, 1, bytes.length).decode(bytes);
    for (const block of [0, 1]) {
      const now = back.corners(block);
      const was = values.subarray(block * 2048, block * 2048 + 2048);
      const wrong = was.findIndex((v, i) => {
        if (was[i | 3] === 0) return now[i | 3] !== 0;
        return i % 4 < 3 && now[i] !== 256 * Math.min(255, Math.round(v / 256));
      });
      expect(wrong).toBe(-1);
    }
  });

  it('are left out where there are none; maps without them load as before', () => {
    const none = colours(blocks);
    none.values.fill(0);
    expect(colourCodec.encode(none, {})).toBeUndefined();
    const without = openSavedMap(encodeSavedMap(content(blocks)));
    expect(without.submaps[0]!.grids[0]!.content().layers.colour).toBeUndefined();
    expect(without.warnings).toEqual([]);
  });

  const name = layerFile(files, 'colour');
  const bytes = files.get(name)!;
  const forged = (
    data: Uint8Array,
    change: (p: { blocks: number; corners: number }) => void = () => undefined,
  ) => {
    const m: Manifest = structuredClone(readManifest(files));
    const layer = m.submaps[0]!.grids[0]!.layers[2]!;
    Object.assign(layer.file, { crc32: crc32(data), bytes: data.length, to: data.length });
    change(layer.parameters as { blocks: number; corners: number });
    return new Map(files).set(name, data).set('manifest.json', writeManifest(m));
  };

  it('say in one sentence what is wrong with them', () => {
    expect(() => read(new Map(files).set(name, bytes.subarray(0, 50)))).toThrow(/has 50 bytes instead of/);
    const flipped = bytes.slice();
    flipped[60]! ^= 16;
    expect(() => read(new Map(files).set(name, flipped))).toThrow(/checksum/);
    const less = new Map(files);
    less.delete(name);
    expect(() => read(less)).toThrow(/There is no submap-0\.grid-0\.colour/);
    expect(() => read(forged(bytes, (p) => p.corners++))).toThrow(/do not fit together/);
    expect(() => read(forged(bytes, (p) => (p.blocks = 1 << 22)))).toThrow(/do not fit together/);
    expect(() => read(forged(bytes, (p) => (p.blocks = -1)))).toThrow(
      /damaged at "colour\.parameters\.blocks"/,
    );
    expect(() => read(forged(bytes.subarray(0, 50)))).toThrow(FeltmapError);
  });

  it('are unpacked or refused, whatever the bytes', () => {
    const random = new Random(12);
    let refused = 0;
    for (let round = 0; round < 60; round++) {
      const changed = bytes.slice();
      for (let i = random.int(4) + 1; i > 0; i--) changed[random.int(bytes.length)] = random.int(256);
      try {
        read(forged(changed, (p) => (p.blocks += random.int(3) - 1)));
      } catch (error) {
        expect(error).toBeInstanceOf(FeltmapError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(40);
  });
});
