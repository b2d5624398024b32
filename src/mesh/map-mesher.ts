import type { KernelPool } from '../compute/pool.js';
import { BLOCK_VALUES, type FieldBackend } from '../field/backend.js';
import type { Field } from '../field/field.js';
import type { Mesh } from './mesh.js';
import { blockKey, MeshBlockStore, type MeshBlockData } from './block-store.js';
import { BlockMesher } from './mesher.js';
import { mostChanged } from './most-changed.js';
import { Seam } from './seam.js';
import { StaleBorders } from './stale-borders.js';
import type { ColorsOf } from './vertex-colors.js';
import { weldBlocks } from './weld.js';

export interface MapMesherOptions {
  /** Corners seen with less weight are not meshed. */
  minWeight: number;
  /** Smaller separate pieces are left out of the welded mesh. */
  minComponentTriangles: number;
  /**
   * Corners at the truncation are meshed too: where free space was seen past the rim of a thing, the surface ends between
   * the two. And cells that were seen in part: corners that were not observed take the mean of those next to them.
   * Without it a strip of up to a cell is missing there. Default: no.
   */
  rims?: boolean;
  /** Decode the learned residual, or mesh the fused distances alone. */
  features: boolean;
  /** Meshes of coarser grids of the same submap, coarsest first: they end where this one begins. */
  coarser?: readonly MapMesher[];
  /** Colours of its vertices; default: those of the field. */
  colours?: ColorsOf;
  /** Told of blocks that an update has meshed anew (bx by bz and an unused one each). */
  updated?: (coords: Int32Array) => void;
}

const SLOTS = 128;
/** Blocks that are cut anew with each update: a few where a finer surface is looked at all the time. */
const CUT_AT_ONCE = 6;
const BLOCK_CELLS = 8;
/** Summed change of a block's corners, as a share of the voxel, below which its old mesh is still good: 5 cm at 0.15 m. */
const MIN_CHANGE = 1 / 3;
/** Corners of a crossed cell lie within its diagonal √3 of the surface. */
const BAND_VOXELS = 1.75;
/** With rims, corners so many voxels behind the surface and more are not meshed. */
const BEHIND_RIMS = 2.25;
/** Share of the truncation beyond which a distance is not one: fields that are cut off far out have nothing false there. */
const WHOLE = 0.99;

/**
 * Keeps the mesh of a field up to date, the most changed blocks first, a few per scan. Vertices have colours where the
 * field has some.
 *
 * @example
 * const mesher = new MapMesher(pool, backend, field, { minWeight: 1, minComponentTriangles: 0, features: true });
 * mesher.update(48); // blocks
 * const mesh = mesher.weld();
 */
export class MapMesher {
  readonly #backend: FieldBackend;
  readonly #field: Field;
  readonly #values: Float32Array;
  /** Corners farther from the surface are not meshed, metres. */
  readonly #band: number;
  readonly #mesher: BlockMesher;
  /** Which of the submap's grids it is of. */
  readonly #scale: number;
  readonly #seam: Seam;
  /** Finer grids: the mesh is cut away where they have the surface. */
  readonly #finer: { readonly truncation: number; sample(points: Float32Array): Float32Array }[] = [];
  readonly #options: MapMesherOptions;
  readonly #colorsOf: ColorsOf;
  /** Blocks whose mesh reaches into forgotten ones: what is left of the field could not make it again. */
  readonly #kept = new Set<number>();
  /** Where corners that were not observed are meshed, too: as they are by those around. */
  readonly #borders: StaleBorders | undefined;

  constructor(pool: KernelPool, backend: FieldBackend, field: Field, options: MapMesherOptions) {
    this.#backend = backend;
    this.#field = field;
    this.#options = options;
    const { voxel, truncation } = field.levels[0]!;
    if (options.rims) this.#band = Infinity;
    else this.#band = truncation > 2.5 * voxel ? WHOLE * truncation : BAND_VOXELS * voxel;
    this.#borders = options.rims ? new StaleBorders(MIN_CHANGE * voxel) : undefined;
    this.#colorsOf = options.colours ?? ((points) => backend.colours(field, points));
    const { coarser = [] } = options;
    this.#scale = coarser.length;
    const store = coarser[0]?.store ?? new MeshBlockStore();
    this.#seam = new Seam(store, {
      scale: this.#scale,
      side: BLOCK_CELLS * voxel,
      reach: voxel,
      finer: this.#finer,
    });
    this.#mesher = new BlockMesher(pool, {
      slots: SLOTS,
      cellSize: voxel,
      scale: this.#scale,
      store,
      sink: { set: (bx, by, bz, data) => this.#take(bx, by, bz, data) },
    });
    const sample = (points: Float32Array): Float32Array => backend.sample(field, 'distance', points);
    for (const mesher of coarser) mesher.#finer.push({ truncation, sample });
    this.#values = pool.memory.f32(this.#mesher.valuesBase, SLOTS * BLOCK_VALUES);
  }

  get store(): MeshBlockStore {
    return this.#mesher.store;
  }

  /** Re-extracts up to `budget` blocks; returns how many. */
  update(budget: number): number {
    if (budget > 0) this.#field.refresh();
    const fine = this.#field.levels[0]!;
    const blocks = mostChanged(fine.change, fine.blocks, budget, MIN_CHANGE * fine.voxel);
    if (this.#kept.size > 0) for (const block of blocks) this.#kept.delete(this.#keyOf(block));
    const changed = this.#borders?.changed(fine, blocks) ?? [];
    this.#extract(blocks, this.#options.updated);
    this.#borders?.mark(fine, changed, blocks, (x, y, z) => this.#kept.has(blockKey(x, y, z, this.#scale)));
    for (const mesher of [...(this.#options.coarser ?? []), this]) mesher.#seam.flush(CUT_AT_ONCE);
    return blocks.length;
  }

  /** Brings the mesh of blocks up to date whose centre is not nearer to `center` than `radius`, metres. */
  finishBeyond(center: ArrayLike<number>, radius: number): void {
    this.#field.refresh();
    const fine = this.#field.levels[0]!;
    const side = BLOCK_CELLS * fine.voxel;
    const blocks: number[] = [];
    for (const block of fine.blocks) {
      if (!(fine.change[block]! > 0)) continue;
      const at = (axis: number): number => (fine.coords[block * 4 + axis]! + 0.5) * side - center[axis]!;
      if (Math.hypot(at(0), at(1), at(2)) >= radius) blocks.push(block);
    }
    this.#extract(blocks);
  }

  /** Keeps the mesh of fine blocks (bx by bz each) that the field has forgotten, and of those that border on them. */
  keep(forgotten: Int32Array): void {
    for (let i = 0; i < forgotten.length; i += 3)
      for (let o = 0; o < 8; o++)
        this.#kept.add(
          blockKey(
            forgotten[i]! - (o & 1),
            forgotten[i + 1]! - ((o >> 1) & 1),
            forgotten[i + 2]! - (o >> 2),
            this.#scale,
          ),
        );
  }

  /** Re-extracts every block and welds them. */
  weld(): Mesh {
    this.#field.refresh();
    const blocks = Array.from(this.#field.levels[0]!.blocks);
    this.#extract(
      this.#kept.size > 0 ? blocks.filter((block) => !this.#kept.has(this.#keyOf(block))) : blocks,
    );
    this.#seam.flush();
    const { minComponentTriangles } = this.#options;
    return weldBlocks(this.store, { minComponentTriangles, scale: this.#scale });
  }

  clear(): void {
    this.#kept.clear();
    this.#seam.clear();
    this.store.clear(this.#scale);
  }

  /** Blocks of the only grid, and of the finest, go into the store as they are. */
  #take(bx: number, by: number, bz: number, data: MeshBlockData): void {
    if (this.#finer.length > 0) this.#seam.set(bx, by, bz, data);
    else this.store.set(bx, by, bz, data, this.#scale);
  }

  /** The surface has changed in blocks (4 coordinates each): coarser meshes are cut there anew. */
  #changed(coords: Int32Array): void {
    const { coarser = [] } = this.#options;
    const side = BLOCK_CELLS * this.#field.levels[0]!.voxel;
    for (const mesher of coarser) {
      const seam = mesher.#seam;
      for (let i = 0; i < coords.length; i += 4) {
        const min = [0, 1, 2].map((c) => coords[i + c]! * side);
        seam.changed(min, min.map((v) => v + side)); // prettier-ignore
      }
    }
  }

  /** What lies deep behind a rim is the shadow of it: nothing ends there. */
  #cutBehind(count: number): void {
    const values = this.#values;
    const deepest = -BEHIND_RIMS * this.#field.levels[0]!.voxel;
    for (let i = 0; i < count; i++) if (values[i]! < deepest) values[i] = NaN;
  }

  #keyOf(block: number): number {
    const { coords } = this.#field.levels[0]!;
    return blockKey(coords[block * 4]!, coords[block * 4 + 1]!, coords[block * 4 + 2]!, this.#scale);
  }

  #extract(blocks: number[], updated?: (coords: Int32Array) => void): void {
    const fine = this.#field.levels[0]!;
    const { minWeight, features } = this.#options;
    for (let first = 0; first < blocks.length; first += SLOTS) {
      const batch = blocks.slice(first, first + SLOTS);
      const coords = new Int32Array(batch.length * 4);
      batch.forEach((block, i) => {
        coords.set(fine.coords.subarray(block * 4, block * 4 + 3), i * 4);
        fine.change[block] = 0;
      });
      this.#backend.evaluate(this.#field, batch, this.#values, {
        minWeight,
        band: this.#band,
        features,
        ...(this.#options.rims && { beside: true }),
      });
      if (this.#options.rims) this.#cutBehind(batch.length * BLOCK_VALUES);
      this.#mesher.extract(coords, batch.length, this.#colorsOf);
      this.#changed(coords);
      updated?.(coords);
    }
  }
}
