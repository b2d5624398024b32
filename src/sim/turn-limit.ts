import type { Pose } from '../geometry/se3.js';
import type { Wave } from './smooth.js';

/** Waves in time that turn a body. */
export interface Turns {
  readonly yaw: readonly Wave[];
  readonly pitch: readonly Wave[];
  readonly roll: readonly Wave[];
}

/** Times from 0 on at which a motion is looked at, s. */
export interface Looked {
  readonly seconds: number;
  readonly step: number;
}

export interface TurnLimit extends Looked {
  /** Highest turning rate, rad/s. */
  readonly rate: number;
  /** Largest factor of the turns. */
  readonly most: number;
}

/**
 * Scales turns so that the turning rate peaks at a limit.
 *
 * @param poses where the body is at a time (s) when it turns so
 */
export function limitTurns<T extends Turns>(
  full: T,
  poses: (turns: T) => (t: number) => Pose,
  { rate, most, ...looked }: TurnLimit,
): T {
  const scaled = (k: number): T => {
    const by = (list: readonly Wave[]) => list.map((w) => ({ ...w, amplitude: w.amplitude * k }));
    return { ...full, yaw: by(full.yaw), pitch: by(full.pitch), roll: by(full.roll) };
  };
  let [low, high] = [0, most];
  for (let i = 0; i < 12; i++) {
    const k = (low + high) / 2;
    if (peakRate(poses(scaled(k)), looked) < rate) low = k;
    else high = k;
  }
  return scaled(low);
}

/** Largest turning rate, rad/s. */
export function peakRate(pose: (t: number) => Pose, { seconds, step }: Looked): number {
  let peak = 0;
  let before = pose(0);
  for (let t = step; t <= seconds; t += step) {
    const now = pose(t);
    // |R_aᵀ R_b| through the trace: cheaper than a logarithm.
    let trace = 0;
    for (const i of [0, 1, 2, 4, 5, 6, 8, 9, 10]) trace += before[i]! * now[i]!;
    peak = Math.max(peak, Math.acos(Math.min(1, (trace - 1) / 2)) / step);
    before = now;
  }
  return peak;
}
