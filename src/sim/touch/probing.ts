import { FeltmapError } from '../../geometry/errors.js';
import type { Random } from '../../geometry/random.js';
import { compose, exp, type Pose } from '../../geometry/se3.js';
import { sampleMesh } from '../../eval/sampling.js';
import type { Mesh } from '../../mesh/mesh.js';
import type { SimObject } from '../objects/object.js';
import type { GelModel } from './gel.js';
import { pushUntil } from './press.js';
import { APPROACH, isClear, reach } from './reach.js';

/**
 * Where to touch: `spread`, always farthest from all touches before; `random`, uniform over the surface that can be
 * reached; `sliding`, from random places on along the surface without letting go.
 */
export const PROBING = ['spread', 'random', 'sliding'] as const;
export type Probing = (typeof PROBING)[number];

/** One touch of the plan. */
export interface PlannedTouch {
  /** True T_object_gel (or of the frame in which the object was given). */
  readonly pose: Pose;
  /** Number of the contact: the touches of one slide share it. */
  readonly contact: number;
  /** How far the gel is drawn along, metres in its x and y. */
  readonly shear: readonly [number, number];
}

export interface ProbingOptions {
  readonly policy: Probing;
  readonly touches: number;
  /** Touches in one slide; default 15. */
  readonly slideLength?: number;
  /** Metres from one touch of a slide to the next; default 1.5 mm. */
  readonly slideStep?: number;
  /** Shallowest and deepest press as shares of the gel's deepest; default 0.6 to 1. */
  readonly depth?: readonly [number, number];
}

/** Surface points that touches are chosen from: this many, and some for each touch. */
const CANDIDATES = 1500;
const CANDIDATES_PER_TOUCH = 10;
/** Shear of a press, metres per axis (standard deviation), and of a slide in all. */
const PRESS_SHEAR = 0.00005;
const SLIDE_SHEAR = 0.0003;

/**
 * Plans touches on an object that stands on a table.
 *
 * @throws FeltmapError bad-input when no point of the object can be reached
 */
export function planTouches(
  object: SimObject,
  mesh: Mesh,
  gel: GelModel,
  options: ProbingOptions,
  random: Random,
): PlannedTouch[] {
  const planner = new Planner(object, mesh, gel, options, random);
  if (options.policy === 'spread') return planner.spread();
  return options.policy === 'random' ? planner.random() : planner.sliding();
}

class Planner {
  readonly #candidates: Float32Array;
  readonly #normal = new Float64Array(3);

  constructor(
    private readonly object: SimObject,
    mesh: Mesh,
    private readonly gel: GelModel,
    private readonly options: ProbingOptions,
    private readonly stream: Random,
  ) {
    const count = CANDIDATES + CANDIDATES_PER_TOUCH * options.touches;
    this.#candidates = sampleMesh(
      mesh,
      Math.sqrt(meshArea(mesh) / count),
      1 + stream.fork('candidates').int(1e9),
    );
  }

  /** Touches one by one at the candidate farthest from all before; the first one anywhere. */
  spread(): PlannedTouch[] {
    const points = this.#candidates;
    const n = points.length / 3;
    const away = new Float64Array(n).fill(Infinity);
    const out: PlannedTouch[] = [];
    let next = this.stream.int(n);
    while (out.length < this.options.touches) {
      const touch = this.#try(next, out.length);
      away[next] = -1;
      if (touch !== undefined) {
        out.push(touch);
        const x = points[3 * next]!;
        const y = points[3 * next + 1]!;
        const z = points[3 * next + 2]!;
        for (let i = 0; i < n; i++) {
          const d = Math.hypot(points[3 * i]! - x, points[3 * i + 1]! - y, points[3 * i + 2]! - z);
          if (d < away[i]!) away[i] = d;
        }
      }
      next = indexOfLargest(away);
      if (away[next]! < 0) break; // every candidate was tried
      // Before the first touch all are equally far: any.
      if (away[next] === Infinity) next = this.stream.int(n);
    }
    return this.#atLeastOne(out);
  }

  random(): PlannedTouch[] {
    const n = this.#candidates.length / 3;
    const out: PlannedTouch[] = [];
    for (let tries = 0; out.length < this.options.touches && tries < 50 * this.options.touches + n; tries++) {
      const touch = this.#try(this.stream.int(n), out.length);
      if (touch !== undefined) out.push(touch);
    }
    return this.#atLeastOne(out);
  }

  sliding(): PlannedTouch[] {
    const { touches, slideLength = 15 } = this.options;
    const n = this.#candidates.length / 3;
    const out: PlannedTouch[] = [];
    let contact = 0;
    for (let tries = 0; out.length < touches && tries < 50 * touches + n; tries++) {
      const first = this.#try(this.stream.int(n), contact);
      if (first === undefined) continue;
      out.push(first, ...this.#slide(first, Math.min(slideLength, touches - out.length) - 1));
      contact++;
    }
    return this.#atLeastOne(out).slice(0, touches);
  }

  /** Goes on along the surface in a direction that wanders slowly, following the normal of what is touched. */
  #slide(first: PlannedTouch, steps: number): PlannedTouch[] {
    const { slideStep = 0.0015 } = this.options;
    const { object, gel, stream } = this;
    const out: PlannedTouch[] = [];
    let { pose } = first;
    let heading = stream.range(-Math.PI, Math.PI);
    const depth = this.#depth();
    for (let i = 0; i < steps; i++) {
      heading += 0.15 * stream.normal();
      const [c, s] = [Math.cos(heading), Math.sin(heading)];
      const moved = compose(pose, exp([slideStep * c, slideStep * s, 0, 0, 0, 0]));
      // Turned so that the gel faces the surface under its middle.
      this.object.normal(moved[3]!, moved[7]!, moved[11]!, this.#normal);
      const [nx, ny, nz] = [this.#normal[0]!, this.#normal[1]!, this.#normal[2]!];
      const [lx, ly] = [
        -(moved[0]! * nx + moved[4]! * ny + moved[8]! * nz),
        -(moved[1]! * nx + moved[5]! * ny + moved[9]! * nz),
      ];
      // Small turn that brings z towards −n: at most 6° a step, as a wrist would.
      const angle = Math.min(Math.hypot(lx, ly), 0.1) / Math.max(Math.hypot(lx, ly), 1e-12);
      const turned = compose(moved, exp([0, 0, 0, -ly * angle, lx * angle, 0]));
      const back = compose(turned, exp([0, 0, -0.005, 0, 0, 0]));
      const next = pushUntil(object, back, gel, depth, 0.02);
      if (next === undefined || !isClear(object, next, gel) || next[10]! > 0.5) break;
      pose = next;
      out.push({ pose, contact: first.contact, shear: [-SLIDE_SHEAR * c, -SLIDE_SHEAR * s] });
    }
    return out;
  }

  #depth(): number {
    const [least, most] = this.options.depth ?? [0.6, 1];
    return this.gel.maxDepth * this.stream.range(least, most);
  }

  #try(candidate: number, contact: number): PlannedTouch | undefined {
    const p = this.#candidates.subarray(3 * candidate, 3 * candidate + 3);
    this.object.normal(p[0]!, p[1]!, p[2]!, this.#normal);
    const roll = this.stream.range(-Math.PI, Math.PI);
    const depth = this.#depth();
    const shear = [PRESS_SHEAR * this.stream.normal(), PRESS_SHEAR * this.stream.normal()] as const;
    const pose = reach(this.object, p, this.#normal, roll, this.gel, depth);
    return pose === undefined ? undefined : { pose, contact, shear };
  }

  #atLeastOne(touches: PlannedTouch[]): PlannedTouch[] {
    if (touches.length === 0)
      throw new FeltmapError(
        'bad-input',
        `No point of the ${this.object.family} can be reached by the tactile sensor; take a larger object or a smaller housing.`,
      );
    return touches;
  }
}

function meshArea({ positions, indices }: Mesh): number {
  let area = 0;
  for (let t = 0; t < indices.length; t += 3) {
    const [a, b, c] = [3 * indices[t]!, 3 * indices[t + 1]!, 3 * indices[t + 2]!];
    const [ux, uy, uz] = [0, 1, 2].map((k) => positions[b + k]! - positions[a + k]!) as [
      number,
      number,
      number,
    ];
    const [vx, vy, vz] = [0, 1, 2].map((k) => positions[c + k]! - positions[a + k]!) as [
      number,
      number,
      number,
    ];
    area += Math.hypot(uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx) / 2;
  }
  return area;
}

function indexOfLargest(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** How far a touch's pose is backed off before and after it: the sensor in free air. */
export function backedOff(pose: Pose, distance = APPROACH): Pose {
  return compose(pose, exp([0, 0, -distance, 0, 0, 0]));
}
