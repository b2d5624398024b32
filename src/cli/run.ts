import { CommanderError, type Command } from 'commander';
import { actions } from './actions.js';
import { describeError, hideHome } from './describe-error.js';
import { EXIT, exitCodeOf, StageError } from './exit-codes.js';
import { printableLines } from './printable.js';
import { buildProgram } from './program.js';
import { packageVersion } from './version.js';

/** Runs the command line and gives the exit status. Errors become one sentence on stderr. */
export async function run(argv: readonly string[]): Promise<number> {
  let status: number = EXIT.ok;
  const program = buildProgram(actions, packageVersion(), (code) => (status = code));
  throwInsteadOfExit(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    // Commander has printed its own message already; help and version come as errors with exit code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    process.stderr.write(`feltmap: ${describeError(error)}\n`);
    if (program.opts<{ debug?: boolean }>().debug) {
      const inner = error instanceof StageError ? error.cause : error;
      const stack = inner instanceof Error ? (inner.stack ?? '') : '';
      process.stderr.write(`${printableLines(hideHome(stack))}\n`);
    }
    return exitCodeOf(error);
  }
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwInsteadOfExit);
}
