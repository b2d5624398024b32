// A thread that answers every call but "deaf", for the tests of SyncCaller.
import { parentPort, workerData } from 'node:worker_threads';

const { port, signal } = workerData;
if (workerData.broken) throw new Error('a module is missing');
parentPort.postMessage('ready');
process.once('exit', () => Atomics.store(signal, 1, 1));
port.on('message', ({ call, name }) => {
  if (name === 'deaf') return;
  if (name === 'end') process.exit();
  port.postMessage({ value: name });
  Atomics.store(signal, 0, call);
  Atomics.notify(signal, 0);
});
