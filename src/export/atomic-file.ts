import { mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FeltmapError } from '../geometry/errors.js';

let serial = 0;

/**
 * Writes a file so that its name never holds half of it: to a temporary name beside it, synced, renamed. Missing
 * folders are made. On failure the temporary file is removed and what was there before stays.
 *
 * @throws FeltmapError io: disk full, no permission, not a folder, …
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  const temporary = `${path}.${process.pid}-${serial++}.tmp`;
  let file: FileHandle | undefined;
  try {
    await mkdir(dirname(path), { recursive: true });
    file = await open(temporary, 'wx');
    for (const part of parts(data)) await writeAll(file, part);
    await file.sync();
    await file.close();
    file = undefined;
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await file?.close().catch(() => undefined);
    await unlink(temporary).catch(() => undefined);
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
      ENOTDIR: 'a part of the path is a file, not a folder; choose another path',
      EEXIST: 'a part of the path is a file, not a folder; choose another path',
      EISDIR: 'there is a folder of that name; choose another name',
      EMFILE: 'too many files are open; raise the limit (ulimit -n)',
    }[code] ?? (error instanceof Error ? error.message : String(error));
  return new FeltmapError('io', `Cannot write ${path}: ${why}.`, { cause: error });
}

function* parts(data: string | Uint8Array | Iterable<Uint8Array>): Iterable<Uint8Array> {
  if (typeof data === 'string') yield Buffer.from(data);
  else if (data instanceof Uint8Array) yield data;
  else yield* data;
}

/** write(2) may take only a part, above all when the disk is nearly full. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done);
    done += bytesWritten;
  }
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
