import { KernelPool } from '../../src/compute/pool.js';
import { BLOCK_VALUES, SAMPLE_VALUES, type FieldBackend } from '../../src/field/backend.js';
import type { Field } from '../../src/field/field.js';

/** Signed distance in metres, negative in solids. */
export type Distance = (x: number, y: number, z: number) => number;

/** What of a world was seen, metres: corners inside, near a surface. */
export interface Seen {
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
  /** Not seen although inside. */
  readonly hidden?: (x: number, y: number, z: number) => boolean;
  /** Whether free space was seen too: it has the truncation for a distance. Default: only what is near a surface. */
  readonly free?: boolean;
}

export const box =
  (low: readonly number[], high: readonly number[]): Distance =>
  (...p) => {
    const q = p.map((v, k) => Math.max(low[k]! - v, v - high[k]!));
    return Math.hypot(...q.map((v) => Math.max(v, 0))) + Math.min(0, Math.max(...q));
  };

/** Ground at height `z`, everything below is solid. */
export const below =
  (height: number): Distance =>
  (_x, _y, z) =>
    z - height;

export const union =
  (...parts: Distance[]): Distance =>
  (x, y, z) =>
    Math.min(...parts.map((d) => d(x, y, z)));

/** Of finite differences, metres. */
const STEP = 1e-4;

/** A field whose distances are those of a world, as far as it was seen. */
export class AnalyticField {
  readonly field: Field;
  readonly backend: FieldBackend;
  readonly #coords: Int32Array;
  readonly change: Float32Array;
  /** Blocks asked for so far. */
  evaluated = 0;

  constructor(
    public distance: Distance,
    readonly voxel: number,
    readonly truncation: number,
    public seen: Seen,
  ) {
    const blocks: number[][] = [];
    const range = (k: 0 | 1 | 2): number[] => {
      const [low, high] = [seen.low[k], seen.high[k]].map((v) => Math.floor(v / (8 * voxel))) as [
        number,
        number,
      ];
      return Array.from({ length: high - low + 1 }, (_, i) => low + i);
    };
    for (const bz of range(2))
      for (const by of range(1)) for (const bx of range(0)) blocks.push([bx, by, bz]);
    this.#coords = new Int32Array(4 * (blocks.length + 1));
    blocks.forEach((block, i) => this.#coords.set(block, 4 * (i + 1)));
    this.change = new Float32Array(blocks.length + 1).fill(1);
    const level = {
      voxel,
      truncation,
      count: blocks.length + 1,
      blocks: Uint32Array.from(blocks, (_, i) => i + 1),
      coords: this.#coords,
      change: this.change,
    };
    this.field = { levels: [level], refresh: () => undefined } as unknown as Field;
    this.backend = {
      evaluate: (_: Field, numbers: ArrayLike<number>, values: Float32Array) => {
        this.evaluated += numbers.length;
        for (let n = 0; n < numbers.length; n++)
          for (let c = 0; c < BLOCK_VALUES; c++) {
            const [i, j, k] = [c % 9, Math.floor(c / 9) % 9, Math.floor(c / 81)];
            const at = [i, j, k].map((v, a) => (8 * this.#coords[4 * numbers[n]! + a]! + v) * voxel);
            values[n * BLOCK_VALUES + c] = this.#at(at[0]!, at[1]!, at[2]!);
          }
      },
      sample: (_: Field, _layer: string, points: Float32Array) => {
        const out = new Float32Array((points.length / 3) * SAMPLE_VALUES);
        for (let i = 0; i < points.length / 3; i++) {
          const p = [0, 1, 2].map((k) => points[3 * i + k]!);
          const d = this.#at(p[0]!, p[1]!, p[2]!);
          const slope = [0, 1, 2].map((k) => {
            const [a, b] = [-STEP, STEP].map((h) => p.map((v, m) => (m === k ? v + h : v)));
            return (
              (this.distance(b![0]!, b![1]!, b![2]!) - this.distance(a![0]!, a![1]!, a![2]!)) / (2 * STEP)
            );
          });
          if (!Number.isNaN(d)) out.set([d, ...slope, 1], i * SAMPLE_VALUES);
        }
        return out;
      },
    } as unknown as FieldBackend;
  }

  #at(x: number, y: number, z: number): number {
    const { low, high, hidden, free } = this.seen;
    const d = this.distance(x, y, z);
    const inside = [x, y, z].every((v, k) => v > low[k]! - 1e-9 && v < high[k]! + 1e-9);
    if (!inside || hidden?.(x, y, z)) return NaN;
    if (free && d >= this.truncation) return this.truncation;
    return Math.abs(d) < this.truncation ? d : NaN;
  }
}

/** One backend for several fields. */
export function together(...worlds: readonly AnalyticField[]): FieldBackend {
  const of = (field: Field): FieldBackend => worlds.find((world) => world.field === field)!.backend;
  return {
    evaluate: (field, blocks, values, how) => of(field).evaluate(field, blocks, values, how),
    sample: (field, layer, points) => of(field).sample(field, layer, points),
  } as FieldBackend;
}

export const makePool = (): Promise<KernelPool> => KernelPool.create({ threads: 1, memoryMiB: 64 });
