// The SLAM thread of the program: makes the system, then answers scans (slam-loop.ts).
import { parentPort, workerData } from 'node:worker_threads';
import { FeltmapError } from '../geometry/errors.js';
import { runSlamLoop } from './loop.js';
import { packError, type SlamFactory, type SlamReply, type SlamWorkerData } from './protocol.js';

const { config, factoryUrl, map, view } = workerData as SlamWorkerData;
try {
  const { createSlam } = (await import(factoryUrl)) as { createSlam: SlamFactory };
  // A system that takes no map would start afresh without a word.
  if (map && createSlam.length < 2)
    throw new FeltmapError('unsupported', 'This version cannot continue a saved map; leave out --map');
  runSlamLoop(parentPort!, await createSlam(config, map), view);
} catch (error) {
  parentPort!.postMessage({ type: 'failed', during: 'start', error: packError(error) } satisfies SlamReply);
}
