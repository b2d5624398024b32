import type { MessagePort } from 'node:worker_threads';
import { detached } from './detached.js';
import type { Slam } from '../slam/types.js';
import { packError, type SlamReply, type SlamRequest } from './protocol.js';
import { transferFinal } from './transfer.js';
import { ViewCollector } from './viewer-feed/view-collector.js';

/**
 * The SLAM thread: answers each scan with its result until told to finish, then hands over the map. After a failure
 * further scans are ignored, but `finish` still delivers what was mapped before.
 *
 * @param watched somebody may watch: see SlamWorkerData.view
 */
export function runSlamLoop(port: MessagePort, slam: Slam, watched = false): void {
  let failed = false;
  let warned = slam.warnings?.length ?? 0;
  const tellWarnings = (): void => {
    const warnings = slam.warnings ?? [];
    if (warnings.length > warned) reply(port, { type: 'warnings', warnings });
    warned = warnings.length;
  };
  const view =
    watched && slam.view
      ? new ViewCollector(slam.view, (update, transfers) => reply(port, { type: 'view', update }, transfers))
      : undefined;
  port.on('message', (request: SlamRequest) => {
    try {
      if (request.type === 'view') {
        if (view) view.active = request.active;
      } else if (request.type === 'flushView') {
        view?.flush();
        reply(port, { type: 'viewed' });
      } else if (request.type === 'finish') {
        const mesh = slam.mesh();
        view?.stop();
        view?.flush();
        const { final, transfers } = transferFinal({
          mesh,
          cloud: slam.cloud(),
          map: slam.save(),
          statistics: slam.statistics(),
        });
        tellWarnings();
        reply(port, { type: 'final', final }, transfers);
        void slam.close().finally(() => port.close());
      } else if (!failed) {
        const before = slam.view?.newestKeyframe;
        const result = slam.process(request.scan);
        const keyframe = slam.view?.newestKeyframe !== before;
        tellWarnings();
        reply(port, { type: 'result', result: detached(result), statistics: slam.statistics(), keyframe });
        view?.scanned(result.index);
      }
    } catch (error) {
      failed = true;
      tellWarnings();
      const during = request.type === 'finish' ? 'finish' : 'scan';
      reply(port, { type: 'failed', during, error: packError(error) });
    }
  });
  reply(port, { type: 'ready', warnings: slam.warnings ?? [] });
}

function reply(port: MessagePort, message: SlamReply, transfers: ArrayBuffer[] = []): void {
  port.postMessage(message, transfers);
}
