import { KernelArguments } from '../../compute/arguments.js';
import type { KernelPool } from '../../compute/pool.js';
import * as L from '../../kernels/layout/camera.js';
import { completeOptions, type CameraOptions, type DepthNoise } from './camera-options.js';
import { ColorPreparer } from './color-preparer.js';
import { countUnusable, isPoor, usable, whyUnusable } from './depth-quality.js';
import { fillOrder } from './fill-order.js';
import type { CameraIntrinsics, RgbdFrame } from './frame.js';
import { lensMap, lensOf } from './lens.js';
import { describeNoise, LEAST_GROWTH, NoiseGrowth } from './noise-growth.js';
import { occlusionSearch } from './occlusion.js';
import { checkFrame, gridFactor, latticeStep, reduceIntrinsics } from './prepare-geometry.js';
import type { PreparedFrame } from './prepared-frame.js';
import { Room } from './room.js';
import { Tables } from './tables.js';

/** Zeros after the lens map: vectors read past its end. */
const SLACK = 16;

/**
 * Turns depth images, with colour where there is one, into grids and samples fit for tracking and mapping: bins pixels,
 * weighs them by the sensor's noise, fits normals and finds colours. Scratch memory is shared by all cameras and grows
 * with the largest image; results lie in a {@link PreparedFrame} of the caller and do not depend on the number of
 * threads.
 *
 * @example
 * const preparer = new CameraPreparer(pool, { maxRange: 5 });
 * const prepared = preparer.prepare(frame, new PreparedFrame(pool.memory)); // what tracking needs
 * preparer.complete(prepared); // and what mapping needs
 */
export class CameraPreparer {
  readonly options: Required<CameraOptions>;
  readonly #pool: KernelPool;
  readonly #args: KernelArguments;
  readonly #u32: Uint32Array;
  readonly #notices = new Set<string>();
  /** Cameras of which poor frames have been told. */
  readonly #told = new Set<string>();
  /** Growth of depth noise by camera, where nobody gives it. */
  readonly #growths = new Map<string, NoiseGrowth>();
  readonly #color: ColorPreparer;
  readonly #lensMaps: Tables;
  readonly #orders: Tables;
  readonly #source: Room;
  readonly #metres: Room;
  readonly #counts: Room;
  readonly #place: Room;

  /** @throws FeltmapError bad-config for options that make no sense; out-of-memory when the arena is too small */
  constructor(pool: KernelPool, options: CameraOptions = {}) {
    this.options = completeOptions(options);
    this.#pool = pool;
    const { memory } = pool;
    this.#args = new KernelArguments(memory, L.A_BYTES);
    this.#u32 = memory.u32(this.#args.pointer, L.A_BYTES / 4);
    this.#color = new ColorPreparer(pool, this.#args, (text) => this.#notices.add(text));
    this.#lensMaps = new Tables(memory);
    this.#orders = new Tables(memory);
    this.#source = new Room(memory);
    this.#metres = new Room(memory);
    this.#counts = new Room(memory);
    this.#place = new Room(memory);
    const { minRange, maxRange, trackPoints } = this.options;
    this.#args.float(L.A_MIN_RANGE, [minRange, maxRange]).int(L.A_MAX_KEYPOINTS, trackPoints);
  }

  /** What the user should know about frames so far, each once: only ever grows. */
  get notices(): readonly string[] {
    return [...this.#notices];
  }

  /**
   * @param out where the result goes; whatever was there is overwritten
   * @returns out
   * @throws FeltmapError bad-input for a frame that contradicts itself or is too large; out-of-memory when the arena is
   *   too small for it
   */
  prepare(frame: RgbdFrame, out: PreparedFrame): PreparedFrame {
    const { depth: camera, color } = checkFrame(frame, this.options, (text) => this.#notices.add(text));
    const factor = gridFactor(camera, this.options);
    const grid = reduceIntrinsics(camera, factor);
    const chunks = Math.ceil(grid.height / L.GRID_ROWS);
    this.#bindSource(frame, camera, factor, chunks);
    this.#bindGrid(frame, grid, out);
    this.#reduce(frame.frameId, out, chunks);
    this.#gather(out, chunks);
    this.#findNormals(0, chunks);
    this.#pool.run('cameraSurface', this.#args.pointer, 1);
    out.surfaceCount = this.#u32[L.A_SURFACE_COUNT / 4]!;
    out.keypointCount = this.#u32[L.A_KEYPOINT_COUNT / 4]!;
    if (frame.color && color) this.#color.prepare(frame.color, color, frame.frameId, out);
    out.counts.input = camera.width * camera.height;
    this.#judge(frame, out);
    return out;
  }

  /** The noise of a camera's depth, as it is taken now. */
  noise(frameId: string): DepthNoise {
    const { a, z0, b = this.#growths.get(frameId)?.value ?? LEAST_GROWTH } = this.options.noise;
    return { a, b, z0 };
  }

  /** Bins the pixels; once more where that shows noise that was not known. */
  #reduce(frameId: string, out: PreparedFrame, chunks: number): void {
    const run = () => {
      const { a, b, z0 } = this.noise(frameId);
      this.#args.float(L.A_SIGMA, [a, b, z0, a + b * (1 - z0) ** 2]);
      this.#pool.run('cameraReduce', this.#args.pointer, chunks);
    };
    run();
    if (this.options.noise.b !== undefined) return;
    const growth = this.#growths.get(frameId) ?? new NoiseGrowth(this.options.noise);
    this.#growths.set(frameId, growth);
    if (growth.settled) return;
    if (growth.add(out.grid())) run();
    if (growth.settled && growth.value > LEAST_GROWTH)
      this.#notices.add(
        `Depth of camera '${frameId}' scatters more than usual: σ(z) = ${describeNoise(this.noise(frameId))} is taken, by its first images; rgbd.noiseGrowth gives another.`,
      );
  }

  /** Counts what cannot be used, and tells it of the first frame of a camera that says little. */
  #judge({ depth, frameId }: RgbdFrame, out: PreparedFrame): void {
    const { counts, surfaceCount } = out;
    const { minRange, maxRange } = this.options;
    countUnusable(depth, [minRange, maxRange], counts);
    const { quality } = out.surface();
    let bare = 0;
    for (let i = 0; i < surfaceCount; i++) if (quality[i]! < 1) bare++;
    counts.flying = surfaceCount > 0 ? Math.round((bare / surfaceCount) * counts.valid) : 0;
    if (!isPoor(counts) || this.#told.has(frameId)) return;
    this.#told.add(frameId);
    this.#notices.add(
      `Only ${((100 * usable(counts)) / counts.input).toFixed(1)} % of the pixels of a frame of camera '${frameId}' can be used: ${whyUnusable(counts)}; such frames are hardly tracked or mapped.`,
    );
  }

  /** Does what only mapping needs: normals between the rows of the samples, and the grid's colours. Nothing is done twice. */
  complete(prepared: PreparedFrame): void {
    if (prepared.completed) return;
    prepared.bind(this.#args);
    const chunks = Math.ceil(prepared.layout.camera.height / L.GRID_ROWS);
    if (prepared.layout.step > 1) this.#findNormals(1, chunks);
    this.#color.complete(prepared);
    prepared.completed = true;
  }

  /** Normals in the rows of the samples (0) or in the others (1). */
  #findNormals(others: 0 | 1, chunks: number): void {
    this.#args.int(L.A_OTHER_ROWS, others);
    this.#pool.run('cameraNormals', this.#args.pointer, chunks);
  }

  /** What the chunks of the reduction found. */
  #gather(out: PreparedFrame, chunks: number): void {
    const counts = this.#pool.memory.i32(this.#counts.pointer, 2 * chunks);
    const largest = this.#pool.memory.f32(this.#counts.pointer, 2 * chunks);
    out.counts.valid = out.nearest = 0;
    for (let chunk = 0; chunk < chunks; chunk++) {
      out.counts.valid += counts[2 * chunk]!;
      out.nearest = Math.max(out.nearest, largest[2 * chunk + 1]!);
    }
  }

  #bindSource({ depth }: RgbdFrame, camera: CameraIntrinsics, factor: number, chunks: number): void {
    const { memory } = this.#pool;
    const { data, scale } = depth;
    const pixels = data.length;
    const bytes = data.BYTES_PER_ELEMENT * (pixels + SLACK);
    const pointer = this.#source.atLeast(bytes);
    if (data instanceof Float32Array) memory.f32(pointer, pixels).set(data);
    else new Uint16Array(memory.memory.buffer, pointer, pixels).set(data);
    let map = 0;
    if (lensOf(camera).kind !== L.LENS_NONE)
      map = this.#lensMaps.find(JSON.stringify(camera), pixels + SLACK, (table) => {
        table.fill(L.NO_SOURCE);
        lensMap(camera, table);
      });
    this.#args
      .int(L.A_SOURCE, pointer, data instanceof Float32Array ? 1 : 0, map, camera.width, factor)
      .scalar(L.A_SCALE, scale)
      .int(L.A_METRES, this.#metres.atLeast(4 * (pixels + SLACK)), this.#counts.atLeast(8 * chunks));
  }

  #bindGrid({ color }: RgbdFrame, grid: CameraIntrinsics, out: PreparedFrame): void {
    out.reserve(grid, latticeStep(grid.width, grid.height, this.options));
    if (color) out.search = occlusionSearch(grid, color.T_depth_color, this.options.minRange);
    out.bind(this.#args);
    const { across, down } = out.layout;
    const order = this.#orders.find(`${across}x${down}`, across * down, (table) =>
      fillOrder(across, down, table),
    );
    this.#args.int(L.A_ORDER, order, this.#place.atLeast(4 * across * down));
  }
}
