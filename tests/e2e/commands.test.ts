import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReplaySummary } from '../../src/cli/replay-summary.js';
import { BAG, feltmap } from './feltmap.js';

let dir = '';
let bag = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'feltmap-commands-'));
  bag = join(dir, 'street.mcap');
  const sim = await feltmap(['sim', 'street', '--out', bag, '--duration', '2', '--beams', '16', '--json']);
  expect(sim.status).toBe(0);
  expect(JSON.parse(sim.stdout)).toMatchObject({ scans: 20, interrupted: false });
});
afterAll(() => rm(dir, { recursive: true }));

describe('sim, then replay', () => {
  it('follows the simulated path to centimetres, with the truth from file and from topic', async () => {
    const errors: number[] = [];
    for (const gt of [join(dir, 'street.tum'), '/ground_truth']) {
      const outcome = await feltmap(['replay', bag, '--gt', gt, '--out', join(dir, 'out'), '--json']);
      expect(outcome.status).toBe(0);
      const { accuracy, scans } = JSON.parse(outcome.stdout) as ReplaySummary;
      expect([scans, accuracy!.matched]).toEqual([20, 20]);
      errors.push(accuracy!.ateRmse);
    }
    expect(errors[0]).toBeLessThan(0.05);
    expect(errors[1]).toBeCloseTo(errors[0]!, 6);
  }, 120_000);
});

describe('info and convert', () => {
  it('list a recording and rewrite it without loss', async () => {
    const info = await feltmap(['info', BAG]);
    expect(info.status).toBe(0);
    expect(info.stdout).toMatch(/\/velodyne_points +sensor_msgs\/msg\/PointCloud2 +154 /);

    const copy = join(dir, 'copy.mcap');
    expect((await feltmap(['convert', bag, copy, '--quiet'])).status).toBe(0);
    const list = async (path: string) => {
      const { topics } = JSON.parse((await feltmap(['info', path, '--json'])).stdout) as {
        topics: { name: string }[];
      };
      return topics.sort((a, b) => a.name.localeCompare(b.name));
    };
    expect(await list(copy)).toEqual(await list(bag));
  }, 60_000);
});

describe('config', () => {
  it('prints defaults that it accepts again, and shows what a change results in', async () => {
    const { status, stdout } = await feltmap(['config']);
    expect(status).toBe(0);
    const file = join(dir, 'defaults.yaml');
    await writeFile(file, stdout);
    const changed = await feltmap(['config', '--config', file, '--set', 'sensor.maxRange=42']);
    expect(changed.status).toBe(0);
    expect(changed.stdout).toMatch(/^ +maxRange: 42$/m);
    expect(changed.stdout).toMatch(/^ +minRange: 0\.5$/m);
  });
});
