import { INPUTS, OUTPUTS, RATIO_FLOOR } from '../../kernels/layout/tactile.js';
import type { Circle } from './circle.js';

/** A ball pressed into the gel, with the circle where it touches. */
export interface Press {
  readonly name: string;
  /** RGB, 3 bytes a pixel. */
  readonly image: Uint8Array;
  readonly circle: Circle;
  /** Radius of the ball, pixels. */
  readonly ballRadius: number;
  /** 1 where a printed dot hides the gel, in the image or in the reference. */
  readonly hidden?: Uint8Array;
}

/** Samples for the network: planes of inputs and of targets. */
export interface SlopeSamples {
  readonly count: number;
  /** INPUTS planes: three colour ratios, x, y. */
  readonly inputs: Float32Array;
  /** OUTPUTS planes: arctan of the slope in x and in y. */
  readonly targets: Float32Array;
  /** Inputs where nothing touches the gel: what noise, drift and moving dots make of a flat gel. Planes as above. */
  readonly rest?: { readonly count: number; readonly inputs: Float32Array };
}

/** Further from the middle of a ball than so many radii of its circle nothing of it is felt: the gel is drawn down less far. */
const FAR = 4;
/** So many pixels of rest are kept of each press. */
const REST = 300;

/** Slopes are labelled up to this share of the ball's radius: beyond, a tiny error of the circle means everything. */
const STEEPEST = 0.98;

/** Every visible pixel inside the circles, with the slope of the ball there: depth = √(R² − r²) + constant. */
export function pressSamples(
  presses: readonly Press[],
  reference: Uint8Array,
  width: number,
  height: number,
): SlopeSamples {
  const pixels = presses.map((press) => pixelsInside(press, width, height));
  const count = pixels.reduce((sum, list) => sum + list.length, 0);
  const inputs = inputsOf(presses, pixels, reference, width, height);
  const targets = new Float32Array(OUTPUTS * count);
  let at = 0;
  presses.forEach(({ circle, ballRadius }, i) => {
    for (const pixel of pixels[i]!) {
      const [dx, dy] = [(pixel % width) - circle.x, Math.floor(pixel / width) - circle.y];
      const depth = Math.sqrt(ballRadius ** 2 - dx * dx - dy * dy);
      targets[at] = Math.atan(-dx / depth);
      targets[count + at] = Math.atan(-dy / depth);
      at++;
    }
  });
  const far = presses.map((press) => pixelsFar(press, width, height));
  const rest = {
    count: far.reduce((sum, list) => sum + list.length, 0),
    inputs: inputsOf(presses, far, reference, width, height),
  };
  return { count, inputs, targets, rest };
}

/** Colour ratios and places of some pixels of each press. */
function inputsOf(
  presses: readonly Press[],
  pixels: readonly (readonly number[])[],
  reference: Uint8Array,
  width: number,
  height: number,
): Float32Array {
  const count = pixels.reduce((sum, list) => sum + list.length, 0);
  const inputs = new Float32Array(INPUTS * count);
  let at = 0;
  presses.forEach(({ image }, i) => {
    for (const pixel of pixels[i]!) {
      for (let c = 0; c < 3; c++) {
        const ratio = image[3 * pixel + c]! / 255 + RATIO_FLOOR;
        inputs[c * count + at] = ratio / (reference[3 * pixel + c]! / 255 + RATIO_FLOOR) - 1;
      }
      inputs[3 * count + at] = (2 * (pixel % width)) / (width - 1) - 1;
      inputs[4 * count + at] = (2 * Math.floor(pixel / width)) / (height - 1) - 1;
      at++;
    }
  });
  return inputs;
}

/** Visible pixels far from the ball, evenly taken. */
function pixelsFar({ circle, hidden }: Press, width: number, height: number): number[] {
  const list: number[] = [];
  for (let pixel = 0; pixel < width * height; pixel++)
    if (
      !hidden?.[pixel] &&
      Math.hypot((pixel % width) - circle.x, Math.floor(pixel / width) - circle.y) > FAR * circle.radius
    )
      list.push(pixel);
  const step = Math.max(1, list.length / REST);
  return Array.from({ length: Math.min(REST, list.length) }, (_, i) => list[Math.floor(i * step)]!);
}

function pixelsInside({ circle, ballRadius, hidden }: Press, width: number, height: number): number[] {
  const radius = Math.min(circle.radius, STEEPEST * ballRadius);
  const list: number[] = [];
  for (let y = Math.max(0, Math.ceil(circle.y - radius)); y <= Math.min(height - 1, circle.y + radius); y++)
    for (let x = Math.max(0, Math.ceil(circle.x - radius)); x <= Math.min(width - 1, circle.x + radius); x++)
      if (Math.hypot(x - circle.x, y - circle.y) <= radius && !hidden?.[y * width + x])
        list.push(y * width + x);
  return list;
}
