/** How measurements count in a completion; lengths in metres. */
export interface CompletionOptions {
  /** Share of the variance that the components leave out that each row has on top of its own. */
  readonly leftOutShare: number;
  /** The same, shared by all rows of a touch or of a piece of surface that was seen. */
  readonly sharedLeftOut: number;
  /** Added to the standard deviation of every point: the grid does not hold finer detail. */
  readonly surfaceSigma: number;
  /** Along the normal at these distances the signed distance is the way, with these standard deviations. */
  readonly outside: readonly { readonly distance: number; readonly sigma: number }[];
  /** Standard deviation of an unknown offset along the normal, one a touch; 0 where the arm is exact. */
  readonly touchOffset: number;
  /** Power with which the evidence for a kind of shape counts. */
  readonly temper: number;
  /** Points of one touch that are nearer to each other are left out. */
  readonly touchSpacing: number;
  /** The same for points that a camera saw. */
  readonly seenSpacing: number;
  /** Correction through the touched points. */
  readonly process: { readonly length: number; readonly amplitude: number; readonly sigma: number };
  /** Nothing of the object lies below z = 0: false for objects that are held. */
  readonly onTable: boolean;
  /** Standard deviations are given times this: chosen so that 68 % of the errors lie below them. */
  readonly sigmaScale: number;
}

/** Chosen on a validation set; see docs/completion.md. */
export const DEFAULT_COMPLETION: CompletionOptions = {
  leftOutShare: 1,
  sharedLeftOut: 1,
  surfaceSigma: 0.001,
  outside: [
    { distance: 0.008, sigma: 0.001 },
    { distance: 0.02, sigma: 0.004 },
  ],
  touchOffset: 0,
  temper: 1,
  touchSpacing: 0.004,
  seenSpacing: 0.01,
  process: { length: 0.025, amplitude: 0.003, sigma: 0.0005 },
  onTable: true,
  sigmaScale: 2.8,
};
