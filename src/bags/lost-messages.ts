import type { BagMessage } from './types.js';

/** What an index says that there is. */
export interface Promised {
  readonly path: string;
  /** Messages by channel or connection. */
  readonly counts: ReadonlyMap<number, number>;
  /** The channels that are read, whole. */
  readonly channels: ReadonlyMap<number, { readonly topic: string }>;
}

/** Passes messages on, and says at their end of which topics there were fewer than the index promises. */
export async function* tellLost(
  messages: AsyncIterable<BagMessage>,
  { path, counts, channels }: Promised,
  warn: (text: string) => void,
): AsyncGenerator<BagMessage> {
  const read = new Map<string, number>();
  for await (const message of messages) {
    read.set(message.topic, (read.get(message.topic) ?? 0) + 1);
    yield message;
  }
  const promised = new Map<string, number>();
  for (const [id, { topic }] of channels)
    promised.set(topic, (promised.get(topic) ?? 0) + (counts.get(id) ?? 0));
  for (const [topic, n] of promised) {
    const note = lostNote(path, topic, n, read.get(topic) ?? 0);
    if (note !== undefined) warn(note);
  }
}

/** One sentence where fewer messages of a topic were read than are promised. */
export function lostNote(path: string, topic: string, promised: number, read: number): string | undefined {
  if (read >= promised) return undefined;
  return `${path}: ${topic}: ${promised - read} of the ${promised} messages that its index lists are lost`;
}

/** Whether a time is none that the index gives for the chunk; writers that leave these out write zeros. */
export function isOutside(
  timeNs: bigint,
  { startNs, endNs }: { readonly startNs: bigint; readonly endNs: bigint },
): boolean {
  return (timeNs < startNs || timeNs > endNs) && (startNs !== 0n || endNs !== 0n);
}

export function outsideNote(path: string, offset: number): string {
  return `${path}: the chunk at byte ${offset} has messages of other times than its index says: times are damaged`;
}
