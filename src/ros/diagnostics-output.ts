import { monitorEventLoopDelay } from 'node:perf_hooks';
import { encodeDiagnosticArray } from '../messages/diagnostics.js';
import type { Health } from './health.js';
import type { InputWatch } from './input-watch.js';
import type { MeshOutput } from './mesh-output.js';
import type { RosPort } from './port.js';
import type { ScanIntake } from './scan-intake.js';

export interface DiagnosticsOptions {
  readonly nodeName: string;
  readonly inputs: InputWatch;
  readonly health: Health;
  readonly intake: ScanIntake;
  readonly mesh: MeshOutput;
  /** What the node does, in a word. */
  readonly activity: () => string;
}

/** Of the histogram of event-loop delays, ms. */
const RESOLUTION_MS = 2;

/**
 * Publishes diagnostics; watches the main thread for them.
 *
 * @example
 * const diagnostics = new DiagnosticsOutput(port, { nodeName, inputs, health, intake, mesh, activity });
 * diagnostics.start();
 * diagnostics.publish(); // once a second
 */
export class DiagnosticsOutput {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor(
    private readonly port: RosPort,
    private readonly options: DiagnosticsOptions,
  ) {}

  start(): void {
    this.#delay.enable();
  }

  stop(): void {
    this.#delay.disable();
  }

  publish(): void {
    const { nodeName, inputs, health, intake, mesh, activity } = this.options;
    const message = health.message({
      nodeName,
      stampNs: this.port.now(),
      activity: activity(),
      lacking: intake.lacking,
      topics: inputs.health,
      drops: intake.drops,
      waiting: intake.length,
      mesh,
      // The histogram counts the timer's own period too.
      stallMs: Math.max(0, this.#delay.max / 1e6 - RESOLUTION_MS),
      memoryBytes: process.memoryUsage.rss(),
    });
    this.#delay.reset();
    this.port.publish('diagnostics', encodeDiagnosticArray(message));
  }
}
