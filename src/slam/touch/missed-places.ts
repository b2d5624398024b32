import type { Box } from '../../completion/complete-region.js';
import type { FreeSpace } from '../../completion/free-space.js';
import { compose, inverse, transformPoint, type Pose } from '../../geometry/se3.js';
import type { ClearBall } from '../../sensors/observation.js';
import { meanVariance } from '../covariance.js';
import type { FeltFrom } from './felt-places.js';

/** Places that are remembered, the newest ones. */
const MOST = 2000;
/** A sensor that moves on is remembered anew after this share of its clearance. */
const APART = 0.3;

interface Missed {
  readonly submap: number;
  /** Submap frame (m). */
  readonly point: readonly [number, number, number];
  readonly clearance: number;
  /** Standard deviation of where the sensor was (m). */
  readonly sigma: number;
}

/**
 * Where a gel was and nothing touched it. Completion wants to know: the object is not there, and nobody needs to feel there
 * again. What lies ahead of the gel's face is not known.
 *
 * @example
 * const missed = new MissedPlaces();
 * const from = { index: result.index, submap: 0, T_odom_submap, T_odom_sensor: result.pose, covariance: result.covariance };
 * if (contacts.clear) missed.add(from, contacts.clear);
 * const { points, clearances } = missed.within([0.4, -0.1, 0, 0.6, 0.1, 0.2], 0, T_odom_submap);
 */
export class MissedPlaces {
  readonly #missed: Missed[] = [];

  add({ submap, T_odom_submap, T_odom_sensor, covariance }: FeltFrom, { point, clearance }: ClearBall): void {
    const at = transformPoint(compose(inverse(T_odom_submap), T_odom_sensor), ...point) as Missed['point'];
    for (const other of this.#missed) {
      const near = APART * Math.min(clearance, other.clearance);
      if (other.submap === submap && squaredGap(other.point, at) < near * near) return;
    }
    const sigma = Math.sqrt(meanVariance(covariance, 'position'));
    this.#missed.push({ submap, point: at, clearance, sigma });
    if (this.#missed.length > MOST) this.#missed.shift();
  }

  /** Balls whose middle lies in a box (m) of the odom frame, same frame. */
  within(box: Box, submap: number, T_odom_submap: Pose): FreeSpace {
    const [points, clearances, sigmas]: [number[], number[], number[]] = [[], [], []];
    for (const missed of this.#missed) {
      if (missed.submap !== submap) continue;
      const p = transformPoint(T_odom_submap, ...missed.point);
      if (!p.every((v, k) => v >= box[k]! && v <= box[k + 3]!)) continue;
      points.push(...p);
      clearances.push(missed.clearance);
      sigmas.push(missed.sigma);
    }
    return {
      points: Float32Array.from(points),
      clearances: Float32Array.from(clearances),
      sigmas: Float32Array.from(sigmas),
    };
  }

  clear(): void {
    this.#missed.length = 0;
  }
}

function squaredGap(a: Missed['point'], b: Missed['point']): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
}
