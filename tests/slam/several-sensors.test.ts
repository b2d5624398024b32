import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import {
  compose,
  exp,
  inverse,
  rotationAngle,
  transformPoint,
  transformTwist,
  translationNorm,
  type Pose,
} from '../../src/geometry/se3.js';
import type { ImuBatch } from '../../src/sensors/imu/batch.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import { simulate } from '../../src/sim/index.js';
import { createSlam } from '../../src/slam/create.js';
import type { ScanResult, Slam } from '../../src/slam/types.js';

/** T_body_rear: looks backward, half a metre behind and lower. */
const REAR = exp([-0.5, 0.1, -0.2, 0, 0, Math.PI]);
const simulation = simulate({ world: 'street', beams: 16, columns: 512, seed: 3, duration: 2 });
const scans: LidarScan[] = [...simulation.scans()];
const truth: Pose[] = simulation.odomPoses();
const FRONT = exp([0, 0, 0, 0, 0, 0]);

/** The same sweep as a sensor at `mount` on the body would have measured it. */
function seenFrom(scan: LidarScan, mount: Pose): LidarScan {
  const T = inverse(mount);
  const positions = new Float32Array(scan.positions.length);
  for (let i = 0; i < positions.length; i += 3)
    positions.set(transformPoint(T, scan.positions[i]!, scan.positions[i + 1]!, scan.positions[i + 2]!), i);
  return { ...scan, positions, mount };
}

describe('two sensors on one body', () => {
  let slam: Slam;
  let results: ScanResult[];
  beforeAll(async () => {
    slam = await createSlam(await loadConfig({ set: ['threads=1', 'map.memoryMiB=1024'] }));
    results = scans.map((scan, k) =>
      slam.process(k > 4 && k % 2 === 1 ? seenFrom(scan, REAR) : { ...scan, mount: FRONT }),
    );
  });
  afterAll(() => slam.close());

  it('are tracked into one map, each with the pose of its own sensor', () => {
    results.forEach((result, k) => {
      const rear = k > 4 && k % 2 === 1;
      const expected = compose(compose(inverse(truth[0]!), truth[k]!), rear ? REAR : FRONT);
      const off = compose(inverse(expected), result.pose);
      expect(result.state, `scan ${k}: ${result.reason}`).not.toBe('lost');
      expect(translationNorm(off), `scan ${k}`).toBeLessThan(0.12);
      expect(rotationAngle(off), `scan ${k}`).toBeLessThan(0.01);
    });
  });

  it('give twists in their own frames', () => {
    const [front, rear] = [results[18]!, results[19]!];
    const turned = transformTwist(REAR, rear.twist);
    turned.slice(0, 3).forEach((v, i) => expect(Math.abs(v - front.twist[i]!)).toBeLessThan(0.6));
    expect(Math.sign(rear.twist[0]!)).toBe(-Math.sign(front.twist[0]!));
  });

  it('keep keyframes by how far the body has moved, whichever looks', () => {
    // A metre a keyframe; every change of sensor would be another.
    const metres = translationNorm(compose(inverse(truth[0]!), truth.at(-1)!));
    expect(slam.statistics().keyframes).toBeLessThanOrEqual(Math.ceil(metres) + 2);
  });
});

/** Readings of an IMU at the body's origin, at 100 Hz, that turns about z at a rate (rad/s). */
function turning(fromNs: bigint, toNs: bigint, rate: number): ImuBatch {
  const count = Number((toNs - fromNs) / 10_000_000n) + 1;
  return {
    stampsNs: BigInt64Array.from({ length: count }, (_, i) => fromNs + BigInt(i) * 10_000_000n),
    rates: Float64Array.from({ length: 3 * count }, (_, i) => (i % 3 === 2 ? rate : 0)),
    T_body_imu: FRONT,
  };
}

describe('a gyroscope', () => {
  it('carries the track over a turn that constant velocity does not see coming', async () => {
    // The world turned about the sensor from one scan to the next, as a sudden turn of the robot does.
    const angle = 0.6;
    const turn = exp([0, 0, 0, 0, 0, angle]);
    const still = { times: new Float32Array(scans[0]!.count), timing: 'none' } as const;
    const first = { ...scans[0]!, ...still };
    const at = (k: number): bigint => first.stampNs + BigInt(k) * 100_000_000n;
    const turned = seenFrom(first, turn);
    delete (turned as { mount?: Pose }).mount;
    const run = async (gyro: boolean): Promise<number> => {
      const slam = await createSlam(await loadConfig({ set: ['threads=1', 'map.memoryMiB=1024'] }));
      for (let k = 0; k < 4; k++) slam.process({ ...first, stampNs: at(k) });
      if (gyro) slam.imu(turning(at(3), at(4), angle / 0.1));
      const result = slam.process({ ...turned, stampNs: at(4) });
      await slam.close();
      return result.state === 'lost' ? Infinity : rotationAngle(compose(inverse(turn), result.pose));
    };
    expect(await run(true)).toBeLessThan(0.01);
    expect(await run(false)).toBeGreaterThan(0.03);
  });
});

describe('a scan of another sensor that arrives late', () => {
  it('is used at its own stamp, and not at all when it is too late', async () => {
    const slam = await createSlam(await loadConfig({ set: ['threads=1', 'map.memoryMiB=1024'] }));
    const rear = (k: number): LidarScan => ({ ...seenFrom(scans[k]!, REAR), frameId: 'rear' });
    for (let k = 0; k < 12; k++) slam.process({ ...scans[k]!, mount: FRONT });
    const late = slam.process(rear(9));
    const off = compose(inverse(compose(compose(inverse(truth[0]!), truth[9]!), REAR)), late.pose);
    expect(late.state, late.reason).not.toBe('lost');
    expect(late.stampNs).toBe(scans[9]!.stampNs);
    expect(translationNorm(off)).toBeLessThan(0.12);
    // The body goes on from its newest pose, also after one that is not used.
    const goesOn = (k: number): void => {
      const next = slam.process({ ...scans[k]!, mount: FRONT });
      const expected = compose(inverse(truth[0]!), truth[k]!);
      expect(next.state, next.reason).not.toBe('lost');
      expect(translationNorm(compose(inverse(expected), next.pose)), `scan ${k}`).toBeLessThan(0.12);
    };
    goesOn(12);
    const before = slam.statistics().blocks;
    expect(() => slam.process({ ...rear(2), frameId: 'side' })).toThrow(
      /'side' is 1\.0 s older .* \(1 so far\)/,
    );
    expect(slam.statistics().blocks).toBe(before);
    goesOn(13);
    await slam.close();
  });
});
