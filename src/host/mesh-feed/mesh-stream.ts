import { identity, type Pose } from '../../geometry/se3.js';
import { blockCoordsOf, scaleOf, type MeshBlock, type MeshChanges } from '../../mesh/block-store.js';
import type { Header } from '../../messages/header.js';
import {
  bareMarker,
  MarkerAction,
  MarkerType,
  startMarkerArray,
  writeMarker,
} from '../../messages/markers.js';
import { colorBlock, type MeshColor } from './mesh-color.js';

/** Bytes of a marker without its points: header, names, empty texture, … (frame and namespace are short). */
const MARKER_BYTES = 320;
/** Bytes of a triangle: three float64 points and three float32 colours. */
const TRIANGLE_BYTES = 3 * (24 + 16);

export interface MeshMessageOptions {
  readonly header: Header;
  /** T_odom_map, applied to every vertex: marker poses stay the identity. */
  readonly origin: Pose;
  readonly color: MeshColor;
  /** A message holds markers up to this size, and at least one. */
  readonly maxBytes: number;
}

/** One MarkerArray in CDR. */
export interface MeshMessage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly blocks: number;
  readonly deleted: number;
  /** Changes that are still to be sent. */
  readonly remaining: number;
}

/** A block to send, or one that is gone. */
interface Change {
  readonly version: number;
  readonly key: number;
  readonly block?: MeshBlock;
}

/**
 * What subscribers of the mesh have been sent. Every call of `next` gives the oldest changes that have not been sent
 * yet, one TRIANGLE_LIST marker per block, DELETE for blocks that are gone.
 *
 * @example
 * const stream = new MeshStream();
 * const message = stream.next((version) => store.changedSince(version), options);
 * if (message) publish(message.bytes);
 */
export class MeshStream {
  #version = 0;
  #deleteAll = true;
  /** What has been sent is sent again: blocks whose version is beyond `from`, up to `to`. */
  #again: { from: number; readonly to: number } | undefined;

  /** Everything is sent again, after a DELETEALL: other colours, or a new map. */
  restart(): void {
    this.#version = 0;
    this.#deleteAll = true;
    this.#again = undefined;
  }

  /** What has been sent is sent again beside what changes, for a new subscriber: the others notice nothing. */
  repeat(): void {
    if (this.#version > 0) this.#again = { from: 0, to: this.#version };
  }

  /**
   * @param changesSince changes after a version, such as SlamView.meshChanges
   * @returns undefined when there is nothing to send
   */
  next(changesSince: (version: number) => MeshChanges, options: MeshMessageOptions): MeshMessage | undefined {
    const { header, maxBytes } = options;
    const changes = changesSince(this.#again?.from ?? this.#version);
    const [fresh, repeated] = this.#split(changes);
    const queue = [...fresh, ...repeated];
    if (queue.length === 0) {
      this.#again = undefined;
      if (!this.#deleteAll) return undefined;
      this.#deleteAll = false;
      const w = startMarkerArray(1, 512);
      writeMarker(w, bareMarker(header, '', 0, MarkerAction.deleteAll));
      return { bytes: w.finish(), blocks: 0, deleted: 0, remaining: 0 };
    }
    let bytes = MARKER_BYTES;
    let count = 0;
    for (const { block } of queue) {
      bytes += MARKER_BYTES + (block ? (block.indices.length / 3) * TRIANGLE_BYTES : 0);
      if (count > 0 && bytes > maxBytes) break;
      count++;
    }
    const w = startMarkerArray(count + (this.#deleteAll ? 1 : 0), Math.min(bytes, maxBytes) + MARKER_BYTES);
    if (this.#deleteAll) writeMarker(w, bareMarker(header, '', 0, MarkerAction.deleteAll));
    for (const { block, key } of queue.slice(0, count)) {
      const { ns, id } = markerName(key);
      if (block) writeBlock(w, block, ns, id, options);
      else writeMarker(w, bareMarker(header, ns, id, MarkerAction.delete));
    }
    this.#deleteAll = false;
    this.#version = count >= fresh.length ? changes.version : fresh[count - 1]!.version;
    if (count === queue.length) this.#again = undefined;
    else if (count > fresh.length) this.#again!.from = queue[count - 1]!.version;
    const sent = queue.slice(0, count).filter(({ block }) => block).length;
    return { bytes: w.finish(), blocks: sent, deleted: count - sent, remaining: queue.length - count };
  }

  /** What is new, and what is sent again; each by version. */
  #split({ blocks, deleted }: MeshChanges): [Change[], Change[]] {
    const all: Change[] = [
      ...blocks.map((block) => ({ version: block.version, block, key: block.key })),
      // Who starts from nothing has nothing to delete.
      ...(this.#version === 0 ? [] : deleted),
    ].sort((a, b) => a.version - b.version);
    const fresh = all.filter(({ version }) => version > this.#version);
    const { from, to } = this.#again ?? { from: 0, to: 0 };
    const again = ({ version, block }: Change): boolean => !!block && version > from && version <= to;
    return [fresh, all.filter(again)];
  }
}

/**
 * A stable name for a block within int32: 10 bits of each coordinate; the namespace tells which 1024³ blocks (`mesh`
 * around the origin, which is all that most maps ever have; `mesh-1` … of finer grids).
 */
export function markerName(key: number): { ns: string; id: number } {
  const shifted = blockCoordsOf(key).map((b) => b + 512);
  const [x, y, z] = shifted.map((b) => b & 1023);
  const region = shifted.map((b) => b >> 10);
  const scale = scaleOf(key);
  const grid = scale === 0 ? 'mesh' : `mesh-${scale}`;
  const ns = region.every((r) => r === 0) ? grid : `${grid}/${region.join(',')}`;
  return { ns, id: (z! << 20) | (y! << 10) | x! };
}

function writeBlock(
  w: ReturnType<typeof startMarkerArray>,
  block: MeshBlock,
  ns: string,
  id: number,
  { header, origin: T, color }: MeshMessageOptions,
): void {
  const { positions, indices } = block;
  const vertices = positions.length / 3;
  const moved = new Float64Array(positions.length);
  for (let i = 0; i < vertices; i++) {
    const [x, y, z] = [positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!];
    for (let r = 0; r < 3; r++)
      moved[3 * i + r] = T[4 * r]! * x + T[4 * r + 1]! * y + T[4 * r + 2]! * z + T[4 * r + 3]!;
  }
  const tints = colorBlock(moved, block.normals, T, color, block.colors);
  const points = new Float64Array(3 * indices.length);
  const colors = new Float32Array(4 * indices.length);
  for (let i = 0; i < indices.length; i++) {
    const v = indices[i]!;
    for (let c = 0; c < 3; c++) {
      points[3 * i + c] = moved[3 * v + c]!;
      colors[4 * i + c] = tints[3 * v + c]!;
    }
    colors[4 * i + 3] = 1;
  }
  const marker = {
    ...header,
    ns,
    id,
    type: MarkerType.triangleList,
    action: MarkerAction.add,
    pose: identity(),
    scale: [1, 1, 1],
    color: [1, 1, 1, 1],
    points,
    colors,
  } as const;
  writeMarker(w, marker);
}
