import { setFlagsFromString } from 'node:v8';

/**
 * Makes the garbage collector's pauses short for a process through which large buffers stream. V8 counts the bytes of
 * buffers, so with 65 MB/s it collects all the time, although the heap itself has some ten megabytes: marking that in one
 * go takes a millisecond or two, while marking in steps, with helper threads that wait for a core, is started five times as
 * often and holds the main thread up for longer (npm run bench:ros measures it).
 */
export function shortPauses(): void {
  setFlagsFromString('--no-incremental-marking');
}
