/** Signed distances {distance, weight} of scalar levels: a running mean, and when it stops to grow. */
export interface DistanceLayer {
  readonly name: 'distance';
  readonly wordsPerCorner: 2;
  /** Distance between its corners in fine voxels; the pyramid repeats it at its own multiples. */
  readonly stride: 1;
  /** Weight at which the running mean becomes an exponential one. */
  readonly maxWeight: number;
  /** Weight of a corner above which only a share saturation/weight of further points is fused there. */
  readonly saturation: number;
  /** Farther points are not fused, metres. */
  readonly maxRange: number;
  /** Points without a normal are fused along their ray up to here, metres, with this weight. */
  readonly unorientedRange: number;
  readonly unorientedQuality: number;
}

/** Learned features, a row number a corner, decoded to a residual of the distance. */
export interface FeatureLayer {
  readonly name: 'features';
  readonly wordsPerCorner: 1;
  /** Side of a feature cell in fine voxels. */
  readonly stride: number;
  /** Size of the decoder's output, metres. */
  readonly outputScale: number;
}

/** Colours of fine corners where a camera looked: a running mean of red, green, blue, and its weight. */
export interface ColourLayer {
  readonly name: 'colour';
  readonly wordsPerCorner: 2;
  readonly stride: 1;
}

export type LayerSpec = DistanceLayer | FeatureLayer | ColourLayer;

/**
 * How a field is laid out: one per scale. A layer is an entry by what its corners hold.
 *
 * @example
 * const spec: GridSpec = { voxel: 0.15, truncation: 0.3, pyramid: [4, 8], seed: 1, layers: [distance, features] };
 */
export interface GridSpec {
  /** Distance between fine corners, metres. */
  readonly voxel: number;
  /** Largest fine distance, metres. */
  readonly truncation: number;
  /** Multiples of the fine voxel at which coarse scalar levels lie. */
  readonly pyramid: readonly number[];
  /** Largest distance of those in their own voxels; default: 2. */
  readonly pyramidTruncation?: number;
  readonly layers: readonly LayerSpec[];
  /** Of the decoder and of what is drawn at random. */
  readonly seed: number;
}

/** Most that a field may hold; less where other fields have taken what the pool of its backend holds. */
export interface FieldRoom {
  readonly fineBlocks: number;
  readonly featureRows: number;
  /** Training samples kept for replay. */
  readonly samples: number;
}

/** Most that all fields of a backend may hold together. */
export interface PoolRoom {
  /** Blocks of scalar levels, the empty one included. */
  readonly blocks: number;
  /** Blocks of feature levels, the empty one included. */
  readonly featureBlocks: number;
  /** Feature rows, the zero row included. */
  readonly rows: number;
  /** Whether there is room for the colours of each block; default: no. */
  readonly colours?: boolean;
}

/** Most blocks of the levels of a field, the empty one included: fine, each coarse one, features. */
export function levelBlocks({ fineBlocks }: FieldRoom): { fine: number; coarse: number; features: number } {
  return {
    fine: fineBlocks,
    coarse: Math.max(1024, fineBlocks >> 3),
    features: Math.max(1024, fineBlocks >> 2),
  };
}

/** What a pool must know of a field. */
type PooledSpec = Pick<GridSpec, 'pyramid'> & Partial<Pick<GridSpec, 'layers'>>;

/** A pool for what one field may hold. */
export function poolFor({ pyramid, layers = [] }: PooledSpec, room: FieldRoom): PoolRoom {
  const { fine, coarse, features } = levelBlocks(room);
  const pool = { blocks: fine + pyramid.length * coarse, featureBlocks: features, rows: room.featureRows };
  return layers.some(({ name }) => name === 'colour') ? { ...pool, colours: true } : pool;
}

/** A pool for what several fields may hold. */
export function joinPools(a: PoolRoom, b: PoolRoom): PoolRoom {
  const colours = a.colours === true || b.colours === true;
  return {
    blocks: a.blocks + b.blocks,
    featureBlocks: a.featureBlocks + b.featureBlocks,
    rows: a.rows + b.rows,
    ...(colours && { colours }),
  };
}

/**
 * The entry of a layer.
 *
 * @throws RangeError when the grid has none of that name
 */
export function layerOf<N extends LayerSpec['name']>(
  { layers }: GridSpec,
  name: N,
): Extract<LayerSpec, { name: N }> {
  const found = layers.find((layer) => layer.name === name);
  if (!found) throw new RangeError(`The grid has no layer "${name}".`);
  return found as Extract<LayerSpec, { name: N }>;
}
