import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './wait.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Whether `ros2` has this command or knows this package. */
export function ros2Has(...args: string[]): boolean {
  return spawnSync('ros2', args, { stdio: 'ignore' }).status === 0;
}

/** Lays the package out under `prefix` as `colcon build` installs it, with links to this checkout for the bundle. */
export async function installPackage(prefix: string): Promise<void> {
  const share = join(prefix, 'share', 'feltmap');
  const index = join(prefix, 'share', 'ament_index', 'resource_index', 'packages');
  for (const folder of [join(share, 'node'), index, join(prefix, 'lib', 'feltmap')])
    await mkdir(folder, { recursive: true });
  await writeFile(join(index, 'feltmap'), '');
  await cp(join(ROOT, 'ros/feltmap/package.xml'), join(share, 'package.xml'));
  await cp(join(ROOT, 'ros/feltmap/scripts/feltmap_node'), join(prefix, 'lib/feltmap/feltmap_node'));
  await cp(join(ROOT, 'launch'), join(share, 'launch'), { recursive: true });
  await cp(join(ROOT, 'launch/config'), join(share, 'config'), { recursive: true });
  await cp(join(ROOT, 'rviz'), join(share, 'rviz'), { recursive: true });
  for (const name of ['dist', 'node_modules', 'package.json'])
    await symlink(join(ROOT, name), join(share, 'node', name));
}

/** `ros2 …` with the package installed, in a process group of its own as a terminal starts it. */
export class Ros2Command {
  readonly #child: ChildProcess;
  #code: number | null | undefined;
  output = '';

  constructor(prefix: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn('ros2', args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: process.env['FELTMAP_TEST_DIR'] ?? process.cwd(),
      env: {
        ...process.env,
        ...env,
        AMENT_PREFIX_PATH: `${prefix}:${process.env['AMENT_PREFIX_PATH'] ?? ''}`,
        ROS_LOG_DIR: join(prefix, 'log'),
        PYTHONUNBUFFERED: '1',
      },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.#child.once('exit', (code) => (this.#code = code));
  }

  get running(): boolean {
    return this.#code === undefined;
  }

  async printed(pattern: RegExp, timeoutMs = 40_000): Promise<void> {
    const what = (): string => `${String(pattern)} in the output:\n${this.output.slice(-4000)}`;
    await until(what, () => pattern.test(this.output) || !this.running, timeoutMs);
    if (!pattern.test(this.output)) throw new Error(`it ended before ${what()}`);
  }

  /** Waits for the end. @returns the exit status */
  async ended(timeoutMs = 60_000): Promise<number | null> {
    await until(
      () => `the end of it:\n${this.output.slice(-4000)}`,
      () => !this.running,
      timeoutMs,
    );
    return this.#code ?? null;
  }

  /** Ctrl-C in a terminal: every process of the group gets SIGINT. @returns the exit status */
  async interrupt(): Promise<number | null> {
    process.kill(-this.#child.pid!, 'SIGINT');
    return this.ended(20_000);
  }

  /** Processes of the group that are still there. */
  get remaining(): string[] {
    const { stdout } = spawnSync('ps', ['-eo', 'pgid=,stat=,args='], { encoding: 'utf8' });
    return stdout.split('\n').filter((line) => Number(line.trim().split(/\s+/)[0]) === this.#child.pid);
  }

  async discard(): Promise<void> {
    if (!this.running) return;
    const ended = once(this.#child, 'exit');
    process.kill(-this.#child.pid!, 'SIGKILL');
    await ended;
  }
}
