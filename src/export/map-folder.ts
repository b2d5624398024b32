import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { RandomAccessFile } from '../bags/files.js';
import { MANIFEST, readManifest } from '../field/saved/manifest.js';
import { FeltmapError } from '../geometry/errors.js';
import { toIoError, writeFileAtomic } from './atomic-file.js';

/** What a map of this program may leave in its folder: its own names, and temporary ones of a write that was killed. */
const OURS = /^(submap-\d+\.[\w.-]+\.bin|field\.bin|\.(submap-[\w.-]+|manifest\.json)\.[0-9a-f]{8}\.tmp)$/;
/** 65 536 submaps take less. */
export const LARGEST_MANIFEST = 128 * 1024 * 1024;

/**
 * Replaces a saved map as a whole: whenever the program or the machine stops, the folder holds the earlier map or the new
 * one. The new files lie beside the old ones (their names hold a checksum) until the manifest is exchanged, in one rename.
 *
 * @param files by name, as `encodeSavedMap` gives them
 * @throws FeltmapError io; the earlier map is still there then
 */
export async function writeMapFolder(dir: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const before = new Set(await namesIn(dir));
  const written: string[] = [];
  try {
    for (const [name, bytes] of files) {
      if (name === MANIFEST) continue;
      await writeFileAtomic(join(dir, name), bytes);
      written.push(name);
    }
    const manifest = files.get(MANIFEST);
    if (manifest) await writeFileAtomic(join(dir, MANIFEST), manifest);
  } catch (error) {
    await remove(dir, written.filter((name) => !before.has(name))); // prettier-ignore
    throw toIoError(error, dir);
  }
  await remove(dir, [...before].filter((name) => OURS.test(name) && !files.has(name))); // prettier-ignore
}

/**
 * The files of a saved map, by name: the manifest and what it lists, nothing else that lies in the folder.
 *
 * @throws FeltmapError not-found when there is no such folder or no map in it; io when it may not be read; bad-input when
 *   the manifest is damaged or a file has another length than it says
 */
export async function readMapFolder(dir: string): Promise<Map<string, Uint8Array>> {
  const bytes = await readListed(dir, MANIFEST, LARGEST_MANIFEST);
  if (!bytes)
    throw new FeltmapError('not-found', `${dir} holds no saved map: give the map/ folder of an earlier run`);
  const files = new Map([[MANIFEST, bytes]]);
  const { submaps } = readManifest(files);
  const listed = submaps.flatMap(({ places, grids }) => [
    places.file,
    ...grids.flatMap(({ layers }) => layers.map(({ file }) => file)),
  ]);
  for (const { name, bytes: length } of listed) {
    if (files.has(name)) continue;
    const content = await readListed(dir, name, length);
    if (content) files.set(name, content);
  }
  return files;
}

/** A file of the folder; undefined where there is none, which whoever needs it says. */
async function readListed(dir: string, name: string, most: number): Promise<Uint8Array | undefined> {
  let file: RandomAccessFile;
  try {
    file = await RandomAccessFile.open(join(dir, name));
  } catch (error) {
    if (error instanceof FeltmapError && error.code === 'not-found') return undefined;
    throw error;
  }
  try {
    if (file.size > most)
      throw new FeltmapError(
        'bad-input',
        `${join(dir, name)} has ${file.size} bytes, more than the ${most} that it can have: it belongs to another map`,
      );
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}

async function namesIn(dir: string): Promise<string[]> {
  return readdir(dir).catch(() => []);
}

/** What stays is only in the way. */
async function remove(dir: string, names: readonly string[]): Promise<void> {
  for (const name of names) await unlink(join(dir, name)).catch(() => undefined);
}
