import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSensorInfo } from '../../../src/bags/camera/sensor-info.js';
import { openScanSource } from '../../../src/bags/source.js';
import { identity } from '../../../src/geometry/se3.js';
import { scratchFolder } from '../helpers.js';
import { measured } from './helpers.js';
import { colorFile, depthPng, expectTruth, matrix, T, writerIn } from './image-folder.js';

const folder = scratchFolder();
const write = writerIn(folder);
const k = (f: number, cx = 3.5) => `${f} 0 ${cx} 0 0 ${f + 1} ${cx - 1} 0 0 0 1 0 0 0 0 1 `;
const lines = (extra: Record<string, string> = {}) =>
  Object.entries({
    m_versionNumber: '4',
    m_sensorName: 'StructureSensor',
    ...{ m_colorWidth: '16', m_colorHeight: '12', m_depthWidth: '8', m_depthHeight: '6' },
    m_depthShift: '2000',
    m_calibrationColorIntrinsic: k(1160, 7.5),
    m_calibrationColorExtrinsic: '1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1 ',
    m_calibrationDepthIntrinsic: k(582),
    m_calibrationDepthExtrinsic: '1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1 ',
    ...extra,
  })
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');

describe('info.txt of BundleFusion', () => {
  it('gives both cameras, their places and the unit, where 7-Scenes would be taken otherwise', async () => {
    for (const i of [0, 1]) {
      write(`bundle/frame-00000${i}.depth.png`, await depthPng(3000));
      write(`bundle/frame-00000${i}.color.jpg`, await colorFile(i, 'jpeg', [16, 12]));
      write(`bundle/frame-00000${i}.pose.txt`, matrix(T(i)));
    }
    write('bundle/info.txt', lines());
    const source = await openScanSource(join(folder, 'bundle'));
    expect(source.description).toMatch(/^BundleFusion folder .*2 with colour/);
    const [frame] = (await measured(source)).frames;
    expect(frame!.camera).toMatchObject({ fx: 582, fy: 583, cx: 3.5, width: 8 });
    expect(frame!.color!.camera).toMatchObject({ fx: 1160, fy: 1161, width: 16 });
    expect(frame!.color!.T_depth_color).toEqual(identity());
    expect(frame!.depth.scale).toBe(1 / 2000);
    expectTruth((await source.truth!()).poses, [T(0), T(1)]);
    expect(source.warnings.join()).not.toMatch(/7-Scenes gives no calibration/);
  });

  it('places the colour camera by both extrinsics', async () => {
    write(
      'place/_info.txt',
      lines({
        m_calibrationColorExtrinsic: '1 0 0 0.05 0 1 0 0 0 0 1 0 0 0 0 1',
        m_calibrationDepthExtrinsic: '1 0 0 0.02 0 1 0 0 0 0 1 0 0 0 0 1',
      }),
    );
    const info = await readSensorInfo(join(folder, 'place'), ['_info.txt']);
    expect(info!.T_depth_color[3]).toBeCloseTo(0.03, 12);
  });

  it('is no other info.txt, and what is wrong in it is named', async () => {
    write('other/info.txt', 'recorded on Monday\n');
    expect(await readSensorInfo(join(folder, 'other'), ['info.txt'])).toBeUndefined();
    expect(await readSensorInfo(join(folder, 'other'), [])).toBeUndefined();
    write('wrong/info.txt', lines({ m_calibrationDepthIntrinsic: '582 0 3.5' }));
    await expect(readSensorInfo(join(folder, 'wrong'), ['info.txt'])).rejects.toThrow(
      /no matrix of 4×4 for the depth camera/,
    );
  });
});
