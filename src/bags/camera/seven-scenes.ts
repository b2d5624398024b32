import { join } from 'node:path';
import type { Pose } from '../../geometry/se3.js';
import { MILLIMETRE } from '../../sensors/camera/depth-unit.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import { findCalibration } from './intrinsics-files.js';
import { firstSize, stampsOfNames } from './image-names.js';
import { readPoseFile } from './pose-files.js';
import type { RgbdFolder, RgbdFolderOptions } from './rgbd-folder.js';

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

/**
 * A sequence of Microsoft's 7-Scenes: frame-000000.depth.png in millimetres, .color.png (or .jpg), .pose.txt. Depth is not
 * registered to colour. undefined for other folders.
 *
 * @throws FeltmapError
 */
export async function findSevenScenes(
  path: string,
  names: readonly string[],
  { depthScale = MILLIMETRE }: RgbdFolderOptions = {},
): Promise<RgbdFolder | undefined> {
  const depths = names.filter((name) => DEPTH.test(name)).sort();
  if (depths.length === 0) return undefined;
  const there = new Set(names);
  const stems = depths.map((name) => name.slice(0, -'.depth.png'.length));
  const { stampsNs, origin } = stampsOfNames(stems.map((stem) => `${stem}.png`));
  const frames = stems.map((stem, i) => {
    const color = [`${stem}.color.png`, `${stem}.color.jpg`].find((name) => there.has(name));
    return {
      stampNs: stampsNs[i]!,
      depth: join(path, depths[i]!),
      ...(color !== undefined && { color: join(path, color) }),
    };
  });
  const own = await findCalibration([path], ['camera-intrinsics.txt']);
  const camera = own ? { ...(await firstSize(frames.map((f) => f.depth))), ...own.camera } : DEPTH_CAMERA;
  const hasColor = frames.some((frame) => 'color' in frame);
  const posed = stems.flatMap((stem, i) =>
    there.has(`${stem}.pose.txt`) ? [{ stem, stampNs: stampsNs[i]! }] : [],
  );
  return {
    kind: '7-Scenes',
    frames,
    camera,
    ...(hasColor && { color: { camera: COLOR_CAMERA, T_depth_color: T_DEPTH_COLOR } }),
    depthScale,
    stamps: origin,
    notes: hasColor
      ? [
          `${path}: 7-Scenes gives no calibration between its cameras; colour is taken with f ${COLOR_CAMERA.fx}, ` +
            `c (${COLOR_CAMERA.cx}, ${COLOR_CAMERA.cy}), ${T_DEPTH_COLOR[3]! * 1e3} mm to the right of depth`,
        ]
      : [],
    ...(posed.length > 0 && {
      poses: async () => {
        const known: { stampNs: bigint; pose: Pose }[] = [];
        for (const { stem, stampNs } of posed) {
          const pose = await readPoseFile(join(path, `${stem}.pose.txt`));
          if (pose) known.push({ stampNs, pose });
        }
        return { stampsNs: known.map((k) => k.stampNs), poses: known.map((k) => k.pose) };
      },
    }),
  };
}
