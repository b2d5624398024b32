import { encodeServerFrame, type HelloFrame, type ServerFrame } from '../protocol/index.js';
import type { BlockEntry, Scene } from './scene.js';

/** Frames are put together into messages of about this size. */
const MESSAGE_BYTES = 64 * 1024;
const POSES_PER_FRAME = 500;
const MAX_NOTICES = 16;

/**
 * What one client has not been sent yet. Only the newest version of each thing waits, so that memory stays bounded
 * however slow the client is.
 *
 * @example
 * const news = new ClientNews(scene, hello);
 * news.snapshot(); // everything
 * news.block(entry); // has changed
 * for (let frames = news.next(status); frames.length > 0; frames = news.next(status)) send(scene.join(frames));
 */
export class ClientNews {
  readonly #scene: Scene;
  readonly #hello: HelloFrame;
  readonly #blocks = new Map<string, BlockEntry>();
  /** First in, first out: hello, snapshot and reset marks, notices. */
  #texts: Uint8Array[] = [];
  readonly #submaps = new Set<number>();
  readonly #scans = new Set<number>();
  readonly #images = new Set<number>();
  readonly #cameras = new Set<number>();
  readonly #touches = new Set<number>();
  readonly #objects = new Set<number>();
  #poses = 0;
  #keyframes = 0;
  #statusDue = false;
  /** Blocks of the snapshot that are still to come; −1 when it is complete. */
  #snapshotLeft = -1;
  wantsScans = false;
  wantsImages = false;

  constructor(scene: Scene, hello: HelloFrame) {
    this.#scene = scene;
    this.#hello = hello;
  }

  /** Blocks whose newest version is still to be sent. */
  get pendingBlocks(): number {
    return this.#blocks.size;
  }

  block(entry: BlockEntry): void {
    this.#blocks.set(entry.id, entry); // a block that waits already keeps its place in the queue
  }
  submap(submap: number): void {
    this.#submaps.add(submap);
  }
  scan(sensor: number): void {
    if (this.wantsScans) this.#scans.add(sensor);
  }
  image(stream: number): void {
    if (this.wantsImages) this.#images.add(stream);
  }
  camera(stream: number): void {
    if (this.wantsImages) this.#cameras.add(stream);
  }
  touch(id: number): void {
    this.#touches.add(id);
  }
  /** An object is new, another or gone. */
  object(id: number): void {
    this.#objects.add(id);
  }
  /** Poses from `first` on are new. */
  poses(first: number): void {
    this.#poses = Math.min(this.#poses, first);
  }
  statusDue(): void {
    this.#statusDue = true;
  }
  notice(frame: Uint8Array): void {
    if (this.#texts.length < MAX_NOTICES) this.#texts.push(frame);
  }

  /** Everything from the start: after hello, on request, and when the map was reset. */
  snapshot(): void {
    const scene = this.#scene;
    this.#blocks.clear();
    for (const [id, entry] of scene.blocks) this.#blocks.set(id, entry);
    refill(this.#submaps, scene.submaps.keys());
    refill(this.#touches, scene.touches.keys());
    refill(this.#objects, scene.objects.keys());
    refill(this.#scans, this.wantsScans ? scene.scans.keys() : []);
    refill(this.#images, this.wantsImages ? scene.images.keys() : []);
    refill(this.#cameras, this.wantsImages ? scene.cameras.keys() : []);
    this.#poses = this.#keyframes = 0;
    this.#statusDue = true;
    this.#snapshotLeft = scene.blocks.size;
    this.#texts = [
      encodeServerFrame(this.#hello),
      encodeServerFrame({
        type: 'snapshotBegin',
        blocks: scene.blocks.size,
        triangles: scene.triangles,
      }),
    ];
  }

  /** The map starts anew: what waited is void. */
  reset(): void {
    this.#blocks.clear();
    for (const set of [this.#submaps, this.#scans, this.#cameras, this.#touches, this.#objects]) set.clear();
    this.#poses = this.#keyframes = 0;
    if (this.#snapshotLeft > 0) this.#snapshotLeft = 0;
    this.#texts.push(encodeServerFrame({ type: 'reset' }));
  }

  /** Lets go of what takes memory. */
  clear(): void {
    this.#blocks.clear();
    this.#texts = [];
  }

  /**
   * The most urgent frames that make a message: small news first, then blocks in the order of their change.
   *
   * @param status the newest one for this client; undefined before there is one
   * @returns none when the client knows everything
   */
  next(status: () => ServerFrame | undefined): Uint8Array[] {
    const scene = this.#scene;
    const parts: Uint8Array[] = [];
    let bytes = 0;
    // Alone, because it differs from client to client: what follows can be shared.
    if (this.#statusDue && this.#texts.length === 0) {
      this.#statusDue = false;
      const frame = status();
      if (frame) return [encodeServerFrame(frame)];
    }
    const add = (frame: Uint8Array | undefined): void => {
      if (!frame) return;
      parts.push(frame);
      bytes += frame.byteLength;
    };
    const full = (): boolean => bytes >= MESSAGE_BYTES;
    const take = (set: Set<number>, find: (id: number) => Uint8Array | undefined): void => {
      for (const id of set) {
        if (full()) return;
        set.delete(id);
        add(find(id));
      }
    };
    for (const text of this.#texts.splice(0)) add(text);
    take(this.#submaps, (id) => scene.submaps.get(id)?.frame);
    while (this.#poses < scene.trajectory.length && !full()) {
      const { frame, end } = scene.trajectoryFrame(this.#poses, POSES_PER_FRAME);
      this.#poses = end;
      add(frame);
    }
    if (this.#keyframes < scene.keyframeCount && !full()) {
      add(scene.keyframesFrame(this.#keyframes));
      this.#keyframes = scene.keyframeCount;
    }
    take(this.#scans, (id) => scene.scans.get(id));
    take(this.#images, (id) => scene.images.get(id));
    take(this.#cameras, (id) => scene.cameras.get(id));
    take(this.#touches, (id) => scene.touches.get(id));
    take(this.#objects, (id) => scene.objects.get(id) ?? encodeServerFrame({ type: 'objectRemoved', id }));
    for (const [id, entry] of this.#blocks) {
      if (full()) break;
      this.#blocks.delete(id);
      add(entry.frame);
      if (this.#snapshotLeft > 0) this.#snapshotLeft--;
    }
    if (this.#snapshotLeft === 0 && this.#poses >= scene.trajectory.length) {
      this.#snapshotLeft = -1;
      add(encodeServerFrame({ type: 'snapshotEnd' }));
    }
    return parts;
  }
}

function refill(set: Set<number>, ids: Iterable<number>): void {
  set.clear();
  for (const id of ids) set.add(id);
}
