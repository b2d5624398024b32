// Builds a GLB from encoded blocks in a thread of its own: a large mesh takes seconds, and sockets must not wait.
import { parentPort, workerData } from 'node:worker_threads';
import { encodeGlb } from '../../export/glb.js';
import { meshFromFrames, type GlbJob } from './blocks-to-mesh.js';

const glb = await encodeGlb(meshFromFrames(workerData as GlbJob));
parentPort!.postMessage(glb, glb.buffer instanceof ArrayBuffer ? [glb.buffer] : []);
