import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readManifest } from '../../../src/field/saved/manifest.js';
import { encodeSavedMap, openSavedMap } from '../../../src/field/saved/saved-map.js';
import { FeltmapError } from '../../../src/geometry/errors.js';
import { Random } from '../../../src/geometry/random.js';
import { layerFile } from './content.js';

const folder = new URL('../../fixtures/saved-map-v1/', import.meta.url);
const files = new Map(
  ['manifest.json', 'field.bin'].map((name) => [name, new Uint8Array(readFileSync(new URL(name, folder)))]),
);
const sum = (values: ArrayBufferView): number =>
  crc32(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));

describe('a map of version 1', () => {
  const map = openSavedMap(files);
  const grid = map.submaps[0]!.grids[0]!;
  const { distance, features } = grid.content().layers;

  // Checksums of what the program that wrote version 1 read from the same files.
  it('holds the values that the program of its time read', () => {
    expect(map).toMatchObject({ sensor: 'lidar', frame: 'lidar', scans: 4, warnings: [] });
    expect(grid.spec).toMatchObject({ voxel: 0.5, truncation: 1, pyramid: [4, 8] });
    expect(distance!.map(({ coords }) => sum(coords))).toEqual([334560719, 1927393794, 2893729140]);
    const pairs = distance!.map(({ coords, corners }) => {
      const all = new Float32Array((coords.length / 3) * 1024);
      for (let n = 0; n < coords.length / 3; n++) all.set(corners(n), n * 1024);
      return sum(all);
    });
    expect(pairs).toEqual([1645767068, 2632493911, 1938670276]);
    const f = features!;
    const rowOf = new Int32Array((f.coords.length / 3) * 512);
    for (let n = 0; n < f.coords.length / 3; n++) rowOf.set(f.rows(n), n * 512);
    const rows = new Float32Array(1608 * 8);
    for (let row = 1; row <= 1608; row++) rows.set(f.features(row), (row - 1) * 8);
    expect([sum(f.coords), sum(rowOf), sum(rows), sum(f.decoder)]).toEqual([
      1758086046, 2876698558, 3297691705, 2846250371,
    ]);
    expect(map.submaps[0]!.places()).toHaveLength(1);
  });

  it('has the same layer bytes when it is saved as version 2', () => {
    const { sensor, frame, scans, last, submaps } = map;
    const { id, T_world_submap, places } = submaps[0]!;
    const saved = encodeSavedMap({
      sensor,
      frame,
      scans,
      last,
      submaps: [{ id, T_world_submap, places: places(), grids: [grid.content()] }],
    });
    const field = files.get('field.bin')!;
    const distances = saved.get(layerFile(saved, 'distance'))!;
    const learned = saved.get(layerFile(saved, 'features'))!;
    expect(distances.length + learned.length + 24).toBe(field.length);
    expect(distances).toEqual(field.slice(0, distances.length));
    expect(learned).toEqual(field.slice(distances.length, -24));
    expect(openSavedMap(saved).submaps[0]!.grids[0]!.spec).toEqual(grid.spec);
  });

  it('gives a FeltmapError or a map, however its manifest is damaged', () => {
    const bytes = files.get('manifest.json')!;
    const random = new Random(2);
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const changed = bytes.slice(0, round % 4 ? undefined : random.int(bytes.length));
      for (let i = random.int(3) + 1; i > 0 && changed.length > 0; i--)
        changed[random.int(changed.length)]! ^= 1 << random.int(8);
      try {
        openSavedMap(new Map(files).set('manifest.json', changed)).submaps[0]!.places();
      } catch (error) {
        expect(error).toBeInstanceOf(FeltmapError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(200);
  });

  it('is told apart from its field by size', () => {
    const manifest = JSON.parse(new TextDecoder().decode(files.get('manifest.json'))) as { places: number };
    manifest.places++;
    const forged = new Map(files).set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
    expect(() => readManifest(forged)).toThrow(/do not fit together/);
  });
});
