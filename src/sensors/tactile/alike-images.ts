import { changeBetween, type CoarseImage } from './coarse.js';

/** Images of a gel that are alike, one after the other, from which it is known what the gel looks like. */
export const ENOUGH_ALIKE = 3;

/**
 * The mean of images of a gel that are alike, one after the other.
 *
 * @example
 * const alike = new AlikeImages();
 * if (alike.differs(coarse)) alike.forget();
 * const mean = alike.add(rgb, coarse); // with the third, 3 bytes a pixel
 */
export class AlikeImages {
  #sum = new Float32Array(0);
  #count = 0;
  #last: CoarseImage | undefined;

  /** Whether something touches the gel in an image of the same size that did not in the one before, or the other way round. */
  differs(coarse: CoarseImage): boolean {
    return this.#last !== undefined && changeBetween(this.#last, coarse).touched;
  }

  /** @returns the mean of {@link ENOUGH_ALIKE}, which are forgotten then */
  add(rgb: Uint8Array, coarse: CoarseImage): Uint8Array | undefined {
    if (this.#count === 0 && this.#sum.length !== rgb.length) this.#sum = new Float32Array(rgb.length);
    this.#last = coarse;
    this.#count++;
    for (let i = 0; i < rgb.length; i++) this.#sum[i]! += rgb[i]!;
    if (this.#count < ENOUGH_ALIKE) return undefined;
    const mean = Uint8Array.from(this.#sum, (sum) => Math.round(sum / ENOUGH_ALIKE));
    this.forget();
    return mean;
  }

  forget(): void {
    this.#sum.fill(0);
    this.#count = 0;
    this.#last = undefined;
  }
}
