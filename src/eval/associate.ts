import { FeltmapError } from '../geometry/errors.js';
import { interpolate, type Pose } from '../geometry/se3.js';

/** Poses with their stamps, in one frame. */
export interface Trajectory {
  readonly stampsNs: readonly bigint[];
  /** T_world_body, one per stamp. */
  readonly poses: readonly Pose[];
}

/** Pairs of an estimated and a true pose at the same instants, in order of time. */
export interface Matched {
  readonly stampsNs: bigint[];
  readonly estimate: Pose[];
  readonly truth: Pose[];
  /** Index of each pair in the estimate as given. */
  readonly indices: number[];
}

export interface AssociateOptions {
  /**
   * `interpolate` (default): the truth between its two neighbours in time, on SE(3); at the ends the nearest.
   * `nearest`: the true pose nearest in time, as `evo` does.
   */
  readonly method?: 'interpolate' | 'nearest';
  /** Farther than this from any true stamp, `nearest` (and the ends of `interpolate`) give no pair. Default 10 ms. */
  readonly toleranceNs?: bigint;
  /** Longest gap in the truth that is interpolated. Default 1 s. */
  readonly maxGapNs?: bigint;
}

/**
 * Pairs every estimated pose with the truth at its stamp. Poses that are not finite and those without truth nearby
 * are left out. Neither input needs to be sorted.
 *
 * @throws FeltmapError bad-input when stamps and poses differ in number or nothing matches
 */
export function associate(estimate: Trajectory, truth: Trajectory, options: AssociateOptions = {}): Matched {
  const { method = 'interpolate', toleranceNs = 10_000_000n, maxGapNs = 1_000_000_000n } = options;
  const est = sorted(estimate, 'estimated');
  const gt = sorted(truth, 'true');
  const out: Matched = { stampsNs: [], estimate: [], truth: [], indices: [] };
  let after = 0; // first true stamp not before the estimated one
  for (const { stamp, pose, index } of est) {
    while (after < gt.length && gt[after]!.stamp < stamp) after++;
    const right = gt[after];
    const left = gt[after - 1];
    let match: Pose | undefined;
    if (right?.stamp === stamp) match = right.pose;
    else if (method === 'interpolate' && left && right && right.stamp - left.stamp <= maxGapNs)
      match = interpolate(left.pose, right.pose, ratio(stamp - left.stamp, right.stamp - left.stamp));
    else {
      const toLeft = left ? stamp - left.stamp : undefined;
      const toRight = right ? right.stamp - stamp : undefined;
      const useLeft = toLeft !== undefined && (toRight === undefined || toLeft <= toRight);
      const gap = useLeft ? toLeft : toRight;
      if (gap !== undefined && gap <= toleranceNs) match = (useLeft ? left : right)!.pose;
    }
    if (!match) continue;
    out.stampsNs.push(stamp);
    out.estimate.push(pose);
    out.truth.push(match);
    out.indices.push(index);
  }
  if (out.stampsNs.length === 0) throw new FeltmapError('bad-input', nothingMatches(est, gt));
  return out;
}

/**
 * Pairs two trajectories without usable stamps (KITTI files) by their order.
 *
 * @throws FeltmapError bad-input when their lengths differ
 */
export function pairByIndex(estimate: Trajectory, truth: Trajectory): Matched {
  const n = estimate.poses.length;
  if (n !== truth.poses.length || n === 0)
    throw new FeltmapError(
      'bad-input',
      `Cannot pair ${n} estimated with ${truth.poses.length} true poses by their order; give files with stamps (TUM).`,
    );
  return {
    stampsNs: [...truth.stampsNs],
    estimate: [...estimate.poses],
    truth: [...truth.poses],
    indices: estimate.poses.map((_, i) => i),
  };
}

interface Entry {
  stamp: bigint;
  pose: Pose;
  index: number;
}

function sorted(t: Trajectory, which: string): Entry[] {
  if (t.stampsNs.length !== t.poses.length)
    throw new FeltmapError(
      'bad-input',
      `The ${which} trajectory has ${t.stampsNs.length} stamps for ${t.poses.length} poses; they must be paired.`,
    );
  return t.poses
    .map((pose, index) => ({ stamp: t.stampsNs[index]!, pose, index }))
    .filter((e) => e.pose.every(Number.isFinite))
    .sort((a, b) => (a.stamp < b.stamp ? -1 : a.stamp > b.stamp ? 1 : a.index - b.index));
}

function ratio(part: bigint, whole: bigint): number {
  return Number(part) / Number(whole);
}

function nothingMatches(est: Entry[], gt: Entry[]): string {
  const span = (e: Entry[]) =>
    e.length === 0
      ? 'no finite poses'
      : `${Number(e[0]!.stamp) / 1e9} to ${Number(e[e.length - 1]!.stamp) / 1e9} s`;
  return `No estimated stamp lies near a true one (estimate: ${span(est)}; truth: ${span(gt)}); check that both use the same clock.`;
}
