import { describe, expect, it } from 'vitest';
import { GyroCheck } from '../../../src/sensors/imu/gyro-check.js';

const DEGREES = 180 / Math.PI;
/** A body that swings about all axes, rad/s. */
const swing = (i: number): number[] => [0.2 * Math.cos(i / 5), 0.3 * Math.sin(i / 6), 0.6 * Math.sin(i / 9)];

/** Steps of 0.1 s with what a gyroscope makes of the true turn rate. */
function check(measured: (rate: number[], i: number) => number[], steps = 40): GyroCheck {
  const one = new GyroCheck();
  for (let i = 0; i < steps; i++) one.compare(0.1, measured(swing(i), i), swing(i));
  return one;
}

describe('GyroCheck', () => {
  it('trusts a gyroscope that is right but for noise, a bias, and a delay as long as a step', () => {
    for (const measured of [
      (rate: number[], i: number) => rate.map((v, k) => v + 0.1 * Math.sin(17 * i + k)),
      (rate: number[]) => rate.map((v) => v + 0.1),
      (_: number[], i: number) => swing(i - 1),
    ])
      expect(check(measured)).toMatchObject({ trusted: true, notices: [] });
  });

  it.each([
    ['degrees', (rate: number[]) => rate.map((v) => v * DEGREES), /look like degrees per second/],
    ['nothing', () => [0, 0, 0], /by 0\.0°, the scans by \d.*it hardly shows any turn/],
    [
      'turned axes',
      ([x, y, z]: number[]) => [x!, -y!, -z!],
      /other axes or the other way; check the transform/,
    ],
    ['a huge bias', (rate: number[]) => rate.map((v) => v + 2), /check its units, its bias, its stamps/],
    ['thrice as much', (rate: number[]) => rate.map((v) => v * 3), /check its units, its bias/],
  ])('puts one aside that shows %s, and says what was measured', (_, measured, says) => {
    const { trusted, notices } = check(measured);
    expect(trusted).toBe(false);
    expect(notices).toEqual([expect.stringMatching(says)]);
  });

  it.each([
    ['upright', [0, 0, 1], /other way about up, though gravity lies.*mirrored.*upside down/],
    ['upside down', [0, 0, -1], /about other axes or the other way; check the transform/],
    ['unknown', undefined, /about other axes or the other way; check the transform/],
  ] as const)('names mirrored points where the IMU is %s', (_, up, says) => {
    const one = new GyroCheck();
    // Of points with y the other way: what is seen turns about x and z the other way, and about y as it is.
    for (let i = 0; i < 40; i++) {
      const [x, y, z] = swing(i) as [number, number, number];
      one.compare(0.1, [x, y / 3, z], [-x, y / 3, -z], up);
    }
    expect(one.notices).toEqual([expect.stringMatching(says)]);
  });

  it('names degrees of the other sign', () => {
    expect(check((rate) => rate.map((v) => -v * DEGREES)).notices[0]).toMatch(
      /degrees per second.*other sign/,
    );
  });

  it('uses no large turn before one has been borne out', () => {
    const one = new GyroCheck();
    expect([one.isUsable(2, 0.1), one.isUsable(20, 0.1)]).toEqual([true, false]);
    one.compare(0.1, [0, 0, 20], [0, 0, 0.4]);
    expect(one.isUsable(20, 0.1)).toBe(false);
    one.compare(0.1, [0, 0, 20], [0, 0, 20]);
    expect(one.isUsable(20, 0.1)).toBe(true);
  });

  it('puts it aside at the third contradiction in a row, and takes it again once it agrees while the body turns', () => {
    const one = new GyroCheck();
    const turn = [0, 0, 0.5];
    for (let i = 0; i < 3; i++) {
      expect(one.trusted).toBe(true);
      one.compare(0.1, [0, 0, 28], turn);
    }
    expect(one.trusted).toBe(false);
    for (let i = 0; i < 100; i++) one.compare(0.1, [0, 0, 0], [0, 0, 0]);
    expect(one.trusted).toBe(false); // standing still tells nothing
    for (let i = 0; i < 20; i++) one.compare(0.1, turn, turn);
    expect(one.trusted).toBe(true);
    expect(one.notices.at(-1)).toMatch(/agrees with the scans again/);
  });

  it('says nothing of steps between two sensors', () => {
    const one = new GyroCheck();
    for (let i = 0; i < 50; i++) one.compare(0.004, [0, 0, 50], [0, 0, 0.5]);
    expect(one.trusted).toBe(true);
  });
});
