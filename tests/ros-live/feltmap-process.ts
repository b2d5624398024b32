import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from './wait.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `feltmap node` as a process of its own, as `ros2 run` starts it, with everything that it printed. */
export class FeltmapProcess {
  readonly #child: ChildProcess;
  #exit: Exit | undefined;
  output = '';

  /**
   * `args` follow `feltmap node`; parameters are passed as `-p name:=value`. On a machine that is busy with other things
   * scans wait instead of being dropped (queue_size), so that tests may count.
   */
  constructor(args: readonly string[], parameters: Readonly<Record<string, string>> = {}) {
    const set = Object.entries({ queue_size: '100', ...parameters }).flatMap(([name, value]) => [
      '-p',
      `${name}:=${value}`,
    ]);
    this.#child = spawn(process.execPath, [MAIN, 'node', '--ros-args', ...args, ...set], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: process.env['FELTMAP_TEST_DIR'] ?? process.cwd(),
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.#child.once('exit', (code, signal) => (this.#exit = { code, signal }));
  }

  get running(): boolean {
    return this.#exit === undefined;
  }

  /** Waits for a printed line that matches; fails when the process ends before. */
  async printed(pattern: RegExp, timeoutMs = 20_000): Promise<void> {
    const what = (): string => `${String(pattern)} in the node's output:\n${this.output.slice(-4000)}`;
    await until(what, () => pattern.test(this.output) || !this.running, timeoutMs);
    if (!pattern.test(this.output)) throw new Error(`the node ended (${this.#describe()}) before ${what()}`);
  }

  /** Sends the signal and waits for the end; after 15 s the process is killed and this fails. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<Exit> {
    if (this.#exit) return this.#exit;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(timer);
    const exit = this.#exit as Exit | undefined;
    if (!exit || (signal !== 'SIGKILL' && exit.signal === 'SIGKILL')) {
      throw new Error(`the node did not end on ${signal}:\n${this.output.slice(-4000)}`);
    }
    return exit;
  }

  /** What was printed that looks like a stack of JavaScript: users get sentences. */
  get stacks(): string[] {
    return this.output.split('\n').filter((line) => /^\s+at .*(node:|\.[cm]?[jt]s[:?)])/.test(line));
  }

  /** Waits for the process to end by itself. */
  async ended(timeoutMs = 20_000): Promise<Exit> {
    await until('the end of the node', () => !this.running, timeoutMs);
    return this.#exit!;
  }

  /** For afterEach: ends the process without judging how. A killed one would haunt the graph for ten seconds. */
  async discard(): Promise<void> {
    await this.stop('SIGINT').catch(() => undefined);
  }

  #describe(): string {
    return `code ${String(this.#exit?.code)}, signal ${String(this.#exit?.signal)}`;
  }
}
