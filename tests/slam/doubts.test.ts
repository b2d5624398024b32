import { describe, expect, it } from 'vitest';
import { identity } from '../../src/geometry/se3.js';
import type { ComparedLengths, LengthCheck } from '../../src/sensors/imu/length-check.js';
import type { Observation } from '../../src/sensors/observation.js';
import { SensorDoubts } from '../../src/slam/doubts.js';

const TRACKED = { state: 'tracking', continues: true, slides: false } as const;
const compared = (kind: ComparedLengths['kind'], factor: number, sigma = 0.02): ComparedLengths => ({
  ...{ kind, factor, sigma, seconds: 12 },
  ...{ measured: 1, tracked: factor },
});

/** Doubts by an accelerometer that says these things one after the other. */
function doubting(...verdicts: (ComparedLengths | undefined)[]) {
  const calls: string[] = [];
  const lengths = {
    see: () => (calls.push('see'), verdicts.shift()),
    interrupt: () => void calls.push('interrupt'),
  } as unknown as LengthCheck;
  return { doubts: new SensorDoubts(lengths), calls };
}

const of = (kind: Observation['kind']): Observation =>
  ({ sensor: '/one', kind, stampNs: 1n, T_body_sensor: identity() }) as Observation;

describe('SensorDoubts', () => {
  it('doubts a sensor whose lengths are wrong, and says how wrong, once', () => {
    const { doubts } = doubting(compared('wrong', 0.101), compared('wrong', 0.101));
    for (let i = 0; i < 2; i++) doubts.add(of('lidar'), identity(), TRACKED);
    expect(doubts.of('/one')).toMatch(/another scale/);
    expect(doubts.of('/two')).toBeUndefined();
    expect(doubts.notices.flat()).toHaveLength(1);
    expect(doubts.notices.flat()[0]).toMatch(
      /Points of '\/one' are about 0.1 times as long.*12 s.*1.00 m\/s².*0.10;.*metres belong/,
    );
  });

  it('names usual units, and what may be right', () => {
    const told = (kind: Observation['kind'], verdict: ComparedLengths): string => {
      const { doubts } = doubting(verdict);
      doubts.add(of(kind), identity(), TRACKED);
      return doubts.notices.flat().join();
    };
    expect(told('lidar', compared('wrong', 3.3))).toMatch(/3.3 times.*as if in feet/);
    expect(told('lidar', compared('wrong', 98))).toMatch(/98 times.*as if in centimetres/);
    expect(told('lidar', compared('wrong', 5))).not.toMatch(/as if/);
    expect(told('rgbd', compared('wrong', 5))).toMatch(/Depth of '\/one' is about 5 times.*16UC1/);
    expect(told('lidar', compared('none', 0.02, 0.04))).toMatch(/at most 0.1 times.*a lift, a ship/);
  });

  it('believes it again, and nothing is said of one that is right', () => {
    const { doubts } = doubting(compared('right', 1), compared('wrong', 10), undefined, compared('right', 1));
    doubts.add(of('lidar'), identity(), TRACKED);
    expect(doubts.notices.flat()).toEqual([]);
    for (let i = 0; i < 3; i++) doubts.add(of('lidar'), identity(), TRACKED);
    expect(doubts.of('/one')).toBeUndefined();
    expect(doubts.notices.flat()[1]).toMatch(/agrees with the accelerometer of the IMU again/);
  });

  it('doubts a camera and a LiDAR that measure different distances, until they do not', () => {
    const { doubts } = doubting();
    // A wall 4 m ahead of both, of which the camera makes something else.
    const count = 400;
    const at = (k: number) =>
      Float32Array.from(
        { length: count },
        (_, i) => [(i % 20) / 20 - 0.5, Math.floor(i / 20) / 20 - 0.5, 4][k]!,
      );
    const scan = {
      ...of('lidar'),
      view: 'around',
      surface: { count, x: at(0), y: at(1), z: at(2) },
    } as unknown as Observation;
    const image = (depth: number): Observation => {
      const grid = {
        width: 40,
        height: 40,
        fx: 40,
        fy: 40,
        cx: 20,
        cy: 20,
        z: new Float32Array(1600).fill(depth),
      };
      return {
        ...of('rgbd'),
        sensor: '/camera',
        grid,
        counts: { input: 1600, valid: 1600 },
      } as unknown as Observation;
    };
    const both = (depth: number): void => {
      for (let k = 0; k < 12; k++)
        for (const one of [scan, image(depth)]) doubts.add(one, identity(), { ...TRACKED, state: 'lost' });
    };
    both(4.2);
    expect(doubts.of('/camera')).toBeUndefined();
    both(20);
    for (const sensor of ['/camera', '/one'])
      expect(doubts.of(sensor)).toMatch(/measure different distances/);
    both(4);
    expect(doubts.of('/camera')).toBeUndefined();
    expect(doubts.notices.flat()).toEqual([
      expect.stringMatching(/Depth of '\/camera' is 5 times what the LiDAR measures/),
      expect.stringMatching(/is what the LiDAR measures again/),
    ]);
  });

  it('asks nothing where poses are not what the sensor measured', () => {
    const { doubts, calls } = doubting();
    for (const estimate of [
      { ...TRACKED, slides: true },
      { ...TRACKED, continues: false },
      { ...TRACKED, state: 'lost' },
    ] as const)
      doubts.add(of('lidar'), identity(), estimate);
    doubts.add(of('touch'), identity(), TRACKED);
    expect(calls).toEqual(['interrupt', 'interrupt', 'interrupt']);
  });
});
