import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openScanSource } from '../../../src/bags/source.js';
import { inverse, rotationVector } from '../../../src/geometry/se3.js';
import { scratchFolder } from '../helpers.js';
import { measured } from './helpers.js';
import { colorFile, confidencePng, depthPng, expectTruth, T, writerIn } from './image-folder.js';

const folder = scratchFolder();
const write = writerIn(folder);
const PINCAM = '8 6 6.5 6.25 3.5 2.5';

/** A line of the trajectory: the pose of the world in the camera's frame. */
const line = (k: number): string => {
  const T_camera_world = inverse(T(k));
  const translation = [3, 7, 11].map((i) => T_camera_world[i]);
  return `305.${300 + 100 * k} ${rotationVector(T_camera_world).join(' ')} ${translation.join(' ')}\n`;
};

async function scene(name: string): Promise<string> {
  for (const k of [0, 1, 2]) {
    write(`${name}/lowres_depth/41069021_305.${377 + 17 * k}.png`, await depthPng(1000 + k));
    write(`${name}/lowres_wide_intrinsics/41069021_305.${377 + 17 * k}.pincam`, PINCAM);
  }
  // Names of one instant may differ in their last digit.
  write(`${name}/lowres_wide/41069021_305.378.png`, await colorFile(3));
  write(`${name}/lowres_wide/41069021_305.410.png`, await colorFile(4));
  write(`${name}/confidence/41069021_305.394.png`, await confidencePng());
  write(`${name}/lowres_wide.traj`, line(0) + line(1));
  return join(folder, name);
}

describe('ARKitScenes', () => {
  it('reads depth, what is of the same instant, intrinsics and poses', async () => {
    const source = await openScanSource(await scene('scene'));
    expect(source.description).toMatch(
      /^ARKitScenes folder .*3 depth images of 8×6, 2 with colour, stamps from their names/,
    );
    const { frames } = await measured(source);
    expect(frames.map((f) => f.stampNs)).toEqual([305_377_000_000n, 305_394_000_000n, 305_411_000_000n]);
    expect(frames[0]!.camera).toMatchObject({ width: 8, height: 6, fx: 6.5, fy: 6.25, cx: 3.5, cy: 2.5 });
    expect(frames.map((f) => f.color?.image.data[0])).toEqual([60, undefined, 80]);
    expect(frames.map((f) => f.depth.data[2])).toEqual([1002, 0, 1004]);
    expect(frames[0]!.depth.scale).toBe(0.001);
    const truth = await source.truth!();
    expect(truth.stampsNs).toEqual([305_300_000_000n, 305_400_000_000n]);
    expectTruth(truth.poses, [T(0), T(1)]);
  });

  it('names what is missing or nonsense', async () => {
    const path = await scene('bad');
    write('bad/lowres_wide.traj', '305.3 0 0 0 1 2\n');
    await expect((await openScanSource(path)).truth!()).rejects.toThrow(/traj, line 1: expected a stamp/);
    write('bad/lowres_wide_intrinsics/41069021_305.377.pincam', '8 6 6.5');
    await expect(openScanSource(path)).rejects.toThrow(/pincam does not hold width, height, fx/);
    write('none/lowres_depth/41069021_305.377.png', await depthPng(1000));
    write('none/lowres_wide_intrinsics/readme.txt', '');
    await expect(openScanSource(join(folder, 'none'))).rejects.toThrow(/holds no \.pincam files/);
  });
});
