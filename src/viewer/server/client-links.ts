import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { CLOSE, MAX_CLIENT_MESSAGE } from '../protocol/index.js';
import { ClientLink, type LinkHost } from './client-link.js';
import type { ClientNews } from './client-news.js';

/**
 * The clients of a server: takes their sockets in, up to a limit, and passes on to all of them what is new.
 *
 * @example
 * const links = new ClientLinks(host, () => console.log(links.size, 'clients'));
 * http.on('upgrade', (request, socket, head) => links.take(request, socket, head));
 * links.tell((news) => news.block(entry));
 */
export class ClientLinks {
  readonly #host: Omit<LinkHost, 'joined'>;
  readonly #changed: () => void;
  readonly #links = new Set<ClientLink>();
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_CLIENT_MESSAGE,
    perMessageDeflate: false, // costs much time, and quantised blocks gain little
    clientTracking: false,
  });

  /** @param changed called when a client has said hello or has gone */
  constructor(host: Omit<LinkHost, 'joined'>, changed: () => void) {
    this.#host = host;
    this.#changed = changed;
  }

  get size(): number {
    return this.#links.size;
  }
  /** Whether anybody has said hello. */
  get watched(): boolean {
    return [...this.#links].some((link) => link.ready);
  }
  /** What is on its way to each client. */
  load(): { inFlight: number; buffered: number; pendingBlocks: number }[] {
    return [...this.#links].map(({ inFlight, buffered, pendingBlocks }) => ({
      inFlight,
      buffered,
      pendingBlocks,
    }));
  }

  /** Makes a client of a connection whose request for a socket has been checked. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { clients } = this.#host.limits;
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      if (this.#links.size >= clients) {
        // After the handshake, because only then the page can read why.
        webSocket.on('error', () => undefined);
        webSocket.close(CLOSE.full, `The viewer has ${clients} clients already.`);
        setTimeout(() => webSocket.terminate(), 1000).unref();
        return;
      }
      const link = new ClientLink(webSocket, socket, { ...this.#host, joined: this.#changed });
      this.#links.add(link);
      webSocket.on('close', () => {
        this.#links.delete(link);
        this.#changed();
      });
    });
  }

  /** Adds to what every client is to be sent. */
  tell(change: (news: ClientNews) => void): void {
    for (const link of this.#links) link.tell(change);
  }

  /** Called now and then: drops clients that read nothing. */
  check(now: number): void {
    for (const link of this.#links) link.check(now);
  }

  close(code: number, reason: string): void {
    for (const link of this.#links) link.close(code, reason);
  }
}
