import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, identity, inverse, type Pose } from '../../../src/geometry/se3.js';
import { LengthCheck, type ComparedLengths } from '../../../src/sensors/imu/length-check.js';

const GRAVITY = 9.80665;
const RATE = 200;
const START = 1_700_000_000_000_000_000n;

/** A drive that speeds up and slows down along a wave, turning: T_world_body, by hand. */
const moving = (t: number): Pose =>
  compose(
    Float64Array.of(
      1,
      0,
      0,
      3 * Math.sin(t),
      0,
      1,
      0,
      1.5 * Math.cos(0.7 * t),
      0,
      0,
      1,
      0.2 * Math.sin(1.3 * t),
    ),
    exp([0, 0, 0, 0.1 * Math.sin(t), 0.05, 0.4 * t]),
  );

interface Options {
  /** What the sensor's lengths are multiplied by. */
  readonly factor?: number;
  readonly path?: (t: number) => Pose;
  readonly T_body_sensor?: Pose;
  readonly T_body_imu?: Pose;
  /** Where tf says that the IMU is. */
  readonly believed?: Pose;
  /** What the accelerometer multiplies by, and its noise (m/s²). */
  readonly unit?: number;
  readonly noise?: number;
  /** Of tracked positions (m, in the sensor's unit). */
  readonly trackedNoise?: number;
  readonly trusted?: boolean;
  readonly seconds?: number;
}

/** The verdicts of 20 s at 10 scans a second. */
function verdicts(options: Options = {}): ComparedLengths[] {
  const {
    factor = 1,
    path = moving,
    T_body_sensor = identity(),
    T_body_imu = identity(),
    unit = 1,
  } = options;
  const { noise = 0.02, trackedNoise = 0.003, believed = T_body_imu, trusted = true, seconds = 20 } = options;
  const random = new Random(5);
  const check = new LengthCheck({ trusted });
  const odom = compose(path(0), T_body_sensor); // the frame that the first scan defines
  const out: ComparedLengths[] = [];
  const imuAt = (t: number): Pose => compose(path(t), T_body_imu);
  for (let k = 0; k < seconds * 10; k++) {
    const [stampsNs, forces] = [new BigInt64Array(20), new Float64Array(60)];
    for (let j = 0; j < 20; j++) {
      const t = k / 10 - (19 - j) / RATE;
      stampsNs[j] = START + BigInt(Math.round(t * 1e9));
      const [before, here, after] = [imuAt(t - 1e-3), imuAt(t), imuAt(t + 1e-3)];
      const a = [3, 7, 11].map((i) => (after[i]! - 2 * here[i]! + before[i]!) / 1e-6);
      a[2]! += GRAVITY;
      for (let c = 0; c < 3; c++)
        forces[3 * j + c] =
          unit * (here[c]! * a[0]! + here[4 + c]! * a[1]! + here[8 + c]! * a[2]!) + noise * random.normal();
    }
    check.add({ stampsNs, rates: new Float64Array(60), accelerations: forces, T_body_imu: believed });
    const pose = compose(inverse(odom), compose(path(k / 10), T_body_sensor));
    for (const i of [3, 7, 11]) pose[i] = pose[i]! * factor + trackedNoise * random.normal();
    const verdict = check.see('/points', START + BigInt(k) * 100_000_000n, pose, T_body_sensor);
    if (verdict) out.push(verdict);
  }
  return out;
}

const kinds = (options?: Options): string[] => [...new Set(verdicts(options).map(({ kind }) => kind))];

describe('LengthCheck', () => {
  it('says that metres are metres', () => {
    const all = verdicts();
    expect(kinds()).toEqual(['right']);
    expect(all.at(-1)!.factor).toBeCloseTo(1, 1);
    expect(
      kinds({ T_body_sensor: exp([0.5, -0.2, 1.5, 0.1, 0.3, 2]), T_body_imu: exp([-1, 0.4, 0, 0, 0, 1]) }),
    ).toEqual(['right']);
  });

  it.each([0.1, 0.3048, 3.2808, 10, 100])('measures lengths %f times as long', (factor) => {
    // An arm that turns with the body is in metres all the same.
    const places = {
      T_body_sensor: exp([0.5, -0.2, 1.5, 0.1, 0.3, 2]),
      T_body_imu: exp([-1, 0.4, 0, 0, 0, 1]),
    };
    for (const where of [{}, places]) {
      expect(kinds({ factor, ...where })).toEqual(['wrong']);
      const { factor: found, sigma } = verdicts({ factor, ...where }).at(-1)!;
      expect(Math.abs(Math.log(found / factor))).toBeLessThan(0.1);
      expect(sigma).toBeLessThan(0.1 * factor);
    }
  });

  it('tells that hardly any of a motion is tracked, but not where its turns are others', () => {
    const hardly = { factor: 0.01, trackedNoise: 0.02 };
    expect(kinds(hardly)).toEqual(['none']);
    expect(kinds({ ...hardly, trusted: false })).toEqual([]);
  });

  it('says nothing where the accelerometer does not know the metre, or nothing speeds up', () => {
    expect(kinds({ unit: 1.3 })).toEqual([]);
    const steady = (t: number): Pose => exp([5 * t, 0, 0, 0, 0, 0]);
    expect(kinds({ path: steady, factor: 0.1 })).toEqual([]);
    // Vibrations are no motion.
    expect(kinds({ path: steady, noise: 8 })).toEqual([]);
    // An accelerometer in g is told by its size.
    expect(kinds({ unit: 1 / GRAVITY, noise: 0.002 })).toEqual(['right']);
  });

  it('blames no lengths for an IMU whose axes are others', () => {
    const turned = exp([0, 0, 0, 0, 0, 1.2]);
    expect(kinds({ believed: turned })).not.toContain('wrong');
    expect(kinds({ believed: exp([0, 0, 0, 0, 0, Math.PI]) })).toEqual([]);
  });

  it('begins anew after an interruption', () => {
    const check = new LengthCheck();
    expect(check.see('/points', START, identity(), identity())).toBeUndefined();
    expect(() => check.interrupt('/points')).not.toThrow();
  });
});
