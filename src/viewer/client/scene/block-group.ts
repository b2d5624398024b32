import { BufferAttribute, BufferGeometry, type Box3, type Material, type Mesh, type Sphere } from 'three';
import type { MeshBlockFrame } from '../../protocol/index.js';
import type { Baked } from './bake.js';

/** Neighbouring blocks that are drawn with one call. */
export interface BlockGroup {
  readonly key: string;
  readonly submap: number;
  readonly blocks: Map<number, MeshBlockFrame>;
  readonly mesh: Mesh<BufferGeometry, Material>;
  baked: Baked | undefined;
  /** Full detail first, then the levels built so far. */
  levels: BufferGeometry[];
  dirty: boolean;
  builtAt: number;
  /** In the submap's frame, of the surface. */
  readonly box: Box3;
  /** In the world's frame. */
  readonly sphere: Sphere;
}

/** Frees a level's index list; its attributes belong to the full level, and three.js would free them with it. */
export function disposeLevel(level: BufferGeometry | undefined): void {
  if (!level) return;
  for (const name of Object.keys(level.attributes)) level.deleteAttribute(name);
  level.dispose();
}

/** Full detail of baked blocks; shares their arrays. */
export function geometryOf(baked: Baked): BufferGeometry {
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(baked.position, 4, true));
  geometry.setAttribute('normal', new BufferAttribute(baked.normal, 4, true));
  geometry.setAttribute('tint', new BufferAttribute(baked.tint, 4, true));
  geometry.setAttribute('stamp', new BufferAttribute(baked.stamp, 1));
  geometry.setIndex(new BufferAttribute(baked.index, 1));
  return geometry;
}

/** Sends what was written into the same arrays to the GPU, and no more. */
export function refresh(geometry: BufferGeometry, { vertices, indices }: Baked): void {
  for (const name of ['position', 'normal', 'tint', 'stamp']) {
    const attribute = geometry.getAttribute(name) as BufferAttribute;
    attribute.clearUpdateRanges();
    attribute.addUpdateRange(0, vertices * attribute.itemSize);
    attribute.needsUpdate = true;
  }
  const index = geometry.getIndex()!;
  index.clearUpdateRanges();
  index.addUpdateRange(0, indices);
  index.needsUpdate = true;
}
