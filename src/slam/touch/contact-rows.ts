import { SAMPLE_VALUES, type FieldBackend } from '../../field/backend.js';
import type { Field } from '../../field/field.js';
import type { Pose } from '../../geometry/se3.js';
import type { Contacts } from '../../sensors/observation.js';
import type { Whitening } from './whitening.js';

/** Norms of the gradient between which a place is one surface. */
const [LEAST_NORM, MOST_NORM] = [0.3, 1.7];
/** Cosine between the felt normal and the surface's below which they are two surfaces. */
const LEAST_COS = 0.5;
/** Share of the truncation beyond which a distance is not what it seems. */
const SATURATED = 0.95;

/** What a sample without a value costs: as much as one so many robust scales away. */
const MISSED = 4;

/** How rows are weighted. */
export interface RowOptions {
  /** Robust scale, Cauchy's (m). */
  readonly scale: number;
  /** What single rows count: 1/m². */
  readonly weight: number;
}

/** Numbers of a row: its Jacobian and its residual. */
const ROW_NUMBERS = 7;
const ROW = new Float64Array(ROW_NUMBERS);

/** Normal equations of a touch over its pose, [x y z rotX rotY rotZ] about the sensor, and what they rest on. */
export interface ContactSums {
  /** 6×6. */
  readonly A: Float64Array;
  /** Minus the gradient. */
  readonly b: Float64Array;
  /** Σ ½ weight·ρ(r); where errors are alike, half of the squares of what whitening makes of the weighted residuals. */
  cost: number;
  points: number;
  valued: number;
  inliers: number;
}

/** Empty sums. */
export function contactSums(): ContactSums {
  return { A: new Float64Array(36), b: new Float64Array(6), cost: 0, points: 0, valued: 0, inliers: 0 };
}

/**
 * Rows of a touch against a field. Where something was felt, its distance is zero; where nothing was felt, it is not
 * negative: a row only where it is. Left perturbation centred at the sensor, p ↦ p + v + ω × (p − c), so J = [∇, (p − c) × ∇].
 *
 * @example
 * const rows = new ContactRows(backend, field, contacts);
 * rows.sum(pose, { scale: 5e-4, weight: 1e8 }, sums);
 */
export class ContactRows {
  readonly #places: Float32Array;
  readonly #turned: Float64Array;
  readonly #limit: number;
  readonly #rows: Float64Array;

  constructor(
    private readonly backend: FieldBackend,
    private readonly field: Field,
    private readonly contacts: Contacts,
    private readonly whitening?: Whitening,
  ) {
    const count = (contacts.points.length + contacts.free.length) / 3;
    this.#places = new Float32Array(3 * count);
    this.#turned = new Float64Array(3 * count);
    this.#rows = new Float64Array((contacts.points.length / 3) * ROW_NUMBERS);
    this.#limit = SATURATED * field.spec.truncation;
  }

  /** @param out overwritten */
  sum(T: Pose, { scale, weight }: RowOptions, out: ContactSums): void {
    const { points, normals, free } = this.contacts;
    this.#place(T, points, 0);
    this.#place(T, free, points.length);
    const values = this.backend.sample(this.field, 'distance', this.#places);
    const touched = points.length / 3;
    out.A.fill(0);
    out.b.fill(0);
    out.cost = out.valued = out.inliers = 0;
    out.points = touched;
    this.#rows.fill(0);
    for (let i = 0, at = 0; 3 * i < this.#places.length; i++, at += SAMPLE_VALUES) {
      const r = values[at]!;
      const lost = 0.5 * weight * scale * scale * Math.log1p(MISSED ** 2);
      if (!(values[at + 4]! > 0) || !(Math.abs(r) < this.#limit)) {
        if (i < touched) out.cost += lost;
        continue;
      }
      const [gx, gy, gz] = [values[at + 1]!, values[at + 2]!, values[at + 3]!];
      const norm = Math.sqrt(gx * gx + gy * gy + gz * gz);
      let w = weight;
      if (i < touched) {
        out.valued++;
        if (norm < LEAST_NORM || norm > MOST_NORM) {
          out.cost += lost;
          continue;
        }
        w *= agreement(T, normals, 3 * i, gx, gy, gz, norm);
        if (Math.abs(r) < scale && w > 0) out.inliers++;
      } else if (r >= 0 || norm < LEAST_NORM || norm > MOST_NORM) continue;
      if (!(w > 0)) {
        out.cost += lost;
        continue;
      }
      const square = (r / scale) ** 2;
      rowOf(this.#turned, 3 * i, gx, gy, gz, r);
      if (i < touched && this.whitening) {
        const share = Math.sqrt(1 / (1 + square));
        for (let k = 0; k < ROW_NUMBERS; k++) this.#rows[ROW_NUMBERS * i + k] = share * ROW[k]!;
        continue;
      }
      out.cost += 0.5 * w * scale * scale * Math.log1p(square);
      addRow(out, w / (1 + square));
    }
    if (!this.whitening) return;
    this.whitening.apply(this.#rows, ROW_NUMBERS);
    for (let at = 0; at < this.#rows.length; at += ROW_NUMBERS) {
      for (let k = 0; k < ROW_NUMBERS; k++) ROW[k] = this.#rows[at + k]!;
      // Starts are compared by it: where errors are alike, many small residuals of one sign are one error.
      out.cost += 0.5 * ROW[6]! ** 2;
      addRow(out, 1);
    }
  }

  #place(T: Pose, from: Float32Array, offset: number): void {
    for (let i = 0; i < from.length; i += 3) {
      const [x, y, z] = [from[i]!, from[i + 1]!, from[i + 2]!];
      for (let r = 0; r < 3; r++) {
        const turned = T[4 * r]! * x + T[4 * r + 1]! * y + T[4 * r + 2]! * z;
        this.#turned[offset + i + r] = turned;
        this.#places[offset + i + r] = turned + T[4 * r + 3]!;
      }
    }
  }
}

/** 0 where the surface looks another way than what was felt, else 1; normals that are not known agree. */
function agreement(
  T: Pose,
  normals: Float32Array,
  at: number,
  gx: number,
  gy: number,
  gz: number,
  norm: number,
): number {
  const [a, b, c] = [normals[at]!, normals[at + 1]!, normals[at + 2]!];
  if (a === 0 && b === 0 && c === 0) return 1;
  const cos =
    ((T[0]! * a + T[1]! * b + T[2]! * c) * gx +
      (T[4]! * a + T[5]! * b + T[6]! * c) * gy +
      (T[8]! * a + T[9]! * b + T[10]! * c) * gz) /
    norm;
  return cos > LEAST_COS ? 1 : 0;
}

/** [∇, (p − c) × ∇, r] into ROW. */
function rowOf(turned: Float64Array, at: number, gx: number, gy: number, gz: number, r: number): void {
  const [x, y, z] = [turned[at]!, turned[at + 1]!, turned[at + 2]!];
  ROW[0] = gx;
  ROW[1] = gy;
  ROW[2] = gz;
  ROW[3] = y * gz - z * gy;
  ROW[4] = z * gx - x * gz;
  ROW[5] = x * gy - y * gx;
  ROW[6] = r;
}

function addRow({ A, b }: ContactSums, w: number): void {
  for (let row = 0; row < 6; row++) {
    const wj = w * ROW[row]!;
    for (let column = 0; column < 6; column++) A[row * 6 + column]! += wj * ROW[column]!;
    b[row]! -= wj * ROW[6]!;
  }
}
