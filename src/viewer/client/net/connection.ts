import {
  CLOSE,
  PATHS,
  ProtocolError,
  decodeServerMessage,
  encodeClientFrame,
  type ClientFrame,
  type ServerFrame,
} from '../../protocol/index.js';
import { backoffMs } from './backoff.js';

/** `refused`: the server does not want this page (token); `outdated`: it speaks another protocol. Both are final. */
export type LinkState = 'connecting' | 'open' | 'waiting' | 'refused' | 'outdated';

export interface LinkStatus {
  readonly state: LinkState;
  /** When the next attempt comes, milliseconds of `performance.now()`; only while waiting. */
  readonly retryAt?: number;
  /** Whether there was a connection before. */
  readonly again: boolean;
  /** What the server said when it closed; may be empty. */
  readonly reason: string;
}

export interface LinkHandlers {
  onFrame(frame: ServerFrame): void;
  onStatus(status: LinkStatus): void;
}

/**
 * A socket that comes back by itself; after every opening the server sends a fresh snapshot.
 *
 * @example
 * const connection = new Connection(new URL(location.href), { onFrame: handle, onStatus: show });
 * connection.open();
 * connection.send({ type: 'resync' });
 */
export class Connection {
  #socket: WebSocket | undefined;
  #attempt = 0;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /**
   * @param page address of the page; socket and token are taken from it
   * @param wants what costs the most a second
   */
  constructor(
    private readonly page: URL,
    private readonly handlers: LinkHandlers,
    private readonly wants: { scans: boolean; images: boolean } = { scans: true, images: true },
  ) {}

  open(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#notify('connecting');
    const socket = new WebSocket(serverUrl(this.page, PATHS.socket, 'ws'));
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    let opened = false;
    socket.addEventListener('open', () => {
      opened = true;
      socket.send(encodeClientFrame({ type: 'clientHello', ...this.wants }));
      this.#notify('open');
    });
    socket.addEventListener('message', (event: MessageEvent<unknown>) => {
      if (!(event.data instanceof ArrayBuffer)) return;
      try {
        const frames = decodeServerMessage(new Uint8Array(event.data));
        // Only whole, valid messages prove that it is worth coming back soon.
        this.#attempt = 0;
        this.#again = true;
        for (const frame of frames) this.handlers.onFrame(frame);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        if (error.version !== undefined) this.#stop('outdated', error.message);
        else socket.close(CLOSE.malformed, error.message.slice(0, 100));
      }
    });
    socket.addEventListener('close', (event) => {
      if (socket !== this.#socket || this.#closed) return;
      if (event.code === CLOSE.version) this.#stop('outdated', event.reason);
      else void this.#retry(opened, event.reason);
    });
  }

  /** Sends now, or not at all when there is no connection. */
  send(frame: ClientFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encodeClientFrame(frame));
  }

  /** Ends for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  async #retry(opened: boolean, reason: string): Promise<void> {
    // A socket does not say why it was not opened; the status page does.
    if (!opened && (await isRefused(this.page))) {
      this.#stop('refused', reason);
      return;
    }
    if (this.#closed) return;
    const wait = backoffMs(this.#attempt++);
    this.#notify('waiting', reason, performance.now() + wait);
    this.#timer = setTimeout(() => this.open(), wait);
  }

  #stop(state: 'refused' | 'outdated', reason: string): void {
    this.close();
    this.#notify(state, reason);
  }

  #notify(state: LinkState, reason = '', retryAt?: number): void {
    this.handlers.onStatus({
      state,
      reason,
      again: this.#again,
      ...(retryAt === undefined ? {} : { retryAt }),
    });
  }
}

/**
 * Address of one of the server's paths, with the page's token.
 *
 * @param scheme `ws` becomes `wss` on a page that came by https
 */
export function serverUrl(page: URL, path: string, scheme: 'ws' | 'http'): string {
  const url = new URL(path.replace(/^\//, ''), page);
  const secure = page.protocol === 'https:';
  url.protocol = scheme === 'ws' ? (secure ? 'wss:' : 'ws:') : page.protocol;
  url.hash = '';
  const token = page.searchParams.get('token');
  url.search = token === null ? '' : new URLSearchParams({ token }).toString();
  return url.href;
}

async function isRefused(page: URL): Promise<boolean> {
  try {
    const answer = await fetch(serverUrl(page, PATHS.status, 'http'), { cache: 'no-store' });
    return answer.status === 401 || answer.status === 403;
  } catch {
    return false;
  }
}
