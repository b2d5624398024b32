import { FeltmapError } from '../../geometry/errors.js';
import { Random } from '../../geometry/random.js';
import type { Pose } from '../../geometry/se3.js';
import { box, bracket, composite, cone, ring, superquadricBlock } from './families/blocks.js';
import { cutlery, dish, flask, pincers } from './families/household.js';
import { tool } from './families/tools.js';
import { banana, dumbbell, nut, teapot } from './families/unseen.js';
import { bottle, bowl, can, mug, vase } from './families/vessels.js';
import { moved, shifted, turned, type Bounds, type Solid } from './solid.js';

const MAKERS = {
  box,
  mug,
  bottle,
  bracket,
  can,
  superquadric: superquadricBlock,
  tool,
  ring,
  vase,
  composite,
  bowl,
  cone,
  banana,
  nut,
  dumbbell,
  teapot,
  dish,
  flask,
  cutlery,
  pincers,
} satisfies Record<string, (size: number, random: Random) => Solid>;

/** A kind of object. */
export type ObjectFamily = keyof typeof MAKERS;

/** The families that shape priors may be trained on. */
export const TRAINED_FAMILIES = ['box', 'mug', 'bottle', 'bracket', 'can', 'superquadric', 'tool', 'ring', 'vase', 'composite', 'bowl', 'cone'] as const satisfies readonly ObjectFamily[]; // prettier-ignore
/** The families kept for tests: never used in training. */
export const UNSEEN_FAMILIES = [
  'banana',
  'nut',
  'dumbbell',
  'teapot',
] as const satisfies readonly ObjectFamily[];
/** Families that shape priors are trained with, too, but that no test is made of: thin or two-armed things of a house. */
export const HOUSEHOLD_FAMILIES = [
  'dish',
  'flask',
  'cutlery',
  'pincers',
] as const satisfies readonly ObjectFamily[];
export const OBJECT_FAMILIES: readonly ObjectFamily[] = [...TRAINED_FAMILIES, ...UNSEEN_FAMILIES];

/** Smallest and largest extent of a made object before it is turned, metres. */
export const SIZE_RANGE = [0.06, 0.18] as const;

/** A solid that a hand could hold, standing on the table z = 0; see {@link makeObject}. */
export interface SimObject {
  readonly family: ObjectFamily;
  readonly seed: number | string;
  /** Contains the object (m); z begins at 0, where it touches the table. */
  readonly bounds: Bounds;
  /**
   * Signed distance (m), negative inside: 1-Lipschitz, zero on the surface, exact next to it and nearly everywhere
   * outside; inside, where parts overlap, at most the true depth.
   */
  distance(x: number, y: number, z: number): number;
  /** The unit gradient of the distance, written to `out`: on the surface, the normal out of the solid. */
  normal(x: number, y: number, z: number, out: Float64Array): void;
}

export interface ObjectOptions {
  /** Largest extent before turning, metres. Default: drawn from {@link SIZE_RANGE}. */
  readonly size?: number;
  /** Turn about z (rad). Default 0. */
  readonly yaw?: number;
}

/**
 * An object of a family: the same for the same seed, another for another. Its bounds' middle lies on the z axis.
 *
 * @throws FeltmapError bad-config for an unknown family
 * @example
 * const mug = makeObject('mug', 7);
 * mug.distance(0, 0, 0.3); // metres to the nearest surface
 * const mesh = objectMesh(mug);
 */
export function makeObject(
  family: ObjectFamily,
  seed: number | string,
  options: ObjectOptions = {},
): SimObject {
  if (!Object.hasOwn(MAKERS, family))
    throw new FeltmapError(
      'bad-config',
      `There is no object called "${String(family)}"; there are ${OBJECT_FAMILIES.join(', ')}.`,
    );
  const random = new Random(`${family} ${seed}`);
  const size = options.size ?? random.fork('size').range(...SIZE_RANGE);
  const made = MAKERS[family](size, random.fork('shape'));
  const [x0, y0, , x1, y1] = made.bounds;
  const centred = shifted(made, -(x0 + x1) / 2, -(y0 + y1) / 2, 0);
  return named(options.yaw ? moved(centred, turned(options.yaw)) : centred, family, seed);
}

/** The object with T_out_object applied: turned and shifted on the table, or held in a hand. */
export function placedObject(object: SimObject, T: Pose): SimObject {
  return named(moved(object, T), object.family, object.seed);
}

/** Step of the central differences of {@link SimObject.normal}, metres. */
const STEP = 1e-5;

function named(solid: Solid, family: ObjectFamily, seed: number | string): SimObject {
  return { family, seed, ...withNormal(solid) };
}

/** A solid with the normals of its surface, by differences. */
export function withNormal({ bounds, distance }: Solid): Solid & Pick<SimObject, 'normal'> {
  const normal = (x: number, y: number, z: number, out: Float64Array): void => {
    const gx = distance(x + STEP, y, z) - distance(x - STEP, y, z);
    const gy = distance(x, y + STEP, z) - distance(x, y - STEP, z);
    const gz = distance(x, y, z + STEP) - distance(x, y, z - STEP);
    const length = Math.sqrt(gx * gx + gy * gy + gz * gz) || 1;
    out[0] = gx / length;
    out[1] = gy / length;
    out[2] = gz / length;
  };
  return { bounds, distance, normal };
}
