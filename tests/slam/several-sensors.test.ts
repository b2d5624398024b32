import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import {
  compose,
  exp,
  inverse,
  log,
  rotationAngle,
  transformPoint,
  transformTwist,
  translationNorm,
  type Pose,
} from '../../src/geometry/se3.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import { simulate } from '../../src/sim/index.js';
import { createSlam } from '../../src/slam/create.js';
import { ConstantVelocity } from '../../src/slam/tracking/motion.js';
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
  return { ...scan, positions, mount, secondary: true };
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

  it('only the first makes keyframes', () => {
    // A metre a keyframe; every change of sensor would be another.
    const metres = translationNorm(compose(inverse(truth[0]!), truth.at(-1)!));
    expect(slam.statistics().keyframes).toBeLessThanOrEqual(Math.ceil(metres) + 2);
  });
});

describe('the motion model', () => {
  it('rides from one mount to the next without moving the body', () => {
    const motion = new ConstantVelocity();
    const twist = Float64Array.of(3, 0.5, 0, 0.1, 0, 0.4);
    motion.ride(FRONT);
    motion.set(0n, exp([1, 2, 3, 0, 0, 1]), twist);
    const body = motion.predict(100_000_000n);
    motion.ride(REAR);
    const rear = motion.predict(100_000_000n);
    log(compose(inverse(compose(body, REAR)), rear)).forEach((v) => expect(v).toBeCloseTo(0, 9));
    motion.ride(FRONT);
    motion.twist.forEach((v, i) => expect(v).toBeCloseTo(twist[i]!, 9));
  });

  it("takes a gyroscope's turn rate and keeps the rest", () => {
    const motion = new ConstantVelocity();
    motion.set(0n, FRONT, Float64Array.of(1, 2, 3, 4, 5, 6));
    motion.turn([7, 8, 9]);
    expect([...motion.twist]).toEqual([1, 2, 3, 7, 8, 9]);
  });
});

describe('a gyroscope', () => {
  it('carries the track over a turn that constant velocity does not see coming', async () => {
    // The world turned about the sensor from one scan to the next, as a sudden turn of the robot does.
    const angle = 0.6;
    const turn = exp([0, 0, 0, 0, 0, angle]);
    const still = { times: new Float32Array(scans[0]!.count), timing: 'none' } as const;
    const first = { ...scans[0]!, ...still };
    const at = (k: number): bigint => first.stampNs + BigInt(k) * 100_000_000n;
    const turned = { ...seenFrom(first, turn), secondary: false };
    delete (turned as { mount?: Pose }).mount;
    const run = async (gyro: boolean): Promise<number> => {
      const slam = await createSlam(await loadConfig({ set: ['threads=1', 'map.memoryMiB=1024'] }));
      for (let k = 0; k < 4; k++) slam.process({ ...first, stampNs: at(k) });
      const rate = [0, 0, angle / 0.1];
      const result = slam.process({
        ...turned,
        stampNs: at(4),
        ...(gyro ? { gyro: { since: rate, during: rate } } : {}),
      });
      await slam.close();
      return result.state === 'lost' ? Infinity : rotationAngle(compose(inverse(turn), result.pose));
    };
    expect(await run(true)).toBeLessThan(0.01);
    expect(await run(false)).toBeGreaterThan(0.03);
  });
});
