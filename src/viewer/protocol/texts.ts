import { FrameWriter, ProtocolError, type FrameReader } from './bytes.js';
import { FRAME } from './constants.js';
import { TRACKING_STATES, type ViewerTrackingState } from './motion.js';

/** A stream of pictures. */
export interface ImageStream {
  readonly stream: number;
  readonly name: string;
  readonly kind: 'rgb' | 'depth' | 'tactile';
}

/** The first frame of a connection. */
export interface HelloFrame {
  readonly type: 'hello';
  /** Random, one per server run: another one after a reconnect means another run. */
  readonly session: string;
  /** Version of Feltmap. */
  readonly version: string;
  /** `replay`: a recording; `live`: a robot; `view`: a finished run. */
  readonly mode: 'replay' | 'live' | 'view';
  /** What is shown, for the page's title. */
  readonly title: string;
  /** Distance of the map's finest corners, metres; 0 unknown. */
  readonly voxel: number;
  /** What the client can do here. */
  readonly can: {
    readonly pause: boolean;
    readonly speed: boolean;
    readonly mesh: boolean;
    readonly trajectory: boolean;
    /** Objects that somebody points at are completed. */
    readonly complete?: boolean;
  };
  readonly streams: readonly ImageStream[];
}

/** How the system does, twice a second or so. Numbers that are not known are absent. */
export interface StatusFrame {
  readonly type: 'status';
  readonly state: ViewerTrackingState;
  /** Why not `tracking`; one sentence or empty. */
  readonly reason: string;
  /** What the system does: `waiting` for data, `running`, `paused`, `finished`. */
  readonly phase: 'waiting' | 'running' | 'paused' | 'finished';
  readonly scans: number;
  /** Scans processed a second of wall clock, over the last seconds. */
  readonly scanRate: number;
  /** Milliseconds of the last scan by stage: prepare, track, map, optimise, mesh, total. */
  readonly latency: Readonly<Record<string, number>>;
  /** Metres travelled. */
  readonly distance: number;
  /** Corners' blocks of the map. */
  readonly blocks: number;
  /** Corners that the map's blocks hold. */
  readonly voxels: number;
  /** Triangles of the map's mesh. */
  readonly triangles: number;
  readonly keyframes: number;
  /** Bytes of the map, of the whole process. */
  readonly mapMemory: number;
  readonly processMemory: number;
  /** Scans that could not be used because the system was busy. */
  readonly droppedScans: number;
  /** Clients connected, bytes a second to this one over the last seconds, bytes to it in all. */
  readonly clients: number;
  readonly bytesPerSecond: number;
  readonly bytesSent: number;
  /** Blocks that this client does not have in their newest version yet. */
  readonly pendingBlocks: number;
  /** Only for recordings. */
  readonly replay?: {
    /** Scans in all where known. */
    readonly total?: number;
    /** Seconds of recording since the first scan. */
    readonly position: number;
    readonly paused: boolean;
    /** Times real time; 0 = as fast as possible. */
    readonly speed: number;
  };
}

/** A sentence for the user. */
export interface NoticeFrame {
  readonly type: 'notice';
  readonly level: 'info' | 'warning' | 'error';
  readonly text: string;
}

type TextFrame = HelloFrame | StatusFrame | NoticeFrame;
type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const flag: Check = (value) => typeof value === 'boolean';
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const shape =
  (fields: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value) =>
    isRecord(value) &&
    Object.entries(fields).every(([name, check]) => check(value[name])) &&
    Object.entries(optional).every(([name, check]) => value[name] === undefined || check(value[name]));

const SHAPES: Readonly<Record<TextFrame['type'], Check>> = {
  hello: shape({
    session: text,
    version: text,
    mode: oneOf('replay', 'live', 'view'),
    title: text,
    voxel: number,
    can: shape({ pause: flag, speed: flag, mesh: flag, trajectory: flag }, { complete: flag }),
    streams: (value) =>
      Array.isArray(value) &&
      value.every(shape({ stream: number, name: text, kind: oneOf('rgb', 'depth', 'tactile') })),
  }),
  status: shape(
    {
      state: oneOf(...TRACKING_STATES),
      reason: text,
      phase: oneOf('waiting', 'running', 'paused', 'finished'),
      latency: (value) => isRecord(value) && Object.values(value).every(number),
      ...Object.fromEntries(
        [
          'scans',
          'scanRate',
          'distance',
          'blocks',
          'voxels',
          'triangles',
          'keyframes',
          'mapMemory',
          'processMemory',
          'droppedScans',
          'clients',
          'bytesPerSecond',
          'bytesSent',
          'pendingBlocks',
        ].map((name) => [name, number]),
      ),
    },
    { replay: shape({ position: number, paused: flag, speed: number }, { total: number }) },
  ),
  notice: shape({ level: oneOf('info', 'warning', 'error'), text }),
};

/** Texts travel as JSON (UTF-8): they are rare, and grow. */
export function encodeText(frame: TextFrame): Uint8Array<ArrayBuffer> {
  const { type, ...fields } = frame;
  const bytes = new TextEncoder().encode(JSON.stringify(fields));
  const writer = new FrameWriter(FRAME[type], 4 + bytes.length);
  writer.u32(bytes.length);
  writer.array(bytes);
  return writer.done();
}

export function decodeText(type: 'hello', reader: FrameReader): HelloFrame;
export function decodeText(type: 'status', reader: FrameReader): StatusFrame;
export function decodeText(type: 'notice', reader: FrameReader): NoticeFrame;
export function decodeText(type: TextFrame['type'], reader: FrameReader): TextFrame {
  const bytes = reader.u8s(reader.u32());
  let fields: unknown;
  try {
    fields = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ProtocolError(`a ${type} frame is not JSON`);
  }
  if (!SHAPES[type](fields)) throw new ProtocolError(`a ${type} frame lacks fields or has wrong ones`);
  return { ...(fields as object), type } as TextFrame;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
