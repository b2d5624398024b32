import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FeltmapError } from '../geometry/errors.js';

/** A file that appears under its name only when it is complete and on the disk. */
export class AtomicFile {
  #position = 0n;

  private constructor(
    readonly path: string,
    readonly temporary: string,
    readonly handle: FileHandle,
  ) {}

  /** Throws FeltmapError 'io'. */
  static async create(path: string): Promise<AtomicFile> {
    const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`);
    return new AtomicFile(path, temporary, await guard(path, () => open(temporary, 'wx')));
  }

  position(): bigint {
    return this.#position;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await guard(this.path, async () => {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.handle.write(bytes, done)).bytesWritten;
      }
    });
    this.#position += BigInt(bytes.length);
  }

  /** Syncs, closes and renames. */
  async commit(): Promise<void> {
    await guard(this.path, async () => {
      await this.handle.sync();
      await this.handle.close();
      await rename(this.temporary, this.path);
      const dir = await open(dirname(this.path), 'r'); // the new name has to reach the disk too
      await dir.sync().catch(() => undefined);
      await dir.close();
    });
  }

  /** Closes and removes the unfinished file. */
  async abort(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await rm(this.temporary, { force: true });
  }
}

async function guard<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new FeltmapError('io', `${path} cannot be written (${code}); check the folder, its permissions and free space`, {
      cause,
    });
  }
}
