import type { KernelPool } from '../../compute/pool.js';
import { FeltmapError } from '../../geometry/errors.js';
import { Random } from '../../geometry/random.js';
import type { ColorImage } from '../../sensors/camera/frame.js';
import type { TouchCalibration } from '../../sensors/tactile/calibration.js';
import { grainOf } from '../../sensors/tactile/gel-grain.js';
import { lookOf } from '../../sensors/tactile/gel-look.js';
import { locatePresses, type BallPress, type LocatedPresses } from './locate-presses.js';
import { depthGain, measurePresses, type HeldOutPress } from './measure-presses.js';
import { pressSamples, type Press } from './samples.js';
import { trainSlopes, type TrainingOptions } from './slope-trainer.js';
import { fitDepthTable } from './table-fit.js';
import { checkReference, ENOUGH_IMAGES } from './untouched.js';

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

export interface CalibrationResult {
  readonly calibration: TouchCalibration;
  /** The calibration that had not seen the held-out presses. */
  readonly probe: TouchCalibration;
  readonly heldOut: readonly HeldOutPress[];
  /** Presses in which no circle was found. */
  readonly leftOut: readonly string[];
  /** Presses whose circle is larger than the ball could make it: left out as well. */
  readonly tooLarge: readonly string[];
  readonly trained: number;
  /** What the user should know about the images. */
  readonly notices: readonly string[];
}

/** Every so many presses one is held out. */
const HELD_OUT_EVERY = 4;
const LEAST_PRESSES = 4;
/** Share of the gel on which a reference may differ from most images: balls cover a tenth, another light or crop half. */
const DOUBTFUL_REFERENCE = 0.03;
const OTHER_REFERENCE = 0.3;
/** Share of the images that agree with each other there if it is the reference that is wrong. */
const MOST_AGREE = 0.75;
/** Share of the error of a flat gel from which on a calibration is worth nothing; good ones are below 0.2. */
const USELESS = 0.6;

/**
 * Calibrates a gel from balls that are pressed into it. Circles of contact are found without labels. A quarter of the
 * presses is held out and measured by what the others teach; then all of them train the calibration that is returned.
 *
 * @throws FeltmapError bad-input where too few presses show a circle, or sizes differ
 */
export function calibrateGel(pool: KernelPool, input: CalibrationInput): CalibrationResult {
  const { reference, pitch, kind, onProgress } = input;
  const notices = checkInput(input);
  onProgress?.('finding the circles of contact');
  const located = locatePresses(input.presses, reference, pitch, kind);
  const { found, leftOut, tooLarge, markers } = located;
  checkFound(input, located);
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
  const rest = { probe, heldOut, leftOut, tooLarge, trained: found.length, notices };
  if (isHeld.size === 0) return { calibration: probe, ...rest };
  checkUseful(heldOut);
  onProgress?.(`training on all ${found.length} presses`);
  const final = train(found, sigma, 1);
  const known = found.filter((press) => press.depth !== undefined);
  const gain = final.kind === 'network' && known.length > 0 ? depthGain(pool, final, reference, known) : 1;
  const calibration = final.kind === 'network' ? { ...final, depthGain: gain } : final;
  return { calibration, ...rest };
}

/** What is not wrong enough to stop. */
function checkInput({ reference, presses }: CalibrationInput): string[] {
  for (const { name, image } of presses)
    if (image.width !== reference.width || image.height !== reference.height)
      throw new FeltmapError(
        'bad-input',
        `${name} has ${image.width}×${image.height} pixels, but the reference has ${reference.width}×${reference.height}; take all images with the same settings.`,
      );
  if (presses.length < ENOUGH_IMAGES) return [];
  const images = presses.map(({ image }) => image);
  const { differing, agreeing } = checkReference(reference, images);
  if (differing < DOUBTFUL_REFERENCE) return [];
  const percent = Math.round(100 * differing);
  if (differing > OTHER_REFERENCE || agreeing > MOST_AGREE)
    throw new FeltmapError(
      'bad-input',
      `The reference is not the untouched gel of these images: on ${percent} % of it most of them look otherwise, as if something touched it or light, exposure or crop were others; take it anew, or leave it out (the median of the images is taken then).`,
    );
  return [
    `on ${percent} % of the gel hardly an image looks like the reference: spread the presses over the whole gel`,
  ];
}

/** @throws FeltmapError where the size of the ball is wrong, or hardly a press can be used */
function checkFound({ presses, pitch, kind }: CalibrationInput, located: LocatedPresses): void {
  const { found, leftOut, asLarge } = located;
  const circles = presses.length - leftOut.length;
  if (asLarge > circles / 2) {
    const radius = Math.round(presses[0]!.ballDiameter / 2 / pitch);
    throw new FeltmapError(
      'bad-input',
      `In ${asLarge} of ${circles} images the circle is larger than the ball, whose radius is ${radius} pixels by --ball-diameter and --pixel; check both (the diameter is twice the radius), and press no deeper than a third of the diameter.`,
    );
  }
  if (found.length >= (kind === 'table' ? 1 : LEAST_PRESSES)) return;
  throw new FeltmapError(
    'bad-input',
    `Only ${found.length} of ${presses.length} images show the circle of a ball, but ${LEAST_PRESSES} are needed (20 to 50, spread over the gel, are best); check the reference, --ball-diameter and --pixel.`,
  );
}

/** @throws FeltmapError where the presses held out came out hardly better than a gel that stays flat */
function checkUseful(heldOut: readonly HeldOutPress[]): void {
  if (heldOut.length === 0) return;
  const [rms, flat] = [meanOf(heldOut.map((press) => press.rms)), meanOf(heldOut.map((press) => press.flat))];
  if (rms < USELESS * flat) return;
  const [found, none] = [rms, flat].map((metres) => (1000 * metres).toFixed(3));
  throw new FeltmapError(
    'bad-input',
    `This teaches nothing: balls held out while training come out ${found} mm off, a gel that stays flat ${none} mm; what was taken for the balls is something else: the camera, its exposure and the light must not change, and --ball-diameter, --pixel and the reference must be right.`,
  );
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
