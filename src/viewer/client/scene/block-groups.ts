import {
  Box3,
  BufferAttribute,
  BufferGeometry,
  Group,
  Matrix4,
  Mesh,
  Sphere,
  Vector3,
  type Camera,
  type Material,
  type Object3D,
} from 'three';
import { BLOCK_CELLS } from '../../../kernels/layout/mesh.js';
import type { MeshBlockFrame } from '../../protocol/index.js';
import type { SubmapPoses } from '../model/trajectory-store.js';
import { bakeBlocks, type Baked } from './bake.js';
import { disposeLevel, geometryOf, refresh, type BlockGroup } from './block-group.js';
import { heightRangeOf, raycastGroups } from './group-queries.js';
import { chooseLevel, clusterTriangles } from './lod.js';
import type { Plane, Ray } from './raycast.js';
import { matrixOf } from './transforms.js';

/** Blocks along a group's side: some 20 000 triangles a draw call, a millisecond to rebuild. */
const GROUP_BLOCKS = 8;
/** Cells of the levels of detail 1, 2 and 3, in voxels. */
const LEVEL_CELLS = [2, 4, 8] as const;
/** A group under change is rebuilt at most this often (ms): uploads cost more than the eye gains. */
const REBUILD_MS = 120;

/** What is on the screen and in memory. */
export interface GroupStatistics {
  readonly blocks: number;
  readonly triangles: number;
  readonly groups: number;
}

/**
 * All surface as the GPU sees it: blocks merged by neighbourhood, so that a draw call carries thousands of triangles and
 * what is outside of the view costs nothing; coarser index lists for what is far.
 *
 * @example
 * const groups = new BlockGroups(material, submaps);
 * groups.put(frame);
 * groups.update(performance.now(), 4); // ms
 */
export class BlockGroups {
  readonly root = new Group();
  readonly #groups = new Map<string, BlockGroup>();
  readonly #groupOf = new Map<string, BlockGroup>();
  readonly #submaps = new Map<number, Object3D>();
  readonly #versions = new Map<string, number>();
  #stale: Set<string> | undefined;
  #triangles = 0;
  #voxel = 0.2;
  #dirty = 0;
  /** Surface was built or has moved since heights were last asked for. */
  #moved = false;
  #coloured = false;

  constructor(
    private readonly material: Material,
    private readonly poses: SubmapPoses,
  ) {
    this.root.matrixAutoUpdate = false;
  }

  /** Finest voxel (m) of the coming blocks. */
  set voxel(size: number) {
    if (size > 0) this.#voxel = size;
  }
  get voxel(): number {
    return this.#voxel;
  }

  get statistics(): GroupStatistics {
    return { blocks: this.#groupOf.size, triangles: this.#triangles, groups: this.#groups.size };
  }

  /** Whether rebuilt groups are outstanding. */
  get pending(): boolean {
    return this.#dirty > 0;
  }

  /** Takes a block in, unless a newer version is known. */
  put(frame: MeshBlockFrame): void {
    const id = `${frame.submap}/${frame.key}`;
    this.#stale?.delete(id);
    if (frame.version < (this.#versions.get(id) ?? -1)) return;
    this.#versions.set(id, frame.version);
    const group = this.#groupFor(frame);
    const before = this.#groupOf.get(id);
    if (before) this.#take(before, frame.key);
    if (frame.indices.length === 0) {
      this.#groupOf.delete(id);
      return;
    }
    // Arrays are views of a message of many blocks: copies let go of it.
    group.blocks.set(frame.key, {
      ...frame,
      positions: frame.positions.slice(),
      normals: frame.normals.slice(),
      indices: frame.indices.slice(),
      ...(frame.colors ? { colors: frame.colors.slice() } : {}),
    });
    if (frame.colors) this.#coloured = true;
    this.#groupOf.set(id, group);
    this.#triangles += frame.indices.length / 3;
    this.#touch(group);
  }

  remove(submap: number, key: number, version: number): void {
    const id = `${submap}/${key}`;
    this.#stale?.delete(id);
    if (version < (this.#versions.get(id) ?? -1)) return;
    this.#versions.set(id, version);
    const group = this.#groupOf.get(id);
    if (!group) return;
    this.#take(group, key);
    this.#groupOf.delete(id);
  }

  /** What is not sent again until `endSnapshot` has gone; until then it stays on the screen. */
  beginSnapshot(): void {
    this.#versions.clear();
    this.#stale = new Set(this.#groupOf.keys());
  }

  endSnapshot(): void {
    for (const id of this.#stale ?? []) {
      const [submap, key] = id.split('/').map(Number) as [number, number];
      this.remove(submap, key, Infinity);
      this.#versions.delete(id);
    }
    this.#stale = undefined;
  }

  clear(): void {
    for (const group of this.#groups.values()) this.#dispose(group);
    this.#groups.clear();
    this.#groupOf.clear();
    this.#versions.clear();
    this.#stale = undefined;
    this.#triangles = 0;
    this.#dirty = 0;
    this.#coloured = false;
  }

  /** Moves a submap's surface to where `poses` says. */
  moveSubmap(submap: number): void {
    const node = this.#submaps.get(submap);
    if (!node) return;
    this.#moved = true;
    matrixOf(this.poses.get(submap), node.matrix);
    node.matrixWorldNeedsUpdate = true;
    for (const group of this.#groups.values()) if (group.submap === submap) this.#place(group);
  }

  /** Rebuilds changed groups for up to `budget` ms. */
  update(now: number, budget: number): void {
    if (this.#dirty === 0) return;
    const until = performance.now() + budget;
    for (const group of this.#groups.values()) {
      if (!group.dirty || (group.baked && now - group.builtAt < REBUILD_MS)) continue;
      this.#build(group, now);
      if (performance.now() > until) return;
    }
  }

  /**
   * Chooses each group's level of detail.
   *
   * @param pixels largest size of a cell on the screen
   * @param height of the picture in pixels
   * @param budget ms for building levels
   * @returns whether levels are still to be built
   */
  chooseLevels(camera: Camera, height: number, pixels: number, budget: number): boolean {
    const sizes = LEVEL_CELLS.map((cells) => cells * this.#voxel);
    const focal = 0.5 * height * camera.projectionMatrix.elements[5]!;
    const perspective = 'isPerspectiveCamera' in camera;
    const until = performance.now() + budget;
    let missing = false;
    for (const group of this.#groups.values()) {
      if (!group.baked) continue;
      const away = perspective
        ? Math.max(0.01, camera.position.distanceTo(group.sphere.center) - group.sphere.radius)
        : 1;
      let level = chooseLevel(sizes, away / focal, pixels);
      while (level > 0 && !group.levels[level]) {
        if (performance.now() < until) this.#buildLevel(group, level);
        else {
          missing = true;
          level--;
        }
      }
      group.mesh.geometry = group.levels[level]!;
    }
    return missing;
  }

  /**
   * Nearest surface point that the slicing plane leaves.
   *
   * @returns distance along the ray (its direction of unit length), Infinity without a hit
   */
  raycast(ray: Ray, plane: Plane | undefined): number {
    return raycastGroups(this.#groups.values(), ray, plane);
  }

  /** World box of all surface; empty without any. */
  bounds(out = new Box3()): Box3 {
    out.makeEmpty();
    const box = new Box3();
    for (const group of this.#groups.values()) {
      if (group.box.isEmpty()) continue;
      out.union(box.copy(group.box).applyMatrix4(group.mesh.parent!.matrix));
    }
    return out;
  }

  /**
   * Heights (m) below which shares `low` and `high` of the vertices lie, from a sample.
   *
   * @returns undefined when nothing has changed since the last call, or without surface
   */
  heightRange(low: number, high: number): [number, number] | undefined {
    if (!this.#moved) return undefined;
    this.#moved = false;
    return heightRangeOf([...this.#groups.values()], low, high);
  }

  /** Every group's arrays with the matrix from its cube's steps to the world, e.g. for a download. */
  *parts(): IterableIterator<{ baked: Baked; matrix: Matrix4 }> {
    for (const group of this.#groups.values()) {
      if (group.dirty) this.#build(group, performance.now());
      if (!group.baked) continue;
      const { cube } = group.baked;
      const s = cube.side / 65535;
      const local = new Matrix4().makeScale(s, s, s).setPosition(...cube.min);
      yield { baked: group.baked, matrix: local.premultiply(group.mesh.parent!.matrix) };
    }
  }

  /** Whether any block came with colours. */
  get hasColours(): boolean {
    return this.#coloured;
  }

  #groupFor(frame: MeshBlockFrame): BlockGroup {
    const side = GROUP_BLOCKS * BLOCK_CELLS * this.#voxel;
    const at = (c: 0 | 1 | 2): number => Math.floor((frame.box.min[c] + 0.5 * frame.box.size[c]) / side);
    const key = `${frame.submap}:${at(0)},${at(1)},${at(2)}`;
    let group = this.#groups.get(key);
    if (!group) {
      const mesh = new Mesh(new BufferGeometry(), this.material);
      mesh.visible = false;
      mesh.matrixAutoUpdate = false;
      this.#submapNode(frame.submap).add(mesh);
      group = {
        key,
        submap: frame.submap,
        blocks: new Map(),
        mesh,
        baked: undefined,
        levels: [],
        dirty: false,
        builtAt: -Infinity,
        box: new Box3(),
        sphere: new Sphere(),
      };
      this.#groups.set(key, group);
    }
    return group;
  }

  #submapNode(submap: number): Object3D {
    let node = this.#submaps.get(submap);
    if (!node) {
      node = new Group();
      node.matrixAutoUpdate = false;
      matrixOf(this.poses.get(submap), node.matrix);
      this.#submaps.set(submap, node);
      this.root.add(node);
    }
    return node;
  }

  #take(group: BlockGroup, key: number): void {
    const block = group.blocks.get(key);
    if (!block) return;
    group.blocks.delete(key);
    this.#triangles -= block.indices.length / 3;
    this.#touch(group);
  }

  #touch(group: BlockGroup): void {
    if (group.dirty) return;
    group.dirty = true;
    this.#dirty++;
  }

  #build(group: BlockGroup, now: number): void {
    group.dirty = false;
    this.#dirty--;
    this.#moved = true;
    if (group.blocks.size === 0) {
      this.#dispose(group);
      this.#groups.delete(group.key);
      return;
    }
    const align = BLOCK_CELLS * this.#voxel;
    const before = group.baked;
    const baked = bakeBlocks(group.blocks.values(), align, before);
    group.baked = baked;
    group.builtAt = now;
    for (const level of group.levels.splice(1)) disposeLevel(level);
    const reused = before !== undefined && baked.position === before.position;
    if (reused) refresh(group.levels[0]!, baked);
    else {
      group.levels[0]?.dispose();
      group.levels[0] = geometryOf(baked);
    }
    group.levels[0]!.setDrawRange(0, baked.indices);
    group.mesh.geometry = group.levels[0]!;
    group.mesh.visible = true;
    group.box.makeEmpty();
    const corner = new Vector3();
    for (const { box } of group.blocks.values()) {
      group.box.expandByPoint(corner.set(...box.min));
      group.box.expandByPoint(corner.set(...box.min).add(new Vector3(...box.size)));
    }
    this.#place(group);
  }

  #buildLevel(group: BlockGroup, level: number): void {
    const { cube, position, index, vertices, indices } = group.baked!;
    const cells = cube.side / (LEVEL_CELLS[level - 1]! * this.#voxel);
    const coarse = clusterTriangles(
      position.subarray(0, 4 * vertices),
      index.subarray(0, indices),
      Math.round(cells),
    );
    const full = group.levels[0]!;
    const geometry = new BufferGeometry();
    for (const name of Object.keys(full.attributes)) geometry.setAttribute(name, full.attributes[name]!);
    geometry.setIndex(new BufferAttribute(coarse, 1));
    geometry.boundingSphere = full.boundingSphere;
    group.levels[level] = geometry;
  }

  /** Sets the group's place in its submap and its bounds for culling. */
  #place(group: BlockGroup): void {
    const { baked, mesh, box, sphere } = group;
    if (!baked) return;
    const { cube } = baked;
    mesh.matrix.makeScale(cube.side, cube.side, cube.side).setPosition(...cube.min);
    mesh.matrixWorldNeedsUpdate = true;
    box.getBoundingSphere(sphere);
    const bounds = new Sphere(
      sphere.center
        .clone()
        .sub(new Vector3(...cube.min))
        .divideScalar(cube.side),
      sphere.radius / cube.side,
    );
    for (const level of group.levels) if (level) level.boundingSphere = bounds;
    sphere.applyMatrix4(mesh.parent!.matrix);
  }

  #dispose(group: BlockGroup): void {
    for (const level of group.levels.splice(1)) disposeLevel(level);
    group.levels[0]?.dispose();
    group.mesh.removeFromParent();
  }
}
