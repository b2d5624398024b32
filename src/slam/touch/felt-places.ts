import type { Box } from '../../completion/complete-region.js';
import type { EvidencePart } from '../../completion/evidence.js';
import { compose, inverse, transformPoint, type Pose } from '../../geometry/se3.js';
import type { Contacts } from '../../sensors/observation.js';
import { meanVariance } from '../covariance.js';

/** Touches that are remembered, the newest ones: some megabytes. */
const MOST = 1000;

interface Felt {
  readonly index: number | undefined;
  readonly submap: number;
  T_submap_sensor: Pose;
  readonly points: Float32Array;
  readonly normals: Float32Array;
  readonly sigma: number;
  readonly offset: number;
}

/** Where the sensor was. */
export interface FeltFrom {
  /** Number of the observation, for touches that may be moved. */
  readonly index?: number;
  readonly submap: number;
  readonly T_odom_submap: Pose;
  readonly T_odom_sensor: Pose;
  /** 6×6, position first. */
  readonly covariance: Float64Array;
}

/**
 * Where something was felt, touch by touch: the map holds the surface of it, completion wants to know what was touched.
 *
 * @example
 * const places = new FeltPlaces();
 * places.add({ index: result.index, submap: 0, T_odom_submap, T_odom_sensor: result.pose, covariance: result.covariance }, contacts);
 * const parts = places.within([0.4, -0.1, 0, 0.6, 0.1, 0.2], 0, T_odom_submap);
 */
export class FeltPlaces {
  readonly #felt: Felt[] = [];

  /** A touch of nothing is none. */
  add({ index, submap, T_odom_submap, T_odom_sensor, covariance }: FeltFrom, contacts: Contacts): void {
    const { points, normals, sigma } = contacts;
    if (points.length === 0) return;
    this.#felt.push({
      index,
      submap,
      T_submap_sensor: compose(inverse(T_odom_submap), T_odom_sensor),
      points: points.slice(),
      normals: normals.slice(),
      sigma,
      offset: Math.sqrt(meanVariance(covariance, 'position')),
    });
    if (this.#felt.length > MOST) this.#felt.shift();
  }

  /** A touch is elsewhere than was said when it came; unknown numbers are ignored. */
  move(index: number, T_odom_submap: Pose, T_odom_sensor: Pose): void {
    const felt = this.#felt.find((one) => one.index === index);
    if (felt) felt.T_submap_sensor = compose(inverse(T_odom_submap), T_odom_sensor);
  }

  /** Points in a box (m) of the odom frame, with their normals, same frame; one part a touch. */
  within(box: Box, submap: number, T_odom_submap: Pose): EvidencePart[] {
    return this.#felt.flatMap((felt) => {
      if (felt.submap !== submap) return [];
      const T = compose(T_odom_submap, felt.T_submap_sensor);
      const [points, normals]: [number[], number[]] = [[], []];
      for (let i = 0; i < felt.points.length; i += 3) {
        const p = transformPoint(T, felt.points[i]!, felt.points[i + 1]!, felt.points[i + 2]!);
        if (!p.every((v, k) => v >= box[k]! && v <= box[k + 3]!)) continue;
        const [x, y, z] = [felt.normals[i]!, felt.normals[i + 1]!, felt.normals[i + 2]!];
        const known = x !== 0 || y !== 0 || z !== 0;
        points.push(...p);
        for (const r of [0, 4, 8]) normals.push(known ? T[r]! * x + T[r + 1]! * y + T[r + 2]! * z : NaN);
      }
      if (points.length === 0) return [];
      const [at, out] = [Float32Array.from(points), Float32Array.from(normals)];
      return [{ points: at, normals: out, sigma: felt.sigma, offset: felt.offset, touched: true }];
    });
  }
}
