// The SLAM thread of the program: makes the system, then answers scans (slam-loop.ts).
import { parentPort, workerData } from 'node:worker_threads';
import { runSlamLoop } from './slam-loop.js';
import { packError, type SlamFactory, type SlamReply, type SlamWorkerData } from './slam-protocol.js';

const { config, factoryUrl, map } = workerData as SlamWorkerData;
try {
  const { createSlam } = (await import(factoryUrl)) as { createSlam: SlamFactory };
  runSlamLoop(parentPort!, await createSlam(config, map));
} catch (error) {
  parentPort!.postMessage({ type: 'failed', during: 'start', error: packError(error) } satisfies SlamReply);
}
