import type { EvictedField } from './evicted-field.js';
import type { GridSpec } from './grid-spec.js';
import type { SavedGrid } from './saved/saved-map.js';
import type { FieldContent } from './saved/content.js';

/**
 * The blocks of one scalar level. They have their numbers from a pool that other levels and fields share, so those of
 * one level need not follow each other. Block 0 is empty and stands for "not there".
 */
export interface BlockTable {
  /** Distance between corners, metres. */
  readonly voxel: number;
  /** Largest stored distance, metres. */
  readonly truncation: number;
  /** Number of blocks, the empty one included. */
  readonly count: number;
  /** Numbers of the blocks in the order of their making. Valid until blocks are made or dropped. */
  readonly blocks: Uint32Array;
  /** 4 per block: bx, by, bz, number of the scan that last changed it. */
  readonly coords: Int32Array;
  /** How much each block changed since it was last meshed, metres summed over its corners; the mesher resets it. */
  readonly change: Float32Array;
}

/**
 * What maps, meshers and savers see of a field: which blocks there are and how much they changed. What the corners hold
 * is asked of the backend that made it.
 */
export interface Field {
  readonly id: number;
  readonly spec: GridSpec;
  /** Scalar levels, finest first. A backend that works elsewhere brings them up to date in {@link refresh}. */
  readonly levels: readonly BlockTable[];
  /** Feature rows in use. */
  readonly featureRows: number;
  /** Bytes of blocks and rows in use. */
  readonly usedBytes: number;
  /** Share of what it may hold that is in use, of the level that is fullest; what other fields use of the pool counts as gone. */
  readonly fill: number;
  /** Brings the lists of blocks and how much each changed up to date. */
  refresh(): void;
  /** Forgets everything. */
  clear(): void;
  /** Gives the room back to the backend; the field must not be used afterwards. */
  free(): void;
  /** Radius around `center` (metres, submap frame) within which blocks fill at most `share` of the room. */
  radiusFor(center: ArrayLike<number>, share: number): number;
  /**
   * Forgets the blocks whose centre is not nearer than `radius` to `center` (metres, submap frame).
   *
   * @returns coordinates of the forgotten fine blocks, bx by bz each
   */
  forgetBeyond(center: ArrayLike<number>, radius: number): Int32Array;
  /**
   * Takes everything that it holds out of the pool, bit by bit; the field is empty then. For submaps that are not needed
   * for a while. Training samples stay with the field.
   */
  evict(): EvictedField;
  /**
   * Replaces everything by what was evicted from a field with the same layout: as if it had never been away.
   *
   * @throws FeltmapError out-of-memory when the pool has no room for it, bad-input for another layout; the field stays
   *   as it was
   */
  admit(evicted: EvictedField): void;
  /** Everything that is saved, up to date; views, not copies. */
  content(): FieldContent;
  /**
   * Replaces everything by a saved field. All blocks count as changed, so that they are meshed anew.
   *
   * @throws FeltmapError out-of-memory when it is larger than this field may grow; not-found, bad-input when it is
   *   incomplete, damaged or laid out in another way
   */
  restore(saved: SavedGrid): void;
}
