import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { FeltmapError } from '../geometry/errors.js';

/** `out/<name>`, the name of the input without its ending. */
export function defaultOutput(input: string): string {
  const name = basename(resolve(input));
  return join('out', name.replace(/\.(mcap|bag|db3)$/i, '') || 'replay');
}

/**
 * The files of a saved map, by name.
 * @throws FeltmapError not-found when there is no such folder or nothing in it
 */
export async function readSavedMap(dir: string): Promise<Map<string, Uint8Array>> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((cause: unknown) => {
    throw new FeltmapError('not-found', `${dir} is no saved map: give the map/ folder of an earlier run`, {
      cause,
    });
  });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  if (names.length === 0)
    throw new FeltmapError('not-found', `${dir} holds no saved map: give the map/ folder of an earlier run`);
  const files = new Map<string, Uint8Array>();
  for (const name of names.sort()) files.set(name, await readFile(join(dir, name)));
  return files;
}
