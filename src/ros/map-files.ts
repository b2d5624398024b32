import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { readMapFolder, writeMapFolder } from '../export/map-folder.js';

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
  await writeMapFolder(join(directory, name), files);
  return [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
}

/** The map that {@link writeMap} wrote. @throws FeltmapError not-found */
export function readMap(directory: string): Promise<Map<string, Uint8Array>> {
  return readMapFolder(join(directory, 'map'));
}
