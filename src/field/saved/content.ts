// What a field gives to be saved and takes to be restored. No backend's memory shows: blocks are read one at a time, so
// that nothing is copied on the way out and a large map is not unpacked twice on the way in.
import type { Pose } from '../../geometry/se3.js';
import type { GridLayout } from './grid-layout.js';

/** One level of fused distances. Blocks have 8³ corners. */
export interface DistanceLevel {
  /** Largest distance of this level, metres. */
  readonly truncation: number;
  /** bx by bz per block, in blocks of this level. */
  readonly coords: Int32Array;
  /**
   * The 512 pairs {distance (m), weight} of a block, x fastest; weight 0 = never observed.
   *
   * @param block from 0, in the order of `coords`
   * @returns a view that is valid until the next call
   */
  corners(block: number): Float32Array;
}

/** Learned features on coarse corners, and the decoder that they were learned with. */
export interface FeatureCorners {
  /** bx by bz per block, in blocks of feature cells. */
  readonly coords: Int32Array;
  readonly decoder: Float32Array;
  /** The 512 row numbers of a block, x fastest; 0 = no features. Valid until the next call. */
  rows(block: number): Int32Array;
  /** The eight features of a row. Valid until the next call. */
  features(row: number): Float32Array;
}

/** Fused colours of the finest corners. */
export interface ColourCorners {
  /** bx by bz per block. */
  readonly coords: Int32Array;
  /**
   * The 512 colours of a block, x fastest: red, green, blue, weight, in steps of 1/256; weight 0 = no colour.
   *
   * @param block from 0, in the order of `coords`
   * @returns a view that is valid until the next call
   */
  corners(block: number): Uint16Array;
}

/** What each layer holds, by its name. A layer more is a line here and an entry in the table of codecs. */
export interface LayerContents {
  /** Finest level first: one, and one for each step of the pyramid. */
  readonly distance: readonly DistanceLevel[];
  readonly features: FeatureCorners;
  readonly colour: ColourCorners;
}

export type LayerName = keyof LayerContents;

/** Everything that one grid holds. */
export interface FieldContent {
  readonly spec: GridLayout;
  readonly layers: Partial<LayerContents>;
}

/** A submap: fields of several scales in one frame. */
export interface SubmapContent {
  readonly id: number;
  readonly T_world_submap: Pose;
  /** T_submap_sensor of places along the path, for finding back into the map. */
  readonly places: readonly Pose[];
  readonly grids: readonly FieldContent[];
}

/** Everything that is saved. */
export interface MapContent {
  readonly sensor: string;
  /** Frame id of the sensor. */
  readonly frame: string;
  /** Scans mapped so far. */
  readonly scans: number;
  /** Where the last scan was taken. */
  readonly last: { readonly submap: number; readonly T_submap_sensor: Pose };
  readonly submaps: readonly SubmapContent[];
}
