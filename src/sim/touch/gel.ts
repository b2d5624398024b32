/** The gel of a simulated tactile sensor. Lengths in metres. */
export interface GelModel {
  /** Pixels of its image. */
  readonly width: number;
  readonly height: number;
  /** From one pixel to the next; the middle of the image is the middle of the gel. */
  readonly pitch: number;
  /** Deepest press: the arm stops there. */
  readonly maxDepth: number;
  /**
   * How far outside a contact the gel is still drawn in: its surface is a membrane on an elastic bed, which comes
   * back to rest over about this length. 0: not at all.
   */
  readonly skirt: number;
  /** The housing behind the gel: half of its width and height, its length, and how far it begins behind the gel. */
  readonly housing: {
    readonly half: readonly [number, number];
    readonly length: number;
    readonly behind: number;
  };
}

/** A gel of 20 × 15 mm seen at 320 × 240, pressed in by at most 1 mm. */
export const DEFAULT_GEL: GelModel = {
  width: 320,
  height: 240,
  pitch: 0.0000625,
  maxDepth: 0.001,
  skirt: 0.0005,
  housing: { half: [0.012, 0.0095], length: 0.03, behind: 0.003 },
};

/** A gel of the same size with other pixels, or other limits. */
export function gelModel(options: Partial<GelModel> = {}): GelModel {
  const model = { ...DEFAULT_GEL, ...options };
  if (options.width !== undefined && options.pitch === undefined)
    model.pitch = (DEFAULT_GEL.width * DEFAULT_GEL.pitch) / model.width;
  return model;
}

/** x of a column or y of a row in the gel frame. */
export function gelCoordinate(index: number, count: number, pitch: number): number {
  return (index - (count - 1) / 2) * pitch;
}
