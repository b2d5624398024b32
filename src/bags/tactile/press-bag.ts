import type { BallPress } from '../../calibration/tactile/locate-presses.js';
import { FeltmapError } from '../../geometry/errors.js';
import { decodeTouchMessage } from '../../images/decode-touch.js';
import { readHeader } from '../../messages/header.js';
import { WireReader } from '../../messages/wire.js';
import type { ColorImage } from '../../sensors/camera/frame.js';
import { AlikeImages, ENOUGH_ALIKE } from '../../sensors/tactile/alike-images.js';
import { changeBetween, coarsen, type CoarseImage } from '../../sensors/tactile/coarse.js';
import { openBag } from '../reader.js';
import type { BagMessage, BagReader } from '../types.js';
import type { PressFolder } from './press-folder.js';
import { touchTopics } from './topics.js';

const MOST_PRESSES = 500;

export interface PressBagOptions {
  /** Diameter of the ball (m). */
  readonly ballDiameter: number;
  /** Topic of the gel's images; default: the only one with a tactile sensor's name. */
  readonly topic?: string;
}

/**
 * Presses of a ball in a recording of a gel's images: the first images that are alike show it untouched, and of each
 * contact, from the first image that is touched to the last, the one counts in which the gel has changed most.
 *
 * @throws FeltmapError not-found without images, without presses or without an untouched gel; bad-config for several gels
 * @example
 * const { reference, presses } = await readPressBag('balls.mcap', { ballDiameter: 0.006 });
 */
export async function readPressBag(path: string, options: PressBagOptions): Promise<PressFolder> {
  const bag = await openBag(path);
  try {
    const topic = await imageTopic(bag, path, options.topic);
    const contacts = new Contacts();
    let startNs: bigint | undefined;
    for await (const message of bag.messages({ topics: [topic] })) {
      startNs ??= message.logTimeNs;
      const image = await imageOf(message);
      if (image) contacts.show(image, Number(message.logTimeNs - startNs) / 1e9);
    }
    const { reference, presses } = contacts.end();
    if (!reference)
      throw new FeltmapError(
        'not-found',
        `${path}: ${topic} never shows ${ENOUGH_ALIKE} images in a row that are alike, so nobody knows what the untouched gel looks like; let it hang free at the start.`,
      );
    if (presses.length === 0)
      throw new FeltmapError('not-found', `${path}: nothing touches the gel in any image of ${topic}.`);
    const { ballDiameter } = options;
    return {
      reference,
      referencePath: `${topic}, its first images`,
      presses: presses.map(({ name, image }): BallPress => ({ name, image, ballDiameter })),
    };
  } finally {
    await bag.close();
  }
}

async function imageTopic(bag: BagReader, path: string, wanted: string | undefined): Promise<string> {
  const all = await touchTopics(bag, path, {
    order: ['image'],
    ...(wanted !== undefined && { wanted: [wanted] }),
  });
  const images = all.filter(({ input }) => input === 'image').map(({ name }) => name);
  if (images.length === 0)
    throw new FeltmapError(
      'not-found',
      `${path} has no images of a gel${wanted === undefined ? ' on a topic with a name of a tactile sensor; name it with --topic' : ` on ${wanted}`}.`,
    );
  if (images.length > 1)
    throw new FeltmapError(
      'bad-config',
      `${path} has images of several gels (${images.join(', ')}); a calibration is of one: name it with --topic.`,
    );
  return images[0]!;
}

/** Undefined for a damaged one: others remain. */
async function imageOf({ topic, type, data, encoding }: BagMessage): Promise<ColorImage | undefined> {
  try {
    const header = readHeader(new WireReader(data, encoding, type));
    const read = await decodeTouchMessage('image', { topic, type, data, encoding }, header);
    return read.kind === 'gel-image' ? read.image : undefined;
  } catch (error) {
    if (!(error instanceof FeltmapError)) throw error;
    return undefined;
  }
}

interface Press {
  readonly name: string;
  readonly image: ColorImage;
  readonly change: number;
}

/** Sorts images into the untouched gel and its contacts. */
class Contacts {
  readonly #presses: Press[] = [];
  readonly #first = new AlikeImages();
  #size = { width: 0, height: 0 };
  #reference: { readonly image: ColorImage; readonly coarse: CoarseImage } | undefined;
  /** Of the contact that lasts. */
  #deepest: Press | undefined;

  show(image: ColorImage, seconds: number): void {
    const { width, height, data } = image;
    if (width < 8 || height < 8 || data.length !== 3 * width * height) return;
    const coarse = coarsen(data, width, height);
    if (!this.#reference) return this.#begin(image, coarse);
    const { image: untouched, coarse: before } = this.#reference;
    if (untouched.width !== width || untouched.height !== height) return;
    const { touched, gains } = changeBetween(before, coarse);
    if (!touched) return this.#lift();
    let change = 0;
    for (let i = 0; i < coarse.data.length; i++)
      change += Math.abs(coarse.data[i]! - gains[i % 3]! * before.data[i]!);
    if (this.#deepest && this.#deepest.change >= change) return;
    this.#deepest = { name: `${seconds.toFixed(2)} s`, image, change };
  }

  end(): { readonly reference: ColorImage | undefined; readonly presses: readonly Press[] } {
    this.#lift();
    return { reference: this.#reference?.image, presses: this.#presses };
  }

  #lift(): void {
    if (this.#deepest && this.#presses.length < MOST_PRESSES) this.#presses.push(this.#deepest);
    this.#deepest = undefined;
  }

  #begin(image: ColorImage, coarse: CoarseImage): void {
    const { width, height } = image;
    const { width: w, height: h } = this.#size;
    if (width !== w || height !== h || this.#first.differs(coarse)) this.#first.forget();
    this.#size = { width, height };
    const data = this.#first.add(image.data, coarse);
    if (data) this.#reference = { image: { width, height, data }, coarse: coarsen(data, width, height) };
  }
}
