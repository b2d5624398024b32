import { describe, expect, it } from 'vitest';
import { crc32 } from 'node:zlib';
import { FINE_LIMIT } from '../../../src/field/saved/distance-layer.js';
import { FEATURE_STEP } from '../../../src/field/saved/features-layer.js';
import { readManifest, writeManifest, type Manifest } from '../../../src/field/saved/manifest.js';
import { weightClass } from '../../../src/field/saved/quantise.js';
import { encodeSavedMap, openSavedMap } from '../../../src/field/saved/saved-map.js';
import { FeltmapError } from '../../../src/geometry/errors.js';
import { Random } from '../../../src/geometry/random.js';
import { exp } from '../../../src/geometry/se3.js';
import { content, features, floor, layerFile, TRUNCATION, VOXEL, type Blocks } from './content.js';

const grid = (files: ReadonlyMap<string, Uint8Array>) => openSavedMap(files).submaps[0]!.grids[0]!;

/** Everything that a saved map holds, copied out. */
function unpack(files: ReadonlyMap<string, Uint8Array>): unknown {
  const map = openSavedMap(files);
  const unpackGrid = (saved: (typeof map.submaps)[0]['grids'][0]) => {
    const { spec, layers } = saved.content();
    const f = layers.features;
    const blocks = (coords: Int32Array): number[] => Array.from({ length: coords.length / 3 }, (_, n) => n);
    const distance = layers.distance?.map((level) => ({
      coords: level.coords,
      corners: blocks(level.coords).map((n) =>
        crc32(Uint8Array.from(new Uint8Array(level.corners(n).slice().buffer))),
      ),
    }));
    const rows = f && blocks(f.coords).flatMap((n) => [...f.rows(n)]);
    const values = f && rows!.filter((row) => row > 0).map((row) => [...f.features(row)]);
    return { spec, distance, rows, values, coords: f?.coords, decoder: f?.decoder };
  };
  const submaps = map.submaps.map(({ id, T_world_submap, grids, places }) => ({
    id,
    T_world_submap,
    places: places(),
    grids: grids.map(unpackGrid),
  }));
  return { ...map, submaps };
}

/** What a corner was, by place. */
function cornersOf({ coords, data }: Blocks): Map<string, [number, number]> {
  const corners = new Map<string, [number, number]>();
  for (let b = 0; b < coords.length / 3; b++)
    for (let i = 0; i < 512; i++) {
      const weight = data[(b * 512 + i) * 2 + 1]!;
      if (weight > 0)
        corners.set(`${coords.subarray(b * 3, b * 3 + 3).join()},${i}`, [data[(b * 512 + i) * 2]!, weight]);
    }
  return corners;
}

describe('saved map', () => {
  it('keeps every corner within half a step, and its weight within its class', () => {
    const blocks = floor(7);
    const files = encodeSavedMap(content(blocks));
    const saved = grid(files);
    const level = saved.content().layers.distance![0]!;
    const was = cornersOf(blocks);
    let seen = 0;
    for (let n = 0; n < level.coords.length / 3; n++) {
      const pairs = level.corners(n);
      for (let i = 0; i < 512; i++) {
        const before = was.get(`${level.coords.subarray(n * 3, n * 3 + 3).join()},${i}`);
        expect(pairs[2 * i + 1]! > 0).toBe(before !== undefined);
        if (!before) continue;
        seen++;
        expect(Math.abs(pairs[2 * i]! - before[0])).toBeLessThanOrEqual(TRUNCATION / FINE_LIMIT / 2 + 1e-6);
        expect(weightClass(pairs[2 * i + 1]!)).toBe(weightClass(before[1]));
      }
    }
    expect(seen).toBe(was.size);
    expect(saved.sizes.distance!.corners[0]).toBe(was.size);
    expect(saved.spec).toEqual(content().submaps[0]!.grids[0]!.spec);
  });

  it('keeps features to their step, the decoder and the places', () => {
    const files = encodeSavedMap(content());
    const was = features(8);
    const saved = grid(files).content().layers.features!;
    expect(saved.decoder).toEqual(was.decoder);
    expect([...saved.coords]).toEqual([1, 0, -2, -3, 5, 0]); // z −2, then z 0
    for (const block of [0, 1]) {
      const [now, before] = [saved.rows(block).slice(), was.rows(block)];
      for (let i = 0; i < 512; i++) {
        expect(now[i]! > 0).toBe(before[i]! > 0);
        if (now[i] === 0) continue;
        const values = saved.features(now[i]!);
        was
          .features(before[i]!)
          .forEach((value, k) =>
            expect(Math.abs(values[k]! - value)).toBeLessThanOrEqual(FEATURE_STEP / 2 + 1e-7),
          );
      }
    }
    const [, place] = openSavedMap(files).submaps[0]!.places();
    exp([4, 5, 6, 1, 0.5, -2]).forEach((v, i) => expect(place![i]).toBeCloseTo(v, 5));
  });

  it('keeps several submaps with several grids apart', () => {
    const { submaps, ...rest } = content();
    const [first] = submaps;
    const second = content(floor(11, 2), false).submaps[0]!;
    const T_world_submap = exp([5, 0, 0, 0, 0, 1]);
    const map = {
      ...rest,
      submaps: [first!, { ...second, id: 7, T_world_submap, grids: [...second.grids, ...first!.grids] }],
    };
    const opened = openSavedMap(encodeSavedMap(map));
    expect(opened.submaps.map(({ id, grids }) => [id, grids.length])).toEqual([
      [0, 1],
      [7, 2],
    ]);
    T_world_submap.forEach((v, i) => expect(opened.submaps[1]!.T_world_submap[i]).toBeCloseTo(v, 12));
    const blocks = opened.submaps.map(({ grids }) =>
      grids.map((g) => g.content().layers.distance![0]!.coords.length / 3),
    );
    expect(blocks).toEqual([[72], [32, 72]]);
    expect(Object.keys(opened.submaps[1]!.grids[0]!.sizes)).toEqual(['distance']);
  });

  it('is small: the noise is all that costs', () => {
    const blocks = floor(9, 8);
    const smooth = { ...blocks, data: blocks.data.map((v, i) => (i % 2 ? (v > 0 ? 3 : 0) : v)) };
    const files = encodeSavedMap(content(smooth, false));
    // 5 mm noise in 4.8 mm steps has log2(5/4.8·√(2πe)) = 2.1 bits, 5 % random holes 0.3 bits.
    expect(
      (files.get(layerFile(files, 'distance'))!.length * 8) / grid(files).sizes.distance!.corners[0]!,
    ).toBeLessThan(3.6);
  });

  it('gives the same bytes whatever the order of blocks, and for an empty map', () => {
    const blocks = floor(7);
    const turned = { coords: new Int32Array(blocks.coords), data: new Float32Array(blocks.data) };
    const count = blocks.coords.length / 3;
    for (let n = 0; n < count; n++) {
      const from = count - 1 - n;
      turned.coords.set(blocks.coords.subarray(from * 3, from * 3 + 3), n * 3);
      turned.data.set(blocks.data.subarray(from * 1024, from * 1024 + 1024), n * 1024);
    }
    expect(encodeSavedMap(content(turned))).toEqual(encodeSavedMap(content(blocks)));
    const empty = encodeSavedMap(content({ coords: new Int32Array(0), data: new Float32Array(0) }));
    expect(grid(empty).content().layers.distance![0]!.coords).toHaveLength(0);
    expect(readManifest(empty).submaps[0]!.grids[0]!.bounds).toBeNull();
  });

  it('states the extent of its finest blocks', () => {
    const { bounds } = readManifest(encodeSavedMap(content())).submaps[0]!.grids[0]!;
    const edge = 3 * 8 * VOXEL;
    expect(bounds!.min[0]).toBeCloseTo(-edge, 9);
    expect(bounds!.max[1]).toBeCloseTo(edge, 9);
  });
});

describe('layers that this program does not know', () => {
  const files = encodeSavedMap(content());
  const withLayer = (changes: object, at = 1): Map<string, Uint8Array> => {
    const manifest = structuredClone(readManifest(files));
    Object.assign(manifest.submaps[0]!.grids[0]!.layers[at]!, changes);
    return new Map(files).set('manifest.json', writeManifest(manifest));
  };

  it('are left out with a warning where the map is whole without them', () => {
    const map = openSavedMap(withLayer({ name: 'touch' }));
    expect(map.warnings.join()).toMatch(/layer "touch" .*left out/);
    expect(Object.keys(map.submaps[0]!.grids[0]!.content().layers)).toEqual(['distance']);
    expect(openSavedMap(withLayer({ coding: 2 })).warnings.join()).toMatch(/layer "features" \(coding 2\)/);
    expect(openSavedMap(files).warnings).toEqual([]);
  });

  it('are refused where it is not', () => {
    for (const name of ['touch', 'constructor', '__proto__'])
      expect(() => openSavedMap(withLayer({ name, required: true }))).toThrow(
        /cannot be read without.*newer/,
      );
    expect(() => openSavedMap(withLayer({ coding: 2 }, 0))).toThrow(FeltmapError);
  });

  it('may not appear twice', () => {
    expect(() => openSavedMap(withLayer({ name: 'distance' }))).toThrow(
      /damaged at "submaps.0.grids.0.layers"/,
    );
  });
});

describe('a saved map that is not what it claims to be', () => {
  const files = encodeSavedMap(content(floor(7, 1)));
  const whole = unpack(files);
  const manifest = readManifest(files);
  const reading = (changes: Record<string, Uint8Array | undefined>): (() => unknown) => {
    const changed = new Map(files);
    for (const [name, bytes] of Object.entries(changes)) if (bytes) changed.set(name, bytes); else changed.delete(name); // prettier-ignore
    return () => unpack(changed);
  };
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const forged = (change: (m: Manifest) => void): Uint8Array => {
    const m = structuredClone(manifest);
    change(m);
    return writeManifest(m);
  };
  const level = (m: Manifest) =>
    (m.submaps[0]!.grids[0]!.layers[0]!.parameters as { levels: { blocks: number; limit: number }[] })
      .levels[0]!;

  it('says in one sentence what is wrong', () => {
    const DISTANCE = layerFile(files, 'distance');
    const data = files.get(DISTANCE)!;
    expect(reading({ 'manifest.json': undefined })).toThrow(/no manifest\.json/);
    expect(reading({ [DISTANCE]: undefined })).toThrow(/no submap-0\.grid-0\.distance\.[0-9a-f]{8}\.bin/);
    expect(reading({ [DISTANCE]: data.subarray(0, 100) })).toThrow(/has 100 bytes instead of/);
    expect(reading({ 'manifest.json': Uint8Array.of(0xff, 0xfe) })).toThrow(/no JSON/);
    expect(reading({ 'manifest.json': json({ ...manifest, version: 3 }) })).toThrow(/version 3.*use a newer/);
    expect(reading({ 'manifest.json': json([]) })).toThrow(/damaged at "format"/);
    expect(reading({ 'manifest.json': json(manifest) })).toThrow(/damaged at "crc32"/);
    expect(reading({ 'manifest.json': forged((m) => (m.last.T_submap_sensor = [1])) })).toThrow(
      /damaged at "last\.T_submap_sensor"/,
    );
    const flipped = data.slice();
    flipped[100]! ^= 4;
    expect(reading({ [DISTANCE]: flipped })).toThrow(/checksum/);
    expect(reading({ 'manifest.json': forged((m) => (level(m).blocks = 1 << 22)) })).toThrow(
      /do not fit together/,
    );
    expect(reading({ 'manifest.json': forged((m) => (level(m).blocks = -1)) })).toThrow(
      /damaged at "distance\.parameters\.levels\.0\.blocks"/,
    );
    expect(reading({ 'manifest.json': forged((m) => (m.submaps[0]!.places.count = 1)) })).toThrow(
      /do not fit together/,
    );
  });

  it('gives an error or the same map for every cut and every flipped bit of the manifest', () => {
    const bytes = files.get('manifest.json')!;
    let refused = 0;
    const check = (changed: Uint8Array): void => {
      let opened: unknown;
      const map = new Map(files).set('manifest.json', changed);
      try {
        opened = readManifest(map);
      } catch (error) {
        if (!(error instanceof FeltmapError)) throw error;
        refused++;
        return;
      }
      expect(opened).toEqual(manifest);
    };
    for (let cut = 0; cut < bytes.length; cut++) check(bytes.subarray(0, cut));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = bytes.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      check(changed);
    }
    expect(refused).toBeGreaterThan(bytes.length * 8);
  });

  it('gives an error for cut and flipped data', () => {
    const random = new Random(4);
    for (const [name, bytes] of files) {
      if (name === 'manifest.json') continue;
      for (let round = 0; round < 60; round++) {
        const changed = bytes.slice();
        changed[random.int(bytes.length)]! ^= 1 << random.int(8);
        expect(reading({ [name]: changed })).toThrow(FeltmapError);
        expect(reading({ [name]: bytes.subarray(0, random.int(bytes.length)) })).toThrow(FeltmapError);
      }
    }
    expect(unpack(files)).toEqual(whole);
  });

  it('never does anything but unpack or say so, with the checksums forged', () => {
    const random = new Random(11);
    let refused = 0;
    for (let round = 0; round < 150; round++) {
      const names = [...files.keys()].filter((name) => name !== 'manifest.json');
      const name = names[random.int(names.length)]!;
      const bytes = files.get(name)!.slice();
      for (let i = random.int(6) + 1; i > 0; i--) bytes[random.int(bytes.length)] = random.int(256);
      const changed = forged((m) => {
        const { places, grids } = m.submaps[0]!;
        for (const { file } of [places, ...grids[0]!.layers])
          if (file.name === name) file.crc32 = crc32(bytes);
        const f = grids[0]!.layers[1]!.parameters as { rows: number };
        if (random.chance(0.4)) level(m).blocks += random.int(20) - 10;
        if (random.chance(0.4)) f.rows += random.int(20) - 10;
        if (random.chance(0.2)) level(m).limit = 1 + random.int(32767);
      });
      try {
        reading({ [name]: bytes, 'manifest.json': changed })();
      } catch (error) {
        expect(error).toBeInstanceOf(FeltmapError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(20);
  });
});
