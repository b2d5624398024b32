import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import {
  CLOSE,
  decodeClientMessage,
  encodeServerFrame,
  ProtocolError,
  type ControlFrame,
  type HelloFrame,
  type ServerFrame,
} from '../protocol/index.js';
import { RateLimit, RateMeter, type ViewerLimits } from './limits.js';
import type { BlockEntry, Scene } from './scene.js';

/** What a link needs of the server. */
export interface LinkHost {
  readonly scene: Scene;
  readonly limits: ViewerLimits;
  readonly hello: HelloFrame;
  /** The newest status for this client; undefined before there is one. */
  status(link: ClientLink): ServerFrame | undefined;
  /** The client has said hello. */
  joined(link: ClientLink): void;
  control(frame: ControlFrame): void;
}

/** Frames are put together into messages of about this size. */
const MESSAGE_BYTES = 64 * 1024;
/** Bytes that may wait in this process for a socket; beyond that nothing more is handed to it. */
const BUFFERED_BYTES = 256 * 1024;
/** How long news wait for company, ms. */
const GATHER = 100;
const POSES_PER_FRAME = 500;
const MAX_NOTICES = 16;

/**
 * One client: what it does not know yet, and how much is on its way. Only the newest version of each thing waits, so
 * that memory stays bounded however slow the client is. Every message is followed by a ping; its pong confirms that the
 * message has been read (TCP's own buffers may hold megabytes and say nothing).
 *
 * @example
 * const link = new ClientLink(webSocket, socket, host);
 * link.block(entry); // has changed; sent when the client has room
 * link.check(performance.now());
 * link.close(CLOSE.goingAway, 'The server ends.');
 */
export class ClientLink {
  readonly rate = new RateMeter();
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #host: LinkHost;
  readonly #messages: RateLimit;
  readonly #helloTimer: NodeJS.Timeout;
  readonly #blocks = new Map<string, BlockEntry>();
  /** First in, first out: hello, snapshot and reset marks, notices. */
  #texts: Uint8Array[] = [];
  readonly #submaps = new Set<number>();
  readonly #scans = new Set<number>();
  readonly #images = new Set<number>();
  readonly #touches = new Set<number>();
  #poses = 0;
  #keyframes = 0;
  #statusDue = false;
  #wantsScans = false;
  #wantsImages = false;
  #ready = false;
  /** Blocks of the snapshot that are still to come; −1 when it is complete. */
  #snapshotLeft = -1;
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
    return this.#blocks.size;
  }
  /** Bytes on their way, and held for this client in this process (frames of blocks are shared and not counted). */
  get inFlight(): number {
    return this.#inFlight;
  }
  get buffered(): number {
    return this.#socket.bufferedAmount;
  }

  block(entry: BlockEntry): void {
    if (!this.#ready) return;
    this.#blocks.set(entry.id, entry); // a block that waits already keeps its place in the queue
    this.#schedule();
  }
  submap(submap: number): void {
    this.#note(this.#submaps, submap);
  }
  scan(sensor: number): void {
    if (this.#wantsScans) this.#note(this.#scans, sensor);
  }
  image(stream: number): void {
    if (this.#wantsImages) this.#note(this.#images, stream);
  }
  touch(id: number): void {
    this.#note(this.#touches, id);
  }
  /** Poses from `first` on are new. */
  poses(first: number): void {
    this.#poses = Math.min(this.#poses, first);
    this.#schedule();
  }
  statusDue(): void {
    this.#statusDue = true;
    this.#schedule();
  }
  keyframes(): void {
    this.#schedule();
  }
  notice(frame: Uint8Array): void {
    if (!this.#ready || this.#texts.length >= MAX_NOTICES) return;
    this.#texts.push(frame);
    this.#schedule();
  }

  /** Everything from the start: after hello, on request, and when the map was reset. */
  snapshot(): void {
    if (!this.#ready) return;
    const { scene } = this.#host;
    this.#blocks.clear();
    for (const [id, entry] of scene.blocks) this.#blocks.set(id, entry);
    this.#refill(this.#submaps, scene.submaps.keys());
    this.#refill(this.#touches, scene.touches.keys());
    this.#refill(this.#scans, this.#wantsScans ? scene.scans.keys() : []);
    this.#refill(this.#images, this.#wantsImages ? scene.images.keys() : []);
    this.#poses = this.#keyframes = 0;
    this.#statusDue = true;
    this.#snapshotLeft = scene.blocks.size;
    this.#texts = [
      encodeServerFrame(this.#host.hello),
      encodeServerFrame({
        type: 'snapshotBegin',
        blocks: scene.blocks.size,
        triangles: scene.triangles,
      }),
    ];
    this.#schedule();
  }

  /** The map starts anew: what waited is void. */
  reset(): void {
    if (!this.#ready) return;
    this.#blocks.clear();
    for (const set of [this.#submaps, this.#scans, this.#touches]) set.clear();
    this.#poses = this.#keyframes = 0;
    if (this.#snapshotLeft > 0) this.#snapshotLeft = 0;
    this.#texts.push(encodeServerFrame({ type: 'reset' }));
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
    this.#blocks.clear();
    this.#texts = [];
  }

  #note(set: Set<number>, id: number): void {
    if (!this.#ready) return;
    set.add(id);
    this.#schedule();
  }

  #refill(set: Set<number>, ids: Iterable<number>): void {
    set.clear();
    for (const id of ids) set.add(id);
  }

  #receive(data: Buffer, binary: boolean): void {
    if (this.#closed || !this.#allow()) return;
    try {
      if (!binary) throw new ProtocolError('a text message where frames are binary');
      for (const frame of decodeClientMessage(data)) {
        if (frame.type === 'clientHello') this.#join(frame.scans, frame.images);
        else if (!this.#ready) throw new ProtocolError('the first frame is no hello');
        else if (frame.type === 'control') this.#host.control(frame);
        else this.snapshot();
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const code = error.version === undefined ? CLOSE.malformed : CLOSE.version;
      this.close(code, `Not understood: ${error.message}`.slice(0, 120));
    }
  }

  #join(scans: boolean, images: boolean): void {
    this.#wantsScans = scans;
    this.#wantsImages = images;
    if (this.#ready) return; // a later hello only changes what is wanted
    clearTimeout(this.#helloTimer);
    this.#ready = true;
    this.snapshot();
    this.#host.joined(this);
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
    const parts = this.#nextFrames();
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

  /** The most urgent frames that make a message: small news first, then blocks in the order of their change. */
  #nextFrames(): Uint8Array[] {
    const { scene } = this.#host;
    const parts: Uint8Array[] = [];
    let bytes = 0;
    // Alone, because it differs from client to client: what follows can be shared.
    if (this.#statusDue && this.#texts.length === 0) {
      this.#statusDue = false;
      const status = this.#host.status(this);
      if (status) return [encodeServerFrame(status)];
    }
    const add = (frame: Uint8Array | undefined): void => {
      if (!frame) return;
      parts.push(frame);
      bytes += frame.byteLength;
    };
    const full = (): boolean => bytes >= MESSAGE_BYTES;
    const take = (set: Set<number>, find: (id: number) => Uint8Array | undefined): void => {
      for (const id of set) {
        if (full()) return;
        set.delete(id);
        add(find(id));
      }
    };
    for (const text of this.#texts.splice(0)) add(text);
    take(this.#submaps, (id) => scene.submaps.get(id)?.frame);
    while (this.#poses < scene.trajectory.length && !full()) {
      const { frame, end } = scene.trajectoryFrame(this.#poses, POSES_PER_FRAME);
      this.#poses = end;
      add(frame);
    }
    if (this.#keyframes < scene.keyframeCount && !full()) {
      add(scene.keyframesFrame(this.#keyframes));
      this.#keyframes = scene.keyframeCount;
    }
    take(this.#scans, (id) => scene.scans.get(id));
    take(this.#images, (id) => scene.images.get(id));
    take(this.#touches, (id) => scene.touches.get(id));
    for (const [id, entry] of this.#blocks) {
      if (full()) break;
      this.#blocks.delete(id);
      add(entry.frame);
      if (this.#snapshotLeft > 0) this.#snapshotLeft--;
    }
    if (this.#snapshotLeft === 0 && this.#poses >= scene.trajectory.length) {
      this.#snapshotLeft = -1;
      add(encodeServerFrame({ type: 'snapshotEnd' }));
    }
    return parts;
  }
}
