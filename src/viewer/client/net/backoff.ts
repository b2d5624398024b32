/**
 * Waiting time before the next attempt to connect: doubles from a third of a second to eight seconds, and varies by a
 * quarter so that many clients of a restarted server do not come back at the same instant.
 *
 * @param attempt 0 for the first retry
 * @param random 0 … 1
 * @returns milliseconds
 */
export function backoffMs(attempt: number, random: number = Math.random()): number {
  const base = Math.min(8000, 333 * 2 ** Math.min(attempt, 10));
  return Math.round(base * (0.75 + 0.5 * random));
}
