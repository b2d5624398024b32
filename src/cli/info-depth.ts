import { openScanSource, type ScanSourceOptions } from '../bags/source.js';
import { KernelPool } from '../compute/pool.js';
import { FeltmapError } from '../geometry/errors.js';
import { DisparityCheck } from '../sensors/camera/disparity-check.js';
import type { DepthImage } from '../sensors/camera/frame.js';
import { describeNoise } from '../sensors/camera/noise-growth.js';
import { PreparedFrame } from '../sensors/camera/prepared-frame.js';
import { CameraPreparer } from '../sensors/camera/preparer.js';
import { isFrame, type Measurement } from '../sensors/measurement.js';

/** Frames that are read at most, and those of them whose noise is measured. */
const FRAMES = 30;
const NOISE_FRAMES = 15;
/** Pixels that are looked at for the reach, of each frame. */
const SAMPLES = 2048;

/** What the depth images at the beginning of a recording are like. */
export interface DepthLook {
  /** As a map would take it, `σ(z) = 1.2 mm + …`. */
  readonly noise: string;
  /** How far they reach, `half of it within 2.1 m, …`; absent where nothing is known of any pixel. */
  readonly reach?: string;
  /** What they look like in the place of depth. */
  readonly note?: string;
}

/** Looks at the depth images of a recording's camera; undefined where no frame can be read. */
export async function lookAtDepth(path: string, options: ScanSourceOptions): Promise<DepthLook | undefined> {
  const pool = await KernelPool.create({ threads: 1, memoryMiB: 256 });
  try {
    const source = await openScanSource(path, { ...options, sensor: 'rgbd' });
    try {
      return await measure(source.measurements(), pool);
    } finally {
      await source.close();
    }
  } catch (error) {
    if (!(error instanceof FeltmapError)) throw error; // it is told with what else is wrong
    return undefined;
  } finally {
    await pool.close();
  }
}

async function measure(
  measurements: AsyncIterable<Measurement>,
  pool: KernelPool,
): Promise<DepthLook | undefined> {
  const preparer = new CameraPreparer(pool);
  const slot = new PreparedFrame(pool.memory);
  const disparity = new DisparityCheck();
  const depths: number[] = [];
  let [frames, camera] = [0, ''];
  for await (const one of measurements) {
    if (!isFrame(one)) continue;
    sample(one.depth, depths);
    disparity.add(one.depth);
    if (frames < NOISE_FRAMES) preparer.prepare(one, slot);
    camera = one.frameId;
    if (++frames >= FRAMES) break;
  }
  if (frames === 0) return undefined;
  const [reach, { note }] = [reachOf(depths), disparity];
  return {
    noise: `σ(z) = ${describeNoise(preparer.noise(camera))}`,
    ...(reach !== undefined && { reach }),
    ...(note !== undefined && { note }),
  };
}

/** Adds some of the known depths (m). */
function sample({ data, scale }: DepthImage, out: number[]): void {
  const unknown = data instanceof Uint16Array ? 65535 : Infinity;
  const step = Math.max(1, Math.floor(data.length / SAMPLES));
  for (let i = 0; i < data.length; i += step)
    if (data[i]! > 0 && data[i]! < unknown) out.push(data[i]! * scale);
}

function reachOf(depths: number[]): string | undefined {
  if (depths.length === 0) return undefined;
  depths.sort((a, b) => a - b);
  const within = (share: number): string =>
    `${depths[Math.floor(share * (depths.length - 1))]!.toPrecision(2)} m`;
  return `half of it within ${within(0.5)}, 95 % within ${within(0.95)}`;
}
