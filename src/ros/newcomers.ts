import type { Output, RosPort } from './port.js';

/**
 * Notices who has begun to listen to an output since it was asked last.
 *
 * @example
 * const newcomers = new Newcomers(port, 'mesh');
 * if (newcomers.arrived()) sendAllAgain();
 */
export class Newcomers {
  #seen = new Set<string>();

  constructor(
    private readonly port: RosPort,
    private readonly output: Output,
  ) {}

  arrived(): boolean {
    const listeners = this.port.listeners(this.output) > 0 ? this.port.subscribers(this.output) : [];
    const arrived = listeners.some((id) => !this.#seen.has(id));
    this.#seen = new Set(listeners);
    return arrived;
  }
}
