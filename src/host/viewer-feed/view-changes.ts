import type { MeshBlock } from '../../mesh/block-store.js';
import type { SlamView } from '../../slam/types.js';
import { packBlocks, type UpdateCamera, type UpdateScan, type ViewUpdate } from './view-update.js';

/** Blocks in one message: some milliseconds of encoding on the other side. */
const BLOCKS_A_MESSAGE = 1000;
const POINTS = 6000;
/** A block that has grown by half is as good as a new one. */
const GROWN = 1.5;

export interface ViewChangesOptions {
  /** A block that is known over there is sent again at most this often, milliseconds. */
  readonly hold?: number;
  /** Milliseconds of any steady clock. */
  readonly now?: () => number;
}

/**
 * What a viewer has not been sent yet. New blocks, and those that have grown much, go out at once; small changes of
 * known ones wait, since a surface that is being looked at changes with every scan and is not seen to.
 *
 * @example
 * const changes = new ViewChanges(slam.view);
 * changes.scanned({ index, stampNs, pose });
 * const update = changes.next(); // undefined: nothing to send
 */
export class ViewChanges {
  readonly #view: SlamView;
  readonly #hold: number;
  readonly #now: () => number;
  #version = 0;
  /** The map that is shown. */
  #submap: number;
  /** The last scan, until it is sent. */
  #scan: Omit<UpdateScan, 'points'> | undefined;
  /** The last picture of each stream, until it is sent. */
  readonly #cameras = new Map<number, UpdateCamera>();
  /** Mesh version after each scan: tells when a block was changed, however late somebody comes to watch. */
  readonly #versions: number[] = [];
  /** Index of the first of these scans: a continued map does not start at 0. */
  #firstScan = 0;
  /** Scan in which each block first had a surface, by key. */
  readonly #first = new Map<number, number>();
  /** When each block was sent last and how large it was then. */
  readonly #sent = new Map<number, { at: number; indices: number }>();
  /** Changed and not sent, oldest first. */
  readonly #waiting = new Map<number, MeshBlock>();

  constructor(view: SlamView, { hold = 1000, now = () => performance.now() }: ViewChangesOptions = {}) {
    this.#view = view;
    this.#submap = view.submap;
    this.#hold = hold;
    this.#now = now;
  }

  /** A scan is done. */
  scanned({ index, stampNs, pose }: Omit<UpdateScan, 'points'>): void {
    this.#scan = { index, stampNs, pose: pose.slice() };
    if (this.#versions.length === 0) this.#firstScan = index;
    const { blocks, version } = this.#view.meshChanges(this.#versions.at(-1) ?? 0);
    for (const { key } of blocks) if (!this.#first.has(key)) this.#first.set(key, index);
    this.#versions.push(version);
  }

  /** A camera has taken a picture; the newest one of each stream is sent. Its arrays now belong to the update. */
  pictured(camera: UpdateCamera): void {
    this.#cameras.set(camera.stream ?? 0, camera);
  }

  /** Milliseconds until the next update is due; 0 when one is, Infinity when nothing has changed. */
  get wait(): number {
    if (this.#scan || this.#cameras.size > 0 || this.#view.meshVersion > this.#version) return 0;
    let due = Infinity;
    for (const block of this.#waiting.values()) due = Math.min(due, this.#dueAt(block));
    return Math.max(0, due - this.#now());
  }

  /**
   * The next update; not everything may fit in one.
   *
   * @param all also what could wait
   * @param most points of the last scan; 0 for none
   * @returns undefined when there is nothing to send
   */
  next(all = false, most = POINTS): ViewUpdate | undefined {
    if (this.#view.submap !== this.#submap) return this.#leave();
    const { blocks, deleted, version } = this.#view.meshChanges(this.#version);
    this.#version = version;
    for (const { key } of deleted) {
      this.#waiting.delete(key);
      this.#sent.delete(key);
    }
    for (const block of blocks) this.#waiting.set(block.key, block);
    const some = this.#take(all ? Infinity : this.#now());
    const points = most > 0 && this.#scan ? this.#view.points(most) : undefined;
    const scan = points && this.#scan && { ...this.#scan, points };
    this.#scan = undefined;
    const [camera] = this.#cameras.values();
    if (camera) this.#cameras.delete(camera.stream ?? 0);
    if (some.length === 0 && deleted.length === 0 && !scan && !camera) return undefined;
    return {
      submap: this.#view.submap,
      blockSizes: this.#view.blockSizes,
      ...packBlocks(some, ({ key, version }) => {
        const last = this.#firstScan + scanOf(this.#versions, version);
        return [this.#first.get(key) ?? last, last];
      }),
      deleted: Float64Array.from(deleted.flatMap((entry) => [entry.key, entry.version])),
      ...(scan ? { scan } : {}),
      ...(camera ? { camera } : {}),
    };
  }

  /** A new map was started: those who look on forget the blocks of the one before. */
  #leave(): ViewUpdate {
    const version = this.#view.meshVersion;
    const deleted = Float64Array.from([...this.#sent.keys()].flatMap((key) => [key, version]));
    const update = { submap: this.#submap, blockSizes: this.#view.blockSizes, ...packBlocks([], () => [0, 0]), deleted }; // prettier-ignore
    for (const map of [this.#sent, this.#waiting, this.#first, this.#cameras]) map.clear();
    this.#submap = this.#view.submap;
    return update;
  }

  /** Blocks that are due at a time, as many as fit in a message. */
  #take(time: number): MeshBlock[] {
    const some: MeshBlock[] = [];
    for (const [key, block] of this.#waiting) {
      if (this.#dueAt(block) > time) continue;
      some.push(block);
      this.#waiting.delete(key);
      this.#sent.set(key, { at: this.#now(), indices: block.indices.length });
      if (some.length === BLOCKS_A_MESSAGE) break;
    }
    return some;
  }

  #dueAt({ key, indices }: MeshBlock): number {
    const before = this.#sent.get(key);
    return before && indices.length < GROWN * before.indices ? before.at + this.#hold : -Infinity;
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
