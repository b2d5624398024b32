import { isatty } from 'node:tty';

/** Standard streams that were a terminal when the program began. */
const TERMINALS = [0, 1, 2].filter((fd) => isatty(fd));

/**
 * Ends the program now. Where its terminal is gone, it ends by the signal that says so: Node would abort, as it cannot
 * give the terminal its settings back.
 */
export function leave(code: number): void {
  if (!dieWithTerminal()) process.exit(code);
}

/** Ends the program if its terminal is gone. */
export function dieWithTerminal(): boolean {
  if (TERMINALS.every((fd) => isatty(fd))) return false;
  process.removeAllListeners('SIGHUP');
  return process.kill(process.pid, 'SIGHUP');
}
