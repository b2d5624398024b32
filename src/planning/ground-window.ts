/** The part of a map that is looked at: cells from (i0, j0), in rows of rising y. */
export interface GroundWindow {
  readonly i0: number;
  readonly j0: number;
  readonly width: number;
  readonly height: number;
  /** Side of a cell and of a voxel, metres. */
  readonly resolution: number;
  readonly voxel: number;
  /** x and y of the centre of a cell, metres. */
  center(cell: number): [number, number];
  /** Heights of the floors that were seen, rising. */
  floors(cell: number): Float32Array;
  /** The one that is nearest to a height; NaN without any. */
  floorNear(cell: number, z: number): number;
  /** Whether there is something solid between two heights, or within half a cell of it. */
  solidWithin(cell: number, low: number, high: number): boolean;
}
