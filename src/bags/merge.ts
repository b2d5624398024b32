import type { BagMessage } from './types.js';

/** A part of a bag that is read as one piece, with the log times it covers. */
export interface Extent {
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Bytes of memory it takes once loaded. */
  readonly size: number;
}

interface Cursor {
  readonly messages: readonly BagMessage[];
  readonly size: number;
  readonly order: number;
  next: number;
}

/** Pieces that overlap in time are held together up to this many bytes. */
const DEFAULT_LIMIT = 1024 * 1024 * 1024;

/**
 * Messages of all extents in order of log time, ties in order of the file. Loads a piece when its time comes and
 * lets go of it when it is used up: memory is that of the pieces which overlap in time. Where those exceed
 * `limitBytes`, the order gives way, not the memory, and `onUnordered` is called once.
 */
export async function* mergeExtents<E extends Extent>(
  extents: readonly E[],
  load: (extent: E) => Promise<BagMessage[]>,
  onUnordered: () => void,
  limitBytes = DEFAULT_LIMIT,
): AsyncGenerator<BagMessage> {
  const queue = [...extents].sort((a, b) => compare(a.startNs, b.startNs));
  const heap: Cursor[] = [];
  let held = 0;
  let warned = false;
  for (let i = 0; ;) {
    while (i < queue.length) {
      const extent = queue[i]!;
      if (heap.length > 0) {
        if (extent.startNs > timeOf(heap[0]!)) break;
        if (held + extent.size > limitBytes) {
          if (!warned) onUnordered();
          warned = true;
          break;
        }
      }
      const messages = (await load(extent)).sort((a, b) => compare(a.logTimeNs, b.logTimeNs));
      if (messages.length > 0) {
        held += extent.size;
        push(heap, { messages, size: extent.size, order: i, next: 0 });
      }
      i++;
    }
    const first = heap[0];
    if (!first) return;
    const message = first.messages[first.next++]!;
    if (first.next === first.messages.length) {
      held -= first.size;
      const last = heap.pop()!;
      if (last !== first) heap[0] = last;
    }
    sink(heap);
    yield message;
  }
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function timeOf(c: Cursor): bigint {
  return c.messages[c.next]!.logTimeNs;
}

function before(a: Cursor, b: Cursor): boolean {
  const d = compare(timeOf(a), timeOf(b));
  return d < 0 || (d === 0 && a.order < b.order);
}

function push(heap: Cursor[], cursor: Cursor): void {
  heap.push(cursor);
  for (let i = heap.length - 1; i > 0;) {
    const parent = (i - 1) >> 1;
    if (!before(heap[i]!, heap[parent]!)) return;
    [heap[i], heap[parent]] = [heap[parent]!, heap[i]!];
    i = parent;
  }
}

/** Restores the heap after its root changed. */
function sink(heap: Cursor[]): void {
  for (let i = 0; ;) {
    let least = i;
    for (const child of [2 * i + 1, 2 * i + 2]) {
      if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
    }
    if (least === i) return;
    [heap[i], heap[least]] = [heap[least]!, heap[i]!];
    i = least;
  }
}
