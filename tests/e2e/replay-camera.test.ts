import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReplaySummary } from '../../src/cli/replay-summary.js';
import type { RunReport } from '../../src/export/report.js';
import { parseTum } from '../../src/export/tum.js';
import { compose, inverse, rotationAngle, translationNorm } from '../../src/geometry/se3.js';
import { feltmap } from './feltmap.js';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'feltmap-camera-'));
});
afterAll(() => rm(dir, { recursive: true }));

const SECONDS = ['--duration', '2', '--rate', '15', '--width', '96'];

async function json<T>(...args: string[]): Promise<T> {
  const outcome = await feltmap([...args, '--json']);
  expect(outcome.stderr).toBe('');
  expect(outcome.status).toBe(0);
  return JSON.parse(outcome.stdout) as T;
}

describe('replay of a simulated depth camera', () => {
  // A robot's camera sits 0.2 m ahead of its body and 0.45 m above it, with optical axes.
  it.each(['robot', 'gentle'])(
    "writes the body's poses, which the truth has too: %s",
    async (motion) => {
      const [bag, out] = [join(dir, `${motion}.mcap`), join(dir, motion)];
      await json('sim', 'room', '--motion', motion, ...SECONDS, '--out', bag);
      const truthFile = join(dir, `${motion}.tum`);
      const summary = await json<ReplaySummary>('replay', bag, '--gt', truthFile, '--out', out);
      expect(summary.accuracy).toMatchObject({ matched: 30 });
      expect(summary.accuracy!.ateRmse).toBeLessThan(0.005);

      // Both begin at the identity, so that the poses agree without any alignment.
      const truth = parseTum(await readFile(truthFile, 'utf8')).poses;
      const { poses } = parseTum(await readFile(join(out, 'trajectory.tum'), 'utf8'));
      const errors = poses.map((pose, k) => compose(inverse(truth[k]!), pose));
      expect(Math.max(...errors.map(translationNorm))).toBeLessThan(0.02);
      expect((180 / Math.PI) * Math.max(...errors.map(rotationAngle))).toBeLessThan(1);
      const moved = translationNorm(compose(inverse(truth[0]!), truth.at(-1)!));
      expect(moved).toBeGreaterThan(0.05);

      const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as RunReport;
      expect(report.scans.x.at(-1)).toBeCloseTo(poses.at(-1)![3]!, 3);
      // Longer steps than the run has pairs for are null.
      const steps = report.truth!.rpe.map((r): number | null => r.rotationRmseDeg).filter((v) => v !== null);
      expect(steps.length).toBeGreaterThan(0);
      for (const degrees of steps) expect(degrees).toBeLessThan(1);
    },
    60_000,
  );
});
