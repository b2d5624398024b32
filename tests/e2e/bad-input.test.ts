import { open, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { McapBagWriter } from '../../src/bags/mcap-writer.js';
import type { ReplaySummary } from '../../src/cli/replay-summary.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import { BAG, feltmap } from './feltmap.js';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'feltmap-bad-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** Fails with `status` and one clear line: no stack, no absolute home path. */
async function refuses(args: string[], status: number, message: RegExp): Promise<void> {
  const outcome = await feltmap(args);
  expect(outcome.stderr).toMatch(message);
  const lines = outcome.stderr.trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^feltmap: .*\.$/);
  expect(outcome.stderr).not.toMatch(/\bat .*:\d+:\d+|Internal error/);
  if (homedir().length > 1) expect(outcome.stderr).not.toContain(`${homedir()}/`);
  expect(outcome.stdout).toBe('');
  expect(outcome.status).toBe(status);
}

function scan(i: number): LidarScan {
  const positions = Float32Array.from({ length: 300 }, (_, k) => 5 + ((k * 7 + i) % 13));
  return { stampNs: BigInt(i + 1) * 100_000_000n, frameId: 'lidar', count: 100, positions, timing: 'none' };
}

describe('bad input', () => {
  it('a missing file', () => refuses(['replay', join(dir, 'none.mcap')], 3, /none\.mcap.*does not exist/));

  it('a file of garbage', async () => {
    const path = join(dir, 'garbage.mcap');
    await writeFile(path, Buffer.from(Array.from({ length: 9999 }, (_, i) => (i * 7919) & 255)));
    await refuses(['replay', path, '--out', join(dir, 'o')], 3, /garbage\.mcap/);
  });

  it('an empty file and an empty folder', async () => {
    await writeFile(join(dir, 'empty.bag'), '');
    await refuses(['replay', join(dir, 'empty.bag'), '--out', join(dir, 'o')], 3, /empty\.bag/);
    const folder = await mkdtemp(join(dir, 'folder-'));
    await refuses(['replay', folder, '--out', join(dir, 'o')], 3, /folder-/);
  });

  it('several point cloud topics and no choice; a topic that is not there', async () => {
    const path = join(dir, 'two.mcap');
    const writer = await McapBagWriter.create(path);
    for (let i = 0; i < 3; i++) {
      await writer.writeScan('/front/points', scan(i));
      await writer.writeScan('/rear/points', scan(i));
    }
    await writer.close();
    await refuses(['replay', path, '--out', join(dir, 'o')], 2, /\/front\/points.*\/rear\/points.*--topic/);
    await refuses(
      ['replay', path, '--topic', '/left', '--out', join(dir, 'o')],
      3,
      /\/left.*\/front\/points/,
    );
  });

  it('settings that do not exist or are out of range', async () => {
    await refuses(['replay', BAG, '--set', 'sensor.maxRang=80'], 2, /did you mean sensor\.maxRange/);
    await refuses(['replay', BAG, '--threads', '999'], 2, /threads = 999.*≤ 64/);
    await writeFile(join(dir, 'robot.yaml'), 'sensor:\n  maxRange: far\n');
    await refuses(
      ['replay', BAG, '--config', join(dir, 'robot.yaml')],
      2,
      /^feltmap: robot\.yaml: sensor\.maxRange/,
    );
  });

  it('arguments that do not exist', async () => {
    for (const args of [
      ['replay'],
      ['replay', BAG, '--nonsense'],
      ['fly'],
      ['replay', BAG, '--start', 'soon'],
    ]) {
      const outcome = await feltmap(args);
      expect(outcome.status, args.join(' ')).toBe(2);
      expect(outcome.stderr).toMatch(/^error: /);
    }
  });

  it('a recording that was cut off: uses what is whole, says what is not', async () => {
    const path = join(dir, 'cut.mcap');
    const file = await open(BAG);
    const { size } = await file.stat();
    await file.close();
    await writeFile(path, (await readFile(BAG)).subarray(0, Math.floor(size / 8)));
    const outcome = await feltmap(['replay', path, '--out', join(dir, 'cut'), '--json']);
    const summary = JSON.parse(outcome.stdout) as ReplaySummary;
    expect(outcome.status).toBe(0);
    expect(summary.scans).toBeGreaterThan(5);
    expect(summary.scans).toBeLessThan(40);
    expect(summary.warnings.length).toBeGreaterThan(0);
  }, 120_000);
});

describe('help', () => {
  it('lists every command and its options, with status 0', async () => {
    const { status, stdout } = await feltmap(['--help']);
    expect(status).toBe(0);
    for (const command of ['replay', 'info', 'convert', 'sim', 'eval', 'config'])
      expect(stdout).toContain(`\n  ${command}`);
    expect((await feltmap(['replay', '--help'])).stdout).toContain('--duration');
    expect((await feltmap(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
