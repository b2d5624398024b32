import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { compiledUrl } from '../../compute/compiled-url.js';
import type { Trajectory } from '../../slam/trajectory.js';
import {
  CLOSE,
  encodeServerFrame,
  PATHS,
  type HelloFrame,
  type NoticeFrame,
  type StatusFrame,
} from '../protocol/index.js';
import type { ClientLink } from './client-link.js';
import { ClientLinks } from './client-links.js';
import { checkToken, Gate, isLoopback, randomToken } from './gate.js';
import { Connections } from './connections.js';
import { HttpAnswers, text, type HttpHost } from './http-answers.js';
import { AddressLimits, DEFAULT_LIMITS, type ViewerLimits } from './limits.js';
import { listenError, viewerAddresses } from './listening.js';
import { Scene } from './scene.js';
import type {
  ViewerBlock,
  ViewerCamera,
  ViewerFeed,
  ViewerObject,
  ViewerScan,
  ViewerSink,
  ViewerStatus,
  ViewerTouch,
} from './source.js';
import { loadStaticFiles, type StaticFile } from './static-files.js';
import { WrongTokens } from './wrong-tokens.js';

export interface ViewerServerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Address to listen on; 127.0.0.1 unless given. */
  readonly host?: string;
  /** Demanded of every request. Beyond loopback a random one is made when none is given. */
  readonly token?: string;
  /** The first message to the page. */
  readonly hello: Omit<HelloFrame, 'type' | 'session'>;
  readonly feed?: ViewerFeed;
  /** The path to show; it is read, never changed. */
  readonly trajectory?: Trajectory;
  /** Folder of the page; the one in the package unless given. */
  readonly clientDir?: string;
  readonly limits?: Partial<ViewerLimits>;
}

/**
 * Serves the viewer: the page, its WebSocket, downloads. Whoever makes the map feeds it through {@link ViewerSink};
 * everything is encoded once and sent to each client as fast as that client reads.
 *
 * @example
 * const server = new ViewerServer({ port: 8080, hello, trajectory });
 * const addresses = await server.start();
 * server.poses(0); // the trajectory has new poses
 * await server.close();
 */
export class ViewerServer implements ViewerSink {
  readonly #options: ViewerServerOptions;
  readonly #limits: ViewerLimits;
  readonly #gate: Gate;
  readonly #hello: HelloFrame;
  readonly #scene: Scene;
  readonly #links: ClientLinks;
  readonly #http: Server;
  readonly #connections: Connections;
  readonly #answers: HttpAnswers;
  #files: Map<string, StaticFile> = new Map();
  #status: ViewerStatus | undefined;
  #port = 0;
  #timer: NodeJS.Timeout | undefined;
  #downloads = 0;
  #active = false;
  #watched = false;
  /** Reading it takes the system a while. */
  #rss = process.memoryUsage.rss();

  /** @throws FeltmapError bad-config for a token that cannot be used */
  constructor(options: ViewerServerOptions) {
    this.#options = options;
    this.#scene = new Scene(options.trajectory);
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    const host = options.host ?? '127.0.0.1';
    const token = options.token === undefined ? undefined : checkToken(options.token);
    this.#gate = new Gate(host, token ?? (isLoopback(host) ? undefined : randomToken()));
    this.#hello = { type: 'hello', session: randomUUID(), ...options.hello };
    this.#answers = new HttpAnswers(this.#httpHost());
    this.#http = createServer(
      {
        headersTimeout: this.#limits.head,
        requestTimeout: this.#limits.request,
        keepAliveTimeout: 5000,
        connectionsCheckingInterval: Math.min(1000, this.#limits.head / 2),
        maxHeaderSize: 8192,
      },
      (request, response) => {
        this.#answers.answer(request, response).catch(() => {
          // The client has gone, or a file has: the answer cannot be finished.
          if (response.headersSent) response.destroy();
          else text(response, 500, 'The answer could not be made.');
        });
      },
    );
    this.#connections = new Connections(this.#limits.connections);
    this.#http.on('connection', (socket) => this.#connections.add(socket));
    this.#links = new ClientLinks(
      {
        scene: this.#scene,
        limits: this.#limits,
        hello: this.#hello,
        status: (link) => this.#statusFor(link),
        control: (frame) => options.feed?.control?.(frame),
        complete: (frame) => options.feed?.complete?.(frame),
      },
      () => this.#updateActivity(),
    );
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Clients that have said hello. */
  get clients(): number {
    return this.#links.size;
  }
  /** Token that requests need; undefined for none. */
  get token(): string | undefined {
    return this.#gate.token;
  }
  get port(): number {
    return this.#port;
  }
  /** What the server holds: bytes of the encoded blocks (once for all), and what is on its way to each client. */
  load(): {
    readonly sceneBytes: number;
    readonly clients: readonly { inFlight: number; buffered: number; pendingBlocks: number }[];
  } {
    return { sceneBytes: this.#scene.bytes, clients: this.#links.load() };
  }

  /**
   * Starts to listen.
   * @returns the addresses to open in a browser, with the token
   * @throws FeltmapError bad-config when the port is taken or the address is none of this machine's
   */
  async start(): Promise<string[]> {
    const { port, host = '127.0.0.1' } = this.#options;
    const clientDir = this.#options.clientDir ?? fileURLToPath(compiledUrl(import.meta.url, '../client'));
    this.#files = await loadStaticFiles(clientDir);
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', (error) => reject(listenError(error, host, port)));
      this.#http.listen(port, host, resolve);
    });
    this.#http.on('error', () => undefined); // a single connection failed; the others go on
    const address = this.#http.address();
    this.#port = typeof address === 'object' && address ? address.port : port;
    this.#timer = setInterval(() => this.#tick(), this.#limits.status);
    this.#timer.unref();
    return viewerAddresses(host, this.#port, this.#gate.token);
  }

  /** Says goodbye to all clients and stops listening. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#links.close(CLOSE.goingAway, 'The server has ended.');
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    setTimeout(() => this.#http.closeAllConnections(), 500).unref();
    await closed;
  }

  blocks(blocks: Iterable<ViewerBlock>, time: number): void {
    for (const block of blocks) {
      const entry = this.#scene.setBlock(block, block.time ?? time);
      if (entry) this.#links.tell((news) => news.block(entry));
    }
  }
  removeBlocks(removed: Iterable<{ submap: number; key: number; version: number }>): void {
    for (const { submap, key, version } of removed) {
      const entry = this.#scene.removeBlock(submap, key, version);
      if (entry) this.#links.tell((news) => news.block(entry));
    }
  }
  submapPose(submap: number, pose: Float64Array): void {
    this.#scene.setSubmap(submap, pose);
    this.#links.tell((news) => news.submap(submap));
  }
  poses(start: number): void {
    this.#scene.posesChanged(start);
    this.#links.tell((news) => news.poses(start));
  }
  addKeyframe(pose: number): void {
    this.#scene.addKeyframe(pose);
    this.#links.tell(() => undefined); // each knows how many it was sent
  }
  scan(scan: ViewerScan): void {
    if (this.#scene.setScan(scan)) this.#links.tell((news) => news.scan(scan.sensor));
  }
  image({ stampNs, ...image }: Parameters<ViewerSink['image']>[0]): void {
    if (this.#scene.setImage({ type: 'image', stamp: stampNs, ...image }))
      this.#links.tell((news) => news.image(image.stream));
  }
  camera(camera: ViewerCamera): void {
    if (this.#scene.setCamera(camera)) this.#links.tell((news) => news.camera(camera.stream));
  }
  touch(touch: ViewerTouch): void {
    this.#scene.setTouch(touch);
    this.#links.tell((news) => news.touch(touch.id));
  }
  object(object: ViewerObject): void {
    this.#scene.setObject(object);
    this.#links.tell((news) => news.object(object.id));
  }
  removeObject(id: number): void {
    if (this.#scene.objects.delete(id)) this.#links.tell((news) => news.object(id));
  }
  status(status: ViewerStatus): void {
    const urgent = status.phase !== this.#status?.phase || status.state !== this.#status?.state;
    this.#status = status;
    if (urgent) this.#links.tell((news) => news.statusDue());
  }
  notice(level: NoticeFrame['level'], sentence: string): void {
    const frame = encodeServerFrame({ type: 'notice', level, text: sentence });
    this.#links.tell((news) => news.notice(frame));
  }
  reset(): void {
    this.#scene.clear();
    this.#links.tell((news) => news.reset());
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    const checked = this.#answers.check(request);
    if ('refusal' in checked) return refuse(socket, checked.refusal.status, checked.refusal.text);
    if (checked.url.pathname !== PATHS.socket) return refuse(socket, 404, 'There is no socket here.');
    this.#links.take(request, socket, head);
  }

  #httpHost(): HttpHost {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const server = this;
    return {
      gate: this.#gate,
      requests: new AddressLimits(this.#limits.requestRate, this.#limits.requestBurst),
      wrongTokens: new WrongTokens(),
      letIn: (socket) => this.#connections.letIn(socket),
      scene: this.#scene,
      get files() {
        return server.#files;
      },
      get cookie() {
        return `feltmap_${server.#port}`;
      },
      meshFile: () => this.#options.feed?.meshFile?.(),
      withFreshScene: (step) => this.#withFreshScene(step),
      statusJson: () => JSON.stringify({ ...this.#status, clients: this.#links.size, server: this.load() }),
    };
  }

  async #withFreshScene<T>(step: () => Promise<T>): Promise<T> {
    this.#downloads++;
    this.#updateActivity();
    try {
      await this.#options.feed?.flush?.();
      return await step();
    } finally {
      this.#downloads--;
      this.#updateActivity();
    }
  }

  #updateActivity(): void {
    const { watched } = this.#links;
    if (watched !== this.#watched) {
      this.#watched = watched;
      this.#options.feed?.watched?.(watched);
    }
    const active = this.#downloads > 0 || this.#links.watched;
    if (active === this.#active) return;
    this.#active = active;
    this.#options.feed?.setActive?.(active);
  }

  #tick(): void {
    const now = performance.now();
    this.#rss = process.memoryUsage.rss();
    this.#links.check(now);
    this.#links.tell((news) => news.statusDue());
  }

  #statusFor(link: ClientLink): StatusFrame | undefined {
    if (!this.#status) return undefined;
    return {
      type: 'status',
      ...this.#status,
      clients: this.#links.size,
      bytesPerSecond: Math.round(link.rate.perSecond),
      bytesSent: link.rate.total,
      pendingBlocks: link.pendingBlocks,
      processMemory: this.#rss,
    };
  }
}

/** Answers an upgrade with plain HTTP. */
function refuse(socket: Duplex, status: number, sentence: string): void {
  const body = `${sentence}\n`;
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
