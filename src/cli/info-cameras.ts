import type { RgbdFolder } from '../bags/camera/rgbd-folder.js';
import { cameraOfBag } from '../bags/camera/rig-of-bag.js';
import { type CameraTopics, chooseCamera, imageTopics } from '../bags/camera/topics.js';
import type { BagMessage, BagReader } from '../bags/types.js';
import { FeltmapError } from '../geometry/errors.js';
import { rotationAngle, translationNorm, type Pose } from '../geometry/se3.js';
import { readHeader } from '../messages/header.js';
import { decodeCameraInfo, decodeCompressedImage, decodeImage } from '../messages/images.js';
import { ROS_TYPES } from '../messages/types.js';
import { WireReader } from '../messages/wire.js';
import type { CameraIntrinsics } from '../sensors/camera/frame.js';
import { Pairing } from '../sensors/camera/pairing.js';

/** A depth camera of a recording, with the colour images that go with it. */
export interface CameraReport {
  /** Topic or folder. */
  readonly depth: string;
  readonly color?: string;
  /** Size, focal lengths, centre and distortion; absent where there is no calibration. */
  readonly depthIntrinsics?: string;
  readonly colorIntrinsics?: string;
  /** How colour lies to depth. */
  readonly registration?: string;
  readonly depthImages: number;
  /** Depth images that have a colour image of their time. */
  readonly pairs: number;
  /** Mean stamp of colour less that of depth over the pairs, s. */
  readonly meanDelayS?: number;
  /** Of its depth, as a map would take it, by its first images. */
  readonly noise?: string;
  /** How far its depth reaches in its first images, in the unit that it is read in. */
  readonly reach?: string;
  /** What is wrong with it, or was chosen. */
  readonly notes: readonly string[];
}

/** More depth cameras than this in a bag are not looked at. */
const MOST_CAMERAS = 8;

/**
 * The depth cameras of a bag; while it is read once, each pairs its images by their stamps.
 *
 * @example
 * const cameras = await BagCameras.of(bag, path);
 * for await (const message of bag.messages()) cameras.add(message);
 * console.log(cameras.reports());
 */
export class BagCameras {
  readonly #found: {
    readonly report: Omit<CameraReport, 'depthImages' | 'pairs' | 'meanDelayS'>;
    readonly pairing: Pairing<null, null>;
    images: number;
  }[] = [];

  private constructor() {}

  static async of(bag: BagReader, path: string): Promise<BagCameras> {
    const cameras = new BagCameras();
    const images = await imageTopics(bag);
    const depths = images.filter(
      (t) =>
        t.kind === 'depth' &&
        (t.type === ROS_TYPES.image || !images.some((u) => u.type === ROS_TYPES.image && u.base === t.base)),
    );
    for (const { name } of depths.slice(0, MOST_CAMERAS)) {
      const report = await describeCamera(bag, path, images, name);
      cameras.#found.push({ report, pairing: new Pairing(), images: 0 });
    }
    return cameras;
  }

  add({ topic, type, data, encoding }: BagMessage): void {
    for (const camera of this.#found) {
      const isDepth = topic === camera.report.depth;
      if (!isDepth && topic !== camera.report.color) continue;
      try {
        const { stampNs } = readHeader(new WireReader(data, encoding, type));
        if (isDepth) camera.images++;
        if (isDepth) camera.pairing.addDepth(stampNs, null);
        else camera.pairing.addColor(stampNs, null);
      } catch (error) {
        if (!(error instanceof FeltmapError)) throw error; // a damaged message is counted with its topic
      }
    }
  }

  reports(): CameraReport[] {
    return this.#found.map(({ report, pairing, images }) => {
      pairing.end();
      return {
        ...report,
        depthImages: images,
        pairs: pairing.paired,
        ...(pairing.meanDelay !== undefined && { meanDelayS: pairing.meanDelay }),
        notes: [
          ...report.notes,
          ...(pairing.paired === 0 && report.color !== undefined ? pairing.notes : []),
        ],
      };
    });
  }
}

async function describeCamera(
  bag: BagReader,
  path: string,
  images: Parameters<typeof chooseCamera>[1],
  depth: string,
): Promise<Omit<CameraReport, 'depthImages' | 'pairs' | 'meanDelayS'>> {
  const notes: string[] = [];
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error;
      notes.push(error.message);
      return undefined;
    }
  };
  const topics: CameraTopics | undefined =
    (await attempt(() => chooseCamera(path, images, { depth }))) ??
    chooseCamera(path, images, { depth, color: 'none' });
  const camera = await attempt(() => cameraOfBag(bag, path, topics));
  return {
    depth,
    ...(topics.color && { color: topics.color.name }),
    ...(camera && { depthIntrinsics: describeIntrinsics(camera.setup.camera) }),
    ...(camera?.setup.color && { colorIntrinsics: describeIntrinsics(camera.setup.color.camera) }),
    ...(camera?.registration !== undefined && { registration: camera.registration }),
    notes: [...notes, ...(camera?.notes ?? [])],
  };
}

/** The camera of a folder of images. */
export function folderCamera(path: string, folder: RgbdFolder): CameraReport {
  const { frames, camera, color } = folder;
  const paired = frames.filter((frame) => color && frame.color !== undefined);
  const delays = paired.flatMap((frame) => (frame.delay === undefined ? [] : [frame.delay]));
  return {
    depth: path,
    ...(color && {
      color: path,
      colorIntrinsics: describeIntrinsics(color.camera),
      registration: describePlace(color.T_depth_color),
    }),
    depthIntrinsics: describeIntrinsics(camera),
    depthImages: frames.length,
    pairs: paired.length,
    ...(delays.length > 0 && { meanDelayS: delays.reduce((sum, d) => sum + d, 0) / delays.length }),
    notes: [],
  };
}

function describePlace(T_depth_color?: Pose): string {
  if (!T_depth_color || (translationNorm(T_depth_color) === 0 && rotationAngle(T_depth_color) === 0))
    return 'depth is registered to colour';
  return `depth is not registered to colour, whose camera is ${(1e3 * translationNorm(T_depth_color)).toFixed(0)} mm away`;
}

function describeIntrinsics({ width, height, fx, fy, cx, cy, distortion }: CameraIntrinsics): string {
  const lens = distortion === 'none' ? 'no distortion' : distortion;
  return `${width}×${height}, f (${fx.toFixed(1)}, ${fy.toFixed(1)}), c (${cx.toFixed(1)}, ${cy.toFixed(1)}), ${lens}`;
}

/** Size and encoding of an image, or the calibration in a camera_info; undefined for other messages. */
export function describeImage({ type, data, encoding }: BagMessage): string | undefined {
  if (type === ROS_TYPES.image) {
    const image = decodeImage(data, encoding);
    const endian = image.bigEndian && /16|32/.test(image.encoding) ? ', big-endian' : '';
    return `${image.width}×${image.height} ${image.encoding}${endian}`;
  }
  if (type === ROS_TYPES.compressedImage) {
    const { format, data: bytes } = decodeCompressedImage(data, encoding);
    return `${format}, ${bytes.length} bytes`;
  }
  if (type === ROS_TYPES.cameraInfo) {
    const { width, height, k, distortionModel } = decodeCameraInfo(data, encoding);
    return `${width}×${height}, f (${k[0]!.toFixed(1)}, ${k[4]!.toFixed(1)}), c (${k[2]!.toFixed(1)}, ${k[5]!.toFixed(1)}), ${distortionModel}`;
  }
  return undefined;
}

/** Lines for people. */
export function describeCameras(cameras: readonly CameraReport[]): string[] {
  return cameras.flatMap((camera) => {
    const { depth, color, depthImages, pairs, meanDelayS } = camera;
    const same = camera.colorIntrinsics === camera.depthIntrinsics;
    const delay =
      meanDelayS === undefined
        ? ''
        : `, colour ${Math.abs(1e3 * meanDelayS).toFixed(1)} ms ${meanDelayS < 0 ? 'before' : 'after'} depth on average`;
    return [
      '',
      `depth camera  ${depth}`,
      `  depth   ${camera.depthIntrinsics ?? 'no calibration'}`,
      ...(color === undefined
        ? ['  colour  none']
        : [
            `  colour  ${color === depth ? '' : `${color}, `}${same ? 'the same intrinsics' : (camera.colorIntrinsics ?? 'no calibration')}`,
            `  pairs   ${pairs} of ${depthImages} depth images${delay}`,
          ]),
      ...(camera.reach === undefined ? [] : [`  reach   ${camera.reach}`]),
      ...(camera.noise === undefined ? [] : [`  noise   ${camera.noise}`]),
      ...(camera.registration === undefined ? [] : [`  ${camera.registration}`]),
      ...camera.notes.map((note) => `  warning: ${note}`),
    ];
  });
}
