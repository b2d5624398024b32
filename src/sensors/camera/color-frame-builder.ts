import type { Pose } from '../../geometry/se3.js';
import type { CameraIntrinsics, ColorFrame, ColorImage } from './frame.js';
import { ImageNotes } from './image-notes.js';

/** Where images of one colour camera come from. */
export interface ColorSetup {
  /** Topic or folder, for notes. */
  readonly name: string;
  readonly camera: CameraIntrinsics;
  /** T_body_camera. */
  readonly mount: Pose;
}

/** An image of which the pixels are still to be decoded. */
export interface ColorPart extends Pick<ColorFrame, 'stampNs' | 'clockShiftNs' | 'frameId'> {
  readonly color: () => Promise<ColorImage>;
  /** Where the camera is at the stamp, in the place of what the setup says. */
  readonly mount?: Pose;
}

/**
 * Makes frames of the images of a camera without depth, and keeps what is wrong with them as notes: one that cannot be read
 * is skipped.
 *
 * @example
 * const builder = new ColorFrameBuilder({ name: '/image', camera, mount: T_base_camera });
 * const frame = await builder.build({ stampNs, frameId, color: () => decodeColorMessage(message) });
 * if (frame) slam.picture(frame);
 */
export class ColorFrameBuilder {
  readonly #notes = new ImageNotes();

  constructor(private readonly setup: ColorSetup) {}

  /** What was wrong, each kind once, as sentences without their end. */
  get notes(): readonly string[] {
    return this.#notes.list;
  }

  /** @throws only what is no FeltmapError */
  build({ color, ...part }: ColorPart): Promise<ColorFrame | undefined> {
    const { name, camera, mount } = this.setup;
    return this.#notes.tried(name, 'colour image skipped', async () => {
      const image = await color();
      const fitted = this.#notes.fit(camera, image, name);
      return { kind: 'color', mount, ...part, image, camera: fitted } as const;
    });
  }
}
