import { toQuaternion, type Pose } from '../../geometry/se3.js';
import { Trajectory } from '../../slam/trajectory.js';
import {
  boxOf,
  encodeNormals,
  encodeServerFrame,
  quantisePositions,
  TRACKING_STATES,
  type ServerFrame,
  type TrajectoryFrame,
} from '../protocol/index.js';
import type { ViewerBlock, ViewerCamera, ViewerObject, ViewerScan, ViewerTouch } from './source.js';

/** The newest state of a block, encoded once for all clients. */
export interface BlockEntry {
  readonly id: string;
  readonly version: number;
  readonly frame: Uint8Array;
  /** 0 for a block that has gone. */
  readonly triangles: number;
  readonly firstSeen: number;
}

type Encoded = Uint8Array<ArrayBuffer>;

/** Touches kept for newcomers. */
const MAX_TOUCHES = 10_000;
const MAX_STREAMS = 16;
const MESSAGES_KEPT = 4;

/**
 * Everything a new client must learn, as encoded frames: the newest of each, so bounded by the map, not by time.
 *
 * @example
 * const scene = new Scene(trajectory);
 * const entry = scene.setBlock(block, seconds);
 * const { frame, end } = scene.trajectoryFrame(0, 500);
 */
export class Scene {
  readonly blocks = new Map<string, BlockEntry>();
  readonly submaps = new Map<number, { pose: Pose; frame: Encoded; version: number }>();
  readonly scans = new Map<number, Encoded>();
  readonly images = new Map<number, Encoded>();
  readonly cameras = new Map<number, Encoded>();
  readonly touches = new Map<number, Encoded>();
  readonly objects = new Map<number, Encoded>();
  #trajectory: { start: number; end: number; frame: Encoded } | undefined;
  #keyframes: { start: number; end: number; frame: Encoded } | undefined;
  /** The latest messages, newest first. */
  readonly #messages: { frames: readonly Uint8Array[]; bytes: Uint8Array }[] = [];
  keyframes = new Uint32Array(64);
  keyframeCount = 0;
  triangles = 0;
  /** Bytes of the encoded blocks. */
  bytes = 0;

  /** @param trajectory the path to show; whoever owns it says when it changes */
  constructor(readonly trajectory = new Trajectory()) {}

  /** @returns the entry to send, or undefined when a newer version is known */
  setBlock(block: ViewerBlock, time: number): BlockEntry | undefined {
    const id = `${block.submap}/${block.key}`;
    const before = this.blocks.get(id);
    if (before && before.version >= block.version) return undefined;
    const firstSeen = block.firstTime ?? before?.firstSeen ?? time;
    const entry = { id, version: block.version, ...encodeBlock(block, firstSeen, time), firstSeen };
    if (before) this.#forget(before);
    this.blocks.set(id, entry);
    this.triangles += entry.triangles;
    this.bytes += entry.frame.byteLength;
    return entry;
  }

  removeBlock(submap: number, key: number, version: number): BlockEntry | undefined {
    const id = `${submap}/${key}`;
    const before = this.blocks.get(id);
    if (!before || before.version >= version) return undefined;
    this.#forget(before);
    this.blocks.delete(id);
    const frame = encodeServerFrame({ type: 'blockRemoved', submap, key, version });
    return { id, version, frame, triangles: 0, firstSeen: 0 };
  }

  /** Poses from `start` on, encoded once for all clients that know as many. */
  trajectoryFrame(start: number, most: number): { frame: Encoded; end: number } {
    const end = Math.min(this.trajectory.length, start + most);
    const last = this.#trajectory;
    if (last && last.start === start && last.end === end) return last;
    const frame = encodeServerFrame(framePoses(this.trajectory, start, end));
    this.#trajectory = { start, end, frame };
    return this.#trajectory;
  }

  /** Poses from `start` on are others than before. */
  posesChanged(start: number): void {
    if (this.#trajectory && start < this.#trajectory.end) this.#trajectory = undefined;
  }

  /** Keyframes from `start` on, likewise. */
  keyframesFrame(start: number): Encoded {
    const last = this.#keyframes;
    const poses = this.keyframes.subarray(start, this.keyframeCount);
    if (last && last.start === start && last.end === this.keyframeCount && start + poses.length === last.end)
      return last.frame;
    const frame = encodeServerFrame({ type: 'keyframes', start, poses });
    this.#keyframes = { start, end: this.keyframeCount, frame };
    return frame;
  }

  /** Frames as one message. Clients that are level get the same frames: one message serves them all. */
  join(frames: readonly Uint8Array[]): Uint8Array {
    if (frames.length === 1) return frames[0]!;
    const known = this.#messages.find(
      (message) => message.frames.length === frames.length && message.frames.every((f, i) => f === frames[i]),
    );
    if (known) return known.bytes;
    const bytes = Buffer.concat(frames);
    this.#messages.unshift({ frames, bytes });
    this.#messages.length = Math.min(this.#messages.length, MESSAGES_KEPT);
    return bytes;
  }

  setSubmap(submap: number, pose: Pose): Encoded {
    const version = (this.submaps.get(submap)?.version ?? 0) + 1;
    const frame = encodeServerFrame({ type: 'submapPose', submap, version, pose });
    this.submaps.set(submap, { pose: pose.slice(), frame, version });
    return frame;
  }

  addKeyframe(pose: number): void {
    if (this.keyframeCount === this.keyframes.length) {
      const grown = new Uint32Array(2 * this.keyframes.length);
      grown.set(this.keyframes);
      this.keyframes = grown;
    }
    this.keyframes[this.keyframeCount++] = pose;
  }

  setScan({ sensor, submap, stampNs: stamp, pose, positions }: ViewerScan): Encoded | undefined {
    if (sensor >= MAX_STREAMS) return undefined;
    const box = boxOf(positions);
    const steps = quantisePositions(positions, box);
    return keep(this.scans, sensor, { type: 'scan', sensor, submap, stamp, pose, box, positions: steps });
  }

  setImage(frame: Extract<ServerFrame, { type: 'image' }>): Encoded | undefined {
    return frame.stream < MAX_STREAMS ? keep(this.images, frame.stream, frame) : undefined;
  }

  setCamera({ stampNs: stamp, ...rest }: ViewerCamera): Encoded | undefined {
    // A client refuses a pyramid that would open by half a turn or more, as of a fisheye.
    const opens = (fov: number): boolean => fov > 0 && fov < 3.14;
    if (rest.stream >= MAX_STREAMS || !opens(rest.fovX) || !opens(rest.fovY)) return undefined;
    return keep(this.cameras, rest.stream, { type: 'camera', stamp, ...rest });
  }

  setTouch({ stampNs: stamp, positions, ...rest }: ViewerTouch): Encoded {
    const box = boxOf(positions);
    const steps = quantisePositions(positions, box);
    const frame = keep(this.touches, rest.id, { type: 'touch', ...rest, stamp, box, positions: steps });
    if (this.touches.size > MAX_TOUCHES) this.touches.delete(this.touches.keys().next().value!);
    return frame;
  }

  setObject({ id, positions, normals, colors, indices }: ViewerObject): Encoded {
    const box = boxOf(positions);
    const steps = quantisePositions(positions, box);
    const packed = encodeNormals(normals);
    return keep(this.objects, id, { type: 'object', id, box, positions: steps, normals: packed, colors, indices });
  } // prettier-ignore

  clear(): void {
    const { blocks, submaps, scans, cameras, touches, objects } = this;
    for (const map of [blocks, submaps, scans, cameras, touches, objects]) map.clear();
    this.#trajectory = this.#keyframes = undefined;
    this.keyframeCount = this.triangles = this.bytes = 0;
  }

  #forget(entry: BlockEntry): void {
    this.triangles -= entry.triangles;
    this.bytes -= entry.frame.byteLength;
  }
}

function framePoses(trajectory: Trajectory, start: number, end: number): TrajectoryFrame {
  const entries = Array.from({ length: end - start }, (_, i) => trajectory.local(start + i)!);
  return {
    type: 'trajectory',
    start,
    stamps: BigInt64Array.from(entries, ({ stampNs }) => stampNs),
    positions: Float64Array.from(entries.flatMap(({ pose }) => [pose[3]!, pose[7]!, pose[11]!])),
    orientations: Float32Array.from(entries.flatMap(({ pose }) => [...toQuaternion(pose)])),
    submaps: Uint32Array.from(entries, ({ submap }) => submap),
    states: Uint8Array.from(entries, ({ state }) => TRACKING_STATES.indexOf(state)),
  };
}

function keep(map: Map<number, Encoded>, id: number, frame: ServerFrame): Encoded {
  const bytes = encodeServerFrame(frame);
  map.set(id, bytes);
  return bytes;
}

/** Used for every block: garbage of small arrays would cost more than the encoding. */
let scratch = new ArrayBuffer(1 << 16);

function encodeBlock(
  block: ViewerBlock,
  firstSeen: number,
  lastSeen: number,
): { frame: Encoded; triangles: number } {
  const { submap, key, version, positions, normals, colors, indices } = block;
  const box = block.box ?? boxOf(positions);
  const vertices = positions.length / 3;
  const narrow = vertices <= 256 && indices instanceof Uint16Array;
  const needed = 8 * vertices + indices.length;
  if (scratch.byteLength < needed) scratch = new ArrayBuffer(2 * needed);
  let corners: Uint8Array | Uint16Array | Uint32Array = indices;
  if (narrow) {
    corners = new Uint8Array(scratch, 8 * vertices, indices.length);
    for (let i = 0; i < corners.length; i++) corners[i] = indices[i]!; // set() is slow between types
  }
  const frame = encodeServerFrame({
    type: 'meshBlock',
    submap,
    key,
    version,
    firstSeen,
    lastSeen,
    box,
    positions: quantisePositions(positions, box, new Uint16Array(scratch, 0, 3 * vertices)),
    normals: encodeNormals(normals, new Int8Array(scratch, 6 * vertices, 2 * vertices)),
    ...(colors ? { colors } : {}),
    indices: corners,
  });
  return { frame, triangles: indices.length / 3 };
}
