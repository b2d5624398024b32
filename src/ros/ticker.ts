/**
 * Calls something at a rate that may change; 0 means never.
 *
 * @example
 * const ticker = new Ticker(() => parameters.number('path_rate'), () => odometry.publishPath());
 * ticker.start();
 * ticker.update(); // the rate has changed
 */
export class Ticker {
  #timer: NodeJS.Timeout | undefined;
  #rate = 0;
  #running = false;

  constructor(
    private readonly rate: () => number,
    private readonly action: () => void,
  ) {}

  start(): void {
    this.#running = true;
    this.update();
  }

  stop(): void {
    this.#running = false;
    this.#rate = 0;
    clearInterval(this.#timer);
  }

  /** Takes a changed rate. */
  update(): void {
    const rate = this.#running ? this.rate() : 0;
    if (rate === this.#rate) return;
    this.#rate = rate;
    clearInterval(this.#timer);
    if (rate > 0) this.#timer = setInterval(this.action, 1000 / rate);
  }
}
