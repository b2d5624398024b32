import type { KernelPool } from '../field/engines/wasm/pool.js';
import type { WasmField } from '../field/engines/wasm/field.js';
import type { Mesh } from '../slam/types.js';
import type { MeshBlockStore } from './block-store.js';
import { BlockMesher } from './mesher.js';
import { weldBlocks } from './weld.js';

export interface MapMesherOptions {
  /** Corners seen with less weight are not meshed. */
  minWeight: number;
  /** Smaller loose pieces are left out of the welded mesh. */
  minComponentTriangles: number;
  /** Decode the learned residual, or mesh the fused distances alone. */
  features: boolean;
}

const SLOTS = 128;
/** Summed change of a block's corners, metres, below which its old mesh is still good. */
const MIN_CHANGE = 0.05;
/** Corners of a crossed cell lie within its diagonal √3 of the surface. */
const BAND_VOXELS = 1.75;

/** Keeps the mesh of a field up to date, the most changed blocks first, a few per scan. */
export class MapMesher {
  readonly #field: WasmField;
  readonly #mesher: BlockMesher;
  readonly #options: MapMesherOptions;

  constructor(pool: KernelPool, field: WasmField, options: MapMesherOptions) {
    this.#field = field;
    this.#options = options;
    this.#mesher = new BlockMesher(pool, { slots: SLOTS, cellSize: field.levels[0]!.voxel });
  }

  get store(): MeshBlockStore {
    return this.#mesher.store;
  }

  /** Re-extracts up to `budget` blocks; returns how many. */
  update(budget: number): number {
    const fine = this.#field.levels[0]!;
    const blocks = mostChanged(fine.change, fine.count, budget);
    this.#extract(blocks);
    return blocks.length;
  }

  /** Re-extracts every block and welds them. */
  weld(): Mesh {
    const fine = this.#field.levels[0]!;
    this.#extract(Array.from({ length: fine.count - 1 }, (_, i) => i + 1));
    return weldBlocks(this.store, { minComponentTriangles: this.#options.minComponentTriangles });
  }

  clear(): void {
    this.store.clear();
  }

  #extract(blocks: number[]): void {
    const fine = this.#field.levels[0]!;
    const { minWeight, features } = this.#options;
    for (let first = 0; first < blocks.length; first += SLOTS) {
      const batch = blocks.slice(first, first + SLOTS);
      const coords = new Int32Array(batch.length * 4);
      batch.forEach((block, i) => {
        coords.set(fine.coords.subarray(block * 4, block * 4 + 3), i * 4);
        fine.change[block] = 0;
      });
      this.#field.evaluateBlocks(batch, this.#mesher.valuesBase, {
        minWeight,
        band: BAND_VOXELS * fine.voxel,
        features,
      });
      this.#mesher.extract(coords, batch.length);
    }
  }
}

/** The `budget` blocks with the largest change, by index. Block 0 is the empty one. */
export function mostChanged(change: Float32Array, count: number, budget: number): number[] {
  const candidates: number[] = [];
  for (let block = 1; block < count; block++) if (change[block]! > MIN_CHANGE) candidates.push(block);
  if (candidates.length <= budget) return candidates;
  const sorted = Float32Array.from(candidates, (block) => change[block]!).sort();
  const cut = sorted[sorted.length - budget]!;
  const above = candidates.filter((block) => change[block]! > cut);
  const ties = candidates.filter((block) => change[block]! === cut).slice(0, budget - above.length);
  return [...above, ...ties].sort((a, b) => a - b);
}
