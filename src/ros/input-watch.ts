import { RateMeter } from '../host/rates.js';
import type { TopicHealth } from './health.js';
import type { RosPort } from './port.js';
import type { ThrottledLog } from './throttle.js';

/** An input that brings nothing for so long (ms) is reported; asked every second, within 5 s in any case. */
const SILENT_MS = 3500;

/**
 * Watches the input topics: how fast messages come, and why none do. Says so once, until it has changed.
 *
 * @example
 * const inputs = new InputWatch(port, { topics: ['/points'], optional: () => false, log });
 * inputs.start();
 * inputs.received('/points');
 * inputs.check(); // once a second
 */
export class InputWatch {
  readonly #meters: ReadonlyMap<string, RateMeter>;
  readonly #now: () => number;
  #started: number;
  /** What was said of a topic last. */
  readonly #said = new Map<string, string>();

  constructor(
    private readonly port: RosPort,
    private readonly options: {
      /** As they were subscribed to; remappings apply. */
      readonly topics: readonly string[];
      /** Whether the node works without an input. */
      readonly optional: (topic: string) => boolean;
      readonly log: ThrottledLog;
      readonly now?: () => number;
    },
  ) {
    this.#now = options.now ?? (() => performance.now());
    this.#meters = new Map(options.topics.map((topic) => [topic, new RateMeter(5000, this.#now)]));
    this.#started = this.#now();
  }

  /** Messages are expected from now on. */
  start(): void {
    this.#started = this.#now();
  }

  received(topic: string): void {
    this.#meters.get(topic)?.tick();
  }

  /** Of all inputs, by their full names. */
  get health(): TopicHealth[] {
    return [...this.#meters].map(([topic, meter]) => {
      const { count, problems } = this.port.publishers(topic);
      const optional = this.options.optional(topic);
      return { name: this.port.resolve(topic), publishers: count, meter, problem: problems[0], optional };
    });
  }

  /** Says which inputs bring nothing. */
  check(): void {
    for (const [topic, meter] of this.#meters) {
      const { count, problems, others = [] } = this.port.publishers(topic);
      const name = this.port.resolve(topic);
      for (const problem of problems) this.options.log.log('warn', `${topic} ${problem}`, problem);
      const silent = Math.min(meter.silence, this.#now() - this.#started) > SILENT_MS;
      if (silent && count === 0 && !this.options.optional(topic)) {
        const offer =
          others.length > 0 ? ` There are ${others.join(', ')}: remap the topic to one of them.` : '';
        this.#say(topic, `nobody ${offer}`, `Nobody publishes ${name}: no messages to map.${offer}`);
      } else if (silent && count > problems.length)
        this.#say(
          topic,
          'silent',
          `Nothing ${meter.count > 0 ? 'more ' : ''}arrives on ${name}, but it has ${count === 1 ? 'a publisher' : `${count} publishers`}: ` +
            'is the driver running, and is the network set up for large messages (docs/ros.md)?',
        );
      else if (!silent) this.#said.delete(topic);
    }
  }

  #say(topic: string, what: string, text: string): void {
    if (this.#said.get(topic) === what) return;
    this.#said.set(topic, what);
    this.port.log('warn', text);
  }
}
