// A kernel thread: waits for a job, takes chunks of it until none is left, says so, waits again.
import { parentPort, workerData } from 'node:worker_threads';
import { CONTROL, kernelNames, runChunks, type Kernel } from './pool.js';

const data = workerData as { module: WebAssembly.Module; memory: WebAssembly.Memory; control: number };
const instance = await WebAssembly.instantiate(data.module, { env: { memory: data.memory } });
const exports = instance.exports as Record<string, unknown>;
const kernels = kernelNames(exports).map((name) => exports[name] as Kernel);
const control = new Int32Array(data.memory.buffer, data.control, CONTROL.length);

let seen = Atomics.load(control, CONTROL.generation);
parentPort!.postMessage('ready');
for (;;) {
  // Jobs follow each other within microseconds while a scan is processed, so spin before sleeping.
  for (let spin = 0; spin < 4000 && Atomics.load(control, CONTROL.generation) === seen; spin++);
  while (Atomics.load(control, CONTROL.generation) === seen) Atomics.wait(control, CONTROL.generation, seen);
  seen = Atomics.load(control, CONTROL.generation);
  if (Atomics.load(control, CONTROL.stop) === 1) break;
  runChunks(control, seen, kernels);
}
