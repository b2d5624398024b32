import type { Socket } from 'node:net';

/**
 * Connections up to a limit. Where it is reached, the one that has waited longest without a request that was let in
 * gives way: slow ones cannot keep others out.
 *
 * @example
 * const connections = new Connections(256);
 * http.on('connection', (socket) => connections.add(socket));
 * connections.letIn(request.socket); // its request was in order
 */
export class Connections {
  readonly #all = new Set<Socket>();
  /** Those that have not shown yet that they may be here, oldest first. */
  readonly #strangers = new Set<Socket>();

  constructor(private readonly most: number) {}

  get size(): number {
    return this.#all.size;
  }

  add(socket: Socket): void {
    if (this.#all.size >= this.most) {
      const [oldest] = this.#strangers;
      // All others are in use.
      if (!oldest) return void socket.destroy();
      this.#forget(oldest);
      oldest.destroy();
    }
    this.#all.add(socket);
    this.#strangers.add(socket);
    socket.once('close', () => this.#forget(socket));
  }

  letIn(socket: Socket): void {
    this.#strangers.delete(socket);
  }

  #forget(socket: Socket): void {
    this.#all.delete(socket);
    this.#strangers.delete(socket);
  }
}
