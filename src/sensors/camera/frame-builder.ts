import { identity, type Pose, type Twist } from '../../geometry/se3.js';
import { type Confidence, dropUnsure } from './confidence.js';
import { doubtOfDepth } from './depth-doubts.js';
import { DisparityCheck } from './disparity-check.js';
import type { CameraIntrinsics, ColorImage, DepthImage, FrameColor, RgbdFrame } from './frame.js';
import { ImageNotes } from './image-notes.js';

/** Where frames of one camera come from. */
export interface FrameSetup {
  /** Topic or folder of the depth images, for notes. */
  readonly name: string;
  readonly camera: CameraIntrinsics;
  readonly color?: {
    readonly name: string;
    readonly camera: CameraIntrinsics;
    /** Pose of the colour camera in the depth camera's frame; the identity where depth is registered to colour. */
    readonly T_depth_color?: Pose;
  };
  /** T_body_sensor of the depth camera. */
  readonly mount?: Pose;
}

/** A depth image with the colour image of its time, of which the pixels are still to be decoded. */
export interface FramePart {
  readonly stampNs: bigint;
  readonly clockShiftNs?: bigint;
  readonly frameId: string;
  readonly depth: () => Promise<DepthImage>;
  /** Where its camera is sure of it. */
  readonly confidence?: () => Promise<Confidence>;
  readonly color?: () => Promise<ColorImage>;
  /** Stamp of the colour image less that of the depth image, s. */
  readonly delay?: number;
  /** Where the cameras are at the stamp, in the place of what the setup says. */
  readonly mount?: Pose;
  readonly mountTwist?: Twist;
  readonly T_depth_color?: Pose;
}

/**
 * Makes frames of images: decodes them, gives them their intrinsics, and keeps what is wrong with them as notes. A depth
 * image that cannot be read costs its frame, a colour image its colour.
 *
 * @example
 * const builder = new FrameBuilder({ name: '/depth', camera });
 * const frame = await builder.build({ stampNs, frameId, depth: () => decodeDepthMessage(message) });
 * if (frame) slam.process(frame);
 * for (const note of builder.notes) console.warn(note);
 */
export class FrameBuilder {
  readonly #setup: FrameSetup;
  readonly #notes = new ImageNotes();
  readonly #disparity = new DisparityCheck();
  #skipped = 0;

  constructor(setup: FrameSetup) {
    this.#setup = setup;
  }

  /** Frames that could not be made. */
  get skipped(): number {
    return this.#skipped;
  }

  /** What was wrong, each kind once, as sentences without their end. */
  get notes(): readonly string[] {
    const { note } = this.#disparity;
    return note === undefined ? this.#notes.list : [...this.#notes.list, `${this.#setup.name}: ${note}`];
  }

  /**
   * The frame; undefined where its depth cannot be read, which a note says.
   *
   * @throws only what is no FeltmapError
   */
  async build(part: FramePart): Promise<RgbdFrame | undefined> {
    const { name, camera } = this.#setup;
    const { stampNs, clockShiftNs, frameId, mount = this.#setup.mount, mountTwist } = part;
    const [depth, color] = await Promise.all([
      this.#notes.tried(name, 'depth image skipped', () => this.#depth(part)),
      part.color && this.#color(part.color, part),
    ]);
    const fitted =
      depth &&
      (await this.#notes.tried(name, 'depth image skipped', async () =>
        this.#notes.fit(camera, depth, name),
      ));
    if (!depth || !fitted) {
      this.#skipped++;
      return undefined;
    }
    const doubt = doubtOfDepth(depth);
    if (doubt !== undefined) this.#notes.add(name, doubt);
    this.#disparity.add(depth);
    return {
      kind: 'rgbd',
      stampNs,
      ...(clockShiftNs !== undefined && { clockShiftNs }),
      frameId,
      depth,
      camera: fitted,
      ...(color && { color }),
      ...(mount && { mount }),
      ...(mountTwist && { mountTwist }),
    };
  }

  /** Depth that its camera is sure of; all of it where that is not known. */
  async #depth({ depth: decode, confidence }: FramePart): Promise<DepthImage> {
    const depth = await decode();
    if (confidence)
      await this.#notes.tried(this.#setup.name, 'depth is used as if its camera were sure of it', async () =>
        dropUnsure(depth, await confidence()),
      );
    return depth;
  }

  async #color(
    decode: () => Promise<ColorImage>,
    { delay = 0, T_depth_color }: FramePart,
  ): Promise<FrameColor | undefined> {
    const setup = this.#setup.color;
    if (!setup) return undefined;
    return this.#notes.tried(setup.name, 'depth is used without its colour', async () => {
      const image = await decode();
      const camera = this.#notes.fit(setup.camera, image, setup.name);
      return { image, camera, T_depth_color: T_depth_color ?? setup.T_depth_color ?? identity(), delay };
    });
  }
}
