import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openScanSource } from '../../../src/bags/source.js';
import type { Pose } from '../../../src/geometry/se3.js';
import { scratchFolder } from '../helpers.js';
import { measured } from './helpers.js';
import { colorFile, confidencePng, depthPng, expectTruth, T, writerIn } from './image-folder.js';

const folder = scratchFolder();
const write = writerIn(folder);
/** ARKit's axes of a camera: y up, z backwards. */
const arkit = (pose: Pose): number[] => [
  ...[...pose].map((v, i) => (i % 4 === 1 || i % 4 === 2 ? -v : v)),
  0,
  0,
  0,
  1,
];
const json = (k: number, extra: object = {}) =>
  JSON.stringify({
    intrinsics: [12, 0, 7.5, 0, 13, 5.5, 0, 0, 1],
    cameraPoseARFrame: arkit(T(k)),
    time: 700.5 + k / 60,
    ...extra,
  });

describe('3D Scanner App', () => {
  it('reads depth, those colours that there are, times and poses', async () => {
    for (const k of [0, 1, 2]) {
      write(`app/depth_0000${k}.png`, await depthPng(1000 + k));
      write(`app/conf_0000${k}.png`, await confidencePng());
      write(`app/frame_0000${k}.json`, json(k));
    }
    write('app/frame_00000.jpg', await colorFile(2, 'jpeg', [16, 12]));
    const source = await openScanSource(join(folder, 'app'));
    expect(source.description).toMatch(
      /^3D Scanner App folder .*3 depth images.*1 with colour, stamps from frame_/,
    );
    const { frames } = await measured(source);
    expect(frames.map((f) => f.depth.data[5])).toEqual([1005, 1006, 1007]);
    expect(frames.map((f) => f.depth.data[2])).toEqual([0, 0, 0]); // not sure
    expect(frames.map((f) => f.depth.data[3])).toEqual([1003, 1004, 1005]);
    expect(frames[0]!.stampNs).toBe(700_500_000_000n);
    expect(frames[0]!.color!.camera).toMatchObject({ fx: 12, fy: 13, width: 16 });
    // Half the size: half the focal length, and the middle stays the middle.
    expect(frames[0]!.camera).toMatchObject({ fx: 6, fy: 6.5, cx: 3.5, cy: 2.5, width: 8 });
    expect(frames[1]!.color).toBeUndefined();
    expectTruth((await source.truth!()).poses, [T(0), T(1), T(2)]);
  });

  it('goes by numbers where times do not increase, and tells of focal lengths that change', async () => {
    for (const k of [3, 4]) write(`focus/depth_0000${k}.png`, await depthPng(1000));
    const k = (f: number) => [f, 0, 959.5, 0, f, 719.5, 0, 0, 1];
    write('focus/frame_00003.json', json(3, { time: 5, intrinsics: k(1440) }));
    write('focus/frame_00004.json', json(4, { time: 5, intrinsics: k(1460) }));
    const source = await openScanSource(join(folder, 'focus'));
    const { frames } = await measured(source);
    expect(frames.map((f) => f.stampNs)).toEqual([100_000_000n, 133_333_333n]);
    // ARKit's 1920 × 1440 where no image shows another size.
    expect(frames[0]!.camera).toMatchObject({ fx: 6, cx: 3.5, cy: 2.5 });
    expect(source.warnings.join()).toMatch(/gives 1 frames a focal length of their own/);
  });

  it('names a file without intrinsics', async () => {
    write('bad/depth_00000.png', await depthPng(1000));
    write('bad/frame_00000.json', '{"time": 1}');
    await expect(openScanSource(join(folder, 'bad'))).rejects.toThrow(
      /frame_00000\.json has no intrinsics of 9 numbers/,
    );
  });
});
