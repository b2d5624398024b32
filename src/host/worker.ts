// The SLAM thread: answers requests one by one (slam-host.ts).
import { parentPort, workerData } from 'node:worker_threads';
import { FeltmapError } from '../geometry/errors.js';
import {
  packError,
  type SlamEnvelope,
  type SlamFactory,
  type SlamMessage,
  type SlamThreadData,
} from './protocol.js';
import { SlamHost } from './slam-host.js';
import { handOver } from './transfer.js';

const port = parentPort!;
const data = workerData as SlamThreadData;

/** Arrays of a message go over without a copy. */
function post(out: SlamMessage): void {
  const { message, transfers } = handOver(out);
  port.postMessage(message, transfers);
}

async function start(): Promise<SlamHost> {
  const { createSlam } = (await import(data.factoryUrl)) as { createSlam: SlamFactory };
  // A system that takes no map would start afresh without a word.
  if (data.map && createSlam.length < 2)
    throw new FeltmapError('unsupported', 'This version cannot continue a saved map; leave out --map');
  return SlamHost.create(createSlam, data, (event) => post({ event }));
}

// Requests wait for each other: two at once would share the map.
let turn: Promise<unknown> = start().then(
  (host) => {
    post({ id: 0, reply: { warnings: host.warnings } });
    return host;
  },
  (error: unknown) => post({ id: 0, error: packError(error) }),
);

// A message that cannot be read would never be answered.
port.on('messageerror', (error: Error) => {
  throw error;
});

port.on('message', ({ id, request }: SlamEnvelope) => {
  turn = turn.then(async (made) => {
    const host = made as SlamHost;
    try {
      post({ id, reply: await host.handle(request) });
      if (request.type === 'finish') void host.close().finally(() => port.close());
    } catch (error) {
      post({ id, error: packError(error) });
    }
    return host;
  });
});
