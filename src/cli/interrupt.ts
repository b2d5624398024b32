import { EXIT } from './exit-codes.js';

/** What the process offers to hear signals; `process` in the program, a plain emitter in tests. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

export interface Interrupt {
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  dispose(): void;
}

/**
 * First Ctrl-C (or SIGTERM): asks to stop and write what there is. Second: leaves at once.
 *
 * @param announce called once, on the first signal
 */
export function catchInterrupt(
  announce: () => void,
  source: SignalSource = process,
  exit: (code: number) => void = (code) => process.exit(code),
): Interrupt {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) return exit(EXIT.interrupted);
    controller.abort();
    announce();
  };
  source.on('SIGINT', listener);
  source.on('SIGTERM', listener);
  return {
    signal: controller.signal,
    dispose() {
      source.off('SIGINT', listener);
      source.off('SIGTERM', listener);
    },
  };
}
