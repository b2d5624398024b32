import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReplaySummary } from '../../src/cli/replay-summary.js';
import { parseKitti } from '../../src/export/kitti.js';
import { parseTum } from '../../src/export/tum.js';
import { BAG, feltmap, TRUTH } from './feltmap.js';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'feltmap-e2e-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function replayJson(out: string, ...args: string[]): Promise<ReplaySummary> {
  const outcome = await feltmap(['replay', BAG, '--out', out, '--json', ...args]);
  expect(outcome.stderr).toBe('');
  expect(outcome.status).toBe(0);
  return JSON.parse(outcome.stdout) as ReplaySummary;
}

async function digest(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

describe('replay of the shipped recording', () => {
  it('follows the truth within 0.25 m over 60 scans and leaves a real mesh', async () => {
    const out = join(dir, 'accuracy');
    const summary = await replayJson(out, '--gt', TRUTH, '--duration', '6.2');
    expect(summary.scans).toBeGreaterThanOrEqual(58);
    expect(summary.states).toEqual({ tracking: summary.scans, degraded: 0, lost: 0 });
    expect(summary.accuracy!.matched).toBe(summary.scans);
    expect(summary.accuracy!.ateRmse).toBeLessThan(0.25);
    // The truth's path over this part is 21.7 m.
    expect(summary.distance).toBeGreaterThan(20);
    expect(summary.distance).toBeLessThan(24);
    expect(summary.map.triangles).toBeGreaterThan(50_000);
    expect(parseTum(await readFile(join(out, 'trajectory.tum'), 'utf8')).poses).toHaveLength(summary.scans);
    expect(parseKitti(await readFile(join(out, 'trajectory.kitti.txt'), 'utf8'))).toHaveLength(summary.scans);
    for (const path of Object.values(summary.files))
      expect((await readdir(out)).join()).toContain(path.slice(out.length + 1).split('/')[0]!);
    const ply = await readFile(join(out, 'mesh.ply'));
    expect(ply.subarray(0, 4).toString()).toBe('ply\n');
    expect((await readFile(join(out, 'mesh.glb'))).subarray(0, 4).toString()).toBe('glTF');
  }, 180_000);

  it('gives the same bytes again, with one thread as with two', async () => {
    const runs = { two: '2', again: '2', one: '1' };
    const digests = new Set<string>();
    for (const [name, threads] of Object.entries(runs)) {
      const out = join(dir, name);
      await replayJson(out, '--duration', '2', '--threads', threads);
      const files = ['trajectory.tum', 'mesh.ply'].map((file) => digest(join(out, file)));
      digests.add((await Promise.all(files)).join());
    }
    expect(digests.size).toBe(1);
  }, 180_000);

  it('stops at Ctrl-C, writes what it has and leaves with status 130', async () => {
    const out = join(dir, 'interrupted');
    let sent = false;
    const outcome = await feltmap(['replay', BAG, '--out', out], (text, child) => {
      if (!sent && /scans\/s/.test(text)) {
        sent = true;
        setTimeout(() => child.kill('SIGINT'), 500);
      }
    });
    expect(outcome.status).toBe(130);
    expect(outcome.stderr).toMatch(/Ctrl-C again/);
    const { poses } = parseTum(await readFile(join(out, 'trajectory.tum'), 'utf8'));
    expect(poses.length).toBeGreaterThan(1);
    expect(poses.length).toBeLessThan(154);
    expect((await readdir(out)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const header = (await readFile(join(out, 'mesh.ply'))).subarray(0, 1000).toString('latin1');
    expect(Number(/element face (\d+)/.exec(header)![1])).toBeGreaterThan(0);
  }, 180_000);

  it('leaves at once at the second Ctrl-C', async () => {
    let sent = false;
    const begin = performance.now();
    let second = 0;
    const outcome = await feltmap(['replay', BAG, '--out', join(dir, 'killed')], (text, child) => {
      if (!sent && /scans\/s/.test(text)) {
        sent = true;
        child.kill('SIGINT');
      }
      if (/Ctrl-C again/.test(text)) {
        second = performance.now();
        child.kill('SIGINT');
      }
    });
    expect(outcome.status).toBe(130);
    expect(second).toBeGreaterThan(begin);
    expect(performance.now() - second).toBeLessThan(2000);
    expect(await readdir(join(dir, 'killed'))).toEqual([]);
  }, 60_000);
});
