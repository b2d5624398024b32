import { KernelArguments } from '../../compute/arguments.js';
import type { KernelPool } from '../../compute/pool.js';
import * as L from '../../kernels/layout/tactile.js';
import { cosineTables } from './cosine-tables.js';

/**
 * Images of one size to slopes and heights, on the threads of a pool; results do not depend on how many they are.
 *
 * @example
 * const gel = new GelKernels(pool, 320, 240, calibration.weights);
 * gel.setReference(untouched); // RGB, 3 bytes a pixel
 * gel.findSlopes(image);
 * gel.integrate(); // gel.heights, in pixels
 */
export class GelKernels {
  /** Largest difference of a channel from the reference, per pixel. */
  readonly difference: Uint8Array;
  /** ∂H/∂x, then ∂H/∂y: a plane each. */
  readonly slopes: Float32Array;
  /** What the slopes of each pixel are multiplied by, 0 … 1; pixels at 0 are not looked at. */
  readonly gate: Float32Array;
  /** In pixels, up to a constant. */
  readonly heights: Float32Array;
  /** The reference, 3 bytes a pixel. */
  readonly reference: Uint8Array;
  readonly #pool: KernelPool;
  readonly #args: KernelArguments;
  readonly #image: Uint8Array;
  readonly #inverse: Float32Array;
  readonly #base: Float32Array;
  readonly #weights: Float32Array;
  readonly #rooms: [pointer: number, bytes: number][] = [];
  readonly #half: number;

  /** @throws FeltmapError out-of-memory when the arena is too small */
  constructor(
    pool: KernelPool,
    readonly width: number,
    readonly height: number,
    weights: Float32Array,
  ) {
    this.#pool = pool;
    const pixels = width * height;
    const tables = cosineTables(width, height);
    const { half } = tables;
    this.#half = half;
    const args = new KernelArguments(pool.memory, L.A_BYTES);
    this.#args = args.int(L.A_WIDTH, width, height).int(L.A_HALF, half);
    this.#image = this.#bytes(L.A_IMAGE, 3 * pixels);
    this.reference = this.#bytes(L.A_REFERENCE, 3 * pixels);
    this.#inverse = this.#floats(L.A_INVERSE, 3 * pixels);
    this.#weights = this.#floats(L.A_WEIGHTS, L.WEIGHTS);
    this.#base = this.#floats(L.A_BASE, 2 * pixels);
    this.slopes = this.#floats(L.A_SLOPES, 2 * pixels);
    this.difference = this.#bytes(L.A_DIFFERENCE, pixels);
    this.gate = this.#floats(L.A_GATE, pixels).fill(1);
    this.#floats(L.A_SCRATCH, L.SCRATCH * Math.ceil(height / L.SLOPE_ROWS));
    this.#floats(L.A_FORWARD, 2 * half * half).set(tables.forward);
    this.#floats(L.A_BACKWARD, 2 * half * half).set(tables.backward);
    this.#doubles(L.A_PIVOTS, 2 * half * height).set(tables.pivots);
    this.#doubles(L.A_COEFFICIENTS, 2 * half * (height + 2)); // vectors read two rows past the end
    this.heights = this.#floats(L.A_HEIGHTS, pixels);
    this.#floats(L.A_ROW_SCRATCH, 2 * half * L.ROWS * Math.ceil(height / L.ROWS));
    this.setWeights(weights);
  }

  /** Another network, for the reference that is set. */
  setWeights(weights: Float32Array): void {
    this.#weights.set(weights);
    this.#rebase();
  }

  /** @param rgb what the gel looks like when nothing touches it, 3 bytes a pixel */
  setReference(rgb: Uint8Array): void {
    this.reference.set(rgb);
    for (let i = 0; i < rgb.length; i++) this.#inverse[i] = 1 / (rgb[i]! / 255 + L.RATIO_FLOOR);
    this.#rebase();
  }

  /** Slopes and differences of an image, 3 bytes a pixel. */
  findSlopes(rgb: Uint8Array): void {
    this.#image.set(rgb);
    this.#args.int(L.A_BASE, this.#base.byteOffset);
    this.#runSlopes();
  }

  /** Heights from the slopes as they are. */
  integrate(): void {
    const bands = Math.ceil(this.height / L.ROWS);
    this.#pool.run('tactileForward', this.#args.pointer, bands);
    this.#pool.run('tactileColumns', this.#args.pointer, Math.ceil((2 * this.#half) / L.COLUMNS));
    this.#pool.run('tactileBackward', this.#args.pointer, bands);
  }

  /** Gives the memory back. */
  close(): void {
    for (const [pointer, bytes] of this.#rooms) this.#pool.memory.release(pointer, bytes);
    this.#rooms.length = 0;
  }

  /** What the network says of the reference itself: subtracted from all it says later. */
  #rebase(): void {
    this.#image.set(this.reference);
    this.#args.int(L.A_BASE, 0);
    this.#runSlopes();
    this.#base.set(this.slopes);
  }

  #runSlopes(): void {
    this.#pool.run('tactileSlopes', this.#args.pointer, Math.ceil(this.height / L.SLOPE_ROWS));
  }

  #room(offset: number, bytes: number): number {
    const pointer = this.#pool.memory.alloc(bytes + 4 * L.BLOCK); // vectors run past the end
    this.#rooms.push([pointer, bytes + 4 * L.BLOCK]);
    this.#args.int(offset, pointer);
    return pointer;
  }
  #bytes(offset: number, count: number): Uint8Array {
    return this.#pool.memory.u8(this.#room(offset, count), count);
  }
  #floats(offset: number, count: number): Float32Array {
    return this.#pool.memory.f32(this.#room(offset, 4 * count), count);
  }
  #doubles(offset: number, count: number): Float64Array {
    return this.#pool.memory.f64(this.#room(offset, 8 * count), count);
  }
}
