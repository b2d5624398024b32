import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { FeltmapError } from '../../geometry/errors.js';

/** Why a request is not served. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 421 | 429;
  readonly text: string;
}

const HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;
const TOKEN = /^[A-Za-z0-9._~-]{8,128}$/;

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** 128 random bits. */
export function randomToken(): string {
  return randomBytes(16).toString('base64url');
}

/**
 * @returns the token as given
 * @throws FeltmapError bad-config when it is too short or cannot stand in an address
 */
export function checkToken(token: string): string {
  if (TOKEN.test(token)) return token;
  throw new FeltmapError(
    'bad-config',
    'A viewer token takes 8 to 128 letters, digits and . _ ~ -; leave it out for a random one.',
  );
}

/**
 * Decides who may speak to the server: the Host header must name this machine (so that a web site cannot reach it
 * under a name of its own, DNS rebinding), the Origin of a browser's request must be the server itself, and the
 * token must be right where there is one.
 *
 * @example
 * const gate = new Gate('127.0.0.1', undefined);
 * const refusal = gate.checkOrigin(request); // undefined: may pass
 */
export class Gate {
  readonly #bindsLoopback: boolean;
  readonly #names: ReadonlySet<string>;
  readonly #digest: Buffer | undefined;
  readonly token: string | undefined;

  constructor(host: string, token: string | undefined) {
    this.#bindsLoopback = isLoopback(host);
    const own = hostname().toLowerCase();
    this.#names = new Set(['localhost', host.toLowerCase(), own, `${own}.local`]);
    this.token = token;
    this.#digest = token === undefined ? undefined : digest(token);
  }

  /** Host and Origin alone. @returns undefined when they are right */
  checkOrigin(request: IncomingMessage): Refusal | undefined {
    const host = request.headers.host ?? '';
    const name = HOST.exec(host)?.[1]?.toLowerCase();
    if (name === undefined) return { status: 400, text: 'The Host header is missing or damaged.' };
    if (!this.#isOurs(name.replace(/^\[(.*)\]$/, '$1')))
      return { status: 421, text: 'This viewer does not answer under that name; open it by its IP address.' };
    const { origin } = request.headers;
    if (origin !== undefined && !sameOrigin(origin, host))
      return { status: 403, text: 'Another web site asked for this viewer; that is not allowed.' };
    const site = request.headers['sec-fetch-site'];
    // A link from elsewhere may open the page itself; nothing else may be fetched by other sites.
    if (site === 'cross-site' && request.headers['sec-fetch-mode'] !== 'navigate')
      return { status: 403, text: 'Another web site asked for this viewer; that is not allowed.' };
    return undefined;
  }

  /** The token of a request's query, Authorization header or cookie. @param cookie name of the cookie */
  tokenOf(request: IncomingMessage, url: URL, cookie: string): string | undefined {
    return (
      url.searchParams.get('token') ??
      /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ??
      cookieValue(request.headers.cookie, cookie)
    );
  }

  /** @returns undefined for the right token, and where none is needed */
  checkToken(given: string | undefined): Refusal | undefined {
    if (!this.#digest) return undefined;
    if (given !== undefined && timingSafeEqual(digest(given), this.#digest)) return undefined;
    return { status: 401, text: 'The token is missing or wrong; open the address that Feltmap printed.' };
  }

  #isOurs(name: string): boolean {
    if (this.#bindsLoopback) return isLoopback(name);
    return isIP(name) !== 0 || this.#names.has(name);
  }
}

function sameOrigin(origin: string, host: string): boolean {
  return (
    origin.toLowerCase() === `http://${host}`.toLowerCase() ||
    origin.toLowerCase() === `https://${host}`.toLowerCase()
  );
}

/** Digests have equal lengths, so that the comparison's time reveals nothing. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}
