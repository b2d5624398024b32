import type { LidarScan } from '../../../src/sensors/lidar/scan.js';

/** Where a ray (o, d) meets a surface first, with the outward normal there. */
export type Surface = (
  o: readonly number[],
  d: readonly number[],
) => { t: number; n: readonly number[] } | undefined;

export interface Beam {
  readonly name: string;
  readonly elevations: readonly number[];
  readonly columns: number;
}

const steps = (from: number, to: number, n: number) =>
  Array.from({ length: n }, (_, i) => ((from + ((to - from) * i) / (n - 1)) * Math.PI) / 180);
export const BEAMS_64: Beam = { name: '64', elevations: steps(-24.8, 2, 64), columns: 1900 };
export const BEAMS_16: Beam = { name: '16', elevations: steps(-15, 15, 16), columns: 1800 };
export const BEAMS_128: Beam = { name: '128', elevations: steps(-22.5, 22.5, 128), columns: 1024 };

/** Plane n·p = c. */
export function plane(
  n: readonly number[],
  c: number,
  inside: (p: number[]) => boolean = () => true,
): Surface {
  return (o, d) => {
    const nd = n[0]! * d[0]! + n[1]! * d[1]! + n[2]! * d[2]!;
    const t = (c - (n[0]! * o[0]! + n[1]! * o[1]! + n[2]! * o[2]!)) / nd;
    if (!(t > 1e-6)) return undefined;
    return inside([0, 1, 2].map((k) => o[k]! + t * d[k]!)) ? { t, n } : undefined;
  };
}

/** Ball, or (with `vertical`) an upright cylinder of any height. */
export function round(center: readonly number[], radius: number, vertical = false): Surface {
  return (o, d) => {
    const m = [0, 1, 2].map((k) => (vertical && k === 2 ? 0 : o[k]! - center[k]!));
    const e = vertical ? [d[0]!, d[1]!, 0] : d;
    const a = e[0]! ** 2 + e[1]! ** 2 + e[2]! ** 2;
    const b = m[0]! * e[0]! + m[1]! * e[1]! + m[2]! * e[2]!;
    const disc = b * b - a * (m[0]! ** 2 + m[1]! ** 2 + m[2]! ** 2 - radius * radius);
    if (disc < 0) return undefined;
    const t = (-b - Math.sqrt(disc)) / a;
    if (!(t > 1e-6)) return undefined;
    return { t, n: [0, 1, 2].map((k) => (m[k]! + t * e[k]!) / radius) };
  };
}

/** An axis-parallel box. */
export function box(min: readonly number[], max: readonly number[]): Surface {
  return (o, d) => {
    let [t0, t1, axis] = [1e-6, Infinity, -1];
    for (let k = 0; k < 3; k++) {
      const a = (min[k]! - o[k]!) / d[k]!;
      const b = (max[k]! - o[k]!) / d[k]!;
      const [near, far] = a < b ? [a, b] : [b, a];
      if (near > t0) [t0, axis] = [near, k];
      t1 = Math.min(t1, far);
    }
    if (axis < 0 || t0 > t1) return undefined;
    return { t: t0, n: [0, 1, 2].map((k) => (k === axis ? -Math.sign(d[k]!) : 0)) };
  };
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function gaussian(uniform: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

export interface SceneScan {
  readonly scan: LidarScan;
  /** Index of the surface hit and true normal, per raw point. */
  readonly surface: Int32Array;
  readonly normals: Float32Array;
  /** Noise-free points. */
  readonly truth: Float32Array;
}

export interface SceneOptions {
  readonly noise?: number;
  readonly seed?: number;
  readonly layout?: 'rings' | 'organised' | 'order' | 'firing';
  /** Share of the full turn that is looked at. */
  readonly turn?: number;
  /** Sensor orientation in the world, 9 numbers row-major (world from sensor). */
  readonly rotation?: readonly number[];
}

/** Largest number of points whose index `encodeIndex` can carry. */
export const INDEX_SCALE = 2 ** 20;

/**
 * What a spinning LiDAR at the origin sees. The times carry the point's index (i / 2²⁰ s), so that thinned points can be
 * traced back.
 */
export function look(beam: Beam, surfaces: readonly Surface[], options: SceneOptions = {}): SceneScan {
  const {
    noise = 0.02,
    seed = 1,
    layout = 'rings',
    turn = 1,
    rotation = [1, 0, 0, 0, 1, 0, 0, 0, 1],
  } = options;
  const uniform = random(seed);
  const points: number[] = [];
  const truth: number[] = [];
  const normals: number[] = [];
  const surface: number[] = [];
  const rings: number[] = [];
  const origin = [0, 0, 0];
  const shoot = (ring: number, column: number) => {
    const azimuth = ((column + 0.37) / beam.columns) * 2 * Math.PI;
    const e = beam.elevations[ring]!;
    const u = [Math.cos(e) * Math.cos(azimuth), Math.cos(e) * Math.sin(azimuth), Math.sin(e)];
    const d = [0, 1, 2].map(
      (k) => rotation[3 * k]! * u[0]! + rotation[3 * k + 1]! * u[1]! + rotation[3 * k + 2]! * u[2]!,
    );
    let [best, which, n] = [120, -1, [0, 0, 0] as readonly number[]];
    surfaces.forEach((s, i) => {
      const hit = s(origin, d);
      if (hit && hit.t < best) [best, which, n] = [hit.t, i, hit.n];
    });
    const r = best + noise * gaussian(uniform);
    if (which < 0 && layout !== 'organised') return;
    const [a, b] = which < 0 ? [NaN, NaN] : [r, best];
    points.push(u[0]! * a, u[1]! * a, u[2]! * a);
    truth.push(u[0]! * b, u[1]! * b, u[2]! * b);
    for (let k = 0; k < 3; k++)
      normals.push(rotation[k]! * n[0]! + rotation[3 + k]! * n[1]! + rotation[6 + k]! * n[2]!);
    surface.push(which);
    rings.push(ring);
  };
  const rows = beam.elevations.length;
  if (layout === 'order' || layout === 'organised')
    for (let r = rows - 1; r >= 0; r--) for (let c = 0; c < turn * beam.columns; c++) shoot(r, c);
  else for (let c = 0; c < turn * beam.columns; c++) for (let r = 0; r < rows; r++) shoot(r, c);
  const count = surface.length;
  const scan: LidarScan = {
    stampNs: 1n,
    frameId: 'lidar',
    count,
    positions: Float32Array.from(points),
    times: Float32Array.from({ length: count }, (_, i) => i / INDEX_SCALE),
    timing: 'field',
    ...(layout === 'rings' ? { rings: Uint16Array.from(rings) } : {}),
    ...(layout === 'organised' ? { height: rows, width: Math.ceil(turn * beam.columns) } : {}),
  };
  return {
    scan,
    surface: Int32Array.from(surface),
    normals: Float32Array.from(normals),
    truth: Float32Array.from(truth),
  };
}

/** Errors of normals in degrees per group of fine points; NaN where there is no normal. */
export function normalError(
  scene: SceneScan,
  columns: { nx: Float32Array; ny: Float32Array; nz: Float32Array },
  i: number,
  raw: number,
): number {
  const [a, b, c] = [columns.nx[i]!, columns.ny[i]!, columns.nz[i]!];
  if (a === 0 && b === 0 && c === 0) return NaN;
  const n = scene.normals;
  const dot = a * n[3 * raw]! + b * n[3 * raw + 1]! + c * n[3 * raw + 2]!;
  return (Math.acos(Math.min(1, dot)) * 180) / Math.PI;
}

export function quantile(values: number[], q: number): number {
  const sorted = values.filter((v) => !Number.isNaN(v)).sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]! : NaN;
}
