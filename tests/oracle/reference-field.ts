/**
 * The field's operations once more, in float64, with Maps and plain loops: what src/kernels computes, written down to
 * be read and to be tested against. Slow on purpose. Symbols are those of docs/how-it-works.md.
 *
 * Frames: points given to `fuse`, `sample` and `at` are in the submap frame; those of scans and training samples in the
 * frame of their sensor, with a pose T_submap_sensor beside them. Metres throughout.
 */
import { transformPoint, type Pose } from '../../src/geometry/se3.js';
import { emptySums } from '../../src/field/linear-system.js';
import type { RegisterOptions } from '../../src/field/backends/plain.js';
import type { NormalSums } from '../../src/field/linear-system.js';
import { FEATURES, HIDDEN } from '../../src/field/backends/wasm/features.js';

export type Vector = readonly [number, number, number];

/** What lies at a corner of a scalar level. */
export interface Corner {
  sdf: number;
  weight: number;
}

export interface Sampled {
  value: number;
  gradient: [number, number, number];
  /** Smallest weight among the eight corners. */
  weight: number;
}

/** Name of the corner (or cell) with integer coordinates i, j, k. */
export const cornerKey = (i: number, j: number, k: number): string => `${i},${j},${k}`;

/** The eight corners c of a cell, with w_c = Π (c_i ? f_i : 1 − f_i) and ∇w_c per unit of the cell. */
function trilinear(
  fraction: Vector,
): { offset: Vector; weight: number; gradient: [number, number, number] }[] {
  return Array.from({ length: 8 }, (_, c) => {
    const offset: Vector = [c & 1, (c >> 1) & 1, c >> 2];
    const [a, b, d] = offset.map((o, i) => (o ? fraction[i]! : 1 - fraction[i]!)) as unknown as Vector;
    const sign = offset.map((o) => (o ? 1 : -1));
    return { offset, weight: a * b * d, gradient: [sign[0]! * b * d, sign[1]! * a * d, sign[2]! * a * b] };
  });
}

/** Integer corner below a point and the rest, in units of `side`. */
function split(p: Vector, side: number): { base: Vector; fraction: Vector } {
  const u = p.map((x) => x / side);
  const base = u.map(Math.floor) as unknown as Vector;
  return { base, fraction: u.map((x, i) => x - base[i]!) as unknown as Vector };
}

/** One scalar level: fused signed distances on the corners of a sparse grid. */
export class ReferenceGrid {
  readonly corners = new Map<string, Corner>();

  constructor(
    readonly voxel: number,
    readonly truncation: number,
    readonly maxWeight: number,
  ) {}

  /**
   * Fuses the surface element (p, n). In each corner layer across the largest component of n, the normal through p
   * passes at q = p + t·n; the four corners c around q take the distance d = n·(c − p), cut to ±truncation, with the
   * bilinear weight of q times the quality:  s ← s + (d − s)·w / (W + w),  W ← min(W + w, maxWeight).
   */
  fuse(p: Vector, n: Vector, quality: number): void {
    if (!(quality > 0)) return;
    const u = p.map((x) => x / this.voxel);
    const size = n.map(Math.abs);
    const largest = Math.max(...size);
    const a = size.lastIndexOf(largest);
    const [b, c] = [0, 1, 2].filter((axis) => axis !== a) as [number, number];
    const layers = Math.ceil(this.truncation / this.voxel - 1e-6);
    const reach = (1.25 * this.truncation) / this.voxel;
    const nearest = Math.round(u[a]!);
    for (let layer = nearest - layers; layer <= nearest + layers; layer++) {
      const t = (layer - u[a]!) / n[a]!;
      if (Math.abs(t) > reach) continue;
      const [qb, qc] = [u[b]! + t * n[b]!, u[c]! + t * n[c]!];
      for (const [ib, ic] of [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ] as const) {
        const corner = [0, 0, 0];
        corner[a] = layer;
        corner[b] = Math.floor(qb) + ib;
        corner[c] = Math.floor(qc) + ic;
        const w = quality * (1 - Math.abs(corner[b]! - qb)) * (1 - Math.abs(corner[c]! - qc));
        const d = corner.reduce((sum, x, i) => sum + n[i]! * (x - u[i]!), 0) * this.voxel;
        this.#mean(corner as unknown as Vector, Math.max(-this.truncation, Math.min(this.truncation, d)), w);
      }
    }
  }

  /** Weight of the corner nearest to a point. */
  weightNear(p: Vector): number {
    const [i, j, k] = p.map((x) => Math.round(x / this.voxel)) as unknown as Vector;
    return this.corners.get(cornerKey(i, j, k))?.weight ?? 0;
  }

  #mean([i, j, k]: Vector, d: number, w: number): void {
    const key = cornerKey(i, j, k);
    const corner = this.corners.get(key) ?? { sdf: 0, weight: 0 };
    if (!(corner.weight + w > 0)) return;
    corner.sdf += ((d - corner.sdf) * w) / (corner.weight + w);
    corner.weight = Math.min(corner.weight + w, this.maxWeight);
    this.corners.set(key, corner);
  }

  /** s = Σ_c w_c s_c and ∇s = Σ_c ∇w_c s_c; undefined unless all eight corners were observed. */
  sample(p: Vector): Sampled | undefined {
    const { base, fraction } = split(p, this.voxel);
    const out: Sampled = { value: 0, gradient: [0, 0, 0], weight: Infinity };
    for (const { offset, weight, gradient } of trilinear(fraction)) {
      const corner = this.corners.get(
        cornerKey(base[0] + offset[0], base[1] + offset[1], base[2] + offset[2]),
      );
      if (!corner || !(corner.weight > 0)) return undefined;
      out.value += weight * corner.sdf;
      for (let i = 0; i < 3; i++) out.gradient[i]! += (gradient[i]! * corner.sdf) / this.voxel;
      out.weight = Math.min(out.weight, corner.weight);
    }
    return out;
  }
}

/**
 * ρ(f, q) = Σ_j c_j ( relu(a_j·f + u_j) − relu(u_j) ) with u_j = p_j·q + b_j, and its derivatives by f and q.
 *
 * @param weights A[8][32], P[3][32], b[32], c[32] one after the other, as in src/kernels/field/decoder.ts
 * @param q position in the feature cell, −1 … 1
 */
export function decode(
  weights: ArrayLike<number>,
  f: ArrayLike<number>,
  q: Vector,
): { value: number; byFeature: number[]; byPosition: [number, number, number] } {
  const [P, B, C] = [FEATURES * HIDDEN, (FEATURES + 3) * HIDDEN, (FEATURES + 4) * HIDDEN];
  const out = {
    value: 0,
    byFeature: Array<number>(FEATURES).fill(0),
    byPosition: [0, 0, 0] as [number, number, number],
  };
  for (let j = 0; j < HIDDEN; j++) {
    let u = weights[B + j]!;
    for (let i = 0; i < 3; i++) u += weights[P + i * HIDDEN + j]! * q[i]!;
    let h = u;
    for (let k = 0; k < FEATURES; k++) h += weights[k * HIDDEN + j]! * f[k]!;
    const c = weights[C + j]!;
    out.value += c * (Math.max(h, 0) - Math.max(u, 0));
    const gate = h > 0 ? c : 0;
    const positionGate = gate - (u > 0 ? c : 0);
    for (let k = 0; k < FEATURES; k++) out.byFeature[k]! += gate * weights[k * HIDDEN + j]!;
    for (let i = 0; i < 3; i++) out.byPosition[i]! += positionGate * weights[P + i * HIDDEN + j]!;
  }
  return out;
}

/** The learned features of one coarse corner and their Adam state. */
export interface FeatureRow {
  readonly f: Float64Array;
  readonly m: Float64Array;
  readonly v: Float64Array;
  steps: number;
}

export interface Decoded {
  /** ρ. */
  value: number;
  /** ∇ρ by the position in the submap. */
  gradient: [number, number, number];
  /** ∂ρ/∂f of the blended features. */
  byFeature: number[];
  /** The corners that have a row, with their blend weights: ∂ρ/∂f_c = w_c ∂ρ/∂f. */
  corners: { row: FeatureRow; weight: number }[];
}

/** Learned features on coarse corners. A corner without a row counts as all zero. */
export class ReferenceFeatures {
  readonly rows = new Map<string, FeatureRow>();

  constructor(
    readonly cell: number,
    readonly decoder: ArrayLike<number>,
  ) {}

  /** The row of a corner, made if it does not exist. */
  row(i: number, j: number, k: number): FeatureRow {
    const key = cornerKey(i, j, k);
    let row = this.rows.get(key);
    if (!row) {
      const zeros = (): Float64Array => new Float64Array(FEATURES);
      this.rows.set(key, (row = { f: zeros(), m: zeros(), v: zeros(), steps: 0 }));
    }
    return row;
  }

  /** Gives rows to the eight corners of the cell around a point. */
  touch(p: Vector): void {
    const { base } = split(p, this.cell);
    for (let c = 0; c < 8; c++) this.row(base[0] + (c & 1), base[1] + ((c >> 1) & 1), base[2] + (c >> 2));
  }

  /**
   * ρ(Σ_c w_c f_c, q) with q = 2·fraction − 1, and ∇ρ = ( Σ_c ∇w_c (f_c·∂ρ/∂f) + 2 ∂ρ/∂q ) / cell; undefined where no
   * corner has a row.
   */
  decode(p: Vector): Decoded | undefined {
    const { base, fraction } = split(p, this.cell);
    const blended = new Float64Array(FEATURES);
    const corners: { row: FeatureRow; weight: number; gradient: Vector }[] = [];
    for (const { offset, weight, gradient } of trilinear(fraction)) {
      const row = this.rows.get(cornerKey(base[0] + offset[0], base[1] + offset[1], base[2] + offset[2]));
      if (!row) continue;
      corners.push({ row, weight, gradient });
      for (let k = 0; k < FEATURES; k++) blended[k]! += weight * row.f[k]!;
    }
    if (corners.length === 0) return undefined;
    const q = fraction.map((x) => 2 * x - 1) as unknown as Vector;
    const { value, byFeature, byPosition } = decode(this.decoder, blended, q);
    const slopes = corners.map(({ row }) => dot(row.f, byFeature));
    const gradient = [0, 1, 2].map(
      (i) =>
        (corners.reduce((sum, c, n) => sum + c.gradient[i]! * slopes[n]!, 0) + 2 * byPosition[i]!) /
        this.cell,
    ) as [number, number, number];
    return { value, gradient, byFeature, corners };
  }
}

/** A training sample in the frame of its keyframe. */
export interface ReferenceSample {
  readonly point: Vector;
  /** Signed distance that the field should have there. */
  readonly label: number;
  readonly weight: number;
  /** Index into the poses of the batch. */
  readonly pose: number;
}

export interface ReferenceFit {
  /** Σ of the weighted Huber losses; divide by `used` for the mean. */
  readonly loss: number;
  readonly used: number;
  /** ∂loss/∂f of each touched corner. */
  readonly gradients: Map<FeatureRow, Float64Array>;
  /** 28 per pose, as in FitResult. */
  readonly systems: Float64Array;
  /** What the scalars are trained with: where a sample lies and w·r, r cut to ±h. */
  readonly residuals: { readonly at: Vector; readonly residual: number }[];
}

/** Fused distance plus decoded residual: SDF(p) = s(p) + ρ(p). */
export class ReferenceField {
  constructor(
    readonly scalar: ReferenceGrid,
    readonly features: ReferenceFeatures,
  ) {}

  at(p: Vector): (Sampled & { decoded: Decoded | undefined }) | undefined {
    const sampled = this.scalar.sample(p);
    if (!sampled) return undefined;
    const decoded = this.features.decode(p);
    if (!decoded) return { ...sampled, decoded };
    const gradient = sampled.gradient.map((g, i) => g + decoded.gradient[i]!) as [number, number, number];
    return { value: sampled.value + decoded.value, gradient, weight: sampled.weight, decoded };
  }

  /**
   * The loss of a batch and its derivatives. With r = SDF(T·x) − label, L = Σ w·H(r), H(r) = r²/(2h) for |r| ≤ h and
   * |r| − h/2 beyond. Poses move by p ↦ p + v + ω × (p − c) about the sensor c, so J = [∇, (p − c) × ∇]; their normal
   * equations are Σ ω JJᵀ and Σ ω r J with the IRLS weight ω = w / max(|r|, h), hence Σ ω r J = ∂L/∂ξ exactly.
   */
  evaluate(samples: readonly ReferenceSample[], poses: readonly Pose[], huber: number): ReferenceFit {
    const gradients = new Map<FeatureRow, Float64Array>();
    const residuals: { at: Vector; residual: number }[] = [];
    const systems = new Float64Array(poses.length * 28);
    let loss = 0;
    let used = 0;
    for (const { point, label, weight, pose } of samples) {
      if (!(weight > 0)) continue;
      const T = poses[pose]!;
      const p = transformPoint(T, ...point);
      const field = this.at(p);
      if (!field) continue;
      const r = field.value - label;
      const size = Math.abs(r);
      used++;
      residuals.push({ at: p, residual: weight * Math.max(-huber, Math.min(huber, r)) });
      loss += weight * (size <= huber ? (r * r) / (2 * huber) : size - huber / 2);
      const slope = (weight * r) / Math.max(size, huber);
      for (const { row, weight: w } of field.decoded?.corners ?? []) {
        const gradient = gradients.get(row) ?? new Float64Array(FEATURES);
        for (let k = 0; k < FEATURES; k++) gradient[k]! += slope * w * field.decoded!.byFeature[k]!;
        gradients.set(row, gradient);
      }
      const J = poseJacobian(p, [T[3]!, T[7]!, T[11]!], field.gradient);
      const system = systems.subarray(pose * 28, pose * 28 + 28);
      addOuter(system, 0, J, weight / Math.max(size, huber));
      for (let i = 0; i < 6; i++) system[21 + i]! += slope * J[i]!;
      system[27]!++;
    }
    return { loss, used, gradients, systems, residuals };
  }

  /**
   * Normalised least mean squares (Widrow & Hoff 1960) on the fused scalars: s_c ← s_c − η·r·w_c / Σ w², the smallest
   * change that takes the share η of the residual r away. Residuals are those before the step.
   */
  leastMeanSquares(residuals: ReferenceFit['residuals'], rate: number): void {
    for (const { at, residual } of residuals) {
      const { base, fraction } = split(at, this.scalar.voxel);
      const corners = trilinear(fraction);
      const squares = corners.reduce((sum, { weight }) => sum + weight ** 2, 0);
      for (const { offset, weight } of corners) {
        const key = cornerKey(base[0] + offset[0], base[1] + offset[1], base[2] + offset[2]);
        this.scalar.corners.get(key)!.sdf -= (rate * residual * weight) / squares;
      }
    }
  }

  /** One step of Adam (Kingma & Ba 2015, algorithm 1) on every touched row: β₁ = 0.9, β₂ = 0.99, ε = 10⁻⁸. */
  adam(gradients: ReadonlyMap<FeatureRow, Float64Array>, rate: number): void {
    for (const [row, g] of gradients) {
      row.steps++;
      for (let k = 0; k < FEATURES; k++) {
        row.m[k] = 0.9 * row.m[k]! + 0.1 * g[k]!;
        row.v[k] = 0.99 * row.v[k]! + 0.01 * g[k]! ** 2;
        const m = row.m[k]! / (1 - 0.9 ** row.steps);
        const v = row.v[k]! / (1 - 0.99 ** row.steps);
        row.f[k]! -= (rate * m) / (Math.sqrt(v) + 1e-8);
      }
    }
  }
}

/** A point of a scan to be registered: sensor frame, with its time (s) relative to the stamp. */
export interface ReferencePoint {
  readonly point: Vector;
  readonly tau: number;
  readonly ground: boolean;
}

/**
 * Sums of one Gauss–Newton pass of a scan against the fused levels (finest first); [other, ground]. With τ in units
 * of 1/timeScale and δ the twist correction, a point lies at p = Rx + τ(δ_v + δ_ω × Rx) + t and takes its residual
 * r = s(p) from the finest level that has a value there. Its weight is
 *   w = levelWeight · (k²/(k² + r²))² · (g²/(g² + (|∇| − 1)²))²   (Geman–McClure with scale k; g = gradientScale).
 */
export function registerSums(
  levels: readonly ReferenceGrid[],
  points: readonly ReferencePoint[],
  pose: Pose,
  options: RegisterOptions,
): [NormalSums, NormalSums] {
  const sums = [emptySums(), emptySums()] as [NormalSums, NormalSums];
  const centre: Vector = [pose[3]!, pose[7]!, pose[11]!];
  const twist = options.twist;
  for (const { point, tau: seconds, ground } of points) {
    const out = sums[ground ? 1 : 0];
    out.points++;
    const tau = seconds * options.timeScale;
    const x = transformPoint(pose, ...point).map((v, i) => v - centre[i]!) as unknown as Vector;
    const turn = cross([twist[3]!, twist[4]!, twist[5]!], x);
    const p = x.map((v, i) => v + tau * (twist[i]! + turn[i]!) + centre[i]!) as unknown as Vector;
    let field: Sampled | undefined;
    let level = 0;
    for (; level < levels.length && !field; level++) {
      if (!(options.kernels[level]! > 0)) continue;
      field = levels[level]!.sample(p);
      if (level === 0 && field && !(field.weight > options.minWeight)) field = undefined;
    }
    if (!field) continue;
    level--;
    const r = field.value;
    const k2 = options.kernels[level]! ** 2;
    const g2 = options.gradientScale ** 2;
    const robust = k2 / (k2 + r * r);
    const sane = g2 / (g2 + (Math.hypot(...field.gradient) - 1) ** 2);
    const w = options.levelWeights[level]! * robust ** 2 * sane ** 2;
    const J = poseJacobian(p, centre, field.gradient);
    for (let power = 0; power < 3; power++) addOuter(out.system, 21 * power, J, w * tau ** power);
    for (let i = 0; i < 6; i++) {
      out.system[63 + i]! += w * r * J[i]!;
      out.system[69 + i]! += w * r * tau * J[i]!;
    }
    out.weight += w;
    out.cost += w * r * r;
    if (level > 0) {
      out.coarse++;
      if (Math.abs(r) < options.kernels[level]! * 0.5) out.coarseInliers++;
      continue;
    }
    out.valued++;
    if (Math.abs(r) < options.kernels[0]!) {
      out.inliers++;
      out.absolute += Math.abs(r);
    }
  }
  return sums;
}

/** [∇, (p − c) × ∇]: how the value at p grows as the sensor at c moves and turns. */
function poseJacobian(p: Vector, c: Vector, gradient: Vector): number[] {
  return [...gradient, ...cross([p[0] - c[0], p[1] - c[1], p[2] - c[2]], gradient)];
}

/** Adds w·JJᵀ to the row-major upper triangle at `out[at …]`. */
function addOuter(out: Float64Array, at: number, J: readonly number[], w: number): void {
  for (let r = 0; r < 6; r++) for (let c = r; c < 6; c++) out[at++]! += w * J[r]! * J[c]!;
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
