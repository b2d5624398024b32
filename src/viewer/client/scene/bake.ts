import { hasColor, UNKNOWN_COLOR } from '../../../mesh/vertex-colors.js';
import { decodeNormals, type MeshBlockFrame } from '../../protocol/index.js';

/** A cube in the submap's frame, metres. */
export interface Cube {
  readonly min: readonly [number, number, number];
  readonly side: number;
}

/** One group's vertices as the GPU takes them, and its triangles. */
export interface Baked {
  readonly cube: Cube;
  readonly vertices: number;
  /** Values of `index` in use. */
  readonly indices: number;
  /** 4 per vertex: steps of the cube, 0 … 65535; the fourth pads to the GPU's alignment. */
  readonly position: Uint16Array<ArrayBuffer>;
  /** 4 per vertex, −127 … 127; the fourth pads. */
  readonly normal: Int8Array<ArrayBuffer>;
  /** 4 per vertex: sRGB and whether there is a colour (255) or not (0; mid grey then). */
  readonly tint: Uint8Array<ArrayBuffer>;
  /** When the place was first mapped, seconds since the first scan. */
  readonly stamp: Float32Array<ArrayBuffer>;
  readonly index: Uint32Array<ArrayBuffer>;
}

/** Normals by their two bytes: 65536 × 3. Decoding each vertex anew would be most of the baking. */
const NORMALS = normalTable();

/**
 * Merges blocks into one vertex buffer with one box, so that a neighbourhood is one draw call.
 *
 * @param align the cube's corner and side are multiples of this (m): cells of the levels of detail then meet those
 * of neighbouring groups
 * @param reuse arrays to write into when they are large enough
 */
export function bakeBlocks(blocks: Iterable<MeshBlockFrame>, align: number, reuse?: Baked): Baked {
  const list = [...blocks];
  const cube = cubeOf(list, align);
  let vertices = 0;
  let indices = 0;
  for (const block of list) {
    vertices += block.positions.length / 3;
    indices += block.indices.length;
  }
  const fits = reuse && 4 * vertices <= reuse.position.length && indices <= reuse.index.length;
  const room = fits ? 0 : Math.ceil(1.25 * vertices);
  const out: Baked = {
    cube,
    vertices,
    indices,
    position: fits ? reuse.position : new Uint16Array(4 * room),
    normal: fits ? reuse.normal : new Int8Array(4 * room),
    tint: fits ? reuse.tint : new Uint8Array(4 * room),
    stamp: fits ? reuse.stamp : new Float32Array(room),
    index: fits ? reuse.index : new Uint32Array(Math.ceil(1.25 * indices)),
  };
  let v = 0;
  let i = 0;
  for (const block of list) {
    writeBlock(block, out, v, i);
    v += block.positions.length / 3;
    i += block.indices.length;
  }
  return out;
}

function writeBlock(block: MeshBlockFrame, out: Baked, first: number, firstIndex: number): void {
  const { positions, normals, colors, indices, box } = block;
  const { position, normal, tint, stamp, index, cube } = out;
  const count = positions.length / 3;
  for (let c = 0; c < 3; c++) {
    const scale = box.size[c]! / cube.side;
    const offset = ((box.min[c]! - cube.min[c]!) / cube.side) * 65535 + 0.5;
    for (let v = 0; v < count; v++) position[4 * (first + v) + c] = positions[3 * v + c]! * scale + offset;
  }
  for (let v = 0; v < count; v++) {
    const to = 4 * (first + v);
    const n = 3 * (((normals[2 * v]! & 255) << 8) | (normals[2 * v + 1]! & 255));
    normal[to] = NORMALS[n]!;
    normal[to + 1] = NORMALS[n + 1]!;
    normal[to + 2] = NORMALS[n + 2]!;
    tint[to] = colors ? colors[3 * v]! : UNKNOWN_COLOR;
    tint[to + 1] = colors ? colors[3 * v + 1]! : UNKNOWN_COLOR;
    tint[to + 2] = colors ? colors[3 * v + 2]! : UNKNOWN_COLOR;
    tint[to + 3] = colors && hasColor(colors, v) ? 255 : 0;
  }
  stamp.fill(block.firstSeen, first, first + count);
  for (let i = 0; i < indices.length; i++) index[firstIndex + i] = indices[i]! + first;
}

/** The smallest aligned cube around all boxes. */
function cubeOf(blocks: readonly MeshBlockFrame[], align: number): Cube {
  const min: [number, number, number] = [Infinity, Infinity, Infinity];
  const max: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (const { box } of blocks)
    for (let c = 0; c < 3; c++) {
      min[c] = Math.min(min[c]!, box.min[c]!);
      max[c] = Math.max(max[c]!, box.min[c]! + box.size[c]!);
    }
  if (blocks.length === 0) return { min: [0, 0, 0], side: align };
  for (let c = 0; c < 3; c++) min[c] = Math.floor(min[c]! / align) * align;
  const side = Math.max(max[0] - min[0], max[1] - min[1], max[2] - min[2]);
  return { min, side: Math.max(1, Math.ceil(side / align - 1e-6)) * align };
}

function normalTable(): Int8Array {
  const codes = new Int8Array(2 * 65536);
  for (let i = 0; i < 65536; i++) {
    codes[2 * i] = (i >> 8) & 255;
    codes[2 * i + 1] = i & 255;
  }
  return Int8Array.from(decodeNormals(codes), (v) => Math.round(127 * v));
}
