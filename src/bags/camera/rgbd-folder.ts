import { compose, inverse, type Pose } from '../../geometry/se3.js';
import { readColor, readWords } from '../../images/pictures.js';
import type { Confidence } from '../../sensors/camera/confidence.js';
import {
  CAMERA_ON_BODY,
  type CameraIntrinsics,
  type DepthImage,
  type RgbdFrame,
} from '../../sensors/camera/frame.js';
import { FrameBuilder, type FrameSetup } from '../../sensors/camera/frame-builder.js';
import { readWhole } from '../files.js';
import { lookAhead } from '../look-ahead.js';
import { type ScanRange, type ScanSource, rangeBounds } from '../scan-source.js';
import { StampedMessages } from '../stamped-messages.js';
import type { GroundTruth } from '../types.js';
import { LARGEST_IMAGE } from './image-names.js';
import type { StampedPoses } from './stamped-poses.js';

/** What depth cameras write where they measured nothing, beside 0. */
const NOTHING = 65535;

/** One frame of a folder: files, and when they were taken. */
export interface FolderFrame {
  readonly stampNs: bigint;
  readonly depth: string;
  readonly color?: string;
  /** Image of how sure the camera is of each pixel of depth, 0 being not. */
  readonly confidence?: string;
  /** Stamp of the colour image less that of the depth image, s. */
  readonly delay?: number;
}

/** What somebody knows of a folder of images. */
export interface RgbdFolderOptions {
  /** Metres of a unit of depth; by its files or its values unless given. */
  readonly depthScale?: number | undefined;
}

/** A folder of colour and depth images, whatever its layout. */
export interface RgbdFolder {
  /** Such as `TUM RGB-D`. */
  readonly kind: string;
  /** In order of time, at least one. */
  readonly frames: readonly FolderFrame[];
  readonly camera: CameraIntrinsics;
  /** Absent where there are no colour images. */
  readonly color?: { readonly camera: CameraIntrinsics; readonly T_depth_color?: Pose };
  /** Metres of one unit of the depth images. */
  readonly depthScale: number;
  /** Where the stamps come from. */
  readonly stamps: string;
  /** Whether nothing tells the times of images, so that 30 a second are assumed. */
  readonly assumed?: boolean;
  readonly notes: readonly string[];
  /** True poses of the depth camera (optical frame), where the folder has them. */
  readonly poses?: () => Promise<StampedPoses>;
}

const FRAME_ID = 'camera';

/** The frames of a folder as a recording. Images that cannot be read are skipped and noted in its warnings. */
export function rgbdFolderSource(path: string, folder: RgbdFolder): ScanSource {
  const { frames, color, camera } = folder;
  const setup: FrameSetup = {
    name: path,
    camera,
    ...(color && { color: { name: path, ...color } }),
    mount: CAMERA_ON_BODY,
  };
  let builder = new FrameBuilder(setup);
  let stamped = newStamps(path, folder);

  async function* inRange(range?: ScanRange): AsyncGenerator<StampedFrame> {
    const { startNs, endNs } = rangeBounds(frames[0]!.stampNs, range);
    for (const [index, frame] of frames.entries())
      if (frame.stampNs >= startNs && frame.stampNs < endNs)
        yield* stamped.take({ ...frame, frameId: FRAME_ID, index });
    yield* stamped.end();
  }
  async function* measurements(range?: ScanRange): AsyncGenerator<RgbdFrame> {
    builder = new FrameBuilder(setup);
    stamped = newStamps(path, folder);
    const build = ({ color: file, confidence, ...frame }: StampedFrame): Promise<RgbdFrame | undefined> =>
      builder.build({
        ...frame,
        depth: () => readDepthFile(frame.depth, folder.depthScale),
        ...(confidence !== undefined && { confidence: () => readConfidence(confidence) }),
        ...(file !== undefined && {
          color: async () => readColor(await readWhole(file, LARGEST_IMAGE), file),
        }),
      });
    for await (const frame of lookAhead(inRange(range), build)) if (frame) yield frame;
  }

  const colored = frames.filter((frame) => frame.color !== undefined).length;
  return {
    sensor: 'rgbd',
    description:
      `${folder.kind} folder ${path}: ${frames.length} depth images of ${camera.width}×${camera.height}, ` +
      `${color ? colored : 'none'} with colour, ${folder.stamps}`,
    sensorFrame: FRAME_ID,
    scanCount: frames.length,
    get warnings() {
      return [...folder.notes, ...builder.notes, ...stamped.notes];
    },
    scans: async function* () {},
    measurements,
    ...(folder.poses && { truth: () => bodyTruth(path, folder.poses!) }),
    close: async () => undefined,
  };
}

interface StampedFrame extends FolderFrame {
  readonly frameId: string;
  readonly index: number;
}

function newStamps(path: string, { frames }: RgbdFolder): StampedMessages<StampedFrame> {
  return new StampedMessages(path, {
    noun: 'image',
    fingerprint: ({ index }) => index,
    startsAtZero: frames[0]!.stampNs === 0n,
  });
}

/** @throws FeltmapError */
async function readDepthFile(file: string, scale: number): Promise<DepthImage> {
  const { width, height, data } = await readWords(await readWhole(file, LARGEST_IMAGE), file);
  for (let i = 0; i < data.length; i++) if (data[i] === NOTHING) data[i] = 0;
  return { width, height, data, scale };
}

/** @throws FeltmapError */
async function readConfidence(file: string): Promise<Confidence> {
  const { width, height, data } = await readColor(await readWhole(file, LARGEST_IMAGE), file);
  return { width, height, data: data.filter((_, i) => i % 3 === 0) };
}

/** The true poses of the body, whose axes are those of {@link CAMERA_ON_BODY}: x forward, y left, z up. */
export async function bodyTruth(path: string, read: NonNullable<RgbdFolder['poses']>): Promise<GroundTruth> {
  const { stampsNs, poses } = await read();
  const T_camera_body = inverse(CAMERA_ON_BODY);
  return {
    stampsNs,
    poses: poses.map((T_world_camera) => compose(T_world_camera, T_camera_body)),
    description: `camera poses of ${path}`,
  };
}
