import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** How deep, and into how many folders, is looked. */
const DEEPEST = 3;
const MOST_FOLDERS = 200;
/** Recordings that are named. */
const NAMED = 3;

const FILE = /\.(mcap|db3|bag)(\.(zstd|zst))?$/i;
const SCAN = /\.(pcd|ply|bin)$/i;
const FRAME = /^frame-\d+\.depth\.png$/;
const FOLDERS: ReadonlySet<string> = new Set(['velodyne', 'velodyne_points', 'depth']);

/**
 * What looks like a recording inside of a folder that is none itself, such as the sequences of a data set: folders, or files
 * of ROS 1. A few of them, those higher up first.
 */
export async function recordingsBelow(path: string): Promise<string[]> {
  const found: string[] = [];
  let level = [path];
  let visited = 0;
  for (let depth = 0; depth <= DEEPEST && found.length === 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      if (++visited > MOST_FOLDERS || found.length >= NAMED) return found;
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      const names = entries.map((entry) => entry.name).sort();
      const bag = names.find((name) => FILE.test(name));
      const scans = names.filter((name) => SCAN.test(name)).length > 1;
      if (bag !== undefined) found.push(/\.bag$/i.test(bag) ? join(folder, bag) : folder);
      else if (scans || names.some((name) => FRAME.test(name)) || (await isKnown(folder, names)))
        found.push(folder);
      for (const entry of entries) if (entry.isDirectory()) next.push(join(folder, entry.name));
    }
    level = next.sort();
  }
  return found.filter((one) => one !== path);
}

/** Whether a folder of one of the usual names holds what it should; scans that lie deeper in it are found there. */
async function isKnown(folder: string, names: readonly string[]): Promise<boolean> {
  for (const name of names.filter((one) => FOLDERS.has(one))) {
    const inside: string[] = await readdir(join(folder, name)).catch(() => []);
    if (name === 'velodyne_points' ? inside.includes('data') : inside.length > 0) return true;
  }
  return false;
}
