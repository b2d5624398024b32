import type { Pose } from '../../geometry/se3.js';
import { scaleOf, type MeshBlock } from '../../mesh/block-store.js';
import type { ViewerBlock } from '../../viewer/server/source.js';

/** Changes of the mesh and the newest scan on their way from the SLAM thread to the viewer's server. */
export interface ViewUpdate {
  /** The submap that its blocks and scan belong to. */
  readonly submap: number;
  /** Side of a block of each of the map's grids, metres. */
  readonly blockSizes: readonly number[];
  /**
   * Key, bx, by, bz, version, vertices, indices, scans of the first and last change, and 1 for colours or 0 of each block.
   */
  readonly table: Float64Array;
  /**
   * Of each block positions and normals (float32), indices (uint16) and colours where it has some (uint8), these two padded
   * to 4 bytes each, back to back.
   */
  readonly data: ArrayBuffer;
  /** Key and version of each block that has gone. */
  readonly deleted: Float64Array;
  readonly scan?: UpdateScan;
  readonly camera?: UpdateCamera;
}

/** The newest colour image, made small, and where its camera was. */
export interface UpdateCamera {
  /** Number of its picture stream in the viewer; 0 for the only camera. */
  readonly stream?: number;
  readonly stampNs: bigint;
  /** Pixels; at most 160 wide. */
  readonly width: number;
  readonly height: number;
  /** 3·width·height, sRGB, row by row. */
  readonly rgb: Uint8Array;
  /** Full angles of view across and down, radians. */
  readonly fovX: number;
  readonly fovY: number;
  /** In the frame of the update's submap. The camera's frame is optical: x right, y down, z forward. */
  readonly T_odom_camera: Pose;
}

/** The last scan: its thinned points (sensor frame) and T_submap_sensor. */
export interface UpdateScan {
  readonly index: number;
  readonly stampNs: bigint;
  readonly pose: Pose;
  readonly points: Float32Array;
}

const ROW = 10;

/**
 * Copies blocks into the arrays of an update.
 *
 * @param scansOf index of the scan in which a block first had a surface, and of the one that changed it last
 */
export function packBlocks(
  blocks: readonly MeshBlock[],
  scansOf: (block: MeshBlock) => readonly [number, number],
): { table: Float64Array; data: ArrayBuffer } {
  const table = new Float64Array(ROW * blocks.length);
  let bytes = 0;
  blocks.forEach((block, i) => {
    const { key, bx, by, bz, version, edges, indices, colors } = block;
    const sizes = [edges.length, indices.length] as const;
    table.set([key, bx, by, bz, version, ...sizes, ...scansOf(block), colors ? 1 : 0], ROW * i);
    bytes += 24 * edges.length + padded(2 * indices.length) + padded(colors?.length ?? 0);
  });
  const data = new ArrayBuffer(bytes);
  let at = 0;
  for (const { positions, normals, indices, colors } of blocks) {
    new Float32Array(data, at, positions.length).set(positions);
    new Float32Array(data, (at += 4 * positions.length), normals.length).set(normals);
    new Uint16Array(data, (at += 4 * normals.length), indices.length).set(indices);
    at += padded(2 * indices.length);
    if (!colors) continue;
    new Uint8Array(data, at, colors.length).set(colors);
    at += padded(colors.length);
  }
  return { table, data };
}

/**
 * The blocks of an update, as views of its memory. Their box is the block's cube: neighbours share a lattice.
 *
 * @param timeOf seconds of recording since the first scan, by scan
 */
export function* unpackBlocks(
  { submap, table, data, blockSizes }: ViewUpdate,
  timeOf: (scan: number) => number | undefined,
): Generator<ViewerBlock> {
  let at = 0;
  for (let row = 0; row < table.length; row += ROW) {
    const [key, bx, by, bz, version, vertices, count, first, last, colored] = table.subarray(
      row,
      row + ROW,
    ) as unknown as number[];
    const positions = new Float32Array(data, at, 3 * vertices!);
    const normals = new Float32Array(data, (at += 12 * vertices!), 3 * vertices!);
    const indices = new Uint16Array(data, (at += 12 * vertices!), count!);
    at += padded(2 * count!);
    const colors = colored === 1 ? { colors: new Uint8Array(data, at, 3 * vertices!) } : {};
    at += colored === 1 ? padded(3 * vertices!) : 0;
    const blockSize = blockSizes[scaleOf(key!)]!;
    const min = [bx! * blockSize, by! * blockSize, bz! * blockSize].map(Math.fround);
    const size = Math.fround(blockSize);
    const box = { min: min as [number, number, number], size: [size, size, size] as const };
    const [firstTime, time] = [timeOf(first!), timeOf(last!)];
    const changed = firstTime === undefined || time === undefined ? {} : { firstTime, time };
    yield { submap, key: key!, version: version!, positions, normals, indices, box, ...colors, ...changed };
  }
}

/** The next multiple of 4. */
function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}
