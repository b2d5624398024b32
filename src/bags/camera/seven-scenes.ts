import { dirname, join } from 'node:path';
import type { Pose } from '../../geometry/se3.js';
import { MILLIMETRE } from '../../sensors/camera/depth-unit.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import { findCalibration } from './intrinsics-files.js';
import { firstSize, stampsOfNames } from './image-names.js';
import { readPoseFile } from './pose-files.js';
import { readSensorInfo } from './sensor-info.js';
import type { RgbdFolder, RgbdFolderOptions } from './rgbd-folder.js';
import { stampedPoses } from './stamped-poses.js';

const DEPTH = /^frame-(\d+)\.depth\.png$/;
/** Of the depth camera, as the data set's page gives it. */
const DEPTH_CAMERA: CameraIntrinsics = {
  width: 640,
  height: 480,
  fx: 585,
  fy: 585,
  cx: 320,
  cy: 240,
  distortion: 'none',
  coefficients: [],
};
/** Of the colour camera, which the data set does not give: fitted to its images. */
const COLOR_CAMERA: CameraIntrinsics = { ...DEPTH_CAMERA, fx: 520, fy: 520, cx: 320.5, cy: 234 };
/** The colour camera in the depth camera's frame, fitted likewise. */
const T_DEPTH_COLOR: Pose = Float64Array.of(1, 0, 0, 0.026, 0, 1, 0, -0.01, 0, 0, 1, 0);

/** Focal lengths that differ by more are not those of the Kinect of 7-Scenes. */
const ALIKE = 0.02;

/**
 * A sequence of Microsoft's 7-Scenes: frame-000000.depth.png in millimetres, .color.png (or .jpg), .pose.txt. Depth is not
 * registered to colour. Others have the same files: BundleFusion with the cameras in info.txt, 3DMatch and others with their
 * own camera-intrinsics.txt (also in the folder above) and depth that is registered to colour. undefined for other folders.
 *
 * @throws FeltmapError
 */
export async function findSevenScenes(
  path: string,
  names: readonly string[],
  { depthScale: wanted }: RgbdFolderOptions = {},
): Promise<RgbdFolder | undefined> {
  const depths = names.filter((name) => DEPTH.test(name)).sort();
  if (depths.length === 0) return undefined;
  const there = new Set(names);
  const stems = depths.map((name) => name.slice(0, -'.depth.png'.length));
  const { stampsNs, origin, assumed } = stampsOfNames(stems.map((stem) => `${stem}.png`));
  const frames = stems.map((stem, i) => {
    const color = [`${stem}.color.png`, `${stem}.color.jpg`].find((name) => there.has(name));
    return {
      stampNs: stampsNs[i]!,
      depth: join(path, depths[i]!),
      ...(color !== undefined && { color: join(path, color) }),
    };
  });
  const found = await cameras(
    path,
    names,
    frames.map((f) => f.depth),
  );
  const hasColor = frames.some((frame) => 'color' in frame);
  const poseFiles = stems.map((stem) => (there.has(`${stem}.pose.txt`) ? `${stem}.pose.txt` : undefined));
  return {
    kind: found.kind,
    frames,
    camera: found.camera,
    ...(hasColor && { color: found.color }),
    depthScale: wanted ?? found.depthScale ?? MILLIMETRE,
    stamps: origin,
    assumed,
    notes: hasColor || found.own ? [found.note] : [],
    ...(poseFiles.some((file) => file !== undefined) && {
      poses: async () => {
        const poses: (Pose | undefined)[] = [];
        for (const file of poseFiles)
          poses.push(file === undefined ? undefined : await readPoseFile(join(path, file)));
        return stampedPoses(stampsNs, poses);
      },
    }),
  };
}

interface Cameras {
  readonly kind: string;
  readonly camera: CameraIntrinsics;
  readonly color: NonNullable<RgbdFolder['color']>;
  readonly depthScale?: number;
  /** Whether a file of the folder has them. */
  readonly own: boolean;
  readonly note: string;
}

/** The cameras: those of info.txt, of camera-intrinsics.txt, else those of the data set. */
async function cameras(path: string, names: readonly string[], depths: readonly string[]): Promise<Cameras> {
  const info = await readSensorInfo(path, names);
  if (info) {
    const { depth, color, T_depth_color, depthScale, file } = info;
    const note = `${path}: intrinsics from ${file}`;
    return {
      ...{ kind: 'BundleFusion', camera: depth, color: { camera: color, T_depth_color }, own: true, note },
      ...(depthScale !== undefined && { depthScale }),
    };
  }
  const own = await findCalibration([path, dirname(path)], ['camera-intrinsics.txt']);
  const camera = own ? { ...(await firstSize(depths)), ...own.camera } : DEPTH_CAMERA;
  if (own && Math.abs(camera.fx / DEPTH_CAMERA.fx - 1) > ALIKE) {
    const note = `${path}: intrinsics from ${own.file}, which are not those of 7-Scenes: depth is taken as registered to colour`;
    return { kind: '3DMatch', camera, color: { camera }, own: true, note };
  }
  const note =
    `${path}: 7-Scenes gives no calibration between its cameras; colour is taken with f ${COLOR_CAMERA.fx}, ` +
    `c (${COLOR_CAMERA.cx}, ${COLOR_CAMERA.cy}), ${T_DEPTH_COLOR[3]! * 1e3} mm to the right of depth`;
  const color = { camera: COLOR_CAMERA, T_depth_color: T_DEPTH_COLOR };
  return { kind: '7-Scenes', camera, color, own: false, note };
}
