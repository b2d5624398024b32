import type { Box } from '../../completion/complete-region.js';
import type { EvidencePart } from '../../completion/evidence.js';
import { identity, transformPoint, type Pose } from '../../geometry/se3.js';
import { MissedPlaces } from '../../slam/touch/missed-places.js';
import type { FeltTouch } from '../../slam/types.js';
import { inBox, widened } from './region-box.js';
import { freeMark, type RegionSurface } from './region-surface.js';

/** Touches that are remembered, the newest ones: some megabytes. */
const MOST = 1000;

/** Where something was felt, or nothing: what is told of a touch. */
export type Felt = Pick<FeltTouch, 'points' | 'normals' | 'sigma' | 'clear'>;

/** A tf frame has no covariance, and no submaps. */
const EXACT = { submap: 0, T_odom_submap: identity(), covariance: new Float64Array(36) };

/**
 * What was felt of an object that moves, such as one in a hand, and where it was missed: each touch is taken into the object's
 * frame as that was at the touch's stamp, and stays there. The map has no part in it.
 *
 * @example
 * const held = new HeldTouches();
 * held.add(T_object_sensor, felt); // at the stamp of the touch
 * const { mesh } = await solver.complete(held.region(box), box); // box and mesh in the object's frame
 */
export class HeldTouches {
  readonly #parts: EvidencePart[] = [];
  readonly #missed = new MissedPlaces();
  #count = 0;

  /** @param T_object_sensor at the touch's stamp */
  add(T_object_sensor: Pose, { points, normals, sigma, clear }: Felt): void {
    if (clear) this.#missed.add({ ...EXACT, T_odom_sensor: T_object_sensor }, clear);
    if (points.length === 0) return;
    const T = T_object_sensor;
    const at = new Float32Array(points.length);
    const out = new Float32Array(points.length);
    for (let i = 0; i < points.length; i += 3) {
      at.set(transformPoint(T, points[i]!, points[i + 1]!, points[i + 2]!), i);
      const [x, y, z] = [normals[i]!, normals[i + 1]!, normals[i + 2]!];
      const known = x !== 0 || y !== 0 || z !== 0;
      for (let k = 0; k < 3; k++)
        out[i + k] = known ? T[4 * k]! * x + T[4 * k + 1]! * y + T[4 * k + 2]! * z : NaN;
    }
    this.#parts.push({ points: at, normals: out, sigma, touched: true });
    this.#count++;
    if (this.#parts.length > MOST) this.#parts.shift();
  }

  /** What was felt and missed in a box of the object's frame (m), whose bottom is the plane that the object ends at. */
  region(box: Box): RegionSurface {
    const touches = this.#parts.flatMap(({ points, normals, ...part }) => {
      const own: number[] = [];
      for (let i = 0; i < points.length; i += 3)
        if (inBox(box, [points[i]!, points[i + 1]!, points[i + 2]!])) own.push(i, i + 1, i + 2);
      if (own.length === 0) return [];
      const pick = (from: ArrayLike<number>): Float32Array => Float32Array.from(own, (i) => from[i]!);
      return [{ ...part, points: pick(points), normals: pick(normals!) }];
    });
    const free = this.#missed.within(widened(box), EXACT.submap, EXACT.T_odom_submap);
    return {
      T_odom_submap: identity(),
      grids: [],
      touches,
      free,
      fingerprint: `held ${this.#count} ${freeMark(free)}`,
      standsOn: { normal: [0, 0, 1], offset: box[2] },
    };
  }

  clear(): void {
    this.#parts.length = 0;
    this.#missed.clear();
  }
}
