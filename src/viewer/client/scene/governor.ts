/** Frames longer than this (ms) cost detail; those shorter give it back. */
const SLOW = 40;
const FAST = 14;
/** Consecutive frames that must agree; one that takes very long counts for half of them. */
const PATIENCE = 6;
const VERY_SLOW = 4 * SLOW;

/** Steps from the best picture to the quickest. `samples`: of each pixel, against jagged edges. */
const STEPS = [
  { scale: 1, cellPixels: 1.5, ambient: true, samples: 4 },
  { scale: 1, cellPixels: 2.5, ambient: true, samples: 4 },
  { scale: 0.75, cellPixels: 3, ambient: true, samples: 4 },
  { scale: 0.75, cellPixels: 5, ambient: false, samples: 0 },
  { scale: 0.5, cellPixels: 8, ambient: false, samples: 0 },
  { scale: 0.5, cellPixels: 16, ambient: false, samples: 0 },
] as const;

/**
 * Trades detail for speed while frames follow each other: resolution, size of the far cells, ambient occlusion. Once
 * the picture rests, the best is drawn again.
 *
 * @example
 * const governor = new Governor();
 * if (governor.drawn(performance.now())) resize(governor.scale); // another step
 * governor.idle();
 */
export class Governor {
  #step = 0;
  #last: number | undefined;
  #slow = 0;
  #fast = 0;
  #idle = 0;
  /** Step that kept up before the picture rested. */
  #kept = 0;
  /** Keeps the best picture whatever it takes, e.g. for a screenshot. */
  fixed = false;

  get scale(): number {
    return STEPS[this.#step]!.scale;
  }
  get cellPixels(): number {
    return STEPS[this.#step]!.cellPixels;
  }
  get ambient(): boolean {
    return STEPS[this.#step]!.ambient;
  }
  get samples(): number {
    return STEPS[this.#step]!.samples;
  }
  /** 0 is the best picture. */
  get step(): number {
    return this.#step;
  }

  /**
   * A frame was drawn.
   *
   * @param now milliseconds
   * @returns whether the resolution must change
   */
  drawn(now: number): boolean {
    const took = this.#last === undefined ? undefined : now - this.#last;
    this.#last = now;
    this.#idle = 0;
    if (took === undefined || this.fixed) return false;
    this.#slow = took > SLOW ? this.#slow + (took > VERY_SLOW ? PATIENCE / 2 : 1) : 0;
    this.#fast = took < FAST ? this.#fast + 1 : 0;
    if (this.#slow >= PATIENCE && this.#step < STEPS.length - 1)
      // Nobody waits through every step at a frame a second.
      return this.#go(took > VERY_SLOW ? STEPS.length - 1 : this.#step + 1);
    // Giving back takes longer than taking: a picture that jumps between two steps is worse than either.
    if (this.#fast >= 20 * PATIENCE && this.#step > 0) return this.#go(this.#step - 1);
    return false;
  }

  /** No frame was needed. */
  idle(): void {
    this.#last = undefined;
    this.#idle++;
  }

  /** Whether the picture has rested long enough to be drawn at its best; true once per rest. */
  restore(): boolean {
    if (this.#step === 0 || this.#idle !== 20) return false;
    this.#kept = this.#step;
    return this.#go(0) || true;
  }

  /**
   * A frame is about to be drawn because something moves: after a rest, what kept up before will do so again.
   *
   * @returns whether the resolution must change
   */
  resume(): boolean {
    if (this.#kept === 0 || this.fixed) return false;
    const step = this.#kept;
    this.#kept = 0;
    return this.#go(step);
  }

  #go(step: number): boolean {
    const before = this.scale;
    this.#step = step;
    this.#slow = this.#fast = 0;
    return before !== this.scale;
  }
}
