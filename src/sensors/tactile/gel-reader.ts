import type { KernelPool } from '../../compute/pool.js';
import { FeltmapError } from '../../geometry/errors.js';
import type { ColorImage } from '../camera/frame.js';
import type { TouchCalibration } from './calibration.js';
import { clippedShare, markContact, restOf } from './contact.js';
import { lookUpDepths } from './depth-table.js';
import { GelKernels } from './gel-kernels.js';
import { wrongGrain } from './gel-grain.js';
import { doubtfulLook, lookOf, wrongLook } from './gel-look.js';
import { deviationOf, isTouched } from './gel-touched.js';
import { isGrey } from './grey.js';
import { MarkerFilter } from './markers.js';
import { ReferenceKeeper } from './reference-keeper.js';
import type { TouchImage } from './touch.js';

/** Share of touched pixels that may be clipped before it is reported. */
const MOST_CLIPPED = 0.05;
/** Share of all pixels from which on an image is useless. */
const ALL_CLIPPED = 0.6;
/** How far below itself a gel at rest may seem to lie: at least so much (m), or so many σ. */
const LEAST_SUNK = 1e-4;
const SUNK = 3;

/**
 * Turns the images of one gel into heights. It needs to see the gel untouched first; from then on it captures a new
 * reference by itself when the gel drifts and nothing touches it.
 *
 * @example
 * const reader = new GelReader(pool, calibration, 'finger');
 * reader.setReference(untouched); // { width, height, data: RGB }
 * const touch = reader.read(image, stampNs); // touch.depth in metres, touch.contact
 * for (const notice of reader.notices) console.warn(notice);
 */
export class GelReader {
  readonly #notices = new Set<string>();
  readonly #keeper: ReferenceKeeper;
  readonly #markers: MarkerFilter | undefined;
  readonly #kernels: GelKernels | undefined;
  readonly #hiddenInReference: Uint8Array | undefined;
  readonly #hidden: Uint8Array | undefined;
  readonly #difference: Uint8Array;
  #reference: Uint8Array | undefined;
  /** Whether slopes are read in colours, and the reference has some. */
  #coloured = false;

  /**
   * @param frameId the gel's frame
   * @throws FeltmapError out-of-memory when the arena is too small
   */
  constructor(
    pool: KernelPool,
    readonly calibration: TouchCalibration,
    readonly frameId: string,
  ) {
    const { width, height, markers } = calibration;
    this.#keeper = new ReferenceKeeper(width, height);
    if (markers) {
      this.#markers = new MarkerFilter(width, height);
      this.#hiddenInReference = new Uint8Array(width * height);
      this.#hidden = new Uint8Array(width * height);
    }
    if (calibration.kind === 'network')
      this.#kernels = new GelKernels(pool, width, height, calibration.weights);
    this.#difference = this.#kernels?.difference ?? new Uint8Array(width * height);
  }

  /** What the user should know about images so far, each once: only ever grows. */
  get notices(): readonly string[] {
    return [...this.#notices];
  }

  get hasReference(): boolean {
    return this.#reference !== undefined;
  }

  /**
   * Captures the reference.
   *
   * @param image the gel when nothing touches it
   * @throws FeltmapError bad-input for an image of the wrong size, a clipped one, or one of another gel, mirrored, turned or
   *   with other colours than those that the calibration was made with
   */
  setReference(image: ColorImage): void {
    this.#check(image, 'reference image');
    this.#compare(image);
    this.#capture(image.data);
    this.#keeper.set(image.data);
  }

  /** Another one has to be captured: the light has changed for good, or something touched the gel when it was taken. */
  forgetReference(): void {
    this.#reference = undefined;
    this.#keeper.forget();
  }

  /**
   * @returns no depth anywhere (NaN) where the gel has changed but nobody knows how deep it is pressed in
   * @throws FeltmapError not-found before there is a reference; bad-input for an image of the wrong size, or a clipped one:
   *   the next image is read as if it had never come
   */
  read(image: ColorImage, stampNs: bigint): TouchImage {
    if (!this.#reference)
      throw new FeltmapError(
        'not-found',
        `${this.#name()} has no reference yet: lift it off for a moment, or give an image taken while nothing touches it.`,
      );
    this.#check(image, 'image');
    if (this.#coloured && isGrey(image.data))
      throw new FeltmapError(
        'bad-input',
        `${this.#name()}: the image is grey, without colours, but those of the untouched gel have colours, which tell the slopes; it is left out (publish rgb8 or bgr8, not mono8).`,
      );
    const changed = this.#follow(image.data);
    const { width, height, pitch, sigma } = this.calibration;
    const depth = new Float32Array(width * height);
    const contact = new Uint8Array(width * height);
    const known = this.#kernels
      ? this.#byNetwork(image.data, this.#kernels, depth)
      : this.#byTable(image.data, depth);
    const { pixels } = markContact(depth, this.#difference, contact, sigma);
    if (pixels > 0 ? !known : changed) {
      // Neither felt nor free: no depth, so that nothing is carved.
      depth.fill(NaN);
      contact.fill(0);
      this.#notices.add(
        `${this.#name()}: some of its images differ from the untouched gel by more than its noise, and how deep it is pressed in cannot be seen, as when something flat covers all of it; they are mapped neither as touched nor as free (press so that a part of the gel stays free; if nothing touches it, take its reference anew: in ROS with ~/retake_reference).`,
      );
    } else if (pixels > 0) {
      const clipped = clippedShare(image.data, contact);
      if (clipped > MOST_CLIPPED)
        this.#notices.add(
          `${this.#name()}: more than ${100 * MOST_CLIPPED} % of what is touched is overexposed, so heights are less accurate; lower the exposure or the lamps.`,
        );
    }
    return {
      kind: 'touch-image',
      stampNs,
      frameId: this.frameId,
      width,
      height,
      pitch,
      depth,
      contact,
      sigma,
    };
  }

  /** Gives the kernel memory back. */
  close(): void {
    this.#kernels?.close();
  }

  #byNetwork(rgb: Uint8Array, kernels: GelKernels, depth: Float32Array): boolean {
    this.#keeper.gate(kernels.gate);
    kernels.findSlopes(rgb);
    if (this.#markers) {
      const hidden = this.#markers.find(rgb, this.#hidden);
      for (let i = 0; i < hidden.length; i++) hidden[i]! |= this.#hiddenInReference![i]!;
      const pixels = hidden.length;
      this.#markers.fill(
        [kernels.slopes.subarray(0, pixels), kernels.slopes.subarray(pixels), this.#difference],
        hidden,
      );
    }
    kernels.integrate();
    const { pitch, depthGain } = this.calibration as { pitch: number; depthGain: number };
    const scale = pitch * depthGain;
    const rest = restOf(kernels.heights, this.#difference, this.#sunk() / scale);
    for (let i = 0; i < depth.length; i++) depth[i] = (kernels.heights[i]! - rest.height) * scale;
    return rest.known;
  }

  /** How far below itself a gel at rest may seem to lie (m). */
  #sunk(): number {
    return Math.max(LEAST_SUNK, SUNK * this.calibration.sigma);
  }

  #byTable(rgb: Uint8Array, depth: Float32Array): boolean {
    const { depths } = this.calibration as { depths: Float32Array };
    lookUpDepths(rgb, this.#reference!, depths, depth, this.#difference);
    if (this.#markers) {
      const hidden = this.#markers.find(rgb, this.#hidden);
      for (let i = 0; i < hidden.length; i++) hidden[i]! |= this.#hiddenInReference![i]!;
      this.#markers.fill([depth, this.#difference], hidden);
    }
    const rest = restOf(depth, this.#difference, this.#sunk());
    for (let i = 0; i < depth.length; i++) depth[i]! -= rest.height;
    return rest.known;
  }

  /** Captures a new reference when it is time. @returns whether the gel has changed by more than noise and drift */
  #follow(rgb: Uint8Array): boolean {
    const { reference, stale, changed } = this.#keeper.show(rgb);
    if (reference) {
      this.#capture(reference);
      this.#notices.add(
        `${this.#name()} has drifted; its reference was captured anew while nothing touched it.`,
      );
    }
    if (stale !== undefined)
      this.#notices.add(
        `${this.#name()} has drifted by more than its heights can bear and something touches it; lift it off for a moment so that its reference can be captured anew.`,
      );
    return changed;
  }

  #capture(rgb: Uint8Array): void {
    this.#reference = rgb.slice();
    this.#coloured = this.#kernels !== undefined && !isGrey(rgb);
    this.#kernels?.setReference(rgb);
    this.#markers?.find(rgb, this.#hiddenInReference);
  }

  #check({ width, height, data }: ColorImage, what: string): void {
    const { calibration } = this;
    if (width !== calibration.width || height !== calibration.height || data.length !== 3 * width * height)
      throw new FeltmapError(
        'bad-input',
        `${this.#name()}: the ${what} has ${width}×${height} pixels, but the calibration is for ${calibration.width}×${calibration.height}; it is left out (calibrate at the size that the sensor delivers).`,
      );
    let clipped = 0;
    for (let i = 0; i < data.length; i += 3)
      if (data[i] === 255 || data[i + 1] === 255 || data[i + 2] === 255) clipped++;
    if (clipped > ALL_CLIPPED * width * height)
      throw new FeltmapError(
        'bad-input',
        `${this.#name()}: ${Math.round((100 * clipped) / (width * height))} % of the ${what} is overexposed, so it shows no slopes; it is left out (lower the exposure or the lamps).`,
      );
  }

  /** Whether the gel looks as it did when it was calibrated: else its heights would be wrong without a word. */
  #compare(image: ColorImage): void {
    const { calibration } = this;
    const { look } = calibration;
    if (!look && calibration.kind === 'network')
      this.#notices.add(
        `${this.#name()}: its calibration is of an older Feltmap and does not say what the gel looked like, so that images that are mirrored, turned or recoloured are not noticed; calibrate anew with feltmap calibrate-touch.`,
      );
    // A table of grey levels is of a gel that looks nearly the same from all sides: its grain knows better.
    const grain = calibration.kind === 'table' ? calibration.grain : undefined;
    const { data, width, height } = image;
    const seen = lookOf(data, width, height);
    const wrong = (grain && wrongGrain(grain, image)) ?? (look && wrongLook(look, seen, width === height));
    if (wrong !== undefined)
      throw new FeltmapError(
        'bad-input',
        `${this.#name()}: untouched, its images are ${wrong}, against those that its calibration was made with, so their heights would be wrong; they are left out (give the images as they were then, or calibrate anew with feltmap calibrate-touch).`,
      );
    const deviation = look && deviationOf(seen, look);
    if (deviation && isTouched(deviation)) {
      this.#notices.add(
        `${this.#name()}: something seems to touch it in the image that is given as untouched (a part of it differs by ${Math.round(deviation.largest)} grey levels from the untouched gel of its calibration, half of it by less than ${Math.max(1, Math.ceil(deviation.usual))}), so heights are wrong there in every image; take the reference anew while nothing touches it.`,
      );
      return;
    }
    const doubt = look && doubtfulLook(look, seen);
    if (doubt !== undefined)
      this.#notices.add(
        `${this.#name()}: untouched, it looks unlike the gel of its calibration (${Math.round(100 * doubt)} % of what makes its light up is different, of the same sensor less than 25 %): it may be another sensor of that kind, or something touched it while the reference was taken, and heights may be off by several times their σ; take the reference anew, or calibrate this sensor with feltmap calibrate-touch.`,
      );
  }

  #name(): string {
    return `The gel ${this.frameId || this.calibration.sensor}`;
  }
}
