import {
  compose,
  identity,
  interpolate,
  inverse,
  type Pose,
  rotationAngle,
  translationNorm,
} from '../geometry/se3.js';
import type { TransformStamped } from './poses.js';

/**
 * Why there is no transform. `future`: the newest is older than asked for, so waiting may help; `past`: it was asked
 * for too late, or the publisher has stopped; `gap`: nothing was published around it for too long; `missing`: a frame is
 * unknown or the frames are not connected; `cycle`: the frames publish each other as parents.
 */
export type TfFailure = 'missing' | 'future' | 'past' | 'gap' | 'cycle';

export type TfLookup =
  | { readonly ok: true; readonly pose: Pose; readonly isStatic: boolean }
  | { readonly ok: false; readonly failure: TfFailure; readonly reason: string };

interface Branch {
  parent: string;
  isStatic: boolean;
  /** Ascending; one entry of stamp 0 for a static transform. */
  stamps: bigint[];
  /** T_parent_child of each. */
  poses: Pose[];
}

const NANOSECONDS = 1_000_000_000n;
const MAX_DEPTH = 128;
/** What moves less than this (m, rad) over a gap stood still … */
const STILL = { metres: 0.001, radians: 0.002 } as const;
/**
 * … unless the gap is so many times too long, and transforms came as seldom before it: there is time to go away and come back. Where
 * they came often until then, their publisher is silent because nothing moves, as some drivers of arms are.
 */
const STILL_LONGER = 8;

/**
 * The tree of transforms from /tf and /tf_static with a few seconds of history, and look-ups in it.
 *
 * @example
 * const tf = new TfBuffer();
 * tf.set(transform, true);
 * const found = tf.lookup('base_link', 'lidar', stampNs);
 */
export class TfBuffer {
  readonly #branches = new Map<string, Branch>();
  readonly #changes = new Map<string, string>();
  readonly #keepNs: bigint;

  /** @param keepSeconds length of the history */
  constructor(keepSeconds = 10) {
    this.#keepNs = BigInt(Math.round(keepSeconds * 1e9));
  }

  /** Static transforms that were given other values later, as sentences without their end, one for each child: the last is used. */
  get staticChanges(): readonly string[] {
    return [...this.#changes.values()];
  }

  /**
   * Takes a transform. A child that gets another parent loses its history.
   *
   * @returns why it was refused, if it was
   */
  set(transform: TransformStamped, isStatic: boolean): string | undefined {
    const parent = frameName(transform.frameId);
    const child = frameName(transform.childFrameId);
    if (parent === '' || child === '') return 'a transform without frame names is ignored';
    if (parent === child) return `a transform from '${child}' to itself is ignored`;
    let branch = this.#branches.get(child);
    if (!branch || branch.parent !== parent || branch.isStatic !== isStatic) {
      branch = { parent, isStatic, stamps: [], poses: [] };
      this.#branches.set(child, branch);
    }
    if (isStatic) {
      const before = branch.poses[0];
      if (before && moved(before, transform.transform))
        this.#changes.set(child, changeOf(branch.parent, child, before, transform.transform));
      branch.stamps = [0n];
      branch.poses = [transform.transform];
    } else this.#insert(branch, transform.stampNs, transform.transform);
    return undefined;
  }

  /**
   * T_target_source at a stamp: maps points of `source` to `target`.
   *
   * @param longestGap seconds between two transforms over which a moving one is interpolated; where it stands still, eight
   *   times as long, or however long where transforms came more often before
   */
  lookup(target: string, source: string, stampNs: bigint, longestGap = Infinity): TfLookup {
    [target, source] = [frameName(target), frameName(source)];
    if (target === source) return { ok: true, pose: identity(), isStatic: true };
    const up = this.#chain(source);
    const down = this.#chain(target);
    for (const chain of [up, down]) if (typeof chain === 'string') return fail('cycle', chain);
    const common = (up as string[]).find((frame) => (down as string[]).includes(frame));
    if (common === undefined) return fail('missing', this.#unconnected(target, source));
    const a = this.#toAncestor(source, common, stampNs, longestGap);
    if (!a.ok) return a;
    const b = this.#toAncestor(target, common, stampNs, longestGap);
    if (!b.ok) return b;
    return { ok: true, pose: compose(inverse(b.pose), a.pose), isStatic: a.isStatic && b.isStatic };
  }

  /** Forgets what moves; static transforms stay. For when time jumps. */
  clearMoving(): void {
    for (const [child, branch] of this.#branches) if (!branch.isStatic) this.#branches.delete(child);
  }

  has(frame: string): boolean {
    const name = frameName(frame);
    if (this.#branches.has(name)) return true;
    for (const branch of this.#branches.values()) if (branch.parent === name) return true;
    return false;
  }

  /** The frame that a frame hangs from in the end; itself where it is unknown. */
  root(frame: string): string {
    const chain = this.#chain(frameName(frame));
    return typeof chain === 'string' ? frameName(frame) : chain.at(-1)!;
  }

  #insert(branch: Branch, stamp: bigint, pose: Pose): void {
    const { stamps, poses } = branch;
    let at = stamps.length;
    while (at > 0 && stamps[at - 1]! > stamp) at--;
    if (at > 0 && stamps[at - 1] === stamp) {
      poses[at - 1] = pose;
      return;
    }
    stamps.splice(at, 0, stamp);
    poses.splice(at, 0, pose);
    // The last two from before the history stay: what begins it may have stood still since, and says how often they came.
    const oldest = stamps.at(-1)! - this.#keepNs;
    let drop = 0;
    while (drop + 2 < stamps.length && stamps[drop + 2]! <= oldest) drop++;
    if (drop > 0) {
      stamps.splice(0, drop);
      poses.splice(0, drop);
    }
  }

  /** Frame, parent, … root; or what is wrong. */
  #chain(frame: string): string[] | string {
    const chain = [frame];
    for (let at = this.#branches.get(frame); at; at = this.#branches.get(at.parent)) {
      if (chain.includes(at.parent) || chain.length > MAX_DEPTH)
        return `the tf tree has a cycle: ${[...chain.slice(chain.indexOf(at.parent)), at.parent].join(' → ')}; two publishers disagree about which frame is the parent`;
      chain.push(at.parent);
    }
    return chain;
  }

  /** T_ancestor_frame. */
  #toAncestor(frame: string, ancestor: string, stampNs: bigint, longestGap: number): TfLookup {
    let pose = identity();
    let isStatic = true;
    for (let at = frame; at !== ancestor;) {
      const branch = this.#branches.get(at)!;
      const step = this.#at(at, branch, stampNs, longestGap);
      if (!step.ok) return step;
      pose = compose(step.pose, pose);
      isStatic &&= branch.isStatic;
      at = branch.parent;
    }
    return { ok: true, pose, isStatic };
  }

  #at(child: string, branch: Branch, stampNs: bigint, longestGap: number): TfLookup {
    const { stamps, poses, isStatic } = branch;
    if (isStatic) return { ok: true, pose: poses[0]!, isStatic };
    const last = stamps.length - 1;
    const link = `'${branch.parent}' to '${child}'`;
    if (stampNs > stamps[last]!)
      return fail(
        'future',
        `the newest transform from ${link} is ${ago(stampNs - stamps[last]!)} older than the data`,
      );
    if (stampNs < stamps[0]!)
      return fail(
        'past',
        `the oldest transform from ${link} is ${ago(stamps[0]! - stampNs)} newer than the data`,
      );
    let [low, high] = [0, last];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (stamps[middle]! <= stampNs) low = middle;
      else high = middle;
    }
    if (stamps[high] === stampNs) low = high;
    if (low === high || stamps[low] === stampNs) return { ok: true, pose: poses[low]!, isStatic };
    const gap = Number(stamps[high]! - stamps[low]!) * 1e-9;
    if (gap > longestGap) {
      const step = compose(inverse(poses[low]!), poses[high]!);
      const [metres, radians] = [translationNorm(step), rotationAngle(step)];
      const silent = low > 0 && Number(stamps[low]! - stamps[low - 1]!) * 1e-9 <= longestGap;
      const known = silent || gap <= STILL_LONGER * longestGap;
      if (!known || metres >= STILL.metres || radians >= STILL.radians)
        return fail('gap', gapText(link, { gap, longestGap, metres, radians }));
    }
    const share = Number(stampNs - stamps[low]!) / Number(stamps[high]! - stamps[low]!);
    return { ok: true, pose: interpolate(poses[low]!, poses[high]!, share), isStatic };
  }

  #unconnected(target: string, source: string): string {
    const unknown = [source, target].filter((frame) => !this.has(frame));
    if (unknown.length === 0) return `'${target}' and '${source}' are not connected by transforms`;
    return `nobody publishes ${unknown.map((frame) => `'${frame}'`).join(' or ')} on /tf or /tf_static`;
  }
}

/** Frame names of tf2 have no leading slash; some old drivers still write one. */
export function frameName(frame: string): string {
  return frame.startsWith('/') ? frame.slice(1) : frame;
}

/** By more than what stands still may. */
function moved(a: Pose, b: Pose): boolean {
  const step = compose(inverse(a), b);
  return translationNorm(step) > STILL.metres || rotationAngle(step) > STILL.radians;
}

function changeOf(parent: string, child: string, before: Pose, now: Pose): string {
  const step = compose(inverse(before), now);
  const degrees = (rotationAngle(step) * 180) / Math.PI;
  return (
    `the static transform from '${parent}' to '${child}' was published again with another value, ${translationNorm(step).toFixed(3)} m and ` +
    `${degrees.toFixed(1)}° from the one before: the last is used`
  );
}

function fail(failure: TfFailure, reason: string): TfLookup {
  return { ok: false, failure, reason };
}

function gapText(
  link: string,
  { gap, longestGap, metres, radians }: Record<'gap' | 'longestGap' | 'metres' | 'radians', number>,
): string {
  const moved = `${(metres * 1e3).toFixed(0)} mm and ${((radians * 180) / Math.PI).toFixed(1)}°`;
  return `nothing tells the transform from ${link} for ${gap.toFixed(2)} s around it, in which it changes by ${moved}; at most ${longestGap} s are bridged`;
}

function ago(ns: bigint): string {
  return ns < NANOSECONDS ? `${Math.round(Number(ns) / 1e6)} ms` : `${(Number(ns) / 1e9).toFixed(1)} s`;
}
