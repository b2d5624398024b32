// The completion thread: completes surfaces one after the other (complete-surface.ts).
import { parentPort } from 'node:worker_threads';
import { loadShapePrior } from '../../completion/load-prior.js';
import { KernelPool } from '../../compute/pool.js';
import { packError } from '../protocol.js';
import { handOver } from '../transfer.js';
import { SurfaceCompleter } from './complete-surface.js';
import type { CompletionAnswer, CompletionTask } from './completion-thread.js';

const port = parentPort!;

/** Read and made with the first task, so that a prior that is missing is told to whoever asked. */
let completer: Promise<SurfaceCompleter> | undefined;

async function make(): Promise<SurfaceCompleter> {
  const prior = await loadShapePrior();
  return new SurfaceCompleter(prior, await KernelPool.create({ threads: 1, memoryMiB: 64 }));
}

async function answer({ id, surface, box }: CompletionTask): Promise<CompletionAnswer> {
  try {
    return { id, object: (await (completer ??= make())).complete(surface, box) };
  } catch (error) {
    return { id, error: packError(error) };
  }
}

let turn: Promise<unknown> = Promise.resolve();

port.on('message', (task: CompletionTask) => {
  turn = turn.then(async () => {
    const { message, transfers } = handOver(await answer(task));
    port.postMessage(message, transfers);
  });
});
