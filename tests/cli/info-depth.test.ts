import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectInfo, describeInfo } from '../../src/cli/info.js';
import { lookAtDepth } from '../../src/cli/info-depth.js';
import { Random } from '../../src/geometry/random.js';
import { scratchFolder } from '../bags/helpers.js';
import { png16 } from '../images/helpers.js';
import { depthOf, pinhole, plane } from '../sensors/camera/scene.js';

const folder = scratchFolder();
const CAMERA = pinhole(320, 240);

/** A folder of a slanted wall, 2 to 4 m away, with noise that grows by `b`. */
async function wall(name: string, b: number): Promise<string> {
  const path = join(folder, name);
  mkdirSync(join(path, 'depth'), { recursive: true });
  writeFileSync(join(path, 'intrinsics.txt'), [CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy].join(' '));
  const random = new Random(name);
  for (let k = 0; k < 3; k++) {
    const z = depthOf(
      CAMERA,
      plane([0.5, 0, 1], 2.7),
      (d) => d + (0.0012 + b * (d - 0.4) ** 2) * random.normal(),
    );
    const words = Uint16Array.from(z, (d) => Math.round(1000 * d));
    const image = await png16(words, CAMERA.width, CAMERA.height);
    writeFileSync(join(path, 'depth', `${k}.png`), image);
  }
  return path;
}

describe('lookAtDepth', () => {
  it("tells what a camera's images show, and a structured-light camera's where they show no more", async () => {
    expect((await lookAtDepth(await wall('noisy', 0.008), {}))!.noise).toMatch(
      /^σ\(z\) = 1\.2 mm \+ (7\.[6-9]|8\.[0-4]) mm·\(z − 0\.4 m\)²$/,
    );
    const usual = (await lookAtDepth(await wall('usual', 0.0015), {}))!;
    expect(usual.noise).toBe('σ(z) = 1.2 mm + 1.9 mm·(z − 0.4 m)²');
    // The wall x/2 + z = 2.7 m is 2.7 m away in the middle column; nearly all of it lies between those at the edges.
    expect(usual.reach).toMatch(/^half of it within 2\.7 m, 95 % within 3\.\d m$/);
    expect(usual.note).toBeUndefined();
  });

  it('stands with the camera in feltmap info', async () => {
    const info = await collectInfo(await wall('info', 0.008));
    expect(describeInfo(info)).toMatch(
      /depth camera .*\n +depth .*\n +colour +none\n +reach +half of it within 2\.7 m.*\n +noise +σ\(z\) = 1\.2 mm/,
    );
  });

  it('says nothing where no frame can be read', async () => {
    const path = await wall('broken', 0.002);
    for (let k = 0; k < 3; k++) writeFileSync(join(path, 'depth', `${k}.png`), 'no image');
    expect(await lookAtDepth(path, {})).toBeUndefined();
  });
});
