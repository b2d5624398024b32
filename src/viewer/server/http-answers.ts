import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PATHS } from '../protocol/index.js';
import { sendMesh, sendMeshFile, sendTrajectory } from './downloads.js';
import type { Gate } from './gate.js';
import type { AddressLimits } from './limits.js';
import type { Scene } from './scene.js';
import type { StaticFile } from './static-files.js';
import type { WrongTokens } from './wrong-tokens.js';

const DOWNLOAD_STALL = 30_000;

/** What the HTTP side needs of the server. */
export interface HttpHost {
  readonly gate: Gate;
  readonly requests: AddressLimits;
  readonly wrongTokens: WrongTokens;
  /** A request of this connection was in order. */
  readonly letIn: (socket: Socket) => void;
  readonly files: ReadonlyMap<string, StaticFile>;
  readonly scene: Scene;
  readonly cookie: string;
  /** A finished mesh file, once there is one. */
  meshFile(): string | undefined;
  /** Runs a step while the feeder delivers, with all changes so far delivered. */
  withFreshScene<T>(step: () => Promise<T>): Promise<T>;
  statusJson(): string;
}

/**
 * Answers page, files, downloads and status; everything else is refused with a sentence.
 *
 * @example
 * const answers = new HttpAnswers(host);
 * createServer((request, response) => void answers.answer(request, response));
 */
export class HttpAnswers {
  #building = false;

  constructor(private readonly host: HttpHost) {}

  /** The socket's upgrade goes through the same checks. @returns the URL, or undefined when it was refused */
  check(request: IncomingMessage): { url: URL } | { refusal: { status: number; text: string } } {
    const { gate, requests, wrongTokens, cookie, letIn } = this.host;
    const address = request.socket.remoteAddress ?? '';
    const refuse = (status: number, text: string) => ({ refusal: { status, text } });
    if (!requests.take(address)) return refuse(429, 'Too many requests; wait a moment.');
    const origin = gate.checkOrigin(request);
    if (origin) return { refusal: origin };
    const url = parseUrl(request.url ?? '/');
    if (!url) return refuse(400, 'The address cannot be read.');
    const token = gate.tokenOf(request, url, cookie);
    // Before the token is looked at: who guesses must not learn of a right one either.
    const guess = gate.token !== undefined && token !== undefined && !wrongTokens.isKnown(address, token);
    if (guess && wrongTokens.shutOut(address)) return refuse(429, 'Too many wrong tokens; wait a minute.');
    const wrong = gate.checkToken(token);
    if (!wrong) {
      letIn(request.socket);
      return { url };
    }
    if (token !== undefined) wrongTokens.add(address, token);
    return { refusal: wrong };
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(safetyHeaders(request))) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return text(response, 405, 'Only GET is served here.');
    }
    const checked = this.check(request);
    if ('refusal' in checked) return text(response, checked.refusal.status, checked.refusal.text);
    const { url } = checked;
    const { gate, cookie, scene, files } = this.host;
    if (gate.token !== undefined && url.searchParams.has('token'))
      // So that the page's own files, and a reload without the token in the address, are let in.
      response.setHeader('set-cookie', `${cookie}=${gate.token}; Path=/; HttpOnly; SameSite=Strict`);
    const file = files.get(url.pathname);
    if (file) return sendFile(file, request, response);
    response.setHeader('cache-control', 'no-store');
    if (request.method === 'HEAD') return text(response, 405, 'Only GET is served here.');
    response.setTimeout(DOWNLOAD_STALL, () => response.destroy()); // whoever stops reading a download loses it
    if (url.pathname === PATHS.trajectory) return sendTrajectory(scene, response);
    if (url.pathname === PATHS.mesh) return this.#mesh(response);
    if (url.pathname === PATHS.status) {
      response.setHeader('content-type', 'application/json');
      response.end(this.host.statusJson());
      return;
    }
    if (url.pathname === '/' && files.size === 0)
      return text(response, 503, "The viewer's page is not built: run `npm run build`.");
    return text(response, 404, 'There is nothing here.');
  }

  async #mesh(response: ServerResponse): Promise<void> {
    const file = this.host.meshFile();
    if (file !== undefined) return sendMeshFile(file, response);
    if (this.#building) {
      response.setHeader('retry-after', '5');
      return text(response, 503, 'A mesh is being written for somebody; try again in a few seconds.');
    }
    this.#building = true;
    try {
      await this.host.withFreshScene(() => sendMesh(this.host.scene, response));
    } finally {
      this.#building = false;
    }
  }
}

function sendFile(file: StaticFile, request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('cache-control', file.hashed ? 'private, max-age=31536000, immutable' : 'no-cache');
  response.setHeader('etag', file.etag);
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { 'content-type': file.type, 'content-length': file.bytes.length });
  response.end(request.method === 'HEAD' ? undefined : file.bytes);
}

export function text(response: ServerResponse, status: number, sentence: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(`${sentence}\n`);
}

/** The page may load from this server and nowhere else, and nobody may frame it. */
function safetyHeaders(request: IncomingMessage): Record<string, string> {
  // Older Safari does not count a socket to the same host as 'self'.
  const host = /^[A-Za-z0-9._:[\]-]+$/.test(request.headers.host ?? '')
    ? ` ws://${request.headers.host}`
    : '';
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' blob: data:",
      "font-src 'self'",
      "manifest-src 'self'",
      "worker-src 'self'",
      `connect-src 'self'${host}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  };
}

/** The path as sent, without resolving dots: what is not in the list of files does not exist. */
function parseUrl(target: string): URL | undefined {
  if (!target.startsWith('/') || target.length > 2048) return undefined;
  try {
    return new URL(`http://viewer${target.startsWith('//') ? '/' : ''}${target}`);
  } catch {
    return undefined;
  }
}
