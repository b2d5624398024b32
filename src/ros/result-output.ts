import type { Health } from './health.js';
import type { OdometryOutput } from './odometry-output.js';
import type { ParameterStore } from './parameter-check.js';
import type { RosPort } from './port.js';
import type { ReadyScan, ScanIntake } from './scan-intake.js';
import type { ScanReply } from './slam-protocol.js';
import type { ThrottledLog } from './throttle.js';
import type { ViewerOutput } from './viewer-output.js';

export interface ResultOutputOptions {
  readonly port: RosPort;
  readonly parameters: ParameterStore;
  readonly log: ThrottledLog;
  readonly health: Health;
  readonly odometry: OdometryOutput;
  readonly intake: ScanIntake;
  readonly viewer: () => ViewerOutput | undefined;
}

/** What the SLAM thread says about a scan, on its way to odometry, cloud, viewer, diagnostics and log. */
export class ResultOutput {
  #cloudAt = -Infinity;

  constructor(private readonly options: ResultOutputOptions) {}

  /** Whether the deskewed cloud of the next scan is to be published. */
  wantsCloud(): boolean {
    const { parameters, port } = this.options;
    const rate = parameters.number('cloud_rate');
    if (rate <= 0 || port.listeners('cloud') === 0) return false;
    const now = performance.now();
    // A little early is on time: scans jitter.
    if (now - this.#cloudAt < 900 / rate) return false;
    this.#cloudAt = now;
    return true;
  }

  publish(scan: ReadyScan, reply: ScanReply): void {
    const { result, statistics, keyframe, timing, decodeMs, cloud, warnings = [] } = reply;
    const { port, log, health, odometry, intake } = this.options;
    for (const warning of warnings) port.log('warn', warning);
    const viewer = this.options.viewer();
    const before = health.scan?.state;
    health.add(result, statistics, timing, decodeMs);
    const placed = odometry.origin !== undefined;
    const published = odometry.publish(result, scan, intake.baseFrame);
    health.told(published, scan.arrivedMs);
    const { origin } = odometry;
    if (!placed && origin) viewer?.origin(origin);
    viewer?.result(result, statistics, keyframe);
    if (cloud) port.publish('cloud', cloud);
    if (result.state === 'lost') {
      const silent = published === 'nothing' ? ' No odometry is published.' : '';
      log.log('warn', 'lost', `Tracking is lost: ${result.reason}${silent}`);
    } else if (before === 'lost') {
      log.clear('lost');
      port.log('info', 'Tracking is back.');
    }
  }
}
