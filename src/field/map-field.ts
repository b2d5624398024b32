import type { Pose } from '../geometry/se3.js';
import type { SurfaceSamples } from '../sensors/observation.js';
import type { FieldEngine, FitChunk } from './engine.js';
import type { FeatureLevel } from './backends/wasm/features.js';
import type { BlockGrid } from './backends/wasm/grid.js';
import type { SavedGrid } from './saved/saved-map.js';

/**
 * A field that a map is built in. `levels` and `features` are its contents in the memory of engine wasm; an engine that
 * works elsewhere keeps a copy there, which is behind until {@link MapField.refresh} or {@link MapField.sync}.
 */
export interface MapField extends FieldEngine {
  readonly levels: readonly BlockGrid[];
  readonly features: FeatureLevel;
  /** Bytes of blocks and rows in use. */
  readonly usedBytes: number;
  /** Share of the room for blocks and rows that is in use, of the level that is fullest. */
  readonly fill: number;
  /** Takes weight from corners that claim to be solid where rays of the scan passed freely. */
  carve(
    surface: SurfaceSamples,
    pose: Pose,
    options: { rays: number; maxRange: number; keep: number; seed: number },
  ): void;
  /** Draws training samples from a scan into the pool, four per chosen point. */
  drawSamples(
    surface: SurfaceSamples,
    chosen: number,
    first: number,
    options: { seed: number; band: number },
  ): void;
  /** Makes feature rows for the cells that samples of the pool lie in. */
  allocateRows(chunks: readonly FitChunk[], poses: readonly Pose[]): void;
  /** Distances at the 9³ corners of fine blocks, NaN where not observed, to `values` (a pointer). */
  evaluateBlocks(
    blocks: ArrayLike<number>,
    values: number,
    options: { minWeight: number; band: number; features: boolean },
  ): void;
  /** Radius around `center` (metres) within which blocks fill at most `share` of the room. */
  radiusFor(center: ArrayLike<number>, share: number): number;
  /** Forgets the blocks beyond `radius` of `center`; returns coordinates of the fine ones. */
  forgetBeyond(center: ArrayLike<number>, radius: number): Int32Array;
  /** Replaces everything by a saved field. */
  restore(saved: SavedGrid): void;
  /** Brings the lists of blocks and how much each changed up to date. */
  refresh(): void;
  /** Brings everything in `levels` and `features` up to date. */
  sync(): void;
  /** What happened to the engine that the user should know, oldest first; absent where nothing can happen. */
  readonly notices?: readonly string[];
  close(): Promise<void>;
}
