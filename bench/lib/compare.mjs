// Trajectory figures of a run against a scan folder's truth.
import { drift } from '../../dist/eval/drift.js';
import { relativeError } from '../../dist/eval/relative.js';
import { absoluteError } from '../../dist/eval/trajectory.js';
import { readIndex } from './scan-folder.mjs';

/**
 * ATE (m, aligned without scale), errors of steps from scan to scan (rms, m and °) and drift (%) over 50 and 100 m
 * against the truth at `offset` seconds from the stamps; NaN drift where the run is too short.
 */
export function figures(folder, poses, offset = 0) {
  const { truth } = readIndex(folder);
  const reference = truth.poses[truth.offsets.indexOf(offset)];
  const kept = poses.map((_, k) => k).filter((k) => reference[k] !== null);
  const estimate = kept.map((k) => poses[k]);
  const given = kept.map((k) => Float64Array.from(reference[k]));
  const steps = relativeError(estimate, given);
  const { perLength } = drift(estimate, given, { lengths: [50, 100] });
  return {
    offset,
    ate: absoluteError(estimate, given).translation.rmse,
    step: steps.translation.rmse,
    stepDegrees: steps.rotationDeg.rmse,
    drift50: perLength[0].translationPercent,
    drift100: perLength[1].translationPercent,
  };
}

/**
 * As {@link figures}, at the instant of the sweep (begin, middle or end) that gives the lowest ATE: which instant the
 * poses of a peer belong to is not assumed but tried, to the peer's advantage.
 */
export function bestFigures(folder, poses) {
  const { truth } = readIndex(folder);
  const all = truth.offsets.map((offset) => figures(folder, poses, offset));
  const best = all.reduce((a, b) => (b.ate < a.ate ? b : a));
  return { ...best, instant: ['begin', 'middle', 'end'][all.indexOf(best)] };
}
