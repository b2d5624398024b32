import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { readSavedMap } from '../cli/replay-input.js';
import { toIoError, writeFileAtomic } from '../export/atomic-file.js';

/** Where the services write: the parameter, or feltmap in ROS_HOME as other nodes' files are. */
export function saveDirectory(parameter: string, env: NodeJS.ProcessEnv = process.env): string {
  if (parameter !== '') return resolve(parameter.replace(/^~(?=\/|$)/, homedir()));
  return join(env.ROS_HOME ?? join(homedir(), '.ros'), 'feltmap');
}

/**
 * Writes a saved map to a folder of the directory: all of it or, on failure, nothing.
 * @returns bytes written
 * @throws FeltmapError io
 */
export async function writeMap(
  directory: string,
  files: ReadonlyMap<string, Uint8Array>,
  name = 'map',
): Promise<number> {
  const target = join(directory, name);
  const suffix = randomBytes(4).toString('hex');
  const [fresh, old] = [`${target}.new-${suffix}`, `${target}.old-${suffix}`];
  try {
    for (const [name, bytes] of files) await writeFileAtomic(join(fresh, name), bytes);
    const replaced = await rename(target, old).then(
      () => true,
      () => false,
    );
    await rename(fresh, target);
    if (replaced) await rm(old, { recursive: true, force: true });
  } catch (error) {
    await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
    throw toIoError(error, target);
  }
  return [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
}

/** The map that {@link writeMap} wrote. @throws FeltmapError not-found */
export function readMap(directory: string): Promise<Map<string, Uint8Array>> {
  return readSavedMap(join(directory, 'map'));
}
