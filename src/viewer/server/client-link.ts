import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import {
  CLOSE,
  decodeClientMessage,
  ProtocolError,
  type CompleteFrame,
  type ControlFrame,
  type HelloFrame,
  type ServerFrame,
} from '../protocol/index.js';
import { ClientNews } from './client-news.js';
import { RateLimit, ByteRate, type ViewerLimits } from './limits.js';
import type { Scene } from './scene.js';

/** What a link needs of the server. */
export interface LinkHost {
  readonly scene: Scene;
  readonly limits: ViewerLimits;
  readonly hello: HelloFrame;
  /** The newest status for this client; undefined before there is one. */
  status(link: ClientLink): ServerFrame | undefined;
  /** The client has said hello. */
  joined(): void;
  control(frame: ControlFrame): void;
  complete(frame: CompleteFrame): void;
}

/** Bytes that may wait in this process for a socket; beyond that nothing more is handed to it. */
const BUFFERED_BYTES = 256 * 1024;
/** How long news wait for company, ms. */
const GATHER = 100;

/**
 * The connection to one client: receives its frames, and sends news in messages, as fast as they are read. Every message
 * is followed by a ping; its pong confirms that the message has been read (TCP's own buffers may hold megabytes and say
 * nothing).
 *
 * @example
 * const link = new ClientLink(webSocket, socket, host);
 * link.tell((news) => news.block(entry)); // has changed; sent when the client has room
 * link.check(performance.now());
 * link.close(CLOSE.goingAway, 'The server ends.');
 */
export class ClientLink {
  readonly rate = new ByteRate();
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #host: LinkHost;
  readonly #messages: RateLimit;
  readonly #helloTimer: NodeJS.Timeout;
  readonly #news: ClientNews;
  #ready = false;
  #gathering: NodeJS.Timeout | undefined;
  /** The next message follows within this turn of the event loop or the next. */
  #turn = false;
  /** Something waits for the window or the socket. */
  #blocked = false;
  readonly #unconfirmed: { id: number; bytes: number }[] = [];
  #inFlight = 0;
  #pings = 0;
  /** When a message was confirmed, or the first of those unconfirmed was sent. */
  #progress = performance.now();
  #closed = false;

  /** @param stream the connection beneath the socket */
  constructor(socket: WebSocket, stream: Duplex, host: LinkHost) {
    this.#socket = socket;
    this.#stream = stream;
    this.#host = host;
    this.#news = new ClientNews(host.scene, host.hello);
    this.#messages = new RateLimit(host.limits.messageRate, host.limits.messageBurst);
    this.#helloTimer = setTimeout(
      () => this.close(CLOSE.silent, 'No hello came from the page.'),
      host.limits.hello,
    );
    socket.on('message', (data, binary) => this.#receive(data as Buffer, binary));
    socket.on('pong', (data) => this.#confirm(data));
    socket.on('ping', () => this.#allow());
    socket.on('close', () => this.#dispose());
    // Oversized or broken WebSocket frames: ws closes the socket with the right code itself.
    socket.on('error', () => undefined);
  }

  get ready(): boolean {
    return this.#ready && !this.#closed;
  }
  /** Blocks whose newest version is still to be sent. */
  get pendingBlocks(): number {
    return this.#news.pendingBlocks;
  }
  /** Bytes on their way, and held for this client in this process (frames of blocks are shared and not counted). */
  get inFlight(): number {
    return this.#inFlight;
  }
  get buffered(): number {
    return this.#socket.bufferedAmount;
  }

  /** Adds to what the client is to be sent, once it has said hello. */
  tell(change: (news: ClientNews) => void): void {
    if (!this.#ready) return;
    change(this.#news);
    this.#schedule();
  }

  /** Called now and then: drops a client that reads nothing, and asks a quiet one whether it is there. */
  check(now: number): void {
    if (this.#closed) return;
    if (this.#unconfirmed.length === 0) {
      if (now - this.#progress > this.#host.limits.stall / 3) this.#ping(0);
    } else if (now - this.#progress > this.#host.limits.stall) {
      this.close(CLOSE.stalled, 'The page has not read anything for too long.');
      this.#socket.terminate(); // it would not read the goodbye either
    }
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#dispose();
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), 1000).unref();
  }

  #dispose(): void {
    this.#closed = true;
    this.#ready = false;
    clearTimeout(this.#helloTimer);
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#news.clear();
  }

  #receive(data: Buffer, binary: boolean): void {
    if (this.#closed || !this.#allow()) return;
    try {
      if (!binary) throw new ProtocolError('a text message where frames are binary');
      for (const frame of decodeClientMessage(data)) {
        if (frame.type === 'clientHello') this.#join(frame.scans, frame.images);
        else if (!this.#ready) throw new ProtocolError('the first frame is no hello');
        else if (frame.type === 'control') this.#host.control(frame);
        else if (frame.type === 'complete') this.#host.complete(frame);
        else this.tell((news) => news.snapshot());
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const code = error.version === undefined ? CLOSE.malformed : CLOSE.version;
      this.close(code, `Not understood: ${error.message}`.slice(0, 120));
    }
  }

  #join(scans: boolean, images: boolean): void {
    this.#news.wantsScans = scans;
    this.#news.wantsImages = images;
    if (this.#ready) return; // a later hello only changes what is wanted
    clearTimeout(this.#helloTimer);
    this.#ready = true;
    this.tell((news) => news.snapshot());
    this.#host.joined();
  }

  #allow(): boolean {
    if (this.#messages.take()) return true;
    this.close(CLOSE.rate, 'Too many messages a second.');
    return false;
  }

  #confirm(data: Buffer): void {
    const id = data.length === 4 ? data.readUInt32LE(0) : -1;
    const at = this.#unconfirmed.findIndex((message) => message.id === id);
    if (at < 0) {
      this.#allow(); // a pong that nobody asked for
      return;
    }
    for (const message of this.#unconfirmed.splice(0, at + 1)) this.#inFlight -= message.bytes;
    this.#progress = performance.now();
    this.#resume();
  }

  /** News are gathered for a moment, so that a scan's pose, points and blocks go as one message. */
  #schedule(): void {
    if (!this.#ready) return;
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#pump();
    }, GATHER);
  }

  /** Fills the window in turns, so that no client keeps the others and the thread waiting. */
  #pump(): void {
    if (!this.#ready || this.#turn) return;
    // A pong or the end of a write comes back here.
    this.#blocked =
      this.#inFlight >= this.#host.limits.window || this.#socket.bufferedAmount > BUFFERED_BYTES;
    if (this.#blocked) return;
    const parts = this.#news.next(() => this.#host.status(this));
    if (parts.length === 0) return;
    const message = this.#host.scene.join(parts);
    this.#inFlight += message.byteLength;
    this.rate.add(message.byteLength);
    this.#stream.cork(); // message and ping in one write
    this.#socket.send(message, { binary: true, compress: false }, () => this.#resume());
    this.#ping(message.byteLength);
    this.#stream.uncork();
    this.#turn = true;
    setImmediate(() => {
      this.#turn = false;
      this.#pump();
    });
  }

  #resume(): void {
    if (this.#blocked) this.#pump();
  }

  #ping(bytes: number): void {
    if (this.#unconfirmed.length === 0) this.#progress = performance.now();
    const id = (this.#pings = (this.#pings + 1) >>> 0);
    this.#unconfirmed.push({ id, bytes });
    const payload = Buffer.alloc(4);
    payload.writeUInt32LE(id);
    this.#socket.ping(payload, false, () => undefined);
  }
}
