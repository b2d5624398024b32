import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { compose, exp, identity, translationNorm, inverse, type Pose } from '../../src/geometry/se3.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import { simulate, type Simulation } from '../../src/sim/index.js';
import { createSlam } from '../../src/slam/create.js';

const SMALL = { beams: 16, columns: 512 } as const;
const ns = (s: number): bigint => BigInt(Math.round(s * 1e9));

interface Reading {
  readonly stampNs: bigint;
  readonly pose: Pose;
  readonly poseCovariance?: Float64Array;
}

/** Poses of a run with what an odometry said before each scan. */
async function run(scans: readonly LidarScan[], readings: readonly Reading[]): Promise<readonly Pose[]> {
  const slam = await createSlam(
    await loadConfig({ set: ['engine=wasm', 'threads=2', 'map.memoryMiB=1024'] }),
  );
  let next = 0;
  const poses = scans.map((scan) => {
    for (; next < readings.length && readings[next]!.stampNs <= scan.stampNs + ns(0.1); next++) {
      const { stampNs, pose, poseCovariance } = readings[next]!;
      slam.odometry({
        stampsNs: BigInt64Array.of(stampNs),
        poses: pose,
        ...(poseCovariance && { poseCovariances: poseCovariance }),
        T_body_child: identity(),
      });
    }
    const { pose, state } = slam.process(scan);
    expect(state).not.toBe('lost');
    return pose;
  });
  await slam.close();
  return poses;
}

const error = (sim: Simulation, poses: readonly Pose[], k: number): number =>
  translationNorm(compose(inverse(sim.odomPose(k)), poses[k]!));

describe('an external odometry', () => {
  it('leads through a corridor that says nothing about how far one has come', async () => {
    const corridor = simulate({ world: 'corridor', ...SMALL, seed: 3, duration: 5 });
    const scans = [...corridor.scans()];
    const last = scans.length - 1;
    const metres = translationNorm(corridor.odomPose(last));
    const wheels = [...corridor.odometry()];
    expect(error(corridor, await run(scans, wheels), last)).toBeLessThan(0.03 * metres);
    expect(error(corridor, await run(scans, []), last)).toBeGreaterThan(0.1 * metres);
  }, 120_000);

  it('does not drag a track that the scans determine: wheels that slip, or claim the impossible', async () => {
    const street = simulate({ world: 'street', ...SMALL, seed: 3, duration: 3 });
    const scans = [...street.scans()];
    const without = Math.max(...(await run(scans, [])).map((_, k, poses) => error(street, poses, k)));
    // Half a metre in one step at two places, and never a word of doubt.
    const sure = Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1e-8 : 0));
    const slipping = [...street.odometry()].map((reading, i) => ({
      stampNs: reading.stampNs,
      pose: compose(exp([0.5 * (i > 60 ? 1 : 0) - 0.5 * (i > 110 ? 1 : 0), 0, 0, 0, 0, 0]), reading.pose),
      poseCovariance: sure,
    }));
    const poses = await run(scans, slipping);
    expect(Math.max(...poses.map((_, k) => error(street, poses, k)))).toBeLessThan(without + 0.05);
  }, 120_000);
});
