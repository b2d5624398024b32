import type { EndsOptions } from './touched-ends.js';

/** All yaws are tried with the first components and few points, then the likeliest ones with all. */
export interface YawOptions {
  /** Before all else, with still fewer components: yaws are given up whose log evidence is so far behind, and kinds less probable than `least`. */
  readonly screen: {
    readonly rank: number;
    readonly kindRank: number;
    readonly behind: number;
    readonly least: number;
  };
  /** Components of the first try. */
  readonly rank: number;
  /** Directions of variation of each kind in it. */
  readonly kindRank: number;
  /** Points of a touch that are nearer to each other are left out of it (m). */
  readonly spacing: number;
  /** Yaws of the first try between which, half a step away, more are tried. */
  readonly refined: number;
  /** Yaws whose log evidence is so far behind the best one's after the first try are given up. */
  readonly behind: number;
  /** At most so many are kept, */
  readonly kept: number;
  /** of at least this share of the best one's probability. */
  readonly least: number;
  /** At most so many kinds of shapes are kept of each. */
  readonly kinds: number;
}

/** How measurements count in a completion; lengths in metres. */
export interface CompletionOptions {
  /** Share of the variance that the components leave out that each row has on top of its own. */
  readonly leftOutShare: number;
  /** The same, shared by all rows of a touch or of a piece of surface that was seen. */
  readonly sharedLeftOut: number;
  /**
   * What was felt and seen counts, and the surface is drawn, this far outside of it along the normals; then the surface is moved
   * back (m). A wall thinner than a cell of the prior's grid has an outside on its corners, but no inside.
   */
  readonly level: number;
  /** Added to the standard deviation of every point: the grid does not hold finer detail. */
  readonly surfaceSigma: number;
  /** Along the normal at these distances the signed distance is the way, with these standard deviations. */
  readonly outside: readonly {
    readonly distance: number;
    readonly sigma: number;
    /** Something else may be nearer: counts only where the shape that is known without it does not say so. */
    readonly doubted?: boolean;
  }[];
  /** Standard deviation with which a surface that reaches into free space is moved out of it (m). */
  readonly freeSigma: number;
  /** Where touches show that the object ends. */
  readonly ends: EndsOptions;
  /** Standard deviation of an unknown offset along the normal, one a touch; 0 where the arm is exact. */
  readonly touchOffset: number;
  /**
   * Standard deviations of what all rows of a touch, or a point that was seen, are off together because the prior knows no shape
   * like it: each counts by its evidence (m). The others than the first are tried where
   */
  readonly misfits: readonly number[];
  /** the first leaves more than this of the rows (mean squared error, in their variances). */
  readonly misfitFrom: number;
  /** Power with which the evidence for a kind of shape counts. */
  readonly temper: number;
  /** Where the prior's shapes have a yaw of their own: how the object's is found. */
  readonly yaw: YawOptions;
  /** Points of one touch that are nearer to each other are left out. */
  readonly touchSpacing: number;
  /** The same for points that a camera saw. */
  readonly seenSpacing: number;
  /** Correction through the touched points. */
  readonly process: {
    readonly length: number;
    readonly amplitude: number;
    readonly sigma: number;
    /** Whether it goes through what a camera or a LiDAR saw, too, as far as that is exact. */
    readonly seen: boolean;
  };
  /** Nothing of the object lies below z = 0: false for objects that are held. */
  readonly onTable: boolean;
  /** The standard deviation within a hypothesis is given times this: chosen so that 68 % of the errors lie below it; */
  readonly sigmaScale: number;
  /** that between hypotheses times this; */
  readonly betweenScale: number;
  /** that of what the components leave out times this; */
  readonly leftOutScale: number;
  /** all of it times this where the object is of a kind that was learnt, */
  readonly knownScale: number;
  /** times this where it is of none, as far as that is probable; */
  readonly otherScale: number;
  /** so much is added far from all that was touched or seen, where the surface may be another one (m), */
  readonly farSigma: number;
  /** and this where the object is of no kind that was learnt; */
  readonly otherFarSigma: number;
  /** no standard deviation is less (m). */
  readonly leastSigma: number;
}

/** Chosen on a validation set; see docs/completion.md. */
export const DEFAULT_COMPLETION: CompletionOptions = {
  leftOutShare: 1,
  sharedLeftOut: 1,
  level: 0.004,
  surfaceSigma: 0.001,
  outside: [
    { distance: 0.008, sigma: 0.001 },
    { distance: 0.02, sigma: 0.004, doubted: true },
  ],
  freeSigma: 0.003,
  ends: { fewest: 8, base: 0.005, share: 2 },
  touchOffset: 0,
  misfits: [0, 0.002],
  misfitFrom: 0.2,
  temper: 1,
  yaw: {
    screen: { rank: 16, kindRank: 4, behind: 80, least: 1e-9 },
    rank: 32,
    kindRank: 8,
    spacing: 0.008,
    refined: 3,
    kept: 2,
    behind: 8,
    least: 0.02,
    kinds: 12,
  },
  touchSpacing: 0.004,
  seenSpacing: 0.01,
  process: { length: 0.025, amplitude: 0.003, sigma: 0.0005, seen: true },
  onTable: true,
  sigmaScale: 2.1,
  betweenScale: 1.5,
  leftOutScale: 1,
  knownScale: 0.87,
  otherScale: 0.9,
  farSigma: 0.022,
  otherFarSigma: 0.09,
  leastSigma: 0.0004,
};
