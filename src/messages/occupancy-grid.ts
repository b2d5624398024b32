import type { Pose } from '../geometry/se3.js';
import { type Header, readHeader, readStamp, writeHeader, writeStamp } from './header.js';
import { readPose, writePose } from './poses.js';
import { type Encoding, WireReader, WireWriter } from './wire.js';

/** nav_msgs/OccupancyGrid with its MapMetaData. */
export interface OccupancyGrid extends Header {
  /** When the map was made. */
  readonly mapLoadTimeNs: bigint;
  /** Side of a cell, metres. */
  readonly resolution: number;
  readonly width: number;
  readonly height: number;
  /** T_frame_grid: pose of the lower left corner of cell (0, 0). */
  readonly origin: Pose;
  /** Rows from the lower left: -1 unknown, 0 free … 100 occupied. */
  readonly data: Int8Array;
}

/** @throws FeltmapError bad-input where bytes are missing */
export function decodeOccupancyGrid(bytes: Uint8Array, encoding: Encoding = 'cdr'): OccupancyGrid {
  const r = new WireReader(bytes, encoding, 'nav_msgs/OccupancyGrid');
  const header = readHeader(r);
  const mapLoadTimeNs = readStamp(r);
  const [resolution, width, height] = [r.float32(), r.uint32(), r.uint32()];
  const origin = readPose(r);
  return {
    ...header,
    mapLoadTimeNs,
    resolution,
    width,
    height,
    origin,
    data: Int8Array.from(r.byteSequence(), (v) => (v << 24) >> 24),
  };
}

export function encodeOccupancyGrid(m: OccupancyGrid, encoding: Encoding = 'cdr'): Uint8Array<ArrayBuffer> {
  const w = new WireWriter(encoding, m.data.length + 256);
  writeHeader(w, m);
  writeStamp(w, m.mapLoadTimeNs);
  w.float32(m.resolution);
  w.uint32(m.width);
  w.uint32(m.height);
  writePose(w, m.origin);
  w.byteSequence(new Uint8Array(m.data.buffer, m.data.byteOffset, m.data.length));
  return w.finish();
}
