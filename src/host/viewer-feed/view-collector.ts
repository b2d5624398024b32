import type { SlamView } from '../../slam/types.js';
import { ViewChanges, type ViewChangesOptions } from './view-changes.js';
import type { UpdateCamera, UpdateScan, ViewUpdate } from './view-update.js';

/**
 * Posts what has changed, at most `rate` times a second and only while somebody watches.
 *
 * @example
 * const collector = new ViewCollector(slam.view, (update) => port.postMessage(update), { rate: 4 });
 * collector.active = true; // somebody watches
 * collector.scanned({ index, stampNs, pose });
 * if (collector.wantsPicture) collector.pictured({ stampNs, width, height, rgb, fovX, fovY, T_odom_camera });
 */
export class ViewCollector {
  readonly #changes: ViewChanges;
  readonly #post: (update: ViewUpdate) => void;
  readonly #interval: number;
  #active = false;
  #last = -Infinity;
  #picturedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    view: SlamView,
    post: (update: ViewUpdate) => void,
    { rate = 4, ...options }: ViewChangesOptions & { readonly rate?: number } = {},
  ) {
    this.#changes = new ViewChanges(view, options);
    this.#post = post;
    this.#interval = 1000 / rate;
  }

  set active(active: boolean) {
    this.#active = active;
    if (active) this.#later(this.#interval);
  }

  /** A scan is done. */
  scanned(scan: Omit<UpdateScan, 'points'>): void {
    this.#changes.scanned(scan);
    this.changed();
  }

  /** Something has changed in the map without a scan. */
  changed(): void {
    if (!this.#active) return;
    if (performance.now() - this.#last >= this.#interval) this.#send();
    else this.#later(this.#interval);
  }

  /** Whether a picture would be shown: somebody watches, and the last one is as old as updates are apart. */
  get wantsPicture(): boolean {
    return this.#active && performance.now() - this.#picturedAt >= this.#interval;
  }

  /** A camera has taken a picture: it goes with the next update. */
  pictured(camera: UpdateCamera): void {
    if (!this.#active) return;
    this.#picturedAt = performance.now();
    this.#changes.pictured(camera);
    this.#later(this.#interval);
  }

  /** Sends everything that has not been sent. */
  flush(): void {
    const next = (): ViewUpdate | undefined => this.#changes.next(true, this.#active ? undefined : 0);
    for (let update = next(); update; update = next()) this.#post(update);
  }

  stop(): void {
    this.#active = false;
    clearTimeout(this.#timer);
  }

  /** Sends later what no further scan may come to send. */
  #later(delay: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#active) this.#send();
    }, delay);
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = performance.now();
    const update = this.#changes.next();
    if (update) this.#post(update);
    const { wait } = this.#changes;
    if (this.#active && wait < Infinity) this.#later(Math.max(this.#interval, wait));
  }
}
