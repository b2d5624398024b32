import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGroundTruth } from '../../../src/bags/ground-truth.js';
import { openScanSource } from '../../../src/bags/source.js';
import { compose, exp, inverse, type Pose } from '../../../src/geometry/se3.js';
import { CAMERA_ON_BODY } from '../../../src/sensors/camera/frame.js';
import { picture, png16 } from '../../images/helpers.js';
import { scratchFolder } from '../helpers.js';
import { measured } from './helpers.js';

const folder = scratchFolder();
const [W, H] = [8, 6];
/** Poses of the optical camera. */
const T = (k: number): Pose => exp([0.1 * k, 0.2, -0.1 * k, 0.05 * k, -0.3, 0.02 * k]);

function write(name: string, content: string | Uint8Array): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** The matrix of OpenGL's camera: its axes y and z are turned around. */
function matrix(pose: Pose): number[][] {
  const turned = compose(pose, Float64Array.of(1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 0));
  return [0, 4, 8].map((row) => Array.from(turned.slice(row, row + 4))).concat([[0, 0, 0, 1]]);
}

async function scene(name: string, frame: (k: number) => Record<string, unknown>, top = {}): Promise<string> {
  for (const k of [1, 2, 10]) {
    write(`${name}/depth/${k}.png`, await png16(new Uint16Array(W * H).fill(1000 + k), W, H));
    write(`${name}/images/${k}.png`, await picture(new Uint8Array(3 * W * H).fill(10 * k), W, H));
  }
  const frames = [10, 2, 1].map((k) => ({ transform_matrix: matrix(T(k)), ...frame(k) }));
  const camera = { fl_x: 9, fl_y: 8, cx: 4, cy: 3, w: W, h: H };
  write(`${name}/transforms.json`, JSON.stringify({ ...camera, ...top, frames }));
  return join(folder, name);
}

describe('transforms.json of nerfstudio and instant-ngp', () => {
  it.each([
    ['names depth', (k: number) => ({ file_path: `images/${k}.png`, depth_file_path: `depth/${k}.png` })],
    ['names colour only', (k: number) => ({ file_path: `./images/${k}.png` })],
  ])('%s: frames in their order, intrinsics, poses in optical axes', async (name, frame) => {
    const path = await scene(name, frame);
    const source = await openScanSource(path);
    const { frames } = await measured(source);
    expect(frames.map((f) => [f.depth.data[0], f.color!.image.data[0]])).toEqual([
      [1001, 10],
      [1002, 20],
      [1010, 100],
    ]);
    // Pixel centres lie at whole numbers here, at halves there.
    expect(frames[0]!.camera).toMatchObject({ fx: 9, fy: 8, cx: 3.5, cy: 2.5, distortion: 'none' });
    expect(frames[0]!.depth.scale).toBe(0.001);
    expect(source.warnings.join()).toMatch(
      /intrinsics from transforms\.json, depth in millimetres, which no file/,
    );
    const truth = await readGroundTruth(path);
    truth.poses.forEach((pose, i) =>
      compose(inverse(T([1, 2, 10][i]!)), compose(pose, CAMERA_ON_BODY)).forEach((v, j) =>
        expect(v).toBeCloseTo(j % 5 === 0 ? 1 : 0, 6),
      ),
    );
    expect(truth.poses).toHaveLength(3);
  });

  it('the unit of depth may be stated; frames with lenses of their own are told; other depth files are named', async () => {
    const frame = (k: number) => ({ file_path: `images/${k}.png`, depth_file_path: `depth/${k}.png` });
    const stated = await openScanSource(await scene('stated', frame, { depth_unit_scale_factor: 0.0005 }));
    expect((await measured(stated)).frames[0]!.depth.scale).toBe(0.0005);
    const zoom = await scene('zoom', (k) => ({ ...frame(k), fl_x: 9 + k }));
    expect((await openScanSource(zoom)).warnings.join()).toMatch(/2 frames|3 frames/);
    const raw = await scene('raw', (k) => ({
      file_path: `images/${k}.png`,
      depth_file_path: `depth/${k}.npy`,
    }));
    await expect(openScanSource(raw)).rejects.toThrow(
      /depth image 1\.npy; depth is read from PNGs of 16 bits/,
    );
    write('raw/transforms.json', '{"fl_x": 9}');
    await expect(openScanSource(raw)).rejects.toThrow(/has no list 'frames'/);
  });

  it('of other people, beside the scans of a LiDAR, are theirs', async () => {
    write('scans/0.bin', new Uint8Array(Float32Array.of(1, 2, 3, 0.5, 2, 3, 4, 0.5).buffer));
    write('scans/transforms.json', '{"T_camera_lidar": [1, 2, 3]}');
    expect((await openScanSource(join(folder, 'scans'))).sensor).toBe('lidar');
  });
});
