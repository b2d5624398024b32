import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { openScanSource } from '../../../src/bags/source.js';
import { inverse, transformPoint } from '../../../src/geometry/se3.js';
import { isColorFrame, isScan, type Measurement } from '../../../src/sensors/measurement.js';
import type { ColorFrame } from '../../../src/sensors/camera/frame.js';
import { collect, scratchFolder } from '../helpers.js';

const folder = scratchFolder();

// A calibration with numbers of the size that KITTI's have.
const K = [700, 0, 60, 0, 710, 20, 0, 0, 1];
const P2 = [700, 0, 60, 44, 0, 710, 20, 0.2, 0, 0, 1, 0.003];
const [c, s] = [Math.cos(0.01), Math.sin(0.01)];
const RECT = [c, -s, 0, s, c, 0, 0, 0, 1];
const R = [0, -1, 0, 0, 0, -1, 1, 0, 0]; // camera axes by those of the LiDAR
const T = [0.01, -0.07, -0.27];
const [WIDTH, HEIGHT] = [124, 38];

/** p = P2 · R_rect · (R p + T), as the benchmark projects a point of the LiDAR. */
function project(p: readonly number[], rect: readonly number[]): [number, number] {
  const at = (M: readonly number[], v: readonly number[]): number[] =>
    [0, 1, 2].map((i) => M[3 * i]! * v[0]! + M[3 * i + 1]! * v[1]! + M[3 * i + 2]! * v[2]!);
  const q = at(rect, at(R, p).map((v, i) => v + T[i]!)); // prettier-ignore
  const h = [0, 1, 2].map(
    (i) => P2[4 * i]! * q[0]! + P2[4 * i + 1]! * q[1]! + P2[4 * i + 2]! * q[2]! + P2[4 * i + 3]!,
  );
  return [h[0]! / h[2]!, h[1]! / h[2]!];
}

function write(name: string, content: string | Uint8Array): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
const line = (name: string, values: readonly number[]): string => `${name}: ${values.join(' ')}\n`;

/** Scans and images of one red each, and where their files go. */
async function drive(root: string, scans: string, images: string, digits: number): Promise<void> {
  const ring = Float32Array.from({ length: 400 }, (_, i) => [5, 1, -1, 0.5][i % 4]!);
  for (let k = 0; k < 3; k++) {
    const name = String(k).padStart(digits, '0');
    write(`${root}/${scans}/${name}.bin`, new Uint8Array(ring.buffer));
    const channels = { r: 50 + 10 * k, g: 80, b: 120 };
    const image = sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: channels } });
    write(`${root}/${images}/${name}.png`, await image.png().toBuffer());
  }
}

beforeAll(async () => {
  const stamps = (ms: number): string =>
    [0, 1, 2].map((k) => `2011-09-26 13:04:32.${String(100 * k + 300 + ms).padStart(3, '0')}\n`).join('');
  await drive('day/drive', 'velodyne_points/data', 'image_02/data', 10);
  write('day/drive/velodyne_points/timestamps.txt', stamps(50));
  write('day/drive/image_02/timestamps.txt', stamps(45));
  write('day/calib_cam_to_cam.txt', `calib_time: 09-Jan-2012 13:57:47\n${line('K_02', K)}${line('R_rect_00', RECT)}${line('P_rect_02', P2)}`); // prettier-ignore
  write('day/calib_velo_to_cam.txt', `calib_time: 15-Mar-2012 11:37:16\n${line('R', R)}${line('T', T)}`);
  await drive('seq', 'velodyne', 'image_2', 6);
  write('seq/times.txt', '0.0\n0.1\n0.2\n');
  const Tr = [0, 1, 2].flatMap((i) => [...R.slice(3 * i, 3 * i + 3), T[i]!]);
  write('seq/calib.txt', line('P0', P2) + line('P2', P2) + line('Tr', Tr));
});

const opened = async (name: string, color?: string): Promise<{ all: Measurement[]; warnings: string[] }> => {
  const source = await openScanSource(join(folder, name), color === undefined ? {} : { color });
  const all = await collect(source.measurements());
  await source.close();
  return { all, warnings: [...source.warnings] };
};
const words = (all: readonly Measurement[]): string =>
  all.map((one) => (isScan(one) ? 's' : isColorFrame(one) ? 'c' : '?')).join('');

/** Whether points of the LiDAR fall on the pixels that the benchmark's own formula says. */
function expectProjection({ camera, mount }: ColorFrame, rect: readonly number[]): void {
  for (const p of [[8, 1, -1], [20, -3, 0.5], [5, 0.2, -0.1]] as const) {
    const [x, y, z] = transformPoint(inverse(mount), p[0], p[1], p[2]);
    const [u, v] = project(p, rect);
    expect(camera.fx * (x / z) + camera.cx).toBeCloseTo(u, 6);
    expect(camera.fy * (y / z) + camera.cy).toBeCloseTo(v, 6);
  } // prettier-ignore
}

describe('the left colour camera of KITTI', () => {
  it('raw: images with their stamps, placed as the calibration of the day says', async () => {
    const { all, warnings } = await opened('day/drive');
    expect(words(all)).toBe('scscs');
    expect(warnings.join()).not.toMatch(/colour/);
    const images = all.filter(isColorFrame);
    expect(images.map((one) => one.stampNs % 1_000_000_000n)).toEqual([445_000_000n, 545_000_000n]);
    expect(images.map((one) => one.image.data[0])).toEqual([60, 70]);
    expect(images[0]!.camera).toMatchObject({ width: WIDTH, height: HEIGHT });
    expectProjection(images[0]!, RECT);
    expect(words((await opened('day/drive', 'none')).all)).toBe('sss');
    expect(words((await opened('day/drive/velodyne_points/data')).all)).toBe('scscs');
  });

  it('odometry: one calibration for both', async () => {
    const { all } = await opened('seq');
    expect(words(all)).toBe('scscs');
    expectProjection(all.find(isColorFrame)!, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  it('without any stamps: images and scans of the same number are of the same instant', async () => {
    await drive('day/bare', 'velodyne_points/data', 'image_02/data', 10);
    rmSync(join(folder, 'day/bare/image_02/data/0000000001.png'));
    const { all, warnings } = await opened('day/bare');
    expect(all.filter(isScan).map((one) => one.stampNs)).toEqual([0n, 100_000_000n, 200_000_000n]);
    const images = all.filter(isColorFrame);
    // The first one comes before there is a map.
    expect(images.map((one) => [one.stampNs, one.image.data[0]])).toEqual([[200_000_000n, 70]]);
    expect(warnings.join()).not.toMatch(/colour/);
    // Where the scans have stamps nobody knows when the images were taken.
    write('day/bare/velodyne_points/timestamps.txt', '2011-09-26 13:04:32.3\n'.repeat(3));
    const stamped = await opened('day/bare');
    expect(stamped.all.some(isColorFrame)).toBe(false);
    expect(stamped.warnings).toContainEqual(
      expect.stringMatching(/do not colour the map: .*image_02.timestamps/),
    );
  });

  it('is not used, and that is said, where its calibration is missing or damaged', async () => {
    await drive('alone/drive', 'velodyne_points/data', 'image_02/data', 10);
    write('alone/drive/image_02/timestamps.txt', '2011-09-26 13:04:32.3\n');
    const missing = await opened('alone/drive');
    expect(words(missing.all)).toBe('sss');
    expect(missing.warnings).toContainEqual(
      expect.stringMatching(/image_02.* do not colour the map: .*calib_cam_to_cam\.txt/),
    );
    write('alone/calib_cam_to_cam.txt', line('P_rect_02', P2.slice(1)));
    write('alone/calib_velo_to_cam.txt', line('R', R));
    expect((await opened('alone/drive')).warnings).toContainEqual(
      expect.stringMatching(/calib_cam_to_cam\.txt has no line 'P_rect_02:' with 12 numbers/),
    );
  });
});
