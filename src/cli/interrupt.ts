import { EXIT } from './exit-codes.js';
import { leave } from './leave.js';

/** What asks a program to end: Ctrl-C, the system, and the terminal that closes. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Signal = (typeof SIGNALS)[number];

/** What the process offers to hear signals; `process` in the program, a plain emitter in tests. */
export interface SignalSource {
  on(signal: Signal, listener: () => void): unknown;
  off(signal: Signal, listener: () => void): unknown;
}

export interface Interrupt {
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  dispose(): void;
}

/**
 * First Ctrl-C (or SIGTERM, SIGHUP): asks to stop and write what there is. Second: leaves at once.
 *
 * @param announce called once, on the first signal
 */
export function catchInterrupt(
  announce: () => void,
  source: SignalSource = process,
  exit: (code: number) => void = leave,
): Interrupt {
  const controller = new AbortController();
  const dispose = listen(source, () => {
    if (controller.signal.aborted) return exit(EXIT.interrupted);
    controller.abort();
    announce();
  });
  return { signal: controller.signal, dispose };
}

/**
 * The first signal ends the program: for the time in which there is nothing to write yet.
 *
 * @param announce says so
 * @returns ends this
 */
export function leaveAtInterrupt(
  announce: () => void,
  source: SignalSource = process,
  exit: (code: number) => void = leave,
): () => void {
  return listen(source, () => {
    announce();
    exit(EXIT.interrupted);
  });
}

function listen(source: SignalSource, listener: () => void): () => void {
  for (const signal of SIGNALS) source.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) source.off(signal, listener);
  };
}
