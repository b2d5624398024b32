import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openScanSource } from '../../../src/bags/source.js';
import type { Pose } from '../../../src/geometry/se3.js';
import { scratchFolder } from '../helpers.js';
import { measured } from './helpers.js';
import { colorFile, confidencePng, depthPng, expectTruth, T, writerIn } from './image-folder.js';

const folder = scratchFolder();
const write = writerIn(folder);

/** A camera as the app writes it, the pose with ARKit's axes: y up, z backwards. */
const camera = (pose: Pose, extra: object = {}) =>
  JSON.stringify({
    ...{ fx: 12, fy: 13, cx: 7.5, cy: 5.5, width: 16, height: 12, blur_score: 90.5, manual_keyframe: false },
    ...Object.fromEntries(
      [...pose].map((v, i) => [`t_${Math.floor(i / 4)}${i % 4}`, i % 4 === 1 || i % 4 === 2 ? -v : v]),
    ),
    ...extra,
  });
const STAMPS = [175400123456, 175400623456];

async function capture(name: string, kind = ''): Promise<string> {
  for (const [k, us] of STAMPS.entries()) {
    write(`${name}/keyframes/depth/${us}.png`, await depthPng(1000 + k));
    write(`${name}/keyframes/confidence/${us}.png`, await confidencePng());
    write(`${name}/keyframes/${kind}cameras/${us}.json`, camera(T(k)));
    write(`${name}/keyframes/${kind}images/${us}.jpg`, await colorFile(k + 1, 'jpeg', [16, 12]));
  }
  write(`${name}/mesh_info.json`, '{}');
  return join(folder, name);
}

describe('Polycam', () => {
  it('reads depth that the phone is sure of, images, stamps and poses', async () => {
    const path = await capture('scan');
    for (const opened of [path, join(path, 'keyframes')]) {
      const source = await openScanSource(opened);
      expect(source.description).toMatch(
        /^Polycam folder .*2 depth images of 16×12, 2 with colour, stamps from their names/,
      );
      const { frames } = await measured(source);
      expect(frames.map((f) => f.stampNs)).toEqual(STAMPS.map((us) => BigInt(us) * 1000n));
      // 16 pixels with f 12 are 8 with f 6.
      expect(frames[0]!.camera).toMatchObject({ width: 8, height: 6, fx: 6, fy: 6.5, cx: 3.5, cy: 2.5 });
      expect(frames[0]!.color!.camera).toMatchObject({ width: 16, fx: 12 });
      expect([...frames[0]!.depth.data.slice(2, 5)]).toEqual([0, 1003, 1004]);
      expectTruth((await source.truth!()).poses, [T(0), T(1)]);
    }
  });

  it('prefers the cameras that were found together; tells images without one', async () => {
    const path = await capture('both', 'corrected_');
    for (const us of STAMPS) write(`both/keyframes/cameras/${us}.json`, camera(T(5), { fx: 24 }));
    write('both/keyframes/depth/175400999999.png', await depthPng(1000));
    const source = await openScanSource(path);
    const { frames } = await measured(source);
    expect(frames).toHaveLength(2);
    expect(frames[0]!.camera.fx).toBe(6);
    expectTruth((await source.truth!()).poses, [T(0), T(1)]);
    expect(source.warnings.join()).toMatch(/1 of the 3 depth images .* no file in corrected_cameras\//);
  });

  it('names a camera of nonsense', async () => {
    const path = await capture('bad');
    write(`bad/keyframes/cameras/${STAMPS[0]}.json`, '{"fx": 12}');
    await expect(openScanSource(path)).rejects.toThrow(/json has no fx, fy, cx, cy, width, height/);
  });
});
