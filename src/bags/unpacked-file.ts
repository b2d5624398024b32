import { randomBytes } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FeltmapError } from '../geometry/errors.js';
import { RandomAccessFile } from './files.js';
import { unpackZstdFile } from './zstd-stream.js';

/** A packed recording unpacks to this at most, and as often its own size: bounds what a few bytes can fill. */
const MOST_FREE = 64 * 1024 * 1024;
const MOST_RATIO = 200;

/**
 * Unpacks a recording that is compressed as a whole (`.db3.zstd`, `.mcap.zst`) into a file of the system's temporary
 * folder, which is gone when it is closed and when the program ends, however that happens.
 *
 * @param warn called where only a part can be unpacked
 * @returns the unpacked file under the name of the packed one, to be closed
 * @throws FeltmapError io without space; bad-input where nothing can be unpacked or too much comes out
 */
export async function unpackWholeFile(path: string, warn: (text: string) => void): Promise<RandomAccessFile> {
  const packed = await RandomAccessFile.open(path);
  const temporary = join(tmpdir(), `feltmap-${process.pid}-${randomBytes(4).toString('hex')}.unpacked`);
  try {
    const handle = await guard(path, () => open(temporary, 'wx+', 0o600));
    let size = 0;
    try {
      // Without a name it cannot be left behind. Systems that refuse this lose the name at exit.
      await unlink(temporary).catch(() => process.once('exit', () => void unlink(temporary)));
      const most = MOST_FREE + MOST_RATIO * packed.size;
      const end = await unpackZstdFile(packed, async (part) => {
        if (size + part.length > most) throw tooMuch(path);
        for (let done = 0; done < part.length;) {
          const { bytesWritten } = await guard(path, () =>
            handle.write(part, done, part.length - done, size + done),
          );
          done += bytesWritten;
        }
        size += part.length;
      });
      if (end.damage !== undefined) {
        const where = `${path} cannot be unpacked beyond byte ${end.used} of ${packed.size}: ${end.damage}`;
        if (size === 0) throw new FeltmapError('bad-input', where);
        warn(`${where}; the ${size} bytes before it are used`);
      }
      return new RandomAccessFile(path, size, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  } finally {
    await packed.close();
  }
}

function tooMuch(path: string): FeltmapError {
  return new FeltmapError(
    'bad-input',
    `${path} unpacks to more than ${MOST_RATIO} times its size, as no recording does; run 'zstd -d' on it where you trust it`,
  );
}

async function guard<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new FeltmapError(
      'io',
      `${path} cannot be unpacked into ${tmpdir()} (${code}); free some space there, or set TMPDIR to a folder that has it`,
      { cause },
    );
  }
}
