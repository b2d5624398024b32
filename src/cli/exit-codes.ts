import { FeltmapError } from '../geometry/errors.js';

/** What the exit status of `feltmap` means; docs/cli.md lists this table. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  input: 3,
  lost: 4,
  output: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'Done.',
  internal: 'A fault in Feltmap, or a resource ran out; what was mapped until then is still written.',
  usage: 'Wrong arguments or configuration, or a choice is missing (which topic).',
  input: 'The input cannot be found or read.',
  lost: 'Everything was written, but tracking was lost or the pose slid along an unconstrained direction too often (--max-lost), or it was lost at the end or for so long that a new map was started.',
  output: 'The output cannot be written.',
  interrupted: 'Stopped by Ctrl-C, SIGTERM or SIGHUP; what was mapped until then is written.',
};

/**
 * Marks an error with what was being done, where the error's own code does not say it.
 *
 * @example
 * throw new StageError('output', cause); // ends the command with the status of a failed output
 */
export class StageError extends Error {
  constructor(
    readonly stage: 'input' | 'output',
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'StageError';
  }
}

/** Runs a step so that any error in it carries the stage. */
export async function inStage<T>(stage: 'input' | 'output', step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw error instanceof StageError ? error : new StageError(stage, error);
  }
}

/** The exit status for an error. A missing choice or a wrong setting is the user's to correct whatever the stage. */
export function exitCodeOf(error: unknown): ExitCode {
  const staged = error instanceof StageError ? error : undefined;
  const inner = staged ? staged.cause : error;
  if (inner instanceof FeltmapError && (inner.code === 'bad-config' || inner.code === 'ambiguous'))
    return EXIT.usage;
  // What neither we nor the operating system reported is a fault in the program, whatever it was doing.
  const expected = inner instanceof FeltmapError || (inner instanceof Error && 'syscall' in inner);
  if (!expected) return EXIT.internal;
  if (staged) return staged.stage === 'input' ? EXIT.input : EXIT.output;
  if (!(inner instanceof FeltmapError)) return EXIT.internal;
  switch (inner.code) {
    case 'bad-input':
    case 'not-found':
    case 'unsupported':
      return EXIT.input;
    case 'io':
      return EXIT.output;
    default:
      return EXIT.internal;
  }
}
