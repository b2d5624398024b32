import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { compiledUrl } from '../compute/compiled-url.js';
import { encodePng16 } from '../export/png16.js';
import type { RgbdSimulation } from '../sim/camera/rgbd-simulation.js';
import { type RgbdSimulationOptions } from '../sim/camera/rgbd-simulation.js';

/** How images are written. */
export interface ImageCoding {
  /** JPEG quality, 1…100; 0: raw bytes. */
  readonly jpeg: number;
  /** Depth as PNG of 16 bits, zlib level 1…9; 0: raw. */
  readonly png: number;
  /** Units of depth per millimetre: 1, or 5 as TUM has it. Default 1. */
  readonly depthUnits?: number;
}

export interface EncodedFrame {
  /** JPEG, or sRGB bytes. */
  readonly color: Uint8Array;
  /** PNG, or little-endian millimetres. */
  readonly depth: Uint8Array;
}

/** Options that can travel to a worker thread. */
export type FrameOptions = RgbdSimulationOptions & { readonly scene: string };

/** Takes frame k and encodes it. */
export async function encodeFrame(
  simulation: RgbdSimulation,
  k: number,
  coding: ImageCoding,
): Promise<EncodedFrame> {
  const { depth: d, color: c } = simulation.model;
  const depth = simulation.depth(k);
  if (coding.depthUnits !== undefined) for (let i = 0; i < depth.length; i++) depth[i]! *= coding.depthUnits;
  const color = simulation.color(k);
  const bytes = new Uint8Array(depth.buffer, depth.byteOffset, depth.byteLength);
  return {
    color: coding.jpeg > 0 ? await encodeJpeg(color, c.width, c.height, coding.jpeg) : color,
    depth: coding.png > 0 ? encodePng16(d.width, d.height, depth, coding.png) : bytes,
  };
}

/** An sRGB image (3 bytes a pixel) as JPEG. @param quality 1…100 */
export async function encodeJpeg(
  rgb: Uint8Array,
  width: number,
  height: number,
  quality: number,
): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
}

/**
 * All frames in order, made by as many threads as there are cores. The bytes do not depend on their number.
 *
 * @param threads 0: in this thread.
 */
export async function* encodedFrames(
  simulation: RgbdSimulation,
  coding: ImageCoding,
  threads = availableParallelism(),
): AsyncGenerator<EncodedFrame> {
  const { options, frameCount } = simulation;
  if (threads === 0 || typeof options.scene !== 'string' || frameCount < 4) {
    for (let k = 0; k < frameCount; k++) yield await encodeFrame(simulation, k, coding);
    return;
  }
  const workers = Array.from(
    { length: threads },
    () =>
      new Worker(compiledUrl(import.meta.url, './sim-frames-worker.js'), { workerData: { options, coding } }),
  );
  const waiting = new Map<number, (frame: EncodedFrame) => void>();
  let failed: (error: Error) => void = () => undefined;
  const failure = new Promise<never>((_, reject) => (failed = reject));
  failure.catch(() => undefined);
  for (const worker of workers) {
    worker.on('message', ({ k, frame }: { k: number; frame: EncodedFrame }) => {
      waiting.get(k)?.(frame);
      waiting.delete(k);
    });
    worker.on('error', failed);
  }
  const ask = (k: number): Promise<EncodedFrame> =>
    new Promise((resolve) => {
      waiting.set(k, resolve);
      workers[k % threads]!.postMessage(k);
    });
  try {
    const asked: Promise<EncodedFrame>[] = [];
    let next = 0;
    for (let k = 0; k < frameCount; k++) {
      while (next < frameCount && next < k + 3 * threads) asked.push(ask(next++));
      yield await Promise.race([asked.shift()!, failure]);
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
