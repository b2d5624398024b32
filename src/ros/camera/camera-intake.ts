import { identity, type Pose, type Twist } from '../../geometry/se3.js';
import { decodeColorMessage, decodeDepthMessage, type ImageMessage } from '../../images/decode-message.js';
import { frameName, type TfBuffer } from '../../messages/tf-buffer.js';
import { isRegisteredName } from '../../sensors/camera/camera-info.js';
import { FrameBuilder } from '../../sensors/camera/frame-builder.js';
import type { RgbdFrame } from '../../sensors/camera/frame.js';
import { type Paired, Pairing } from '../../sensors/camera/pairing.js';
import { steadyNs } from '../../sensors/clock-shift.js';
import type { ScanIntake } from '../scan-intake.js';
import type { FrameImages, FrameLack, StampedArrival } from '../waiting-scan.js';
import type { ThrottledLog } from '../throttle.js';
import { CalibrationIntake } from './calibration.js';

/** Names of a camera's topics. */
export interface ImageTopicNames {
  /** As subscribed to, and in full after remapping: drivers' names tell what the images are. */
  readonly depth: { readonly name: string; readonly full: string };
  readonly info: string;
  /** Absent where colour is not wanted. */
  readonly color?: { readonly name: string; readonly full: string; readonly info: string };
}

export interface CameraIntakeOptions {
  readonly topics: ImageTopicNames;
  /** Position among the cameras; 0 leads. */
  readonly index: number;
  readonly intake: ScanIntake;
  readonly tf: TfBuffer;
  readonly log: ThrottledLog;
}

/** An image as it came, with the stamp that it is used with. */
interface RawImage extends ImageMessage {
  readonly arrival: StampedArrival;
}
/** Where colour is, or that it is known to be the depth camera; `lack`: what is missing for that. */
type ColorPlace = { readonly T_depth_color: Pose } | { readonly lack: string };

/**
 * Images and camera_infos of one depth camera, from arrival to the line of scans that wait: stamps, pairs, calibration.
 * Images are decoded when the turn of their frame has come.
 *
 * @example
 * const camera = new CameraIntake({ topics, index: 0, intake, tf, log });
 * camera.info(infoBytes);
 * camera.color('sensor_msgs/msg/Image', colorBytes);
 * if (camera.depth('sensor_msgs/msg/Image', depthBytes)) pump.pump();
 */
export class CameraIntake {
  readonly #o: CameraIntakeOptions;
  readonly #info: CalibrationIntake;
  readonly #colorInfo: CalibrationIntake | undefined;
  #pairing = new Pairing<RawImage, RawImage>();
  #builder: FrameBuilder | undefined;
  #logged = 0;
  #pairingTold = 0;
  /** Colour could not be placed in time: frames go without it until it can. */
  #withoutColor = false;

  constructor(options: CameraIntakeOptions) {
    this.#o = options;
    const { topics, log } = options;
    this.#info = new CalibrationIntake(topics.info, topics.depth.full, log);
    this.#colorInfo = topics.color && new CalibrationIntake(topics.color.info, topics.color.full, log);
  }

  /** A depth image in CDR. @returns whether a frame waits now */
  depth(type: string, bytes: Uint8Array): boolean {
    const { topics } = this.#o;
    const raw = this.#stamped(topics.depth.name, type, bytes);
    if (!raw) return false;
    return this.#queue(topics.color ? this.#pairing.addDepth(steadyNs(raw.arrival), raw) : [{ depth: raw }]);
  }

  /** A colour image likewise. */
  color(type: string, bytes: Uint8Array): boolean {
    const { color } = this.#o.topics;
    const raw = color && this.#stamped(color.name, type, bytes);
    return raw ? this.#queue(this.#pairing.addColor(steadyNs(raw.arrival), raw)) : false;
  }

  /** The camera_info of the depth images. */
  info(bytes: Uint8Array): void {
    if (this.#info.add(bytes)) this.#builder = undefined;
  }

  colorInfo(bytes: Uint8Array): void {
    if (this.#colorInfo?.add(bytes)) this.#builder = undefined;
  }

  /** Forgets images that wait for a partner. */
  clear(): void {
    this.#pairing = new Pairing();
    this.#pairingTold = 0;
  }

  #stamped(topic: string, type: string, data: Uint8Array): RawImage | undefined {
    const arrival = this.#o.intake.stamp(topic, data, 'image');
    return arrival && { topic, type, data, encoding: 'cdr', arrival };
  }

  #queue(pairs: readonly Paired<RawImage, RawImage>[]): boolean {
    const { intake, index, log, topics } = this.#o;
    for (const pair of pairs) {
      const { topic, arrival } = pair.depth;
      intake.queue({ topic, index, ...arrival, images: this.#frame(pair) });
    }
    const { notes } = this.#pairing;
    if (pairs.length > 0 && notes.length > this.#pairingTold) {
      this.#pairingTold = notes.length;
      const level = this.#pairing.paired > 0 ? 'info' : 'warn';
      log.log(level, `pairing ${topics.depth.name}`, `${topics.color!.name}: ${notes.at(-1)!}.`);
    }
    return pairs.length > 0;
  }

  #frame(pair: Paired<RawImage, RawImage>): FrameImages {
    return {
      lacks: () => this.#lack(pair),
      build: ({ mount, mountTwist }) => this.#build(pair, mount, mountTwist),
    };
  }

  #lack({ depth, color }: Paired<RawImage, RawImage>): FrameLack | undefined {
    const { topics } = this.#o;
    if (!this.#depthCamera(color))
      return {
        text:
          `${topics.depth.name}: no odometry, because no usable camera_info has come on ${topics.info}. ` +
          `Start the driver's camera_info, or give its topic (camera_info_topic, or -r ${topics.info}:=…).`,
      };
    const place = color && this.#placeOfColor(depth, color);
    if (!place || !('lack' in place)) {
      this.#withoutColor = false;
      return undefined;
    }
    if (this.#withoutColor) return undefined;
    return {
      text: `${topics.color!.name}: depth is used without colour, because ${place.lack}.`,
      without: () => (this.#withoutColor = true),
    };
  }

  /** Depth that is registered to colour has the intrinsics of colour. */
  #depthCamera(color: RawImage | undefined) {
    const registered = color !== undefined && isRegisteredName(this.#o.topics.depth.full);
    return this.#info.newest ?? (registered ? this.#colorInfo?.newest : undefined);
  }

  #placeOfColor(depth: RawImage, color: RawImage): ColorPlace {
    const { tf, topics } = this.#o;
    const [info, colorInfo] = [this.#info.newest, this.#colorInfo?.newest];
    const registered =
      frameName(depth.arrival.frameId) === frameName(color.arrival.frameId) ||
      (info && colorInfo && frameName(info.frameId) === frameName(colorInfo.frameId)) === true ||
      isRegisteredName(topics.depth.full);
    if (registered) return { T_depth_color: identity() };
    if (!colorInfo)
      return { lack: `no usable camera_info has come on ${topics.color!.info} (color_camera_info_topic)` };
    const found = tf.lookup(depth.arrival.frameId, color.arrival.frameId, depth.arrival.stampNs);
    if (found.ok) return { T_depth_color: found.pose };
    const frames = `from '${frameName(depth.arrival.frameId)}' to '${frameName(color.arrival.frameId)}'`;
    return {
      lack: `there is no transform ${frames} (${found.reason}); publish it, or have the driver register depth to colour`,
    };
  }

  async #build(
    { depth, color, delay }: Paired<RawImage, RawImage>,
    mount: Pose,
    mountTwist: Twist,
  ): Promise<RgbdFrame | undefined> {
    const builder = (this.#builder ??= this.#newBuilder(color));
    if (!builder) return undefined;
    const { stampNs, clockShiftNs, frameId } = depth.arrival;
    const place = color && this.#placeOfColor(depth, color);
    const frame = await builder.build({
      stampNs,
      ...(clockShiftNs !== 0n && { clockShiftNs }),
      frameId,
      mount,
      ...(mountTwist.some((v) => v !== 0) && { mountTwist }),
      depth: () => decodeDepthMessage(depth),
      ...(place &&
        'T_depth_color' in place && {
          color: () => decodeColorMessage(color),
          delay: delay!,
          T_depth_color: place.T_depth_color,
        }),
    });
    this.#tell(builder);
    return frame;
  }

  #newBuilder(colorImage: RawImage | undefined): FrameBuilder | undefined {
    const { topics } = this.#o;
    const camera = this.#depthCamera(colorImage)?.camera;
    if (!camera) return undefined;
    const { color } = topics;
    this.#logged = 0;
    return new FrameBuilder({
      name: topics.depth.name,
      camera,
      ...(color && { color: { name: color.name, camera: this.#colorInfo?.newest?.camera ?? camera } }),
    });
  }

  /** Says what is new about the images, each kind once; diagnostics count the rest. */
  #tell(builder: FrameBuilder): void {
    const { notes } = builder;
    for (const note of notes.slice(this.#logged)) this.#o.log.log('warn', `frame ${note}`, `${note}.`);
    this.#logged = notes.length;
  }
}
