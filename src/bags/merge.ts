import type { Piece } from './piece.js';
import type { BagMessage } from './types.js';

/** A part of a bag that is read as one piece, with the log times it covers. */
export interface Extent {
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Bytes of memory it takes once loaded. */
  readonly size: number;
}

interface Cursor {
  readonly piece: Piece;
  readonly order: number;
  next: number;
}

/** Pieces that overlap in time are held together up to this many bytes. */
const DEFAULT_LIMIT = 128 * 1024 * 1024;

/** What {@link mergeExtents} needs to know of a bag. */
export interface MergeSource<E extends Extent> {
  /** undefined where nothing of the extent can be read. */
  readonly load: (extent: E) => Promise<Piece | undefined>;
  /** Bytes that it will take, asked for before it is loaded beside others; `extent.size` where absent. */
  readonly measure?: (extent: E) => Promise<number>;
  /** Called once when the limit of memory is met. */
  readonly onUnordered: () => void;
  readonly limitBytes?: number;
}

/**
 * Messages of all extents in order of log time, ties in order of the file. Loads a piece when its time comes and
 * lets go of it when it is used up: memory is that of the pieces which overlap in time. Where those exceed
 * `limitBytes`, the order gives way, not the memory.
 */
export async function* mergeExtents<E extends Extent>(
  extents: readonly E[],
  source: MergeSource<E>,
): AsyncGenerator<BagMessage> {
  const { load, measure, onUnordered, limitBytes = DEFAULT_LIMIT } = source;
  const queue = [...extents].sort((a, b) => compare(a.startNs, b.startNs));
  const heap: Cursor[] = [];
  let held = 0;
  let warned = false;
  for (let i = 0; ;) {
    while (i < queue.length) {
      const extent = queue[i]!;
      if (heap.length > 0) {
        if (extent.startNs > timeOf(heap[0]!)) break;
        if (held + (measure ? await measure(extent) : extent.size) > limitBytes) {
          if (!warned) onUnordered();
          warned = true;
          break;
        }
      }
      const piece = await load(extent);
      if (piece && piece.count > 0) {
        held += piece.size;
        push(heap, { piece, order: i, next: 0 });
      }
      i++;
    }
    const first = heap[0];
    if (!first) return;
    const message = first.piece.message(first.next++);
    if (first.next === first.piece.count) {
      held -= first.piece.size;
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
  return c.piece.logTimeNs(c.next);
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
