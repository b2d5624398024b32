import { FeltmapError } from '../../geometry/errors.js';
import { fitIntrinsics } from './camera-info.js';
import type { CameraIntrinsics } from './frame.js';

/** Kinds of notes that are kept. */
const MOST_NOTES = 32;

/**
 * What is wrong with the images of a recording, each kind once, and their intrinsics at the size that they have.
 *
 * @example
 * const notes = new ImageNotes();
 * const image = await notes.tried('/camera/image', 'image skipped', () => decodeColorMessage(message));
 * for (const note of notes.list) console.warn(note);
 */
export class ImageNotes {
  readonly #notes = new Map<string, { count: number; readonly first: string }>();
  readonly #fitted = new Map<CameraIntrinsics, CameraIntrinsics>();

  /** Sentences without their end. */
  get list(): readonly string[] {
    return [...this.#notes.values()].map(({ count, first }) =>
      count === 1 ? first : `${first} (${count} times, this was the first)`,
    );
  }

  /** @param name topic or folder of the images */
  add(name: string, text: string): void {
    const first = `${name}: ${text}`;
    // Numbers differ from image to image: they do not make another kind of note.
    const key = first.replace(/\d+/g, '#');
    const known = this.#notes.get(key);
    if (known) known.count++;
    else if (this.#notes.size < MOST_NOTES) this.#notes.set(key, { count: 1, first });
  }

  /**
   * What some work gives; undefined where it fails, which becomes a note.
   *
   * @param outcome what follows from a failure
   * @throws only what is no FeltmapError
   */
  async tried<T>(name: string, outcome: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error;
      this.add(name, `${outcome}: ${error.message}`);
      return undefined;
    }
  }

  /**
   * The intrinsics at an image's size.
   *
   * @throws FeltmapError bad-input for an image of another shape
   */
  fit(
    camera: CameraIntrinsics,
    { width, height }: { width: number; height: number },
    name: string,
  ): CameraIntrinsics {
    const known = this.#fitted.get(camera);
    if (known?.width === width && known.height === height) return known;
    const fitted = fitIntrinsics(camera, width, height, `An image of ${name}`);
    if (fitted !== camera)
      this.add(
        name,
        `the images have ${width}×${height} pixels, but their intrinsics are for ${camera.width}×${camera.height}: they are ` +
          (fitted.fx === camera.fx
            ? 'taken as they are, as their principal point is that of these images'
            : 'scaled'),
      );
    this.#fitted.set(camera, fitted);
    return fitted;
  }
}
