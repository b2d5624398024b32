import type { Box } from '../completion/complete-region.js';
import { FeltmapError } from '../geometry/errors.js';
import type { Pose } from '../geometry/se3.js';
import { CompletionThread, type SurfaceSolver } from '../host/completion/completion-thread.js';
import { HeldTouches } from '../host/completion/held-touches.js';
import { checkBox } from '../host/completion/region-box.js';
import type { HostEvent } from '../host/protocol.js';
import { steadyNs } from '../sensors/clock-shift.js';
import { isTouch, type Measurement } from '../sensors/measurement.js';
import { completeEach, type ReplayObject } from './replay-objects.js';

/** A box of `--complete-in`: in a tf frame that moves with its object. */
export interface HeldBox {
  readonly frame: string;
  readonly box: Box;
}

/** @param text FRAME:x0,y0,z0,x1,y1,z1 (m) @throws FeltmapError bad-config for one that is none, or too large */
export function heldBox(text: string): HeldBox {
  const at = text.lastIndexOf(':');
  const frame = text.slice(0, Math.max(0, at)).replace(/^\//, '');
  if (frame === '')
    throw new FeltmapError(
      'bad-config',
      `--complete-in takes a frame and a box, such as in_hand:-0.1,-0.1,0,0.1,0.1,0.2, not ${text}.`,
    );
  return { frame, box: checkBox(text.slice(at + 1).split(',').map(Number), '--complete-in') };
} // prettier-ignore

/**
 * Objects of a replay whose frames move, such as one in a hand: touches are taken into those frames at their stamps.
 *
 * @example
 * const held = new ReplayHeld([heldBox('in_hand:-0.1,-0.1,0,0.1,0.1,0.2')]);
 * slam.listen((event) => held.take(event));
 * for await (const one of held.watched(input.measurements())) await slam.submit(one);
 * const objects = await held.complete(1, warnings);
 */
export class ReplayHeld {
  readonly #touches = new Map<string, HeldTouches>();
  /** Touches under way: where the sensor was in each frame. */
  readonly #places = new Map<string, ReadonlyMap<string, Pose>>();

  constructor(private readonly boxes: readonly HeldBox[]) {
    for (const { frame } of boxes) this.#touches.set(frame, new HeldTouches());
  }

  /** What touches have to be taken into (`ScanSourceOptions.touchFrames`). */
  get frames(): readonly string[] {
    return [...this.#touches.keys()];
  }

  /** Notes where touches were, on their way to the map. */
  async *watched(measurements: AsyncIterable<Measurement>): AsyncGenerator<Measurement> {
    for await (const one of measurements) {
      if (isTouch(one) && one.inFrames) this.#places.set(key(one.frameId, steadyNs(one)), one.inFrames);
      yield one;
    }
  }

  /** Takes what was felt into the frames. */
  take(event: HostEvent): void {
    if (event.type !== 'touch') return;
    const at = key(event.sensor, event.result.stampNs);
    for (const [frame, T] of this.#places.get(at) ?? []) this.#touches.get(frame)?.add(T, event.result.touch);
    this.#places.delete(at);
  }

  /**
   * Completes the objects, each in its frame. One that cannot be completed costs a run nothing but a warning.
   *
   * @param first number of the first object
   * @param warnings get a sentence for each object that is missing
   */
  async complete(
    first: number,
    warnings: string[],
    solver: SurfaceSolver = new CompletionThread(),
  ): Promise<readonly ReplayObject[]> {
    const jobs = this.boxes.map(({ frame, box }, i) => ({
      name: `Object ${first + i}, of '${frame}',`,
      number: first + i,
      box,
      surface: () => this.#touches.get(frame)!.region(box),
    }));
    return completeEach(jobs, warnings, solver);
  }
}

function key(frameId: string, stampNs: bigint): string {
  return `${frameId.replace(/^\//, '')} ${stampNs}`;
}
