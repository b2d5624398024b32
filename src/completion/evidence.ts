import { FeltmapError } from '../geometry/errors.js';
import type { FreeSpace } from './free-space.js';
import { transformPoint, type Pose } from '../geometry/se3.js';

/** Points of an object's surface with what is known of each; all in one frame. */
export interface SurfaceEvidence {
  /** 3·N (m). */
  readonly points: Float32Array;
  /** 3·N, unit, out of the object; NaN where not known. */
  readonly normals: Float32Array;
  /** Standard deviation of each point along its normal (m), N. */
  readonly sigmas: Float32Array;
  /** Number of the touch that a point belongs to; −1 for points that a camera or a LiDAR saw. */
  readonly touches: Int32Array;
  /** Standard deviation of an offset along the normals that all points of a touch share (m), N; absent: none is off. */
  readonly offsets?: Float32Array;
  /** Where the object is not. */
  readonly free?: FreeSpace;
}

/** A patch that a gel felt, or part of a surface that was seen. */
export interface EvidencePart {
  /** 3·N (m). */
  readonly points: ArrayLike<number>;
  /** 3·N, unit, out of the object. */
  readonly normals?: ArrayLike<number>;
  /** Standard deviation of the points (m). */
  readonly sigma: number;
  /** Standard deviation of what all its points are off together (m): of the pose of the sensor. Default 0. */
  readonly offset?: number;
  /** Was touched: its points count as exact within their sigma, the completed surface is drawn through them. */
  readonly touched: boolean;
}

/**
 * Puts touches and views together; each touched part is a touch of its own.
 *
 * @throws FeltmapError bad-input for a part whose arrays do not fit or whose sigma is no length
 */
export function gatherEvidence(parts: readonly EvidencePart[]): SurfaceEvidence {
  let count = 0;
  for (const [index, part] of parts.entries()) {
    const n = part.points.length / 3;
    if (!Number.isInteger(n) || (part.normals && part.normals.length !== part.points.length))
      throw new FeltmapError(
        'bad-input',
        `Part ${index} of the evidence has ${part.points.length} coordinates and ${part.normals?.length ?? 0} of normals; give three a point.`,
      );
    if (!(part.sigma > 0 && part.sigma < Infinity))
      throw new FeltmapError(
        'bad-input',
        `Part ${index} of the evidence has a sigma of ${part.sigma} m; give one above 0.`,
      );
    if (!((part.offset ?? 0) >= 0 && (part.offset ?? 0) < Infinity))
      throw new FeltmapError(
        'bad-input',
        `Part ${index} of the evidence has an offset of ${part.offset} m; give its standard deviation, 0 or more.`,
      );
    count += n;
  }
  const out = emptyEvidence(count);
  let at = 0;
  let touch = 0;
  for (const { points, normals, sigma, offset = 0, touched } of parts) {
    const number = touched ? touch++ : -1;
    for (let i = 0; i < points.length; i += 3, at++) {
      out.sigmas[at] = sigma;
      out.offsets[at] = offset;
      out.touches[at] = number;
      for (let k = 0; k < 3; k++) {
        out.points[3 * at + k] = points[i + k]!;
        out.normals[3 * at + k] = normals ? normals[i + k]! : NaN;
      }
    }
  }
  return out;
}

function emptyEvidence(count: number) {
  return {
    points: new Float32Array(3 * count),
    normals: new Float32Array(3 * count),
    sigmas: new Float32Array(count),
    touches: new Int32Array(count),
    offsets: new Float32Array(count),
  };
}

/** The evidence in another frame. */
export function transformEvidence(T_to_from: Pose, evidence: SurfaceEvidence): SurfaceEvidence {
  const T = T_to_from;
  const points = new Float32Array(evidence.points.length);
  const normals = new Float32Array(evidence.points.length);
  for (let i = 0; i < points.length; i += 3) {
    points.set(transformPoint(T, evidence.points[i]!, evidence.points[i + 1]!, evidence.points[i + 2]!), i);
    const [x, y, z] = [evidence.normals[i]!, evidence.normals[i + 1]!, evidence.normals[i + 2]!];
    for (let k = 0; k < 3; k++) normals[i + k] = T[4 * k]! * x + T[4 * k + 1]! * y + T[4 * k + 2]! * z;
  }
  const { free } = evidence;
  if (!free) return { ...evidence, points, normals };
  const moved = new Float32Array(free.points.length);
  for (let i = 0; i < moved.length; i += 3)
    moved.set(transformPoint(T, free.points[i]!, free.points[i + 1]!, free.points[i + 2]!), i);
  return { ...evidence, points, normals, free: { ...free, points: moved } };
}

/** Points of the evidence, `distance` (m) along their normals; those whose normal is not known stay. */
export function pointsOutside({ points, normals }: SurfaceEvidence, distance: number): Float32Array {
  return points.map((v, i) => v + (hasNormal(normals, i - (i % 3)) ? distance * normals[i]! : 0));
}

/** Whether the normal that starts at an index is known. */
export function hasNormal(normals: Float32Array, at: number): boolean {
  return Number.isFinite(normals[at]! + normals[at + 1]! + normals[at + 2]!);
}

/**
 * Leaves points out that lie nearer than `spacing` (m) to one before them of the same touch, and points that are not
 * finite: neighbours tell the same, and each costs time. Points that were seen are thinned to `seenSpacing`.
 */
export function thinEvidence(
  evidence: SurfaceEvidence,
  spacing: number,
  seenSpacing: number,
): SurfaceEvidence {
  const { points, touches } = evidence;
  const kept: number[] = [];
  const cells = new Map<string, number[]>();
  for (let i = 0; i < touches.length; i++) {
    const [x, y, z] = [points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!];
    if (!Number.isFinite(x + y + z)) continue;
    const gap = touches[i]! < 0 ? seenSpacing : spacing;
    const at = [x, y, z].map((v) => Math.floor(v / gap)) as [number, number, number];
    let near = false;
    for (let c = 0; c < 27 && !near; c++) {
      const key = `${touches[i]!}:${at[0] + (c % 3) - 1},${at[1] + (Math.floor(c / 3) % 3) - 1},${at[2] + Math.floor(c / 9) - 1}`;
      near = (cells.get(key) ?? []).some(
        (j) => Math.hypot(points[3 * j]! - x, points[3 * j + 1]! - y, points[3 * j + 2]! - z) < gap,
      );
    }
    if (near) continue;
    const key = `${touches[i]!}:${at.join(',')}`;
    const cell = cells.get(key);
    if (cell) cell.push(i);
    else cells.set(key, [i]);
    kept.push(i);
  }
  return pick(evidence, kept);
}

/** Some of the points, in the order given. */
export function pick(evidence: SurfaceEvidence, indices: readonly number[]): SurfaceEvidence {
  const out = emptyEvidence(indices.length);
  indices.forEach((from, to) => {
    out.points.set(evidence.points.subarray(3 * from, 3 * from + 3), 3 * to);
    out.normals.set(evidence.normals.subarray(3 * from, 3 * from + 3), 3 * to);
    out.sigmas[to] = evidence.sigmas[from]!;
    out.touches[to] = evidence.touches[from]!;
    if (evidence.offsets) out.offsets[to] = evidence.offsets[from]!;
  });
  return evidence.free ? { ...out, free: evidence.free } : out;
}
