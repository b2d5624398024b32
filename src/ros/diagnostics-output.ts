import { monitorEventLoopDelay } from 'node:perf_hooks';
import { encodeDiagnosticArray } from '../messages/diagnostics.js';
import type { Health, TopicHealth } from './health.js';
import type { MeshOutput } from './mesh-output.js';
import type { RosPort } from './port.js';
import { RateMeter } from '../host/rates.js';
import type { ScanIntake } from './scan-intake.js';
import type { ThrottledLog } from './throttle.js';

export interface DiagnosticsOptions {
  readonly nodeName: string;
  readonly topics: readonly string[];
  readonly health: Health;
  readonly intake: ScanIntake;
  readonly mesh: MeshOutput;
  readonly log: ThrottledLog;
  /** Whether the node works without an input. */
  readonly optional: (topic: string) => boolean;
  /** What the node does, in a word. */
  readonly activity: () => string;
}

/** An input that has publishers but brings nothing for so long (ms) is reported. */
const SILENT_MS = 5000;
/** Of the histogram of event-loop delays, ms. */
const RESOLUTION_MS = 2;

/**
 * Publishes diagnostics; watches the inputs and the main thread for them.
 *
 * @example
 * const diagnostics = new DiagnosticsOutput(port, { nodeName, topics, health, intake, mesh, log, optional, activity });
 * diagnostics.start();
 * diagnostics.received('/points');
 * diagnostics.publish(); // once a second
 */
export class DiagnosticsOutput {
  readonly #meters: ReadonlyMap<string, RateMeter>;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  /** Topics of which it has been said that they have fallen silent. */
  readonly #silent = new Set<string>();

  constructor(
    private readonly port: RosPort,
    private readonly options: DiagnosticsOptions,
  ) {
    this.#meters = new Map(options.topics.map((topic) => [topic, new RateMeter()]));
  }

  /** A message of an input has come. */
  received(topic: string): void {
    this.#meters.get(topic)?.tick();
  }

  start(): void {
    this.#delay.enable();
  }

  stop(): void {
    this.#delay.disable();
  }

  publish(): void {
    const { nodeName, health, intake, mesh, activity } = this.options;
    const message = health.message({
      nodeName,
      stampNs: this.port.now(),
      activity: activity(),
      lacking: intake.lacking,
      topics: [...this.#meters].map(([name, meter]) => this.#topic(name, meter)),
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

  #topic(name: string, meter: RateMeter): TopicHealth {
    const { log } = this.options;
    const { count, problems } = this.port.publishers(name);
    for (const problem of problems) log.log('warn', `${name} ${problem}`, problem);
    const silent = count > problems.length && meter.silence > SILENT_MS && meter.count > 0;
    if (!silent) this.#silent.delete(name);
    else if (!this.#silent.has(name) && this.#silent.add(name))
      log.log(
        'warn',
        `silent ${name}`,
        `Nothing has arrived on ${name} for ${SILENT_MS / 1000} s, but it has publishers.`,
      );
    return { name, publishers: count, meter, problem: problems[0], optional: this.options.optional(name) };
  }
}
