import type { KernelPool } from '../../compute/pool.js';
import { FeltmapError } from '../../geometry/errors.js';
import { Random } from '../../geometry/random.js';
import type { ColorImage } from '../../sensors/camera/frame.js';
import type { TouchCalibration } from '../../sensors/tactile/calibration.js';
import { grainOf } from '../../sensors/tactile/gel-grain.js';
import { lookOf } from '../../sensors/tactile/gel-look.js';
import { GelReader } from '../../sensors/tactile/gel-reader.js';
import { MarkerFilter } from '../../sensors/tactile/markers.js';
import { fitBall } from './ball-fit.js';
import { changeOf, darkeningOf, findCircle, type Circle } from './circle.js';
import { pressSamples, type Press } from './samples.js';
import { trainSlopes, type TrainingOptions } from './slope-trainer.js';
import { fitDepthTable } from './table-fit.js';

/** A picture of a ball pressed into the gel. */
export interface BallPress {
  readonly name: string;
  readonly image: ColorImage;
  /** Metres. */
  readonly ballDiameter: number;
  /** How deep the ball was pressed in, metres, where that is known. */
  readonly depth?: number;
}

export interface CalibrationInput {
  readonly sensor: string;
  /** The gel when nothing touches it. */
  readonly reference: ColorImage;
  readonly presses: readonly BallPress[];
  /** Metres of gel from one pixel to the next. */
  readonly pitch: number;
  readonly kind: 'network' | 'table';
  readonly training?: TrainingOptions;
  readonly onProgress?: (what: string) => void;
}

/** How well one press was measured by a calibration that had not seen it; lengths in metres. */
export interface HeldOutPress {
  readonly name: string;
  readonly circle: Circle;
  /** Root mean square of the heights from those of the ball, inside 0.9 of the circle. */
  readonly rms: number;
  /** Radius of the ball that fits the heights best, relative to the true one, minus 1. */
  readonly radiusError: number;
  /** Depth found minus depth given, before the gain. */
  readonly depthError?: number;
}

export interface CalibrationResult {
  readonly calibration: TouchCalibration;
  /** The calibration that had not seen the held-out presses. */
  readonly probe: TouchCalibration;
  readonly heldOut: readonly HeldOutPress[];
  /** Presses in which no circle was found. */
  readonly leftOut: readonly string[];
  readonly trained: number;
}

/** Every so many presses one is held out. */
const HELD_OUT_EVERY = 4;
const LEAST_PRESSES = 4;
/** Share of a reference that dots cover if there are dots: less is dust, more is shade. */
const DOTS = [0.02, 0.5] as const;

/**
 * Calibrates a gel from balls that are pressed into it. Circles of contact are found without labels. A quarter of the
 * presses is held out and measured by what the others teach; then all of them train the calibration that is returned.
 *
 * @throws FeltmapError bad-input where too few presses show a circle, or sizes differ
 */
export function calibrateGel(pool: KernelPool, input: CalibrationInput): CalibrationResult {
  const { reference, pitch, kind, onProgress } = input;
  checkInput(input);
  const dots = new MarkerFilter(reference.width, reference.height);
  const inReference = dots.find(reference.data);
  const share = inReference.reduce((sum, dot) => sum + dot, 0) / inReference.length;
  const markers = kind === 'network' && share > DOTS[0] && share < DOTS[1];
  onProgress?.('finding the circles of contact');
  const found: (Press & { readonly depth?: number })[] = [];
  const leftOut: string[] = [];
  for (const press of input.presses) {
    const located = locate(press, input, markers ? { dots, inReference } : undefined);
    if (located) found.push(located);
    else leftOut.push(press.name);
  }
  if (found.length < (kind === 'table' ? 1 : LEAST_PRESSES))
    throw new FeltmapError(
      'bad-input',
      `Only ${found.length} of ${input.presses.length} images show the circle of a ball, but ${LEAST_PRESSES} are needed (20 to 50, spread over the gel, are best); check the reference, --ball-diameter and --pixel.`,
    );
  // A random quarter: presses are often made row by row.
  const order = shuffled(found.length, input.training?.seed ?? 1);
  const isHeld = new Set(order.slice(0, Math.floor(found.length / HELD_OUT_EVERY)).map((i) => found[i]!));
  const train = (presses: readonly Press[], sigma: number, gain: number): TouchCalibration => {
    const { width, height } = reference;
    const look = lookOf(reference.data, width, height);
    const gel = { sensor: input.sensor, width, height, pitch, markers, sigma, look };
    if (kind === 'table') {
      const grain = grainOf(reference.data, width, height);
      const depths = fitDepthTable(presses, reference.data, width, pitch);
      return { kind, ...gel, depths, ...(grain && { grain }) };
    }
    const samples = pressSamples(presses, reference.data, width, height);
    return { kind, ...gel, weights: trainSlopes(pool, samples, input.training), depthGain: gain };
  };
  onProgress?.(`training on ${found.length - isHeld.size} presses`);
  const probe = train(
    found.filter((press) => !isHeld.has(press)),
    pitch,
    1,
  );
  const heldOut = measurePresses(pool, probe, reference, [...isHeld]);
  const sigma = heldOut.length > 0 ? meanOf(heldOut.map(({ rms }) => rms)) : pitch;
  if (isHeld.size === 0) return { calibration: probe, probe, heldOut, leftOut, trained: found.length };
  onProgress?.(`training on all ${found.length} presses`);
  const final = train(found, sigma, 1);
  const known = found.filter((press) => press.depth !== undefined);
  const gain = final.kind === 'network' && known.length > 0 ? depthGain(pool, final, reference, known) : 1;
  const calibration = final.kind === 'network' ? { ...final, depthGain: gain } : final;
  return { calibration, probe, heldOut, leftOut, trained: found.length };
}

/** Measures presses with a calibration; those outside the image are left out. */
function measurePresses(
  pool: KernelPool,
  calibration: TouchCalibration,
  reference: ColorImage,
  presses: readonly (Press & { readonly depth?: number })[],
): HeldOutPress[] {
  const { width, height, pitch } = calibration;
  const reader = new GelReader(pool, calibration, '');
  const result: HeldOutPress[] = [];
  for (const { name, image, circle, ballRadius, depth } of presses) {
    reader.setReference(reference);
    const touch = reader.read({ width, height, data: image }, 0n);
    const heights = touch.depth.map((h) => h / pitch);
    const fit = fitBall(heights, width, height, circle, ballRadius);
    const free = fitBall(heights, width, height, circle, ballRadius, true);
    if (!fit) continue;
    result.push({
      name,
      circle,
      rms: fit.rms * pitch,
      radiusError: free ? free.radius / ballRadius - 1 : NaN,
      ...(depth !== undefined && { depthError: fit.top * pitch - depth }),
    });
  }
  reader.close();
  return result;
}

function checkInput({ reference, presses }: CalibrationInput): void {
  for (const { name, image } of presses)
    if (image.width !== reference.width || image.height !== reference.height)
      throw new FeltmapError(
        'bad-input',
        `${name} has ${image.width}×${image.height} pixels, but the reference has ${reference.width}×${reference.height}; take all images with the same settings.`,
      );
}

/** The press with its circle; undefined where none is found, or one that the ball cannot make. */
function locate(
  { name, image, ballDiameter, depth }: BallPress,
  { reference, pitch, kind }: CalibrationInput,
  markers: { readonly dots: MarkerFilter; readonly inReference: Uint8Array } | undefined,
): (Press & { readonly depth?: number }) | undefined {
  const { width, height } = reference;
  const hidden = markers?.dots.find(image.data);
  hidden?.forEach((dot, i) => (hidden[i] = dot | markers!.inReference[i]!));
  const fill = hidden && ((data: Float32Array): void => markers!.dots.fill([data], hidden));
  const change =
    kind === 'table'
      ? darkeningOf(image.data, reference.data, width, height)
      : changeOf(image.data, reference.data, width, height, fill);
  const circle = findCircle(change, kind === 'table');
  const ballRadius = ballDiameter / 2 / pitch;
  if (!circle || circle.radius >= ballRadius) return undefined;
  const press = { name, image: image.data, circle, ballRadius };
  return { ...press, ...(hidden && { hidden }), ...(depth !== undefined && { depth }) };
}

/** The factor that brings found depths nearest to known ones. */
function depthGain(
  pool: KernelPool,
  calibration: TouchCalibration,
  reference: ColorImage,
  known: readonly (Press & { readonly depth?: number })[],
): number {
  let [across, along] = [0, 0];
  const measured = new Map(
    measurePresses(pool, calibration, reference, known).map(({ name, depthError }) => [name, depthError]),
  );
  for (const { name, depth } of known) {
    const error = measured.get(name);
    if (error === undefined || depth === undefined) continue;
    across += depth * (depth + error);
    along += (depth + error) ** 2;
  }
  return along > 0 ? across / along : 1;
}

function shuffled(count: number, seed: number): number[] {
  const random = new Random(seed).fork('held out');
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
