/** Where a message goes; the ROS node's logger, or a list in tests. */
export type LogLevel = 'info' | 'warn' | 'error';
export type LogSink = (level: LogLevel, text: string) => void;

/**
 * Says the same thing at most once per period, and how often it happened in between.
 *
 * @example
 * const log = new ThrottledLog(port.log);
 * log.log('warn', 'tf /points', 'There is no transform from lidar to base_link.'); // at most every five seconds
 * log.clear('tf /points');
 */
export class ThrottledLog {
  readonly #said = new Map<string, { at: number; missed: number }>();

  /** @param now milliseconds, monotonic */
  constructor(
    private readonly sink: LogSink,
    private readonly periodMs = 5000,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * @param key what the message is about; two messages of one key count as the same
   * @returns whether it was said
   */
  log(level: LogLevel, key: string, text: string): boolean {
    const now = this.now();
    const before = this.#said.get(key);
    if (before && now - before.at < this.periodMs) {
      before.missed++;
      return false;
    }
    const more = before && before.missed > 0 ? ` (${before.missed} more since the last message)` : '';
    this.#said.set(key, { at: now, missed: 0 });
    this.sink(level, text + more);
    return true;
  }

  /** Lets the next message of this key through at once: what it was about is over. */
  clear(key: string): void {
    this.#said.delete(key);
  }
}
