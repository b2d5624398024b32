import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The recording that comes with the package, and its truth. */
export const BAG = `${root}bags/kitti_0005.mcap`;
export const TRUTH = `${root}bags/kitti_0005.tum`;

const MAIN = `${root}dist/cli/main.js`;

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the built program as a process of its own.
 *
 * @param onStderr sees each piece of stderr, and the process
 */
export function feltmap(
  args: readonly string[],
  onStderr?: (text: string, child: ChildProcess) => void,
): Promise<Outcome> {
  if (!existsSync(MAIN)) throw new Error('The program is not built; run npm run build first.');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      onStderr?.(text, child);
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}
