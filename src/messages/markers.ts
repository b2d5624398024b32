import { identity, type Pose } from '../geometry/se3.js';
import { type Encoding, WireReader, WireWriter } from './wire.js';
import { HEADER_MIN_BYTES, type Header, readHeader, writeHeader } from './header.js';
import { readCompressedImage } from './images.js';
import { readPose, writePose } from './poses.js';

export const MarkerType = { points: 8, triangleList: 11 } as const;
export const MarkerAction = { add: 0, delete: 2, deleteAll: 3 } as const;

/** What Feltmap uses of visualization_msgs/Marker; texture, text and mesh resource stay empty. */
export interface Marker extends Header {
  readonly ns: string;
  readonly id: number;
  /** One of {@link MarkerType}. */
  readonly type: number;
  /** One of {@link MarkerAction}. */
  readonly action: number;
  readonly pose: Pose;
  readonly scale: readonly [number, number, number];
  /** r g b a, 0…1. */
  readonly color: readonly [number, number, number, number];
  /** 3·n, metres. */
  readonly points: Float64Array;
  /** 4·n (r g b a, 0…1), or empty. */
  readonly colors: Float32Array;
}

const MARKER_MIN_BYTES = HEADER_MIN_BYTES + 150;

export function decodeMarkerArray(bytes: Uint8Array, encoding: Encoding = 'cdr'): Marker[] {
  const r = new WireReader(bytes, encoding, 'visualization_msgs/MarkerArray');
  const out: Marker[] = [];
  for (let n = r.sequenceLength(MARKER_MIN_BYTES); n > 0; n--) out.push(readMarker(r));
  return out;
}

function readMarker(r: WireReader): Marker {
  const header = readHeader(r);
  const [ns, id, type, action] = [r.string(), r.int32(), r.int32(), r.int32()];
  const pose = readPose(r);
  const scale = [r.float64(), r.float64(), r.float64()] as const;
  const color = [r.float32(), r.float32(), r.float32(), r.float32()] as const;
  r.int32(); // lifetime
  r.uint32();
  r.bool(); // frame_locked
  const points = r.float64s(3 * r.sequenceLength(24));
  const colors = new Float32Array(4 * r.sequenceLength(16));
  for (let i = 0; i < colors.length; i++) colors[i] = r.float32();
  r.string(); // texture_resource
  readCompressedImage(r); // texture
  for (let k = 2 * r.sequenceLength(8); k > 0; k--) r.float32(); // uv_coordinates
  r.string(); // text
  r.string(); // mesh_resource
  r.string(); // mesh_file.filename
  r.byteSequence(); // mesh_file.data
  r.bool(); // mesh_use_embedded_materials
  return { ...header, ns, id, type, action, pose, scale, color, points, colors };
}

/** Starts a MarkerArray; `count` markers must follow by {@link writeMarker}. */
export function startMarkerArray(count: number, capacity: number): WireWriter {
  const w = new WireWriter('cdr', capacity);
  w.uint32(count);
  return w;
}

/** One marker of a MarkerArray under way. */
export function writeMarker(w: WireWriter, m: Marker): void {
  writeHeader(w, m);
  w.string(m.ns);
  w.int32(m.id);
  w.int32(m.type);
  w.int32(m.action);
  writePose(w, m.pose);
  w.float64s(m.scale);
  for (const c of m.color) w.float32(c);
  w.int32(0); // lifetime: for ever
  w.uint32(0);
  w.bool(false); // frame_locked
  w.uint32(m.points.length / 3);
  w.float64s(m.points);
  w.uint32(m.colors.length / 4);
  w.float32s(m.colors);
  w.string(''); // texture_resource
  writeHeader(w, { stampNs: 0n, frameId: '' }); // texture
  w.string('');
  w.uint32(0);
  w.uint32(0); // uv_coordinates
  w.string(''); // text
  w.string(''); // mesh_resource
  w.string(''); // mesh_file.filename
  w.uint32(0); // mesh_file.data
  w.bool(false); // mesh_use_embedded_materials
}

export function encodeMarkerArray(markers: readonly Marker[]): Uint8Array {
  const w = startMarkerArray(markers.length, 1024);
  for (const marker of markers) writeMarker(w, marker);
  return w.finish();
}

/** A marker that only names what it acts on: DELETE and DELETEALL. */
export function bareMarker(header: Header, ns: string, id: number, action: number): Marker {
  return {
    ...header,
    ns,
    id,
    type: MarkerType.triangleList,
    action,
    pose: identity(),
    scale: [1, 1, 1],
    color: [1, 1, 1, 1],
    points: new Float64Array(0),
    colors: new Float32Array(0),
  };
}
