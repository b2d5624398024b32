import { FrameWriter, ProtocolError, splitFrames, type FrameReader } from './bytes.js';
import { FRAME, MAX_CLIENT_MESSAGE, MAX_SERVER_FRAME } from './constants.js';
import {
  decodeBlockRemoved,
  decodeMeshBlock,
  encodeBlockRemoved,
  encodeMeshBlock,
  type BlockRemovedFrame,
  type MeshBlockFrame,
} from './mesh-block.js';
import {
  decodeKeyframes,
  decodeSubmapPose,
  decodeTrajectory,
  encodeKeyframes,
  encodeSubmapPose,
  encodeTrajectory,
  type KeyframesFrame,
  type SubmapPoseFrame,
  type TrajectoryFrame,
} from './motion.js';
import {
  decodeCamera,
  decodeImage,
  decodeScan,
  decodeTouch,
  encodeCamera,
  encodeImage,
  encodeScan,
  encodeTouch,
  type CameraFrame,
  type ImageFrame,
  type ScanFrame,
  type TouchFrame,
} from './observations.js';
import {
  decodeComplete,
  decodeObject,
  encodeComplete,
  encodeObject,
  encodeObjectRemoved,
  type CompleteFrame,
  type ObjectFrame,
  type ObjectRemovedFrame,
} from './objects.js';
import { decodeText, encodeText, type HelloFrame, type NoticeFrame, type StatusFrame } from './texts.js';

/** Forget everything: what follows, up to `snapshotEnd`, is all there is; then come changes. */
export interface SnapshotBeginFrame {
  readonly type: 'snapshotBegin';
  /** Blocks that will come, for a progress display; they may be fewer when some go meanwhile. */
  readonly blocks: number;
  readonly triangles: number;
}

export interface SnapshotEndFrame {
  readonly type: 'snapshotEnd';
}

/** The map has started anew: forget all geometry, poses and touches. */
export interface ResetFrame {
  readonly type: 'reset';
}

export type ServerFrame =
  | HelloFrame
  | SnapshotBeginFrame
  | SnapshotEndFrame
  | ResetFrame
  | SubmapPoseFrame
  | MeshBlockFrame
  | BlockRemovedFrame
  | TrajectoryFrame
  | KeyframesFrame
  | ScanFrame
  | StatusFrame
  | ImageFrame
  | CameraFrame
  | TouchFrame
  | ObjectFrame
  | ObjectRemovedFrame
  | NoticeFrame;

/** The client's first frame; the server answers with `hello` and a snapshot. */
export interface ClientHelloFrame {
  readonly type: 'clientHello';
  /** Whether the client wants the current scan and pictures, which cost the most a second. */
  readonly scans: boolean;
  readonly images: boolean;
}

const COMMANDS = ['pause', 'resume', 'speed'] as const;

/** What to do with the replay. `value`: times real time for `speed` (0 = as fast as possible), otherwise 0. */
export interface ControlFrame {
  readonly type: 'control';
  readonly command: (typeof COMMANDS)[number];
  readonly value: number;
}

/** Asks for a fresh snapshot. */
export interface ResyncFrame {
  readonly type: 'resync';
}

export type ClientFrame = ClientHelloFrame | ControlFrame | ResyncFrame | CompleteFrame;

/** One frame as bytes; several may be put back to back into one message. */
export function encodeServerFrame(frame: ServerFrame): Uint8Array<ArrayBuffer> {
  switch (frame.type) {
    case 'hello':
    case 'status':
    case 'notice':
      return encodeText(frame);
    case 'snapshotBegin': {
      const writer = new FrameWriter(FRAME.snapshotBegin, 8);
      writer.u32(frame.blocks);
      writer.u32(frame.triangles);
      return writer.done();
    }
    case 'snapshotEnd':
    case 'reset':
      return new FrameWriter(FRAME[frame.type], 0).done();
    case 'submapPose':
      return encodeSubmapPose(frame);
    case 'meshBlock':
      return encodeMeshBlock(frame);
    case 'blockRemoved':
      return encodeBlockRemoved(frame);
    case 'trajectory':
      return encodeTrajectory(frame);
    case 'keyframes':
      return encodeKeyframes(frame);
    case 'scan':
      return encodeScan(frame);
    case 'image':
      return encodeImage(frame);
    case 'camera':
      return encodeCamera(frame);
    case 'touch':
      return encodeTouch(frame);
    case 'object':
      return encodeObject(frame);
    case 'objectRemoved':
      return encodeObjectRemoved(frame);
  }
}

/**
 * The frames of one message from the server. Arrays are views of the message where possible.
 * @throws ProtocolError
 */
export function decodeServerMessage(message: Uint8Array): ServerFrame[] {
  return splitFrames(message, MAX_SERVER_FRAME).map(({ type, reader }) => {
    const frame = decodeServerPayload(type, reader);
    reader.end();
    return frame;
  });
}

function decodeServerPayload(type: number, reader: FrameReader): ServerFrame {
  switch (type) {
    case FRAME.hello:
      return decodeText('hello', reader);
    case FRAME.status:
      return decodeText('status', reader);
    case FRAME.notice:
      return decodeText('notice', reader);
    case FRAME.snapshotBegin:
      return { type: 'snapshotBegin', blocks: reader.u32(), triangles: reader.u32() };
    case FRAME.snapshotEnd:
      return { type: 'snapshotEnd' };
    case FRAME.reset:
      return { type: 'reset' };
    case FRAME.submapPose:
      return decodeSubmapPose(reader);
    case FRAME.meshBlock:
      return decodeMeshBlock(reader);
    case FRAME.blockRemoved:
      return decodeBlockRemoved(reader);
    case FRAME.trajectory:
      return decodeTrajectory(reader);
    case FRAME.keyframes:
      return decodeKeyframes(reader);
    case FRAME.scan:
      return decodeScan(reader);
    case FRAME.image:
      return decodeImage(reader);
    case FRAME.camera:
      return decodeCamera(reader);
    case FRAME.touch:
      return decodeTouch(reader);
    case FRAME.object:
      return decodeObject(reader);
    case FRAME.objectRemoved:
      return { type: 'objectRemoved', id: reader.u32() };
    default:
      throw new ProtocolError(`a frame from the server has the unknown type ${type}`);
  }
}

export function encodeClientFrame(frame: ClientFrame): Uint8Array<ArrayBuffer> {
  if (frame.type === 'complete') return encodeComplete(frame);
  const writer = new FrameWriter(FRAME[frame.type], frame.type === 'resync' ? 0 : 8);
  if (frame.type === 'clientHello') {
    writer.u32((frame.scans ? 1 : 0) | (frame.images ? 2 : 0));
    writer.u32(0);
  } else if (frame.type === 'control') {
    writer.u32(COMMANDS.indexOf(frame.command));
    writer.f32(frame.value);
  }
  return writer.done();
}

/**
 * The frames of one message from a client.
 * @throws ProtocolError
 */
export function decodeClientMessage(message: Uint8Array): ClientFrame[] {
  return splitFrames(message, MAX_CLIENT_MESSAGE).map(({ type, reader }) => {
    const frame = decodeClientPayload(type, reader);
    reader.end();
    return frame;
  });
}

function decodeClientPayload(type: number, reader: FrameReader): ClientFrame {
  switch (type) {
    case FRAME.clientHello: {
      const flags = reader.u32();
      if (flags > 3 || reader.u32() !== 0) throw new ProtocolError('a client hello has unknown flags');
      return { type: 'clientHello', scans: (flags & 1) !== 0, images: (flags & 2) !== 0 };
    }
    case FRAME.control: {
      const command = COMMANDS[reader.u32()];
      if (!command) throw new ProtocolError('a control frame has an unknown command');
      const value = reader.f32();
      if (value < 0 || value > 1000 || (command !== 'speed' && value !== 0))
        throw new ProtocolError('a control frame has a value out of range');
      return { type: 'control', command, value };
    }
    case FRAME.complete:
      return decodeComplete(reader);
    case FRAME.resync:
      return { type: 'resync' };
    default:
      throw new ProtocolError(`a frame from a client has the unknown type ${type}`);
  }
}
