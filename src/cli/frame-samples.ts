import { renderDepth } from '../eval/render-depth.js';
import type { Pinhole } from '../geometry/pinhole.js';
import { MAX_SAMPLE_FRAMES, type SampleFrame } from '../export/sample-frames.js';
import { compose, inverse, transformPoint, type Pose } from '../geometry/se3.js';
import type { Mesh } from '../mesh/mesh.js';
import { CAMERA_ON_BODY, type FrameColor, type RgbdFrame } from '../sensors/camera/frame.js';
import { distort, lensOf } from '../sensors/camera/lens.js';

/** Frames that are kept while a run goes on: every n-th, n doubling. */
const KEPT = 2 * MAX_SAMPLE_FRAMES;
/** Depth images are thinned to at most this many pixels across. */
const MAX_WIDTH = 320;

interface Kept {
  readonly number: number;
  readonly stampNs: bigint;
  readonly depth: Float32Array;
  readonly camera: Pinhole;
  readonly color?: FrameColor;
  readonly mount: Pose;
}

/**
 * Keeps a few frames of a run, evenly spread over it however long it is, to be shown beside the mesh in its report.
 *
 * @example
 * const samples = new FrameSamples();
 * samples.take(frame); // before it is handed to the SLAM thread
 * const shown = samples.beside(mesh, (stampNs) => poses.get(stampNs)); // T_mesh_body
 */
export class FrameSamples {
  #kept: Kept[] = [];
  #every = 1;
  #count = 0;

  /** Copies what is needed: a frame's images are given away with it. */
  take(frame: RgbdFrame): void {
    const number = this.#count++;
    // What a lens does to depth is not rendered.
    if (number % this.#every !== 0 || lensOf(frame.camera).kind !== lensOf(PLAIN).kind) return;
    if (this.#kept.length === KEPT) {
      this.#every *= 2;
      this.#kept = this.#kept.filter((kept) => kept.number % this.#every === 0);
      if (number % this.#every !== 0) return;
    }
    this.#kept.push(copyOf(frame, number));
  }

  /** Up to four frames with what the mesh looks like from their poses. @param poseAt T_mesh_body, where it is known */
  beside(mesh: Mesh, poseAt: (stampNs: bigint) => Pose | undefined): SampleFrame[] {
    const posed = this.#kept.flatMap((kept) => {
      const T_mesh_body = poseAt(kept.stampNs);
      return T_mesh_body ? [{ kept, pose: compose(T_mesh_body, kept.mount) }] : [];
    });
    const most = Math.min(MAX_SAMPLE_FRAMES, posed.length);
    return Array.from({ length: most }, (_, i) => {
      const { kept, pose } = posed[Math.floor(((i + 0.5) * posed.length) / most)]!;
      const { camera, depth, color, number } = kept;
      const rendered = renderDepth(mesh, camera, pose);
      const image = color && asSeenBy(camera, color, rendered.depth);
      const { width, height } = camera;
      return { title: `Frame ${number}`, width, height, depth, rendered, ...(image && { image }) };
    });
  }
}

const PLAIN = {
  width: 1,
  height: 1,
  fx: 1,
  fy: 1,
  cx: 0,
  cy: 0,
  distortion: 'none' as const,
  coefficients: [],
};

function copyOf({ stampNs, depth, camera, color, mount = CAMERA_ON_BODY }: RgbdFrame, number: number): Kept {
  const step = Math.ceil(depth.width / MAX_WIDTH);
  const [width, height] = [Math.ceil(depth.width / step), Math.ceil(depth.height / step)];
  const { fx, fy, cx, cy } = camera;
  const thin = new Float32Array(width * height);
  for (let i = 0; i < thin.length; i++) {
    const z = depth.data[Math.floor(i / width) * step * depth.width + (i % width) * step]! * depth.scale;
    thin[i] = z > 0 && z < Infinity ? z : 0;
  }
  const pinhole = { width, height, fx: fx / step, fy: fy / step, cx: cx / step, cy: cy / step };
  const copied = color && { ...color, image: { ...color.image, data: color.image.data.slice() } };
  return {
    number,
    stampNs,
    depth: thin,
    camera: pinhole,
    mount: mount.slice(),
    ...(copied && { color: copied }),
  };
}

/** The colour image as the depth camera would have it, where there is depth; black elsewhere. */
function asSeenBy(
  depthCamera: Pinhole,
  { image, camera, T_depth_color }: FrameColor,
  depth: Float32Array,
): Uint8Array {
  const { width, fx, fy, cx, cy } = depthCamera;
  const T_color_depth = inverse(T_depth_color);
  const lens = lensOf(camera);
  const out = new Uint8Array(3 * depth.length);
  for (let i = 0; i < depth.length; i++) {
    const z = depth[i]!;
    if (!(z > 0)) continue;
    const [a, b] = [((i % width) - cx) / fx, (Math.floor(i / width) - cy) / fy];
    const [x, y, far] = transformPoint(T_color_depth, a * z, b * z, z);
    const [u, v] = distort(lens, x / far, y / far);
    const column = Math.round(camera.fx * u + camera.cx);
    const row = Math.round(camera.fy * v + camera.cy);
    if (!(far > 0 && column >= 0 && row >= 0 && column < image.width && row < image.height)) continue;
    const from = 3 * (row * image.width + column);
    for (let c = 0; c < 3; c++) out[3 * i + c] = image.data[from + c]!;
  }
  return out;
}
