import type { MeshBlock } from '../mesh/block-store.js';
import type { SlamView } from '../slam/types.js';
import type { ViewerBlock } from '../viewer/server/source.js';

/** Changes of the mesh and the newest scan on their way from the SLAM thread to the viewer's server. */
export interface ViewUpdate {
  readonly blockSize: number;
  /** Key, bx, by, bz, version, vertices, indices, scans of the first and last change of each block. */
  readonly table: Float64Array;
  /** Of each block positions and normals (float32) and indices (uint16, padded to 4 bytes), back to back. */
  readonly data: ArrayBuffer;
  /** Key and version of each block that has gone. */
  readonly deleted: Float64Array;
  /** The last scan, by its index, and its thinned points. */
  readonly scan?: { readonly index: number; readonly points: Float32Array };
}

const ROW = 9;
/** Blocks in one message: some milliseconds of encoding on the other side. */
const BLOCKS_A_MESSAGE = 1000;
const POINTS = 6000;

/** The SLAM thread's side: collects what has changed, at most `rate` times a second and only while somebody watches. */
export class ViewCollector {
  readonly #view: SlamView;
  readonly #post: (update: ViewUpdate, transfers: ArrayBuffer[]) => void;
  readonly #interval: number;
  #version = 0;
  #active = false;
  #last = -Infinity;
  #scan = -1;
  /** Mesh version after each scan: tells when a block was changed, however late somebody comes to watch. */
  readonly #versions: number[] = [];
  /** Scan in which each block first had a surface, by key. */
  readonly #first = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(view: SlamView, post: (update: ViewUpdate, transfers: ArrayBuffer[]) => void, rate = 5) {
    this.#view = view;
    this.#post = post;
    this.#interval = 1000 / rate;
  }

  set active(active: boolean) {
    this.#active = active;
    if (active) this.#soon();
  }

  /** A scan is done. */
  scanned(index: number): void {
    this.#scan = index;
    const { blocks, version } = this.#view.meshChanges(this.#versions.at(-1) ?? 0);
    for (const { key } of blocks) if (!this.#first.has(key)) this.#first.set(key, index);
    this.#versions.push(version);
    if (!this.#active) return;
    if (performance.now() - this.#last >= this.#interval) this.#send();
    else this.#soon();
  }

  /** Sends everything that has not been sent. */
  flush(): void {
    while (this.#view.meshVersion > this.#version) this.#send();
  }

  stop(): void {
    this.#active = false;
    clearTimeout(this.#timer);
  }

  /** Sends later what no further scan may come to send. */
  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#active) this.#send();
    }, this.#interval);
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = performance.now();
    const { blocks, deleted, version } = this.#view.meshChanges(this.#version);
    const some = blocks.slice(0, BLOCKS_A_MESSAGE);
    const upTo = blocks.length > some.length ? some.at(-1)!.version : version;
    const gone = deleted.filter((entry) => entry.version <= upTo);
    this.#version = upTo;
    const points = this.#active && this.#scan >= 0 ? this.#view.points(POINTS) : undefined;
    const scan = points && { index: this.#scan, points };
    this.#scan = -1;
    const update: ViewUpdate = {
      blockSize: this.#view.blockSize,
      ...pack(some, ({ key, version }) => {
        const last = scanOf(this.#versions, version);
        return [this.#first.get(key) ?? last, last];
      }),
      deleted: Float64Array.from(gone.flatMap((entry) => [entry.key, entry.version])),
      ...(scan ? { scan } : {}),
    };
    const transfers = [update.table.buffer, update.data, update.deleted.buffer] as ArrayBuffer[];
    if (points) transfers.push(points.buffer as ArrayBuffer);
    this.#post(update, transfers);
    if (this.#active && version > upTo) this.#soon();
  }
}

/** Index of the scan after which the mesh first had a version; the last one for what came after it. */
function scanOf(versions: readonly number[], version: number): number {
  let low = 0;
  let high = Math.max(0, versions.length - 1);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (versions[middle]! >= version) high = middle;
    else low = middle + 1;
  }
  return low;
}

function pack(
  blocks: readonly MeshBlock[],
  scansOf: (block: MeshBlock) => readonly [number, number],
): { table: Float64Array; data: ArrayBuffer } {
  const table = new Float64Array(ROW * blocks.length);
  let bytes = 0;
  blocks.forEach((block, i) => {
    const { key, bx, by, bz, version, edges, indices } = block;
    table.set([key, bx, by, bz, version, edges.length, indices.length, ...scansOf(block)], ROW * i);
    bytes += 24 * edges.length + padded(indices.length);
  });
  const data = new ArrayBuffer(bytes);
  let at = 0;
  for (const { positions, normals, indices } of blocks) {
    new Float32Array(data, at, positions.length).set(positions);
    new Float32Array(data, (at += 4 * positions.length), normals.length).set(normals);
    new Uint16Array(data, (at += 4 * normals.length), indices.length).set(indices);
    at += padded(indices.length);
  }
  return { table, data };
}

/**
 * The blocks of an update, as views of its memory. Their box is the block's cube: neighbours share a lattice.
 *
 * @param timeOf seconds of recording since the first scan, by scan
 */
export function* unpackBlocks(
  { table, data, blockSize }: ViewUpdate,
  timeOf: (scan: number) => number | undefined,
): Generator<ViewerBlock> {
  let at = 0;
  for (let row = 0; row < table.length; row += ROW) {
    const [key, bx, by, bz, version, vertices, count, first, last] = table.subarray(
      row,
      row + ROW,
    ) as unknown as number[];
    const positions = new Float32Array(data, at, 3 * vertices!);
    const normals = new Float32Array(data, (at += 12 * vertices!), 3 * vertices!);
    const indices = new Uint16Array(data, (at += 12 * vertices!), count!);
    at += padded(count!);
    const min = [bx! * blockSize, by! * blockSize, bz! * blockSize].map(Math.fround);
    const size = Math.fround(blockSize);
    const box = { min: min as [number, number, number], size: [size, size, size] as const };
    const [firstTime, time] = [timeOf(first!), timeOf(last!)];
    const changed = firstTime === undefined || time === undefined ? {} : { firstTime, time };
    yield { submap: 0, key: key!, version: version!, positions, normals, indices, box, ...changed };
  }
}

/** Bytes of so many uint16, a multiple of 4. */
function padded(count: number): number {
  return (2 * count + 3) & ~3;
}
