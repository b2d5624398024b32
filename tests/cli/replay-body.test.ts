import { EventEmitter } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { McapBagWriter } from '../../src/bags/mcap-writer.js';
import { replay } from '../../src/cli/replay.js';
import type { ReplaySummary } from '../../src/cli/replay-summary.js';
import { formatTum } from '../../src/export/tum.js';
import { compose, exp, inverse, type Pose } from '../../src/geometry/se3.js';
import type { RunReport } from '../../src/export/report-types.js';
import { simulate } from '../../src/sim/index.js';

/** A LiDAR that is swung about, half a metre before and over the body. */
const simulation = simulate({ world: 'quad', beams: 32, columns: 512, seed: 5, duration: 6 });
const T_base_lidar = exp([0.5, 0, 0.4, 0, 0.15, 0]);
const T_lidar_base = inverse(T_base_lidar);
let dir = '';
let [bag, ofBase] = ['', ''];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'feltmap-body-'));
  [bag, ofBase] = [join(dir, 'swung.mcap'), join(dir, 'base.tum')];
  const writer = await McapBagWriter.create(bag);
  const start = { stampNs: simulation.startNs, frameId: 'base_link', childFrameId: 'lidar' };
  await writer.writeTransforms([{ ...start, transform: T_base_lidar }], true);
  const truth: Pose[] = simulation.odomPoses();
  let k = 0;
  for (const scan of simulation.scans()) {
    await writer.writeOdometry('/truth_of_lidar', {
      stampNs: scan.stampNs,
      frameId: 'world',
      childFrameId: 'lidar',
      pose: truth[k++]!,
      poseCovariance: new Float64Array(36),
      twist: new Float64Array(6),
      twistCovariance: new Float64Array(36),
    });
    await writer.writeScan('/points', { ...scan, frameId: 'lidar' });
  }
  await writer.close();
  const poses = truth.map((T) => compose(T, T_lidar_base));
  await writeFile(ofBase, formatTum({ stampsNs: simulation.stamps(), poses }));
});
afterAll(() => rm(dir, { recursive: true }));

async function run(gt: string, baseFrame?: string): Promise<ReplaySummary> {
  const stdout: string[] = [];
  await replay(
    bag,
    {
      out: join(dir, `out-${baseFrame ?? 'default'}`),
      set: ['engine=wasm', 'map.memoryMiB=768'],
      threads: 1,
      maxLost: 5,
      json: true,
      gt,
      ...(baseFrame !== undefined && { baseFrame }),
    },
    {
      factoryUrl: new URL('../../dist/slam/create.js', import.meta.url).href,
      stdout: { write: (text) => stdout.push(text) },
      stderr: { write: () => true },
      signals: new EventEmitter(),
    },
  );
  return JSON.parse(stdout.join('')) as ReplaySummary;
}

it('writes poses of base_link from a LiDAR alone: its truth agrees, and so does one that says it is of the LiDAR', async () => {
  const { poseFrame, accuracy, warnings, files } = await run(ofBase);
  expect(poseFrame).toBe('base_link');
  expect(accuracy!.ateRmse).toBeLessThan(0.03);
  expect(warnings.join()).not.toMatch(/another point of the body/);
  expect(await readFile(files.trajectory!, 'utf8')).toMatch(/^# poses of base_link$/m);
  expect(await readFile(files.mesh!, 'latin1')).toMatch(/frame of the body at the first scan/);
  const report = JSON.parse(await readFile(files.data!, 'utf8')) as RunReport;
  expect(report.input).toMatchObject({ frameId: 'lidar', bodyFrame: 'base_link' });

  const moved = await run('/truth_of_lidar');
  expect(moved.accuracy!.ateRmse).toBeCloseTo(accuracy!.ateRmse, 9);
}, 120_000);

it('writes those of the LiDAR where that is asked for; a truth of base_link is then told by its lever arm', async () => {
  const { poseFrame, accuracy, warnings, files } = await run(ofBase, 'lidar');
  expect(poseFrame).toBe('lidar');
  expect(await readFile(files.trajectory!, 'utf8')).not.toMatch(/poses of/);
  expect(accuracy!.ateRmse).toBeGreaterThan(0.05);
  const told = warnings.find((warning) => /another point of the body/.test(warning))!;
  const at = /at \(([^)]*)\) m from 'lidar'/.exec(told)![1]!.split(', ').map(Number);
  [3, 7, 11].forEach((k, i) => expect(at[i]).toBeCloseTo(T_lidar_base[k]!, 1));
}, 120_000);
