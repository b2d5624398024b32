import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSceneCamera } from '../../../src/bags/camera/scene-camera.js';
import { openScanSource } from '../../../src/bags/source.js';
import { inverse } from '../../../src/geometry/se3.js';
import { scratchFolder } from '../helpers.js';
import { measured } from './helpers.js';
import { colorFile, depthPng, expectTruth, T, writerIn } from './image-folder.js';

const folder = scratchFolder();
const write = writerIn(folder);

/** A camera of BOP: its pose is that of the world in the camera, in millimetres. */
function entry(k: number, cx = 3.5): object {
  const m = [...inverse(T(k))];
  return {
    cam_K: [570, 0, cx, 0, 571, 2.5, 0, 0, 1],
    depth_scale: 0.1,
    cam_R_w2c: [0, 1, 2].flatMap((i) => m.slice(4 * i, 4 * i + 3)),
    cam_t_w2c: [3, 7, 11].map((i) => 1000 * m[i]!),
  };
}

describe('scene_camera.json of BOP', () => {
  it('gives intrinsics, tenths of a millimetre and poses', async () => {
    for (const k of [2, 3]) {
      write(`bop/depth/00000${k}.png`, await depthPng(9000));
      write(`bop/gray/00000${k}.png`, await colorFile(k));
    }
    write('bop/scene_camera.json', JSON.stringify({ 2: entry(2), 3: entry(3) }));
    const source = await openScanSource(join(folder, 'bop'));
    expect(source.description).toMatch(/^BOP folder .*2 with colour/);
    const { frames } = await measured(source);
    expect(frames[0]!.depth.scale).toBeCloseTo(1e-4, 12);
    expect(frames[0]!.camera).toMatchObject({ fx: 570, fy: 571, cx: 3.5, cy: 2.5, width: 8, height: 6 });
    expectTruth((await source.truth!()).poses, [T(2), T(3)]);
    expect(source.warnings.join()).not.toMatch(/of their own/);
  });

  it('tells of images with cameras of their own, and does without poses', async () => {
    write(
      'own/scene_camera.json',
      JSON.stringify({ 0: { ...entry(0), cam_R_w2c: undefined }, 1: { ...entry(1, 7), cam_R_w2c: [] } }),
    );
    write('own/depth/000000.png', await depthPng(9000));
    const source = await openScanSource(join(folder, 'own'));
    expect(source.warnings.join()).toMatch(/scene_camera\.json gives 1 images a camera of their own/);
    expect(source.truth).toBeUndefined();
  });

  it.each(['[]', '{}', '{"0": {"cam_K": [1, 2]}}', '{"0": null}'])('refuses %s', async (text) => {
    write('bad/scene_camera.json', text);
    await expect(readSceneCamera(join(folder, 'bad'))).rejects.toThrow(/no camera with a cam_K of 9 numbers/);
  });
});
