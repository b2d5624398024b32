/** What the corners of a grid hold, by name. */
export interface LayerLayout {
  readonly name: 'distance' | 'features' | 'colour';
  /** 32-bit words a corner in memory: 2 for distance and weight or for a colour, 1 for the number of a feature row. */
  readonly wordsPerCorner: number;
  /** Distance between the layer's corners, in fine voxels. */
  readonly stride: number;
}

/** How a grid is laid out: one scale, with layers on it. */
export interface GridLayout {
  /** Distance between the finest corners, metres. */
  readonly voxel: number;
  /** Largest distance that the finest corners hold, metres. */
  readonly truncation: number;
  /** Coarser levels of the distance layer, as multiples of the voxel, in increasing order. */
  readonly pyramid: readonly number[];
  readonly layers: readonly LayerLayout[];
}
