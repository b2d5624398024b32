import type { ColorImage } from '../../sensors/camera/frame.js';
import { MarkerFilter } from '../../sensors/tactile/markers.js';
import { changeOf, darkeningOf } from './change-image.js';
import { findCircle } from './circle.js';
import type { Press } from './samples.js';

/** A picture of a ball pressed into the gel. */
export interface BallPress {
  readonly name: string;
  readonly image: ColorImage;
  /** Metres. */
  readonly ballDiameter: number;
  /** How deep the ball was pressed in, metres, where that is known. */
  readonly depth?: number;
}

/** A press whose circle is known. */
export interface LocatedPress extends Press {
  /** Metres, where it is known. */
  readonly depth?: number;
}

/** Presses with their circles, and those that have none. */
export interface LocatedPresses {
  readonly found: readonly LocatedPress[];
  /** Nothing round was found. */
  readonly leftOut: readonly string[];
  /** What was found is larger than the ball could make it. */
  readonly tooLarge: readonly string[];
  /** How many circles, of those found too, are as large as the ball: many where its size is wrong. */
  readonly asLarge: number;
  /** Dots are printed on the gel. */
  readonly markers: boolean;
}

/** Share of a reference that dots cover if there are dots: less is dust, more is shade. */
const DOTS = [0.02, 0.5] as const;
/** A gel follows a ball up to this share of its radius: then its slope is 64°. What is seen beyond is its skirt. */
const STEEPEST = 0.9;
/** A ball that is pressed in deep draws the gel down around it: so much larger than the ball can a circle look. */
const SKIRT = 1.3;

/** Finds the circle of contact in each image. @param pitch metres of a pixel */
export function locatePresses(
  presses: readonly BallPress[],
  reference: ColorImage,
  pitch: number,
  kind: 'network' | 'table',
): LocatedPresses {
  const { width, height } = reference;
  const dots = new MarkerFilter(width, height);
  const inReference = dots.find(reference.data);
  const share = inReference.reduce((sum, dot) => sum + dot, 0) / inReference.length;
  const markers = kind === 'network' && share > DOTS[0] && share < DOTS[1];
  const found: LocatedPress[] = [];
  const [leftOut, tooLarge]: [string[], string[]] = [[], []];
  let asLarge = 0;
  for (const { name, image, ballDiameter, depth } of presses) {
    const hidden = markers ? dots.find(image.data) : undefined;
    hidden?.forEach((dot, i) => (hidden[i] = dot | inReference[i]!));
    const fill = hidden && ((data: Float32Array): void => dots.fill([data], hidden));
    const change =
      kind === 'table'
        ? darkeningOf(image.data, reference.data, width, height)
        : changeOf(image.data, reference.data, width, height, fill);
    const circle = findCircle(change, kind === 'table');
    const ballRadius = ballDiameter / 2 / pitch;
    if (circle && circle.radius >= ballRadius) asLarge++;
    if (!circle) leftOut.push(name);
    else if (circle.radius >= (kind === 'table' ? 1 : SKIRT) * ballRadius) tooLarge.push(name);
    else {
      const radius = kind === 'table' ? circle.radius : Math.min(circle.radius, STEEPEST * ballRadius);
      const press = { name, image: image.data, circle: { ...circle, radius }, ballRadius };
      found.push({ ...press, ...(hidden && { hidden }), ...(depth !== undefined && { depth }) });
    }
  }
  return { found, leftOut, tooLarge, asLarge, markers };
}
