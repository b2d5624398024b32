import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FeltmapError } from '../geometry/errors.js';

/** Stamps and poses of a recording of weeks, bytes. */
const LARGEST_TEXT = 256 * 1024 * 1024;

/** Opening a pipe to read would wait for its writer, for ever where there is none. */
const READ_WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * A file read at arbitrary places; never held in memory as a whole.
 *
 * @example
 * const file = await RandomAccessFile.open('drive.mcap');
 * const head = await file.read(0, 8);
 * await file.close();
 */
export class RandomAccessFile {
  /** @param path for messages */
  constructor(
    readonly path: string,
    readonly size: number,
    readonly handle: FileHandle,
  ) {}

  /** Throws FeltmapError 'not-found', 'io', or 'unsupported' for a pipe or a device. */
  static async open(path: string): Promise<RandomAccessFile> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, READ_WITHOUT_WAITING);
      const info = await handle.stat();
      refuseSpecial(path, info);
      return new RandomAccessFile(path, info.size, handle);
    } catch (cause) {
      await handle?.close();
      throw fileError(path, cause);
    }
  }

  /** Up to `length` bytes from `offset`; fewer only at the end of the file. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const out = new Uint8Array(Math.max(0, Math.min(length, this.size - offset)));
    let done = 0;
    try {
      while (done < out.length) {
        const { bytesRead } = await this.handle.read(out, done, out.length - done, offset + done);
        if (bytesRead === 0) return out.subarray(0, done);
        done += bytesRead;
      }
    } catch (cause) {
      throw fileError(this.path, cause);
    }
    return out;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/**
 * A whole file of at most `most` bytes.
 *
 * @throws FeltmapError not-found, io, unsupported for a pipe or a device, bad-input for a larger file
 */
export async function readWhole(path: string, most: number): Promise<Uint8Array> {
  const file = await RandomAccessFile.open(path);
  try {
    if (file.size > most)
      throw new FeltmapError(
        'bad-input',
        `${path} has ${file.size} bytes, more than a file of its kind can have (${most})`,
      );
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}

/** As {@link readWhole}, as text. */
export async function readText(path: string, most = LARGEST_TEXT): Promise<string> {
  return new TextDecoder().decode(await readWhole(path, most));
}

/** Only files and folders can be read as often as it takes. @throws FeltmapError unsupported */
export function refuseSpecial(path: string, info: Stats): void {
  if (info.isFile() || info.isDirectory()) return;
  const what = info.isFIFO() ? 'a pipe' : info.isSocket() ? 'a socket' : 'a device';
  throw new FeltmapError(
    'unsupported',
    `${path} is ${what}, not a file: a recording is read at many places; write it to a file first`,
  );
}

/** The FeltmapError for a failed file operation. */
export function fileError(path: string, cause: unknown): FeltmapError {
  if (cause instanceof FeltmapError) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new FeltmapError('not-found', `${path} does not exist; check the path`, { cause });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new FeltmapError('io', `${path}: permission denied; check who may read it and its folders`, {
      cause,
    });
  }
  if (code === 'EISDIR')
    return new FeltmapError('unsupported', `${path} is a folder, not a file; check the path`, { cause });
  return new FeltmapError('io', `${path} cannot be read (${code}); check permissions and the disk`, {
    cause,
  });
}

/**
 * Reads many small neighbouring pieces of a file through one window, so that a scan costs few system calls.
 *
 * @example
 * const reader = new WindowedReader(await RandomAccessFile.open('drive.db3'));
 * const header = await reader.read(4096, 8); // mostly without a system call
 */
export class WindowedReader {
  #window: Uint8Array = new Uint8Array(0);
  #start = 0;

  constructor(
    readonly file: RandomAccessFile,
    readonly windowSize = 1 << 16,
  ) {}

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset < this.#start || offset + length > this.#start + this.#window.length) {
      this.#window = await this.file.read(offset, Math.max(length, this.windowSize));
      this.#start = offset;
    }
    return this.#window.subarray(offset - this.#start, offset - this.#start + length);
  }

  /** The same for pieces of any size: large ones are read past the window, which stays. */
  async piece(offset: number, length: number): Promise<Uint8Array> {
    return length > this.windowSize / 4 ? this.file.read(offset, length) : this.read(offset, length);
  }
}
