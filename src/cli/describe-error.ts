import { homedir } from 'node:os';
import { FeltmapError } from '../geometry/errors.js';
import { StageError } from './exit-codes.js';
import { printable } from './printable.js';

/**
 * An error as one line for stderr: the sentence of a FeltmapError, a translated system error, or a request to report
 * a fault. The home directory is shortened to `~` so that logs can be shared.
 */
export function describeError(error: unknown): string {
  const inner = error instanceof StageError ? error.cause : error;
  return printable(hideHome(sentence(inner).replace(/\s*\n\s*/g, ' ')));
}

function sentence(error: unknown): string {
  if (error instanceof FeltmapError) return error.message.replace(/[.\s]*$/, '.');
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const known = SYSTEM_ERRORS[error.code];
    const path = 'path' in error && typeof error.path === 'string' ? ` (${error.path})` : '';
    if (known) return `${known}${path}.`;
  }
  const text = error instanceof Error ? error.message : String(error);
  return `Internal error: ${text.replace(/\.$/, '')}. Run again with --debug and report the output.`;
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file or folder; check the path',
  EACCES: 'Permission denied; check who owns the file or folder',
  EPERM: 'Operation not permitted; check who owns the file or folder',
  EROFS: 'The file system is read-only; choose another --out',
  ENOSPC: 'The disk is full; free some space or choose another --out',
  EDQUOT: 'The disk quota is used up; free some space or choose another --out',
  ENOTDIR: 'A part of the path is a file, not a folder; check the path',
  EISDIR: 'A file is needed here, but this is a folder; check the path',
  EEXIST: 'There is a file where a folder is needed; choose another path',
  EMFILE: 'Too many open files; raise the limit (ulimit -n)',
  EIO: 'The disk reported an input/output error',
};

export function hideHome(text: string, home: string = homedir()): string {
  return home.length > 1 ? text.replaceAll(home, '~') : text;
}
