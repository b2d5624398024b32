import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recogniseBin } from '../../src/bags/bin-recognition.js';
import { openScanSource } from '../../src/bags/source.js';
import { collect, random, scratchFolder } from './helpers.js';

const folder = scratchFolder();
type Column = (i: number) => number;
const LASERS = 16;
const TURN = 180;

/** A turn of 16 lasers in a hall, firing after firing; intensity, ring, time within the turn. */
const point = (i: number): readonly [number, number, number] => {
  const [azimuth, elevation] = [(2 * Math.PI * Math.floor(i / LASERS)) / TURN, ((i % LASERS) - 7.5) * 0.035];
  const range = Math.min(12 / Math.max(Math.abs(Math.cos(azimuth)), Math.abs(Math.sin(azimuth))), 30);
  return [range * Math.cos(azimuth), range * Math.sin(azimuth), range * Math.tan(elevation)];
};
const XYZ: readonly Column[] = [0, 1, 2].map((axis) => (i: number) => point(i)[axis]!);
const intensity: Column = (i) => (i * 37) % 256;
const ring: Column = (i) => i % LASERS;
const time: Column = (i) => (0.1 * Math.floor(i / LASERS)) / TURN;

/** A folder of three scans of `count` points. */
function scans(name: string, columns: readonly Column[], count: number, doubles = false): string[] {
  const dir = join(folder, name);
  mkdirSync(dir, { recursive: true });
  return [0, 1, 2].map((k) => {
    const values = Array.from({ length: count + 16 * k }, (_, i) =>
      columns.map((column) => column(i)),
    ).flat();
    const array = doubles ? Float64Array.from(values) : Float32Array.from(values);
    const path = join(dir, `1700000000${k}00000.bin`);
    writeFileSync(path, new Uint8Array(array.buffer));
    return path;
  });
}

describe('recognition of .bin files', () => {
  // 2880 points of 20 or 24 bytes, too, are whole numbers of points of 16: sizes alone do not tell.
  const layouts: [string, readonly Column[], boolean, string | undefined][] = [
    ['four', [...XYZ, intensity], false, undefined],
    ['three', XYZ, false, 'x,y,z'],
    ['five', [...XYZ, intensity, ring], false, 'x,y,z,intensity,ring'],
    ['six', [...XYZ, intensity, ring, time], false, 'x,y,z,intensity,ring,time'],
    ['six, other order', [...XYZ, intensity, time, ring], false, 'x,y,z,intensity,time,ring'],
    ['intensity first', [intensity, ...XYZ], false, 'intensity,x,y,z'],
    ['intensity first, to 1', [(i) => intensity(i) / 255, ...XYZ], false, 'intensity,x,y,z'],
    ['intensity first, all alike', [() => 0.5, ...XYZ], false, 'intensity,x,y,z'],
    // Ahead of the sensor only, as KITTI's objects are cut: x is never negative.
    [
      'ahead only',
      [(i) => Math.abs(point(i)[0]), ...XYZ.slice(1), (i) => intensity(i) / 255],
      false,
      undefined,
    ],
    // Doppler velocities are negative, too, but x is no intensity.
    [
      'ahead only, with velocity',
      [(i) => Math.abs(point(i)[0]), ...XYZ.slice(1), (i) => Math.sin(i)],
      false,
      undefined,
    ],
    ['doubles', [...XYZ, intensity], true, 'x:f64,y:f64,z:f64,intensity:f64'],
  ];
  for (const [name, columns, doubles, text] of layouts)
    it(`${name}`, async () => {
      const found = await recogniseBin(folder, scans(name, columns, 2880, doubles));
      expect(found?.text).toBe(text);
    });

  /** Files of 2880 points, written value by value: x, y, z as float32, then what `more` writes. */
  function mixed(
    name: string,
    bytes: number,
    more: (view: DataView, at: number, i: number) => void,
  ): string[] {
    const dir = join(folder, name);
    mkdirSync(dir, { recursive: true });
    return [0, 1, 2].map((k) => {
      const view = new DataView(new ArrayBuffer(2880 * bytes));
      for (let i = 0; i < 2880; i++) {
        point(i).forEach((v, axis) => view.setFloat32(i * bytes + 4 * axis, v, true));
        more(view, i * bytes + 12, i);
      }
      const path = join(dir, `${k}.bin`);
      writeFileSync(path, new Uint8Array(view.buffer));
      return path;
    });
  }

  // 2880 points of any of these are whole numbers of points of 16 bytes, too.
  it.each([
    [13, 'x,y,z,intensity:u8', (v: DataView, at: number, i: number) => v.setUint8(at, intensity(i))],
    [
      14,
      'x,y,z,intensity:u16',
      (v: DataView, at: number, i: number) => v.setUint16(at, 9 * intensity(i), true),
    ],
    [
      18,
      'x,y,z,intensity,ring:u16',
      (v: DataView, at: number, i: number) => {
        v.setFloat32(at, intensity(i), true);
        v.setUint16(at + 4, ring(i), true);
      },
    ],
    [
      22,
      'x,y,z,intensity,ring:u16,time',
      (v: DataView, at: number, i: number) => {
        v.setFloat32(at, intensity(i), true);
        v.setUint16(at + 4, ring(i), true);
        v.setFloat32(at + 6, time(i), true);
      },
    ],
  ] as const)('whole numbers among floats, %i bytes', async (bytes, text, more) => {
    expect((await recogniseBin(folder, mixed(`mixed${bytes}`, bytes, more)))?.text).toBe(text);
  });

  it('what cannot be coordinates is refused, though the sizes allow it: the other order of bytes', async () => {
    const paths = mixed('big', 16, (view, at, i) => {
      for (let axis = 0; axis < 3; axis++) view.setFloat32(at - 12 + 4 * axis, point(i)[axis]!, false);
    });
    await expect(recogniseBin(folder, paths)).rejects.toThrow(/cannot be told.*--layout/s);
  });

  it('points in no order are taken for the usual ones where the sizes allow it, else refused', async () => {
    const r = random(4);
    const noise: Column = () => 40 * (r() - 0.5);
    expect(await recogniseBin(folder, scans('noise4', [noise, noise, noise, noise], 1000))).toBeUndefined();
    const paths = scans('noise5', [noise, noise, noise, noise, noise], 1001);
    await expect(recogniseBin(folder, paths)).rejects.toThrow(/cannot be told.*--layout/s);
  });

  it('a folder is read as recognised, and says so', async () => {
    scans('told', [...XYZ, intensity, ring, time], 2880);
    const source = await openScanSource(join(folder, 'told'));
    const [first, ...others] = await collect(source.scans());
    expect(others).toHaveLength(2);
    expect([first!.count, first!.timing, first!.rings![5]]).toEqual([2880, 'field', 5]);
    expect(source.warnings.join('\n')).toMatch(/points of 24 bytes.*read as x,y,z,intensity,ring,time/);
  });

  it('what the user says counts', async () => {
    scans('named', [...XYZ, intensity, ring], 2880);
    const source = await openScanSource(join(folder, 'named'), { layout: 'x,y,z,_,channel' });
    const [first] = await collect(source.scans());
    expect([first!.intensities, first!.rings![5], source.warnings.length]).toEqual([undefined, 5, 1]);
  });
});
