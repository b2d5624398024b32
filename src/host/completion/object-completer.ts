import type { Box } from '../../completion/complete-region.js';
import { FeltmapError } from '../../geometry/errors.js';
import type { CompletedRegion } from './complete-surface.js';
import type { SurfaceSolver } from './completion-thread.js';
import type { RegionSurface } from './region-surface.js';
import { boxAround, checkBox, inBox } from './region-box.js';

/** What happens to completed objects. Ids are small whole numbers that are never used again. */
export type ObjectEvent =
  | { readonly type: 'object'; readonly id: number; readonly object: CompletedRegion }
  /** It is gone: cleared, its box has moved on, or the map shows nothing there any more. */
  | { readonly type: 'object-gone'; readonly id: number }
  /** It could not be completed; what was there before stays. */
  | { readonly type: 'object-failed'; readonly id: number; readonly error: Error };

export interface ObjectCompleterOptions {
  /** What the map has in and around a box (odom frame, m); undefined while there is no map. */
  readonly region: (box: Box) => Promise<RegionSurface> | undefined;
  readonly solver: SurfaceSolver;
}

interface Region {
  readonly id: number;
  box: Box;
  /** Part of a list that is set as a whole (`setBoxes`), not pointed at. */
  readonly listed: boolean;
  /** Of the surface that was completed last, or that could not be. */
  fingerprint?: string;
  /** Is shown. */
  shown: boolean;
  /** Was cleared: waits until somebody asks for it. */
  cleared?: boolean;
  /** Under way, and whether the box has changed meanwhile. */
  running?: Promise<Error | undefined>;
}

/** What became of a round over all regions. */
export interface RoundResult {
  readonly completed: number;
  readonly errors: readonly Error[];
}

/** More would only queue up. */
export const MOST_REGIONS = 32;

/**
 * Regions of the live map whose objects are completed: boxes from parameters and around points that somebody chose. Copies the
 * map's surface on the SLAM thread and completes it in another; the map is read, never written.
 *
 * @example
 * const region = (box: Box) => slam.call({ type: 'region', box });
 * const completer = new ObjectCompleter({ region, solver: new CompletionThread() });
 * completer.listen((event) => { if (event.type === 'object') show(event.object.mesh); });
 * completer.addAround([0.4, 0, 0.1], 0.2); // a box of 0.2 m around a point of the odom frame
 * await completer.refresh(); // now and then: completes again what has changed
 */
export class ObjectCompleter {
  readonly #regions = new Map<number, Region>();
  readonly #listeners = new Set<(event: ObjectEvent) => void>();
  readonly #last = new Map<number, CompletedRegion>();
  #next = 1;
  /** Raised with every new map: results of the old one are void. */
  #generation = 0;

  constructor(private readonly options: ObjectCompleterOptions) {}

  /** Hands all objects there are to `listener`, then all events. @returns ends that */
  listen(listener: (event: ObjectEvent) => void): () => void {
    this.#listeners.add(listener);
    for (const [id, object] of this.#last) listener({ type: 'object', id, object });
    return () => this.#listeners.delete(listener);
  }

  /** Boxes that are completed, by id. */
  get regions(): ReadonlyMap<number, Box> {
    return new Map([...this.#regions].map(([id, { box }]) => [id, box]));
  }

  /** Objects that are shown, by id. */
  get objects(): ReadonlyMap<number, CompletedRegion> {
    return this.#last;
  }

  /**
   * Sets the list of boxes (odom frame, m) that are completed beside the ones pointed at, and starts with the new ones. Boxes
   * that are on the list already go on.
   *
   * @throws FeltmapError bad-config for a box that is none, or too many
   */
  setBoxes(boxes: readonly (readonly number[])[]): void {
    const wanted = boxes.map((box, i) => checkBox(box, `Box ${i + 1}`));
    const key = (box: Box): string => box.join(' ');
    const keys = new Set(wanted.map(key));
    const pointed = [...this.#regions.values()].filter(({ listed }) => !listed).length;
    if (pointed + keys.size > MOST_REGIONS) throw tooMany();
    for (const region of [...this.#regions.values()])
      if (region.listed && !keys.has(key(region.box))) this.#drop(region);
    const there = new Set([...this.#regions.values()].filter(({ listed }) => listed).map((r) => key(r.box)));
    for (const box of wanted) {
      if (there.has(key(box))) continue;
      there.add(key(box));
      this.#start(this.#add(box, true));
    }
  }

  /**
   * Completes the object around a point: a box of `size` m a side around it. A point inside the box of an earlier one moves that
   * box, so that pointing at an object again does not make another one.
   *
   * @param point odom frame (m)
   * @returns the object's id; the result comes as an event
   * @throws FeltmapError bad-config for a size that the shape prior does not cover, or too many regions
   */
  addAround(point: readonly [number, number, number], size: number): number {
    const box = checkBox(boxAround(point, size), 'The box around the point');
    const known = [...this.#regions.values()].find(({ listed, box: old }) => !listed && inBox(old, point));
    if (!known && this.#regions.size >= MOST_REGIONS) throw tooMany();
    const region = known ?? this.#add(box, false);
    region.box = box;
    this.#start(region);
    return region.id;
  }

  /** Completes all again. */
  async completeAll(): Promise<RoundResult> {
    for (const region of this.#regions.values()) delete region.cleared;
    return this.#round(true);
  }

  /** Completes those again whose surface has changed since. */
  refresh(): Promise<RoundResult> {
    return this.#round(false);
  }

  /** Objects are gone, and boxes around points forgotten; listed boxes are completed again by `completeAll`. */
  clear(): void {
    this.#generation++;
    for (const region of [...this.#regions.values()]) {
      if (!region.listed) this.#drop(region);
      else {
        this.#hide(region);
        region.cleared = true;
      }
    }
  }

  /** The map is another one: objects are gone, and boxes wait for what it will show. */
  reset(): void {
    this.#generation++;
    for (const region of this.#regions.values()) {
      this.#hide(region);
      delete region.fingerprint;
    }
  }

  async close(): Promise<void> {
    this.#generation++;
    this.#listeners.clear();
    await this.options.solver.close();
  }

  async #round(anyway: boolean): Promise<RoundResult> {
    const regions = [...this.#regions.values()].filter(({ cleared }) => !cleared);
    const outcomes = await Promise.all(regions.map((region) => this.#complete(region, anyway)));
    const errors = outcomes.filter((outcome) => outcome !== undefined);
    return { completed: outcomes.length - errors.length, errors };
  }

  #add(box: Box, listed: boolean): Region {
    const region: Region = { id: this.#next++, box, listed, shown: false };
    this.#regions.set(region.id, region);
    return region;
  }

  #drop(region: Region): void {
    this.#regions.delete(region.id);
    this.#hide(region);
  }

  #hide(region: Region): void {
    this.#last.delete(region.id);
    if (region.shown) this.#emit({ type: 'object-gone', id: region.id });
    region.shown = false;
  }

  #start(region: Region): void {
    void this.#complete(region, true);
  }

  /** One at a time a region. @param anyway even where the surface has not changed @returns why it did not come about */
  #complete(region: Region, anyway: boolean): Promise<Error | undefined> {
    const { running, box } = region;
    const work = async (): Promise<Error | undefined> => {
      // What is under way may be of the box before.
      await running;
      return this.#solve(region, box, anyway);
    };
    const task: Promise<Error | undefined> = work().finally(() => {
      if (region.running === task) delete region.running;
    });
    region.running = task;
    return task;
  }

  async #solve(region: Region, box: Box, anyway: boolean): Promise<Error | undefined> {
    const generation = this.#generation;
    const current = (): boolean =>
      generation === this.#generation && this.#regions.get(region.id) === region && region.box === box;
    try {
      const surface = await this.options.region(box);
      if (!surface || !current() || (!anyway && surface.fingerprint === region.fingerprint)) return undefined;
      region.fingerprint = surface.fingerprint;
      const object = await this.options.solver.complete(surface, box);
      if (!current()) return undefined;
      region.shown = true;
      this.#last.set(region.id, object);
      this.#emit({ type: 'object', id: region.id, object });
      return undefined;
    } catch (error) {
      if (!current()) return undefined;
      const failure = error instanceof Error ? error : new Error(String(error));
      this.#emit({ type: 'object-failed', id: region.id, error: failure });
      return failure;
    }
  }

  #emit(event: ObjectEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function tooMany(): FeltmapError {
  return new FeltmapError(
    'bad-config',
    `More than ${MOST_REGIONS} objects cannot be completed at a time; clear those that are not needed.`,
  );
}
