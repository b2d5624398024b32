import { basename, join, resolve } from 'node:path';

/** `out/<name>`, the name of the input without its ending. */
export function defaultOutput(input: string): string {
  const name = basename(resolve(input));
  return join('out', name.replace(/\.(mcap|bag|db3)$/i, '') || 'replay');
}
