/** A triangle mesh; normals and colours are optional and per vertex. */
export interface Mesh {
  /** 3·V, metres, odom frame. */
  readonly positions: Float32Array;
  /** 3·V, unit, pointing out of the surface. */
  readonly normals?: Float32Array;
  /** 3·V, 0…255 sRGB; vertices without a colour are mid grey (UNKNOWN_COLOR). */
  readonly colors?: Uint8Array;
  /** 3·T. */
  readonly indices: Uint32Array;
}

/** The mesh of a map with what it was made of. */
export interface MapSurface {
  readonly mesh: Mesh;
  /** Its grids, coarsest first: so many of the mesh's triangles, in order, are of each; `voxel` in metres. */
  readonly grids: readonly { readonly voxel: number; readonly triangles: number }[];
}
