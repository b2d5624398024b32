/** Log times that go back by more (ns) within a topic were not merely written late. */
const LATE_NS = 500_000_000n;

/** Of one topic in one part of a file, in the order in which its messages stand there. */
interface Stretch {
  readonly at: number;
  readonly firstNs: bigint;
  lastNs: bigint;
  /** The largest step back within the part, ns. */
  backNs: bigint;
}

/**
 * Whether the log times of a topic go back in the order in which its messages were written: the clock of the recorder was set
 * back. Whoever reads by log time mixes what came before and after.
 *
 * @example
 * const order = new RecordedOrder();
 * order.add('/points', chunk.offset, logTimeNs); // in the order of the file within a chunk, chunks in any order
 * order.notes.forEach((note) => console.warn(note));
 */
export class RecordedOrder {
  readonly #topics = new Map<string, Map<number, Stretch>>();

  /** @param at where the part of the file stands that the message is in, bytes */
  add(topic: string, at: number, logTimeNs: bigint): void {
    let parts = this.#topics.get(topic);
    if (!parts) this.#topics.set(topic, (parts = new Map<number, Stretch>()));
    const part = parts.get(at);
    if (!part) {
      parts.set(at, { at, firstNs: logTimeNs, lastNs: logTimeNs, backNs: 0n });
      return;
    }
    if (part.lastNs - logTimeNs > part.backNs) part.backNs = part.lastNs - logTimeNs;
    part.lastNs = logTimeNs;
  }

  /** Sentences without their end, one for each topic whose times go back. */
  get notes(): readonly string[] {
    return [...this.#topics].flatMap(([topic, parts]) => {
      const back = largestStep([...parts.values()].sort((a, b) => a.at - b.at));
      if (back <= LATE_NS) return [];
      return [
        `${topic}: in the order in which messages were written, log times go back by ${(Number(back) * 1e-9).toFixed(2)} s: the clock of the ` +
          'recorder was set back. Messages are read in order of log time, so those from before and after are mixed there; ' +
          'replay the part before or after it alone (--start, --duration)',
      ];
    });
  }
}

function largestStep(parts: readonly Stretch[]): bigint {
  let back = 0n;
  parts.forEach((part, i) => {
    const before = parts[i - 1];
    const step = before ? before.lastNs - part.firstNs : 0n;
    for (const one of [step, part.backNs]) if (one > back) back = one;
  });
  return back;
}
