import type { DropCause, StampVerdict, Taken } from './stamps.js';

/** What the messages are called. */
export type StampedNoun = 'cloud' | 'image';

function dropped(why: DropCause, noun: StampedNoun): string {
  const one = noun === 'image' ? 'an image' : `a ${noun}`;
  switch (why) {
    case 'duplicate':
      return `${one} has the stamp of the ${noun} before it and is dropped`;
    case 'same-stamp':
      return `${one} has the stamp of the ${noun} before it, but other content (two sensors on one topic, or a clock that was set back?), and is dropped`;
    case 'same-content':
      return `${one} holds the same as the ${noun} less than 5 ms before it (sent twice, stamped anew?) and is dropped`;
    case 'out-of-order':
      return `${one} has a stamp out of order (older than the ${noun} before it, or far ahead) and is dropped`;
    case 'repeats':
      return `${one} has a stamp that was there before (a recording that repeats itself?) and is dropped`;
    case 'unset':
      return `${one} has no stamp (0), and nothing tells when it was taken: it is dropped`;
  }
}

/** What became of a message by its stamp, as a sentence without its end; undefined where its stamp was fine. */
export function describeStamp(verdict: StampVerdict, noun: StampedNoun = 'cloud'): string | undefined {
  switch (verdict.kind) {
    case 'ok':
      return undefined;
    case 'repaired':
      return repaired(verdict, noun);
    case 'step':
      return (
        `the stamps step ${verdict.seconds! < 0 ? 'back' : 'ahead'} by ${Math.abs(verdict.seconds!).toFixed(3)} s at ` +
        `${(Number(verdict.stampNs) * 1e-9).toFixed(3)} s, but ${noun}s came as usual: a clock was set, and motion goes on across it`
      );
    case 'outlier':
      return (
        `the stamp of one ${noun} before ${(Number(verdict.stampNs) * 1e-9).toFixed(3)} s is ${verdict.seconds!.toFixed(3)} s ` +
        `ahead of when it came and of the ${noun}s around it: it is taken for when it came`
      );
    case 'drop':
      return dropped(verdict.why, noun);
    case 'restart':
      return `the stamps go back by ${verdict.seconds.toFixed(1)} s for good: everything starts anew`;
  }
}

function repaired({ was, from }: Taken, noun: StampedNoun): string {
  const one = noun === 'image' ? 'an image' : `a ${noun}`;
  const what =
    was === 'zero' ? 'has no stamp (0)' : `has the stamp of the ${noun} before it, though time went on`;
  const source = from === 'points' ? 'the times of its points' : 'the time at which it came';
  return `${one} ${what}: its stamp is taken from ${source}`;
}

/**
 * Counts what became of messages, and tells each kind once.
 *
 * @example
 * const notes = new StampNotes();
 * notes.add('/points', stamps.check(message));
 * console.log(notes.list);
 */
export class StampNotes {
  readonly #tallies = new Map<string, { count: number; readonly first: string }>();

  add(source: string, verdict: StampVerdict, noun: StampedNoun = 'cloud'): void {
    const first = describeStamp(verdict, noun);
    if (first === undefined) return;
    const detail = 'why' in verdict ? verdict.why : 'was' in verdict ? `${verdict.was} ${verdict.from}` : '';
    const key = `${source} ${verdict.kind} ${detail}`;
    const tally = this.#tallies.get(key) ?? { count: 0, first: `${source}: ${first}` };
    tally.count++;
    this.#tallies.set(key, tally);
  }

  get list(): readonly string[] {
    return [...this.#tallies.values()].map(({ count, first }) =>
      count === 1 ? first : `${first} (${count} times, this was the first)`,
    );
  }
}
