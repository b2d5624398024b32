import { describe, expect, it } from 'vitest';
import { exp, identity, type Pose } from '../../../src/geometry/se3.js';
import { OdometryTrack } from '../../../src/sensors/odometry/odometry-track.js';
import type { Observation } from '../../../src/sensors/observation.js';
import type { TrackingState } from '../../../src/slam/events.js';
import { ExternalOdometry } from '../../../src/slam/tracking/external-odometry.js';
import { BodyMotion } from '../../../src/slam/tracking/motion.js';
import { SLIDES_BELOW } from '../../../src/field/terms/sliding-hold.js';
import { OdometryTrial, type Attempt } from '../../../src/slam/tracking/odometry-trial.js';
import type { Track } from '../../../src/slam/tracking/tracker.js';

const ns = (s: number): bigint => BigInt(Math.round(s * 1e9));
const VOXEL = 0.15;
/** Metres a step of 0.1 s that the body has gone so far, and that the odometry says. */
const WENT = 0.5;

/** What an attempt from a prediction gives; the prediction's x (m) tells which one it is. */
type Answer = Partial<Pick<Track, 'conditioning' | 'inlierRatio'>> & {
  state?: TrackingState;
  held?: boolean;
};

/** A body at 0.5 m after 0.1 s, with 5 m/s; its odometry goes `said` a step. @returns x of the prediction chosen */
function choose(
  said: number,
  leaning: Answer,
  alone: Answer,
  { underWay = true } = {},
): { x: number; attempts: number; leans: boolean } {
  const track = new OdometryTrack();
  for (let t = 0; t <= 0.3 + 1e-9; t += 0.02)
    track.add({
      stampsNs: BigInt64Array.of(ns(t)),
      poses: exp([said * 10 * t, 0, 0, 0, 0, 0]),
      T_body_child: identity(),
    });
  const motion = new BodyMotion(undefined, new ExternalOdometry(track));
  motion.set(ns(0.1), exp([WENT, 0, 0, 0, 0, 0]), Float64Array.of(WENT * 10, 0, 0, 0, 0, 0));
  const undistorted: number[] = [];
  const observation = {
    stampNs: ns(0.2),
    T_body_sensor: identity(),
    motion: 'sweep',
    surface: { count: 2, tau: Float32Array.of(0, 0.1) },
    undistort: (twist: Float64Array) => undistorted.push(twist[0]!),
  } as unknown as Observation;
  let attempts = 0;
  const attempt = ({ pose }: { pose: Pose }): Attempt => {
    attempts++;
    const answer = Math.abs(pose[3]! - WENT - said) < 1e-6 ? leaning : alone;
    const { conditioning = 0.3, inlierRatio = 0.9, state = 'tracking', held = false } = answer;
    const unconstrained = Float64Array.of(held ? 1 : 0, 0, 0, 0, 0, 0, 0, 0, 0);
    return {
      track: { pose, conditioning, inlierRatio, unconstrained, valuedRatio: 1 } as unknown as Track,
      state,
    };
  };
  const predicted = { pose: motion.predict(ns(0.2)), twist: motion.sweepTwist(observation) };
  const chosen = new OdometryTrial(motion).choose(observation, VOXEL, predicted, underWay, attempt);
  // Whatever was tried, the observation is left undistorted with the prediction that counts.
  if (attempts > 0) expect(undistorted.at(-1)).toBeCloseTo(chosen.twist[0]!, 9);
  return { x: chosen.pose[3]! - WENT, attempts, leans: motion.isMeasured(ns(0.2)) };
}

describe('OdometryTrial', () => {
  it('tries nothing where the odometry expects what one would without it', () => {
    expect(choose(WENT, {}, {})).toMatchObject({ attempts: 0, leans: true });
  });

  it('goes without an odometry that departs where the scans tell the pose alone', () => {
    const { x, leans } = choose(0.45, {}, {});
    expect(x).toBeCloseTo(WENT, 6);
    expect(leans).toBe(false);
    expect(choose(0.45, { state: 'degraded' }, {}).leans).toBe(false);
  });

  it('leans on it where the scans slide, are lost, or tell less', () => {
    for (const alone of [
      { conditioning: 0.9 * SLIDES_BELOW },
      { held: true },
      { state: 'lost' },
      { state: 'degraded' },
    ] as const) {
      const { x, leans } = choose(0.45, {}, alone);
      expect(x).toBeCloseTo(0.45, 6);
      expect(leans).toBe(true);
    }
  });

  it('takes of two places the one that fits better', () => {
    const better = { inlierRatio: 0.95 };
    expect(choose(0.2, better, { inlierRatio: 0.6 }, { underWay: false }).leans).toBe(true);
    expect(choose(0.2, { inlierRatio: 0.6 }, better, { underWay: false }).leans).toBe(false);
  });

  it('believes no step that nothing which moves makes, nor one that leads nowhere, from an odometry that nobody has borne out', () => {
    const sliding = { conditioning: 0 };
    expect(choose(WENT + 300, {}, sliding).leans).toBe(false);
    expect(choose(WENT - 0.3, {}, sliding).leans).toBe(false);
    // From standing one may go at once: the velocity is not known yet.
    expect(choose(WENT - 0.3, {}, sliding, { underWay: false }).leans).toBe(true);
    expect(choose(WENT - 0.05, { state: 'lost' }, { state: 'lost' }).leans).toBe(false);
  });
});
