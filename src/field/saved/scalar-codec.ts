// The corners of a scalar level in few bytes. Every corner is predicted from its neighbours that are already known, also
// those in other blocks, and only the difference is written: observed or not, weight class, distance.
import { BLOCK_CORNERS } from '../../kernels/layout/field.js';
import { BlockIndex, codeBlockOrder } from './block-order.js';
import { IntegerModel } from './integer-model.js';
import { Predictor } from './predictor.js';
import { BitModels, RangeDecoder, RangeEncoder, type BitCoder } from './range-coder.js';

// A block with its surroundings: two layers below and one above on x and y, two below on z.
const LOW = 2;
const NX = 11;
const NXY = NX * NX;
const NZ = 10;

/** Offsets of the known neighbours of a corner in the padded block, nearest first. */
const TAPS = [
  [-1, 0, 0],
  [0, -1, 0],
  [0, 0, -1],
  [-1, -1, 0],
  [-1, 0, -1],
  [0, -1, -1],
  [1, -1, 0],
  [1, 0, -1],
  [0, 1, -1],
  [-2, 0, 0],
  [0, -2, 0],
  [0, 0, -2],
  [-1, -1, -1],
].map(([x, y, z]) => x! + y! * NX + z! * NXY);
const WEIGHT_TAPS = 6; // more gain nothing for weights

/** The corners of a level in whole numbers. Blocks are sorted by z, y, x. */
export interface QuantisedLevel {
  /** Steps of the largest distance. */
  readonly limit: number;
  /** bx by bz per block. */
  readonly coords: Int32Array;
  /** 512 per block, x fastest: signed distance in steps; 0 where not observed. */
  readonly distances: Int8Array | Int16Array;
  /** 512 per block: class of the weight from 1 on; 0 where not observed. */
  readonly weights: Uint8Array;
}

/** Room for distances of up to `limit` steps: a large map has 10⁸ of them. */
export function stepArray(limit: number, length: number): Int8Array | Int16Array {
  return limit < 128 ? new Int8Array(length) : new Int16Array(length);
}

/** @returns bytes for {@link decodeScalars}; the number of blocks is not among them */
export function encodeScalars(level: QuantisedLevel): Uint8Array {
  const coder = new RangeEncoder();
  codeScalars(coder, level);
  return coder.finish();
}

/** @throws FeltmapError bad-input when the bytes end early or make no sense */
export function decodeScalars(bytes: Uint8Array, blocks: number, limit: number): QuantisedLevel {
  const level = {
    limit,
    coords: new Int32Array(blocks * 3),
    distances: stepArray(limit, blocks * BLOCK_CORNERS),
    weights: new Uint8Array(blocks * BLOCK_CORNERS),
  };
  codeScalars(new RangeDecoder(bytes), level);
  return level;
}

function codeScalars(coder: BitCoder, level: QuantisedLevel): void {
  codeBlockOrder(coder, level.coords);
  const surroundings = new Surroundings(level);
  const corners = new CornerModel(coder, surroundings, level.limit);
  const { distances, weights } = level;
  for (let block = 0; block * 3 < level.coords.length; block++) {
    surroundings.gather(block);
    for (let i = 0, at = block * BLOCK_CORNERS; i < BLOCK_CORNERS; i++, at++) {
      corners.code(i, weights[at]!, distances[at]!);
      weights[at] = corners.weight;
      distances[at] = corners.distance;
    }
    if (coder instanceof RangeDecoder) coder.check();
  }
}

/** One block and the layers around it, copied out so that neighbours are found by offset. */
class Surroundings {
  readonly distances = new Int16Array(NXY * NZ);
  readonly weights = new Uint8Array(NXY * NZ);
  readonly #level: QuantisedLevel;
  readonly #index: BlockIndex;

  constructor(level: QuantisedLevel) {
    this.#level = level;
    this.#index = new BlockIndex(level.coords);
  }

  /** Takes the known neighbours of a block: those before it in order. Its own corners are left empty. */
  gather(block: number): void {
    const { coords, distances, weights } = this.#level;
    const [bx, by, bz] = [coords[block * 3]!, coords[block * 3 + 1]!, coords[block * 3 + 2]!];
    this.weights.fill(0);
    for (let dz = -1; dz <= 0; dz++)
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) {
          const other = this.#index.at(bx + dx, by + dy, bz + dz);
          if (other < 0 || other >= block) continue;
          const [x0, x1] = [Math.max(0, LOW + dx * 8), Math.min(NX, LOW + dx * 8 + 8)];
          const [y0, y1] = [Math.max(0, LOW + dy * 8), Math.min(NX, LOW + dy * 8 + 8)];
          const [z0, z1] = [Math.max(0, LOW + dz * 8), Math.min(NZ, LOW + dz * 8 + 8)];
          for (let z = z0; z < z1; z++)
            for (let y = y0; y < y1; y++)
              for (let x = x0; x < x1; x++) {
                const from =
                  other * BLOCK_CORNERS +
                  (x - LOW - dx * 8) +
                  (y - LOW - dy * 8) * 8 +
                  (z - LOW - dz * 8) * 64;
                const to = x + y * NX + z * NXY;
                this.weights[to] = weights[from]!;
                this.distances[to] = distances[from]!;
              }
        }
  }
}

/** What is known of corners: how likely they are observed, how well, and how far from the surface. */
class CornerModel {
  weight = 0;
  distance = 0;
  readonly #coder: BitCoder;
  readonly #around: Surroundings;
  readonly #observed = new BitModels(256 * 4);
  readonly #weightResidual = new IntegerModel(3 * 8);
  readonly #distanceResidual = new IntegerModel(10 * 6);
  readonly #weightPredictor = new Predictor(WEIGHT_TAPS, 8);
  readonly #distancePredictor = new Predictor(TAPS.length, 8);
  /** Errors of recent distances, by place in the padded block. */
  readonly #errors = new Float64Array(NXY * NZ).fill(4);
  readonly #limit: number;

  constructor(coder: BitCoder, around: Surroundings, limit: number) {
    this.#coder = coder;
    this.#around = around;
    this.#limit = limit;
  }

  /** Codes corner `i` of the gathered block; the result is in `weight` and `distance`. */
  code(i: number, weight: number, distance: number): void {
    const { weights, distances } = this.#around;
    const at = LOW + (i & 7) + (LOW + ((i >> 3) & 7)) * NX + (LOW + (i >> 6)) * NXY;
    let pattern = 0;
    let largest = 0;
    for (let t = 0; t < 8; t++) {
      const n = at + TAPS[t]!;
      if (weights[n] === 0) continue;
      pattern |= 1 << t;
      if (t < 3) largest = Math.max(largest, Math.abs(distances[n]!));
    }
    const near = Math.min(3, Math.floor((largest * 4) / this.#limit));
    if (!this.#coder.bit(this.#observed, pattern * 4 + near, weight > 0 ? 1 : 0)) {
      this.weight = this.distance = weights[at] = distances[at] = 0;
      this.#errors[at] = 4;
      return;
    }
    this.weight = weights[at] = this.#codeWeight(at, pattern & 7, weight);
    this.distance = distances[at] = this.#codeDistance(at, pattern & 7, distance);
  }

  #codeWeight(at: number, set: number, weight: number): number {
    const predicted = this.#predict(this.#weightPredictor, this.#around.weights, at, set, WEIGHT_TAPS, 12);
    const rounded = Math.max(1, Math.min(255, Math.round(predicted)));
    const context = (set === 0 ? 0 : set === 7 ? 2 : 1) * 8 + Math.min(7, rounded >> 2);
    const out = rounded + this.#weightResidual.code(this.#coder, context, weight - rounded);
    this.#weightPredictor.learn(out - predicted);
    return Math.max(1, Math.min(255, out));
  }

  #codeDistance(at: number, set: number, distance: number): number {
    const limit = this.#limit;
    const predicted = this.#predict(this.#distancePredictor, this.#around.distances, at, set, TAPS.length, 0);
    const rounded = Math.max(-limit, Math.min(limit, Math.round(predicted)));
    const errors = this.#errors;
    const before = 2 * (errors[at - 1]! + errors[at - NX]! + errors[at - NXY]!) + (set === 7 ? 0 : 8);
    const activity = Math.min(9, Math.round(1.5 * log2(1 + before)));
    const w = this.#around.weights[at]!;
    const trust = w < 8 ? 0 : w < 11 ? 1 : w < 14 ? 2 : w < 17 ? 3 : w < 20 ? 4 : 5;
    const out = rounded + this.#distanceResidual.code(this.#coder, activity * 6 + trust, distance - rounded);
    this.#distancePredictor.learn(out - predicted);
    errors[at] = Math.abs(out - rounded);
    return Math.max(-limit, Math.min(limit, out));
  }

  /** The value at `at` from its observed neighbours, about the nearest of them. */
  #predict(
    predictor: Predictor,
    values: Int16Array | Uint8Array,
    at: number,
    set: number,
    taps: number,
    otherwise: number,
  ): number {
    const { weights } = this.#around;
    let base = otherwise;
    for (let t = 0; t < taps; t++)
      if (weights[at + TAPS[t]!] !== 0) {
        base = values[at + TAPS[t]!]!;
        break;
      }
    predictor.begin(set, base);
    for (let t = 0; t < taps; t++) {
      const n = at + TAPS[t]!;
      predictor.add(weights[n] !== 0 ? values[n]! - base : 0);
    }
    return predictor.value;
  }
}

/** log₂ without Math.log, whose last bit may differ between machines. */
function log2(v: number): number {
  const whole = 31 - Math.clz32(v);
  return whole + v / 2 ** whole - 1;
}
