import type { KernelPool } from '../../compute/pool.js';
import type { ColorImage } from '../camera/frame.js';
import type { TouchCalibration } from './calibration.js';
import { AlikeImages } from './alike-images.js';
import { coarsen } from './coarse.js';
import { GelReader } from './gel-reader.js';
import { noCalibration } from './presets.js';
import type { GelImage, TouchImage } from './touch.js';

/** One gel on its way to a first reference. */
interface Gel {
  readonly reader: GelReader;
  readonly first: AlikeImages;
  told: number;
}

/**
 * The gels of a body, by their frames: reads heights in their images. The first images of each that are alike are taken
 * for what it looks like when nothing touches it.
 *
 * @example
 * const gels = new Gels(pool);
 * gels.calibrate(calibration);
 * const touch = gels.read({ kind: 'gel-image', stampNs, frameId: 'finger', image }); // undefined for the first few
 */
export class Gels {
  readonly #gels = new Map<string, Gel>();
  readonly #calibrations = new Map<string, TouchCalibration>();
  #calibration: TouchCalibration | undefined;
  readonly #notices: string[] = [];

  constructor(private readonly pool: KernelPool) {}

  /** What the user should know about images so far, each once: only ever grows. */
  get notices(): readonly string[] {
    for (const gel of this.#gels.values()) {
      this.#notices.push(...gel.reader.notices.slice(gel.told));
      gel.told = gel.reader.notices.length;
    }
    return this.#notices;
  }

  /** @param frameId the gel that it was made for; all others unless given */
  calibrate(calibration: TouchCalibration, frameId?: string): void {
    if (frameId === undefined) this.#calibration = calibration;
    else this.#calibrations.set(frameId, calibration);
  }

  /**
   * @returns undefined while there is no reference yet
   * @throws FeltmapError not-found without a calibration; bad-input for an image of the wrong size, or a clipped one
   */
  read({ image, stampNs, frameId }: GelImage): TouchImage | undefined {
    const gel = this.#gelOf(frameId);
    if (gel.reader.hasReference) return gel.reader.read(image, stampNs);
    this.#begin(gel, image);
    return undefined;
  }

  /**
   * Takes the references anew, of the next images that are alike: nothing may touch the gels meanwhile.
   *
   * @returns how many there were
   */
  retakeReferences(): number {
    let count = 0;
    for (const { reader, first } of this.#gels.values()) {
      if (reader.hasReference) count++;
      reader.forgetReference();
      first.forget();
    }
    return count;
  }

  /** Gives the kernel memory back. */
  close(): void {
    for (const { reader } of this.#gels.values()) reader.close();
    this.#gels.clear();
  }

  #gelOf(frameId: string): Gel {
    const known = this.#gels.get(frameId);
    if (known) return known;
    const calibration = this.#calibrations.get(frameId) ?? this.#calibration;
    if (!calibration) throw noCalibration(`The gel ${frameId}`);
    const reader = new GelReader(this.pool, calibration, frameId);
    const gel = { reader, first: new AlikeImages(), told: 0 };
    this.#gels.set(frameId, gel);
    return gel;
  }

  #begin({ reader, first }: Gel, image: ColorImage): void {
    const { width, height } = reader.calibration;
    // One of another size is refused with a sentence.
    if (image.data.length !== 3 * width * height) return reader.setReference(image);
    const coarse = coarsen(image.data, width, height);
    if (first.differs(coarse)) first.forget();
    const data = first.add(image.data, coarse);
    if (data) reader.setReference({ width, height, data });
  }
}
