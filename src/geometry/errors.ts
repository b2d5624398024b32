/** What went wrong, as a stable code for programs; the message is one clear sentence for people. */
export type ErrorCode =
  | 'bad-input' // the bytes, the file or the message are not what they claim to be
  | 'not-found' // a file, topic or frame is missing
  | 'ambiguous' // several candidates and no choice given
  | 'bad-config' // a setting is unknown or out of range
  | 'unsupported' // understood, but not handled by this version
  | 'out-of-memory' // a fixed arena is full
  | 'io'; // the disk or the network failed

/**
 * Every error Feltmap throws on purpose: what happened, where, and what to do.
 *
 * @example
 * throw new FeltmapError('bad-input', 'drive.mcap holds no point clouds; give a topic with --topic.');
 */
export class FeltmapError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'FeltmapError';
  }
}
