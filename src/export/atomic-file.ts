import { randomBytes } from 'node:crypto';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FeltmapError } from '../geometry/errors.js';
import { makeFolder } from './make-folder.js';

/**
 * A file whose name never holds half of it: written to a temporary name beside it, synced, renamed. The folder has to
 * exist. Every method throws FeltmapError io: disk full, no permission, not a folder, …
 *
 * @example
 * const file = await AtomicFile.create('out/mesh.ply');
 * await file.write(bytes);
 * await file.commit(); // only now it has its name
 */
export class AtomicFile {
  #position = 0n;

  private constructor(
    readonly path: string,
    readonly temporary: string,
    readonly handle: FileHandle,
  ) {}

  static async create(path: string): Promise<AtomicFile> {
    const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`);
    return new AtomicFile(path, temporary, await guard(path, () => open(temporary, 'wx')));
  }

  /** Bytes written so far. */
  position(): bigint {
    return this.#position;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await guard(this.path, async () => {
      // write(2) may take only a part, above all when the disk is nearly full.
      for (let done = 0; done < bytes.length;)
        done += (await this.handle.write(bytes, done, bytes.length - done)).bytesWritten;
    });
    this.#position += BigInt(bytes.length);
  }

  /** Syncs, closes and renames. */
  async commit(): Promise<void> {
    await guard(this.path, async () => {
      await this.handle.sync();
      await this.handle.close();
      await rename(this.temporary, this.path);
      await syncFolder(dirname(this.path));
    });
  }

  /** Closes and removes the unfinished file; what was there before stays. */
  async abort(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await unlink(this.temporary).catch(() => undefined);
  }
}

/**
 * Writes a whole file at once, as an {@link AtomicFile}. Missing folders are made. On failure the temporary file is
 * removed.
 *
 * @throws FeltmapError io
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  await guard(path, () => makeFolder(dirname(path)));
  const file = await AtomicFile.create(path);
  try {
    for (const part of parts(data)) await file.write(part);
    await file.commit();
  } catch (error) {
    await file.abort();
    throw toIoError(error, path);
  }
}

/** One clear sentence for a file that could not be written. */
export function toIoError(error: unknown, path: string): FeltmapError {
  if (error instanceof FeltmapError) return error;
  const code = (error as { code?: string } | null)?.code ?? '';
  const why =
    {
      ENOSPC: 'the disk is full; free some space or choose another folder with --out',
      EDQUOT: 'the disk quota is used up; free some space or choose another folder with --out',
      EACCES: 'permission is denied; choose a folder you may write to',
      EPERM: 'permission is denied; choose a folder you may write to',
      EROFS: 'the disk is read-only; choose another folder',
      ENOENT: 'the folder does not exist; make it or choose another path',
      ENOTDIR: 'a part of the path is a file, not a folder; choose another path',
      EEXIST: 'a part of the path is a file, not a folder; choose another path',
      EISDIR: 'there is a folder of that name; choose another name',
      EMFILE: 'too many files are open; raise the limit (ulimit -n)',
    }[code] ?? (error instanceof Error ? error.message : String(error));
  return new FeltmapError('io', `Cannot write ${path}: ${why}.`, { cause: error });
}

async function guard<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toIoError(error, path);
  }
}

function* parts(data: string | Uint8Array | Iterable<Uint8Array>): Iterable<Uint8Array> {
  if (typeof data === 'string') yield Buffer.from(data);
  else if (data instanceof Uint8Array) yield data;
  else yield* data;
}

/** The rename itself survives a power cut only when the folder is synced; not every system can. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    // Windows and some network file systems refuse; the file's own bytes are safe.
  }
}
