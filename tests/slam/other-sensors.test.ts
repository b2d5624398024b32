import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { compose, inverse, rotationAngle, translationNorm } from '../../src/geometry/se3.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import { simulate } from '../../src/sim/index.js';
import { createSlam } from '../../src/slam/create.js';
import type { ScanResult } from '../../src/slam/types.js';
import { FRONT, half, REAR } from './halves.js';

// Two LiDARs, of which one looks ahead and one back: they have no point in common at first.
const simulation = simulate({ world: 'street', beams: 16, columns: 512, seed: 3, duration: 2 });
const sweeps = [...simulation.scans()];
const truth = simulation.odomPoses();
const pairs = (list: readonly LidarScan[]) =>
  list.flatMap((scan) => [half(scan, 'front'), half(scan, 'rear')]);

async function run(scans: readonly LidarScan[]): Promise<ScanResult[]> {
  const slam = await createSlam(await loadConfig({ set: ['threads=1', 'map.memoryMiB=1024'] }));
  const results = scans.map((scan) => slam.process(scan));
  await slam.close();
  return results;
}

/** How far (m, rad) a pose is from the true one. */
function off({ pose }: ScanResult, i: number): readonly [number, number] {
  const body = compose(inverse(truth[0]!), truth[i >> 1]!);
  const away = compose(inverse(compose(body, i % 2 ? REAR : FRONT)), pose);
  return [translationNorm(away), rotationAngle(away)];
}

it('a sensor that looks elsewhere joins the map of the first, and is tracked in it', async () => {
  const results = await run(pairs(sweeps));
  expect(results[1]!.reason).toMatch(/^Waits for the next measurement of 'front'/);
  results.forEach((result, i) => {
    const [metres, radians] = off(result, i);
    expect(result.state, `scan ${i}: ${result.reason}`).not.toBe('lost');
    expect(metres, `scan ${i}`).toBeLessThan(0.12);
    expect(radians, `scan ${i}`).toBeLessThan(0.015);
  });
  expect(results.slice(3).filter(({ state }) => state === 'tracking').length).toBeGreaterThan(33);
});

it('one that is covered is carried by the other, which goes on, and says so', async () => {
  const covered = (scan: LidarScan, i: number): LidarScan =>
    i % 2 && i > 20 && i < 30 ? { ...scan, count: 5, positions: scan.positions.slice(0, 15), times: scan.times!.slice(0, 5) } : scan; // prettier-ignore
  const results = await run(pairs(sweeps).map(covered));
  results.slice(20).forEach((result, k) => {
    const i = k + 20;
    const blind = i % 2 === 1 && i > 20 && i < 30;
    expect(result.state, `scan ${i}: ${result.reason}`).toBe(blind ? 'degraded' : 'tracking');
    if (blind) expect(result.reason).toMatch(/The pose is carried on from 'front'\.$/);
    expect(off(result, i)[0], `scan ${i}`).toBeLessThan(0.12);
  });
});

it('two that are carried off do not carry each other', async () => {
  const elsewhere = [...simulate({ world: 'quad', beams: 16, columns: 512, seed: 5, duration: 2 }).scans()];
  const results = await run(
    pairs(sweeps.map((scan, k) => (k < 12 ? scan : { ...elsewhere[k]!, stampNs: scan.stampNs }))),
  );
  const after = results.slice(24).map(({ state }) => state);
  expect(after.slice(0, 2)).not.toContain('tracking');
  expect(after.slice(2)).toEqual(after.slice(2).map(() => 'lost'));
});
