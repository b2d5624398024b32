import { openScanSource, type ScanSourceOptions } from '../bags/source.js';
import { KernelPool } from '../compute/pool.js';
import { FeltmapError } from '../geometry/errors.js';
import { describeNoise } from '../sensors/camera/noise-growth.js';
import { PreparedFrame } from '../sensors/camera/prepared-frame.js';
import { CameraPreparer } from '../sensors/camera/preparer.js';
import { isFrame, type Measurement } from '../sensors/measurement.js';

/** Frames that are read at most. */
const FRAMES = 15;

/**
 * The noise that a map of this recording would take for its depth camera's, `σ(z) = 1.2 mm + …`; undefined where no frame
 * can be read.
 */
export async function noiseOf(path: string, options: ScanSourceOptions): Promise<string | undefined> {
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
): Promise<string | undefined> {
  const preparer = new CameraPreparer(pool);
  const slot = new PreparedFrame(pool.memory);
  let [frames, camera] = [0, ''];
  for await (const one of measurements) {
    if (!isFrame(one)) continue;
    preparer.prepare(one, slot);
    camera = one.frameId;
    if (++frames >= FRAMES) break;
  }
  return frames === 0 ? undefined : `σ(z) = ${describeNoise(preparer.noise(camera))}`;
}
