import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it, as `mkdir -p`. Node's own `recursive` never ends where a file system refuses with "no such
 * file" below a folder that is there, as /proc does.
 *
 * @throws what the file system says, once
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as { code?: string };
    const above = dirname(path);
    if (code === 'ENOENT' && above !== path) {
      await makeFolder(above);
      await mkdir(path).catch(async (again: unknown) => {
        if (!(await isFolder(path))) throw again; // another process may have made it
      });
    } else if (!(await isFolder(path))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}
