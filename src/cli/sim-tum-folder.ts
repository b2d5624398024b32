import { join } from 'node:path';
import { toIoError, writeFileAtomic } from '../export/atomic-file.js';
import { formatTum } from '../export/tum.js';
import { compose, inverse } from '../geometry/se3.js';
import type { RgbdSimulation } from '../sim/camera/rgbd-simulation.js';
import type { EncodedFrame } from './sim-frames.js';
import { makeFolder } from '../export/make-folder.js';

/** Units of TUM's depth images per millimetre: 5000 make a metre. */
export const TUM_UNITS = 5;

/**
 * A recording as folders of images, the way TUM RGB-D keeps them: rgb/ and depth/, named by their stamps and listed in
 * rgb.txt, depth.txt and associations.txt; groundtruth.txt with the poses of the camera (optical axes) in the frame of
 * its first one; camera_intrinsic.json as Open3D reads it.
 *
 * @example
 * const folder = await TumFolder.create('room', simulation);
 * for await (const frame of encodedFrames(simulation, coding)) await folder.add(frame);
 * const truth = await folder.finish();
 */
export class TumFolder {
  frames = 0;
  private readonly rgb: string[] = [];
  private readonly depth: string[] = [];

  private constructor(
    readonly path: string,
    private readonly simulation: RgbdSimulation,
  ) {}

  static async create(path: string, simulation: RgbdSimulation): Promise<TumFolder> {
    try {
      for (const name of ['rgb', 'depth']) await makeFolder(join(path, name));
    } catch (error) {
      throw toIoError(error, path);
    }
    return new TumFolder(path, simulation);
  }

  /** The next frame: JPEG, and PNG in units of a fifth of a millimetre. */
  async add(frame: EncodedFrame): Promise<void> {
    const k = this.frames++;
    const [color, depth] = [this.simulation.colorStampNs(k), this.simulation.depthStampNs(k)].map(seconds);
    await writeFileAtomic(join(this.path, 'rgb', `${color}.jpg`), frame.color);
    await writeFileAtomic(join(this.path, 'depth', `${depth}.png`), frame.depth);
    this.rgb.push(`${color} rgb/${color}.jpg`);
    this.depth.push(`${depth} depth/${depth}.png`);
  }

  /** Writes lists, truth and intrinsics; returns the path of the truth. */
  async finish(): Promise<string> {
    const { path, simulation, rgb, depth } = this;
    const { width, height, fx, fy, cx, cy } = simulation.model.depth;
    const list = (title: string, lines: readonly string[]): string => `# ${title}\n${lines.join('\n')}\n`;
    await writeFileAtomic(join(path, 'rgb.txt'), list('timestamp filename', rgb));
    await writeFileAtomic(join(path, 'depth.txt'), list('timestamp filename', depth));
    const pairs = rgb.map((line, i) => `${line} ${depth[i]!}`);
    await writeFileAtomic(join(path, 'associations.txt'), `${pairs.join('\n')}\n`);
    const intrinsics = {
      width,
      height,
      intrinsic_matrix: [fx, 0, 0, 0, fy, 0, cx, cy, 1], // by columns
      depth_scale: 1000 * TUM_UNITS,
    };
    await writeFileAtomic(join(path, 'camera_intrinsic.json'), `${JSON.stringify(intrinsics, null, 2)}\n`);
    const first = inverse(simulation.depthPose(0));
    const truth = join(path, 'groundtruth.txt');
    const stampsNs = simulation.stamps().slice(0, this.frames);
    const poses = stampsNs.map((_, k) => compose(first, simulation.depthPose(k)));
    await writeFileAtomic(truth, formatTum({ stampsNs, poses }));
    return truth;
  }
}

function seconds(stampNs: bigint): string {
  return `${stampNs / 1_000_000_000n}.${String(stampNs % 1_000_000_000n)
    .padStart(9, '0')
    .slice(0, 6)}`;
}
