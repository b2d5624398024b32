import { AlikeImages } from './alike-images.js';
import { type Change, changeBetween, coarsen, type CoarseImage } from './coarse.js';
import { gatePixels } from './gate.js';
import { Unrest } from './unrest.js';

/** Drift of the whole gel, grey levels, from which on a new reference is worth it. */
const WORTH_CAPTURING = 1.5;
/** Drift, grey levels, from which on heights suffer (colour +10 % costs a fifth of the accuracy). */
const HARMFUL = 8;

/** What became of an image that was shown to the keeper. */
export interface Kept {
  /** A new reference to use from now on, 3 bytes a pixel. */
  readonly reference?: Uint8Array;
  readonly touched: boolean;
  /** More has changed than noise and drift do: nobody can say that nothing touches the gel. */
  readonly changed: boolean;
  /** Drift, grey levels, when something touches the gel and the reference is out of date. */
  readonly stale?: number;
}

/**
 * Keeps what a gel looks like when nothing touches it, and notices when it drifts: lamps warm up, gels wear. After a few
 * untouched images in a row that differ from the reference, their mean becomes the new one.
 *
 * @example
 * const keeper = new ReferenceKeeper(320, 240);
 * keeper.set(untouched);
 * const { reference } = keeper.show(image); // a new one, if it was time
 */
export class ReferenceKeeper {
  #coarse: CoarseImage | undefined;
  #shown: { coarse: CoarseImage; gains: Change['gains'] } | undefined;
  readonly #unrest = new Unrest();
  /** Untouched ones, before the reference is captured anew. */
  readonly #quiet = new AlikeImages();

  constructor(
    readonly width: number,
    readonly height: number,
  ) {}

  /** What the gel looks like untouched. */
  set(rgb: Uint8Array): void {
    this.#coarse = coarsen(rgb, this.width, this.height);
    this.#quiet.forget();
    this.#unrest.begin();
  }

  /** What the gel looks like untouched is not known any more. */
  forget(): void {
    this.#coarse = undefined;
    this.#shown = undefined;
    this.#quiet.forget();
  }

  /** An image, in the order in which they were taken. */
  show(rgb: Uint8Array): Kept {
    const coarse = coarsen(rgb, this.width, this.height);
    if (!this.#coarse) return { touched: false, changed: false };
    const { touched, drift, gains } = changeBetween(this.#coarse, coarse);
    this.#shown = { coarse, gains };
    const changed = touched || this.#unrest.show(this.#coarse, coarse, gains);
    // A finger that rests on the gel looks the same in every image, and so does a table under all of it: only what was like the
    // reference counts.
    if (changed || this.#quiet.differs(coarse)) {
      this.#quiet.forget();
      return { touched, changed, ...(touched && drift > HARMFUL && { stale: drift }) };
    }
    const mean = this.#quiet.add(rgb, coarse);
    if (!mean || drift < WORTH_CAPTURING) return { touched, changed };
    this.set(mean);
    return { touched, changed, reference: mean };
  }

  /** How much each pixel of the image that was shown last differs from the reference, 0 … 1. */
  gate(out: Float32Array): void {
    if (!this.#coarse || !this.#shown) return;
    gatePixels(this.#coarse, this.#shown.coarse, this.#shown.gains, this.width, this.height, out);
  }
}
