import { join } from 'node:path';
import { FeltmapError } from '../../geometry/errors.js';
import type { Pose } from '../../geometry/se3.js';
import { MILLIMETRE } from '../../sensors/camera/depth-unit.js';
import { readText } from '../files.js';
import { pinhole } from './calibration-values.js';
import { firstSize, imagesOf, stampsOfNames } from './image-names.js';
import { parsed } from './intrinsics-files.js';
import { poseOf } from './pose-files.js';
import type { RgbdFolder, RgbdFolderOptions } from './rgbd-folder.js';
import { posesAsRead } from './stamped-poses.js';
import { optical } from './transforms-folder.js';

const DEPTH = /^depth_(\d+)\.png$/;
/** Images of ARKit, where none is there to look at. */
const IMAGE = { width: 1920, height: 1440 };
/** Of the focal length, by which frames may differ before it is told: autofocus changes it. */
const ALIKE = 0.005;

/**
 * All data of the app 3D Scanner App (iPhone, iPad): depth_00000.png in millimetres, conf_00000.png, frame_00000.jpg, and frame_00000.json
 * with intrinsics of the colour image, the time and ARKit's pose of the camera (y up, z backwards). undefined for other
 * folders.
 *
 * @throws FeltmapError bad-input for a file that cannot be understood
 */
export async function findScannerApp(
  path: string,
  names: readonly string[],
  { depthScale = MILLIMETRE }: RgbdFolderOptions = {},
): Promise<RgbdFolder | undefined> {
  const there = new Set(names);
  const depths = imagesOf(names, ['.png']).flatMap((name) => {
    const number = DEPTH.exec(name)?.[1];
    return number !== undefined && there.has(`frame_${number}.json`) ? [{ name, number }] : [];
  });
  if (depths.length === 0) return undefined;
  const described = await Promise.all(
    depths.map(({ number }) => readFrame(join(path, `frame_${number}.json`))),
  );
  const colorOf = (number: string): string | undefined =>
    ['jpg', 'jpeg', 'png'].map((kind) => `frame_${number}.${kind}`).find((name) => there.has(name));
  const frames = depths.map(({ name, number }) => {
    const color = colorOf(number);
    const confidence = `conf_${number}.png`;
    return {
      depth: join(path, name),
      ...(color !== undefined && { color: join(path, color) }),
      ...(there.has(confidence) && { confidence: join(path, confidence) }),
    };
  });
  const { stampsNs, origin } = stamps(
    described,
    depths.map(({ name }) => name),
  );
  const colored = frames.flatMap(({ color }) => (color === undefined ? [] : [color]));
  const size = colored.length > 0 ? await firstSize(colored) : IMAGE;
  const camera = { ...described[0]!.camera, ...size };
  const differing = described.filter((f) => Math.abs(f.camera.fx / camera.fx - 1) > ALIKE).length;
  return {
    kind: '3D Scanner App',
    frames: frames.map((frame, i) => ({ stampNs: stampsNs[i]!, ...frame })),
    camera,
    ...(colored.length > 0 && { color: { camera } }),
    depthScale,
    stamps: origin,
    notes:
      differing > 0
        ? [
            `${path} gives ${differing} frames a focal length of their own: that of the first frame is used for all`,
          ]
        : [],
    ...posesAsRead(
      stampsNs,
      described.map(({ pose }) => pose),
    ),
  };
}

type Described = Awaited<ReturnType<typeof readFrame>>;

async function readFrame(
  file: string,
): Promise<{ camera: ReturnType<typeof pinhole>; time: number; pose: Pose | undefined }> {
  const values = (parsed(await readText(file), file) ?? {}) as Record<string, unknown>;
  const list = (name: string): number[] =>
    Array.isArray(values[name]) ? values[name].flat().map(Number) : [];
  const k = list('intrinsics');
  if (k.length !== 9)
    throw new FeltmapError(
      'bad-input',
      `${file} has no intrinsics of 9 numbers; it is no file of 3D Scanner App`,
    );
  return {
    camera: pinhole([k[0]!, k[4]!, k[2]!, k[5]!], { model: 'plumb_bob', d: [] }, file),
    time: typeof values['time'] === 'number' ? values['time'] : NaN,
    pose: optical(poseOf(list('cameraPoseARFrame'))),
  };
}

/** The times of frames, where they increase; else by their numbers. */
function stamps(
  frames: readonly Described[],
  names: readonly string[],
): { stampsNs: bigint[]; origin: string } {
  const increase = frames.every(({ time }, i) => time >= 0 && (i === 0 || time > frames[i - 1]!.time));
  if (!increase) return stampsOfNames(names);
  return {
    stampsNs: frames.map(({ time }) => BigInt(Math.round(time * 1e9))),
    origin: 'stamps from frame_*.json',
  };
}
