import { thinEvidence, type SurfaceEvidence } from './evidence.js';
import { placedPosterior, probable, type PlacedPosterior, type Supposed } from './hypothesis.js';
import { thinnedFree } from './free-space.js';
import type { CompletionOptions } from './options.js';
import { placementAt, UNMOVED, type Placement } from './placement.js';
import { coarsePrior, type ShapePrior } from './shape-prior.js';

/** Points of seen free space that every yaw is tried with: each of them is looked at for each. */
const FREE_TRIED = 400;

/** The prior with few components, made once for each number of them. */
const coarse = new WeakMap<ShapePrior, Map<number, ShapePrior>>();

function withComponents(prior: ShapePrior, rank: number, kindRank: number): ShapePrior {
  const made = coarse.get(prior) ?? new Map<number, ShapePrior>();
  coarse.set(prior, made);
  const found = made.get(rank) ?? coarsePrior(prior, rank, kindRank);
  made.set(rank, found);
  return found;
}

/**
 * How the object may stand in the prior's frame, with what is known of its shape for each, the most probable first. All
 * yaws are tried with few components and points; around the best ones finer steps; the best of those with everything.
 *
 * @returns empty when rows are not finite
 */
export function placedPosteriors(
  prior: ShapePrior,
  evidence: SurfaceEvidence,
  how: CompletionOptions,
): PlacedPosterior[] {
  if (!prior.yaws || prior.yaws < 2) return withMisfits(prior, UNMOVED, evidence, how).sort(byEvidence);
  const { yaw } = how;
  const thin = thinEvidence(evidence, yaw.spacing, 2 * yaw.spacing);
  const few = thin.free ? { ...thin, free: thinnedFree(thin.free, FREE_TRIED) } : thin;
  const small = withComponents(prior, yaw.rank, yaw.kindRank);
  const step = (2 * Math.PI) / prior.yaws;
  // Whatever is doubted counts here: a wrong yaw would explain it away.
  const surely = { ...how, outside: how.outside.map((row) => ({ ...row, doubted: false })) };
  const screened = screenYaws(prior, few, evidence, surely);
  const tried = new Map<number, PlacedPosterior>();
  /** Tries a yaw, counted in quarters of a step. */
  const attempt = (quarters: number, only?: readonly number[]): void => {
    const n = 4 * prior.yaws!;
    const at = ((quarters % n) + n) % n;
    if (tried.has(at)) return;
    const placement = placementAt((at * step) / 4, evidence.points);
    const found = placedPosterior(small, placement, few, surely, only ? { only } : {});
    if (found) tried.set(at, found);
  };
  const ranked = (): [number, PlacedPosterior][] => [...tried].sort(([, a], [, b]) => byEvidence(a, b));
  for (const { at, kinds } of screened) attempt(4 * at, kinds);
  for (const halves of [2, 1])
    for (const [at, { posterior }] of ranked().slice(0, yaw.refined)) {
      const kinds = likeliest(posterior.kinds, yaw.kinds);
      attempt(at - halves, kinds);
      attempt(at + halves, kinds);
    }
  const sorted = ranked().map(([, found]) => found);
  const least = (sorted[0]?.posterior.logEvidence ?? 0) - yaw.behind;
  const likely = sorted.filter(({ posterior }) => posterior.logEvidence >= least);
  const best = distinct(likely, step / 2).slice(0, yaw.kept);
  return best
    .flatMap(({ placement, posterior }) =>
      withMisfits(prior, placement, evidence, how, { only: likeliest(posterior.kinds, yaw.kinds) }),
    )
    .sort(byEvidence);
}

/** The most probable first. */
function byEvidence(a: PlacedPosterior, b: PlacedPosterior): number {
  return b.posterior.logEvidence - a.posterior.logEvidence;
}

/** One placement, where rows are left with each size of what the prior cannot show; empty when rows are not finite. */
function withMisfits(
  prior: ShapePrior,
  placement: Placement,
  evidence: SurfaceEvidence,
  how: CompletionOptions,
  supposed: Supposed = {},
): PlacedPosterior[] {
  const found: PlacedPosterior[] = [];
  for (const misfit of how.misfits) {
    if (found[0] && found[0].left <= how.misfitFrom) break;
    const placed = placedPosterior(prior, placement, evidence, how, { ...supposed, misfit });
    if (placed) found.push(placed);
  }
  return found;
}

/** Which of the even yaws are worth a closer look, and the likeliest kinds at each: by the fewest components. */
function screenYaws(
  prior: ShapePrior,
  evidence: SurfaceEvidence,
  all: SurfaceEvidence,
  how: CompletionOptions,
): { at: number; kinds: number[] }[] {
  const { screen } = how.yaw;
  const rough = withComponents(prior, screen.rank, screen.kindRank);
  const found: { at: number; logEvidence: number; kinds: number[] }[] = [];
  for (let at = 0; at < prior.yaws!; at++) {
    const placement = placementAt((at * 2 * Math.PI) / prior.yaws!, all.points);
    const placed = placedPosterior(rough, placement, evidence, how);
    if (!placed) continue;
    const { logEvidence, kinds } = placed.posterior;
    found.push({ at, logEvidence, kinds: probable(kinds, screen.least) });
  }
  const most = found.reduce((max, { logEvidence }) => Math.max(max, logEvidence), -Infinity);
  return found.filter(({ logEvidence }) => logEvidence >= most - screen.behind);
}

/** Leaves out what stands nearly as one before it. */
function distinct(found: readonly PlacedPosterior[], gap: number): PlacedPosterior[] {
  const out: PlacedPosterior[] = [];
  const turn = (a: Placement, b: Placement): number =>
    Math.abs(Math.atan2(Math.sin(a.yaw - b.yaw), Math.cos(a.yaw - b.yaw)));
  for (const one of found)
    if (out.every(({ placement }) => turn(placement, one.placement) >= gap)) out.push(one);
  return out;
}

function likeliest(kinds: Float64Array, most: number): number[] {
  return Array.from({ length: kinds.length - 1 }, (_, kind) => kind)
    .sort((a, b) => kinds[b]! - kinds[a]!)
    .slice(0, most)
    .sort((a, b) => a - b);
}
