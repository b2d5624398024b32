import { parentPort, workerData } from 'node:worker_threads';
import { RgbdSimulation } from '../sim/camera/rgbd-simulation.js';
import { encodeFrame, type FrameOptions, type ImageCoding } from './sim-frames.js';

/** A thread that takes the frames it is asked for by their number, one after the other. */
const { options, coding } = workerData as { options: FrameOptions; coding: ImageCoding };
const simulation = new RgbdSimulation(options as ConstructorParameters<typeof RgbdSimulation>[0]);
let queue: Promise<void> = Promise.resolve();

parentPort!.on('message', (k: number) => {
  queue = queue.then(async () => {
    parentPort!.postMessage({ k, frame: await encodeFrame(simulation, k, coding) });
  });
  // An error in one frame is the thread's: the main thread hears of it.
  queue.catch((error: unknown) => {
    setImmediate(() => {
      throw error;
    });
  });
});
