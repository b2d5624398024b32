import { join } from 'node:path';
import { FeltmapError } from '../../geometry/errors.js';
import { inverse, type Pose } from '../../geometry/se3.js';
import { readText } from '../files.js';
import { pinhole } from './calibration-values.js';
import { type Calibration, parsed } from './intrinsics-files.js';
import { poseOf } from './pose-files.js';

/** The cameras of the images of one scene, as the BOP benchmark has them. */
export const SCENE_CAMERA = 'scene_camera.json';

const MILLIMETRE = 1e-3;
/** Of the focal length or pixels of the principal point, by which frames may differ before it is told. */
const ALIKE = [0.005, 2] as const;

/** What scene_camera.json says. */
export interface SceneCamera {
  /** Of the first image. */
  readonly calibration: Calibration;
  /** Images whose camera clearly differs from that of the first. */
  readonly differing: number;
  /** Poses of the camera by the number of the image, where they are given. */
  readonly poses: ReadonlyMap<string, Pose>;
}

/**
 * Reads a BOP scene's cameras: cam_K, depth_scale (millimetres a unit), and cam_R_w2c with cam_t_w2c (mm) by the number of
 * each image.
 *
 * @throws FeltmapError bad-input for a file that cannot be understood
 */
export async function readSceneCamera(folder: string): Promise<SceneCamera> {
  const path = join(folder, SCENE_CAMERA);
  const entries = Object.entries((parsed(await readText(path), path) ?? {}) as Record<string, unknown>);
  const cameras = entries.map(([number, values]) => ({ number, ...imageCamera(values) }));
  const first = cameras[0];
  if (first?.k.length !== 9)
    throw new FeltmapError(
      'bad-input',
      `${path} has no camera with a cam_K of 9 numbers; it is no file of BOP`,
    );
  const [fx, , cx, , fy, cy] = first.k as [number, number, number, number, number, number];
  const differs = ({ k }: (typeof cameras)[number]): boolean =>
    Math.abs(k[0]! / fx - 1) > ALIKE[0] || Math.hypot(k[2]! - cx, k[5]! - cy) > ALIKE[1];
  return {
    calibration: {
      camera: pinhole([fx, fy, cx, cy], { model: 'plumb_bob', d: [] }, path),
      ...(first.scale > 0 && { depthScale: first.scale * MILLIMETRE }),
      file: SCENE_CAMERA,
    },
    differing: cameras.filter(differs).length,
    poses: new Map(cameras.flatMap(({ number, pose }) => (pose ? [[number, pose]] : []))),
  };
}

/** The camera of one image: cam_K, depth_scale, pose in the world. */
function imageCamera(entry: unknown): { k: readonly number[]; scale: number; pose: Pose | undefined } {
  const values = (entry ?? {}) as Record<string, unknown>;
  const list = (name: string): number[] => (Array.isArray(values[name]) ? values[name].map(Number) : []);
  const [r, t] = [list('cam_R_w2c'), list('cam_t_w2c')];
  const rows = [0, 1, 2].flatMap((i) => [...r.slice(3 * i, 3 * i + 3), t[i]! * MILLIMETRE]);
  const T_camera_world = r.length === 9 && t.length === 3 ? poseOf(rows) : undefined;
  return {
    k: list('cam_K'),
    scale: Number(values['depth_scale']),
    pose: T_camera_world && inverse(T_camera_world),
  };
}
