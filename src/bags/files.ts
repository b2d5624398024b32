import { type FileHandle, open } from 'node:fs/promises';
import { FeltmapError } from '../geometry/errors.js';

/**
 * A file read at arbitrary places; never held in memory as a whole.
 *
 * @example
 * const file = await RandomAccessFile.open('drive.mcap');
 * const head = await file.read(0, 8);
 * await file.close();
 */
export class RandomAccessFile {
  private constructor(
    readonly path: string,
    readonly size: number,
    readonly handle: FileHandle,
  ) {}

  /** Throws FeltmapError 'not-found' or 'io'. */
  static async open(path: string): Promise<RandomAccessFile> {
    try {
      const handle = await open(path, 'r');
      return new RandomAccessFile(path, (await handle.stat()).size, handle);
    } catch (cause) {
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

/** The FeltmapError for a failed file operation. */
export function fileError(path: string, cause: unknown): FeltmapError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  if (code === 'ENOENT') {
    return new FeltmapError('not-found', `${path} does not exist; check the path`, { cause });
  }
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
}
