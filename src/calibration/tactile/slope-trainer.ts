import { KernelArguments } from '../../compute/arguments.js';
import type { KernelPool } from '../../compute/pool.js';
import * as L from '../../kernels/layout/tactile.js';
import { Random } from '../../geometry/random.js';
import type { SlopeSamples } from './samples.js';

/** A layer of the network. */
interface Layer {
  readonly offset: number;
  readonly inputs: number;
  readonly outputs: number;
}

const LAYERS: readonly Layer[] = [
  { offset: L.LAYER_1, inputs: L.INPUTS, outputs: L.UNITS },
  { offset: L.LAYER_2, inputs: L.UNITS, outputs: L.UNITS },
  { offset: L.LAYER_3, inputs: L.UNITS, outputs: L.UNITS },
  { offset: L.LAYER_4, inputs: L.UNITS, outputs: L.OUTPUTS },
];

export interface TrainingOptions {
  readonly seed?: number;
  /** Steps of Adam. */
  readonly steps?: number;
  /** Samples of a step, a multiple of 256. */
  readonly batch?: number;
  /** Share of a step's samples that are the reference: flat, all ratios 0, anywhere on the gel. */
  readonly flat?: number;
  readonly rate?: number;
  /** Weight decay, times the rate (Loshchilov & Hutter 2019): some dozens of presses are soon learnt by heart. */
  readonly decay?: number;
}

const DEFAULTS: Required<TrainingOptions> = {
  seed: 1,
  steps: 2000,
  batch: 4096,
  flat: 0.15,
  rate: 4e-3,
  decay: 0.3,
};

/** Adam's moments (Kingma & Ba 2015). */
const [BETA_1, BETA_2, EPSILON] = [0.9, 0.999, 1e-8];

/**
 * Trains the network that turns colour ratios into slopes: Adam on |e| + e² of the arctan of the slopes, the rate falling
 * to zero as a cosine. The same seed gives the same weights whatever the number of threads.
 *
 * @returns the weights, as a calibration holds them
 * @throws FeltmapError out-of-memory when the arena is too small
 */
export function trainSlopes(
  pool: KernelPool,
  samples: SlopeSamples,
  options: TrainingOptions = {},
): Float32Array {
  const { seed, steps, batch, flat, rate, decay } = { ...DEFAULTS, ...options };
  const random = new Random(seed);
  const step = new GradientStep(pool, batch);
  const weights = initialWeights(random);
  const first = new Float64Array(L.WEIGHTS);
  const second = new Float64Array(L.WEIGHTS);
  const exact = Float64Array.from(weights);
  for (let t = 1; t <= steps; t++) {
    drawBatch(samples, step, random, flat);
    const gradients = step.run(weights);
    const now = (rate * (1 + Math.cos((Math.PI * t) / steps))) / 2;
    const [c1, c2] = [1 - BETA_1 ** t, 1 - BETA_2 ** t];
    for (let i = 0; i < L.WEIGHTS; i++) {
      const g = gradients[i]!;
      const m = (first[i] = BETA_1 * first[i]! + (1 - BETA_1) * g);
      const v = (second[i] = BETA_2 * second[i]! + (1 - BETA_2) * g * g);
      exact[i]! -= now * (m / c1 / (Math.sqrt(v / c2) + EPSILON) + decay * exact[i]!);
    }
    weights.set(exact);
  }
  step.close();
  return weights;
}

/** He et al. 2015: variance 2 / inputs; biases 0. */
function initialWeights(random: Random): Float32Array {
  const weights = new Float32Array(L.WEIGHTS);
  for (const { offset, inputs, outputs } of LAYERS)
    for (let i = 0; i < inputs * outputs; i++) weights[offset + i] = random.normal() * Math.sqrt(2 / inputs);
  return weights;
}

/** Samples drawn with replacement; the first `flat` of them are pixels of the reference, and where nothing touches the gel. */
function drawBatch(samples: SlopeSamples, step: GradientStep, random: Random, flat: number): void {
  const { inputs, targets, count } = step;
  const flats = Math.round(flat * count);
  for (let i = 0; i < count; i++) {
    if (i < flats) {
      const { rest } = samples;
      if (rest && rest.count > 0 && i % 2 === 1) {
        const from = Math.floor(random.next() * rest.count);
        for (let c = 0; c < L.INPUTS; c++) inputs[c * count + i] = rest.inputs[c * rest.count + from]!;
      } else {
        for (let c = 0; c < 3; c++) inputs[c * count + i] = 0;
        for (let c = 3; c < L.INPUTS; c++) inputs[c * count + i] = 2 * random.next() - 1;
      }
      for (let c = 0; c < L.OUTPUTS; c++) targets[c * count + i] = 0;
      continue;
    }
    const from = Math.floor(random.next() * samples.count);
    for (let c = 0; c < L.INPUTS; c++) inputs[c * count + i] = samples.inputs[c * samples.count + from]!;
    for (let c = 0; c < L.OUTPUTS; c++) targets[c * count + i] = samples.targets[c * samples.count + from]!;
  }
}

/**
 * Loss and gradient of the network over one batch, on the threads of a pool.
 *
 * @example
 * const step = new GradientStep(pool, 4096);
 * step.inputs.set(inputs); // planes
 * step.targets.set(targets);
 * const gradients = step.run(weights); // mean over the batch; step.loss is the mean loss
 */
export class GradientStep {
  readonly inputs: Float32Array;
  readonly targets: Float32Array;
  /** Mean over samples of Σ |e| + e². */
  loss = NaN;
  readonly #pool: KernelPool;
  readonly #args: KernelArguments;
  readonly #weights: Float32Array;
  readonly #transposed: Float32Array;
  readonly #parts: Float32Array;
  readonly #sum = new Float64Array(L.WEIGHTS);
  readonly #rooms: [pointer: number, bytes: number][] = [];

  /** @param count samples, a multiple of 256 */
  constructor(
    pool: KernelPool,
    readonly count: number,
  ) {
    this.#pool = pool;
    const chunks = count / L.SAMPLES;
    if (!Number.isInteger(chunks)) throw new RangeError(`A batch needs a multiple of ${L.SAMPLES} samples.`);
    this.#args = new KernelArguments(pool.memory, L.A_BYTES).int(L.A_COUNT, count);
    this.inputs = this.#floats(L.A_INPUTS, L.INPUTS * count);
    this.targets = this.#floats(L.A_TARGETS, L.OUTPUTS * count);
    this.#weights = this.#floats(L.A_WEIGHTS, L.WEIGHTS);
    this.#transposed = this.#floats(L.A_TRANSPOSED, L.WEIGHTS);
    this.#parts = this.#floats(L.A_GRADIENTS, (L.WEIGHTS + 2) * chunks);
    this.#floats(L.A_SCRATCH, L.SCRATCH * chunks);
  }

  /** @returns the mean gradient, overwritten by the next call */
  run(weights: Float32Array): Float64Array {
    this.#weights.set(weights);
    for (const { offset, inputs, outputs } of LAYERS)
      for (let o = 0; o < outputs; o++)
        for (let i = 0; i < inputs; i++)
          this.#transposed[offset + i * outputs + o] = weights[offset + o * inputs + i]!;
    this.#parts.fill(0);
    const chunks = this.count / L.SAMPLES;
    this.#pool.run('tactileTrain', this.#args.pointer, chunks);
    const sum = this.#sum.fill(0);
    let loss = 0;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const at = chunk * (L.WEIGHTS + 2);
      for (let i = 0; i < L.WEIGHTS; i++) sum[i]! += this.#parts[at + i]! / this.count;
      loss += this.#parts[at + L.WEIGHTS]!;
    }
    this.loss = loss / this.count;
    return sum;
  }

  /** Gives the memory back. */
  close(): void {
    for (const [pointer, bytes] of this.#rooms) this.#pool.memory.release(pointer, bytes);
    this.#rooms.length = 0;
  }

  #floats(offset: number, count: number): Float32Array {
    const pointer = this.#pool.memory.alloc(4 * count);
    this.#rooms.push([pointer, 4 * count]);
    this.#args.int(offset, pointer);
    return this.#pool.memory.f32(pointer, count);
  }
}
