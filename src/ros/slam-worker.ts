// The SLAM thread of the ROS node: answers requests one by one (slam-host.ts).
import { parentPort, workerData } from 'node:worker_threads';
import { packError, type SlamFactory } from '../host/protocol.js';
import { transfersOf } from '../host/viewer-feed/view-changes.js';
import { SlamHost } from './slam-host.js';
import type { SlamAnswer, SlamEnvelope, SlamReplies, SlamThreadData } from './slam-protocol.js';

const port = parentPort!;
const { config, factoryUrl, map } = workerData as SlamThreadData;

/** Buffers that go over without a copy; everything else is small. */
function transfers(reply: SlamReplies[keyof SlamReplies]): ArrayBuffer[] {
  if (!reply) return [];
  if ('bytes' in reply) return [reply.bytes.buffer];
  if ('table' in reply) return transfersOf(reply);
  if ('ply' in reply) return [reply.ply.buffer];
  return 'cloud' in reply && reply.cloud ? [reply.cloud.buffer] : [];
}

async function start(): Promise<SlamHost> {
  const { createSlam } = (await import(factoryUrl)) as { createSlam: SlamFactory };
  return SlamHost.create(createSlam, config, map);
}

// Requests wait for each other: two at once would share the map.
let turn: Promise<unknown> = start().then(
  (host) => {
    port.postMessage({ id: 0, reply: { warnings: host.warnings } } satisfies SlamAnswer);
    return host;
  },
  (error: unknown) => {
    port.postMessage({ id: 0, error: packError(error) } satisfies SlamAnswer);
  },
);

port.on('message', ({ id, request }: SlamEnvelope) => {
  turn = turn.then(async (host) => {
    try {
      const reply = await (host as SlamHost).handle(request);
      port.postMessage({ id, reply } satisfies SlamAnswer, transfers(reply));
      if (request.type === 'close') port.close();
    } catch (error) {
      port.postMessage({ id, error: packError(error) } satisfies SlamAnswer);
    }
    return host;
  });
});
