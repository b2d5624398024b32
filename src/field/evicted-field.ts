/** Blocks of one level outside the pool. */
export interface EvictedBlocks {
  /** Distance between corners, metres. */
  readonly voxel: number;
  /** 4 per block: bx, by, bz, number of the scan that last changed it. */
  readonly coords: Int32Array;
  /** How much each block changed since it was last meshed, metres. */
  readonly change: Float32Array;
}

/** Everything that a field holds, bit by bit, outside the pool. Plain data: it may be kept, sent or written. */
export interface EvictedField {
  /** Scalar levels, finest first, with 512 pairs {distance, weight} per block. */
  readonly levels: readonly (EvictedBlocks & {
    readonly corners: Float32Array;
    /** 512 times {red, green, blue, weight} per block, in steps of 1/256, on levels that have colours. */
    readonly colours?: Uint16Array;
  })[];
  readonly features: EvictedBlocks & {
    /** 512 per block: index into `rows` from 1, or 0 where there is none. */
    readonly corners: Int32Array;
    /** 32 per row: eight features, their gradient, Adam's m and v. */
    readonly rows: Float32Array;
    /** Steps of Adam per row. */
    readonly steps: Int32Array;
    readonly decoder: Float32Array;
  };
  /** Steps of the joint optimisation so far. */
  readonly fitSteps: number;
}
