import { hostname, networkInterfaces } from 'node:os';
import { isIPv6 } from 'node:net';
import { FeltmapError } from '../../geometry/errors.js';

/** One clear sentence for why a port cannot be listened on. */
export function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const say = (sentence: string) => new FeltmapError('bad-config', sentence, { cause: error });
  switch (error.code) {
    case 'EADDRINUSE':
      return say(
        `Port ${port} is in use by another program; give the viewer another one (0 takes any that is free).`,
      );
    case 'EACCES':
      return say(`Port ${port} may not be used without special rights; give the viewer one above 1023.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return say(`The viewer cannot listen on ${host}: that is no address of this machine.`);
    default:
      return error;
  }
}

/** Addresses to open in a browser: those of this machine where it listens on all. */
export function viewerAddresses(host: string, port: number, token: string | undefined): string[] {
  const query = token === undefined ? '' : `?token=${token}`;
  const address = (name: string) => `http://${isIPv6(name) ? `[${name}]` : name}:${port}/${query}`;
  if (host !== '0.0.0.0' && host !== '::') return [address(host)];
  const own = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map((entry) => entry.address);
  return [...(own.length > 0 ? own : [hostname()]), '127.0.0.1'].map(address);
}
