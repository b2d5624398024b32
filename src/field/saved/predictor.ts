/**
 * Linear prediction of a value from its neighbours with weights that learn as they go (normalised least mean squares,
 * Widrow & Hoff 1960; Nagumo & Noda 1967). Plain float64 sums in a fixed order: encoder and decoder agree to the bit on
 * every machine.
 *
 * @example
 * const predictor = new Predictor(2, 1);
 * predictor.begin(0, previous);
 * predictor.add(left - previous);
 * predictor.learn(actual - predictor.value);
 */
export class Predictor {
  readonly #taps: number;
  readonly #weights: Float64Array;
  readonly #inputs: Float64Array;
  #set = 0;
  #energy = 0;
  #used = 0;
  #value = 0;

  /** @param sets separate sets of weights, for situations that differ. */
  constructor(taps: number, sets: number) {
    this.#taps = taps;
    this.#weights = new Float64Array(taps * sets);
    this.#inputs = new Float64Array(taps);
  }

  /** Starts a prediction about `base` with one set of weights. */
  begin(set: number, base: number): void {
    this.#set = set * this.#taps;
    this.#value = base;
    this.#energy = 1;
    this.#used = 0;
  }

  /** Adds the next neighbour, as its difference from the base; 0 where it is missing. */
  add(difference: number): void {
    this.#inputs[this.#used] = difference;
    this.#value += this.#weights[this.#set + this.#used++]! * difference;
    this.#energy += difference * difference;
  }

  get value(): number {
    return this.#value;
  }

  /** Learns from how far the truth was from the prediction. */
  learn(error: number): void {
    const step = (0.008 * Math.max(-64, Math.min(64, error))) / this.#energy;
    for (let i = 0; i < this.#used; i++) this.#weights[this.#set + i]! += step * this.#inputs[i]!;
  }
}
