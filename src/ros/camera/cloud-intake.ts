import { FeltmapError } from '../../geometry/errors.js';
import { compose, identity, inverse, type Pose, transformTwist, type Twist } from '../../geometry/se3.js';
import { decodePointCloud2 } from '../../messages/pointcloud2.js';
import { CAMERA_ON_BODY, type RgbdFrame } from '../../sensors/camera/frame.js';
import { FrameBuilder } from '../../sensors/camera/frame-builder.js';
import { type CloudCamera, frameOfCloud, type OrganisedFrame } from '../../sensors/camera/organised-cloud.js';
import type { ScanIntake } from '../scan-intake.js';
import type { StampedArrival } from '../waiting-scan.js';
import type { ThrottledLog } from '../throttle.js';
import { sentence } from '../trigger.js';

export interface CloudIntakeOptions {
  readonly topic: string;
  /** Position among the cameras; 0 leads. */
  readonly index: number;
  readonly intake: ScanIntake;
  readonly log: ThrottledLog;
}

/**
 * Organised clouds of a depth camera in the place of its images.
 *
 * @example
 * const camera = new CloudIntake({ topic: 'rgbd/points', index: 0, intake, log });
 * if (camera.points(bytes)) pump.pump();
 */
export class CloudIntake {
  /** How the clouds project, from the first of them on. */
  #known: CloudCamera | undefined;

  constructor(private readonly options: CloudIntakeOptions) {}

  /** A sensor_msgs/PointCloud2 in CDR. @returns whether it waits now */
  points(bytes: Uint8Array): boolean {
    const { topic, index, intake } = this.options;
    const stamped = intake.stamp(topic, bytes, 'cloud');
    if (!stamped) return false;
    const images = {
      lacks: () => undefined,
      build: ({ mount, mountTwist }: { mount: Pose; mountTwist: Twist }) =>
        this.#build(bytes, stamped, mount, mountTwist),
    };
    intake.queue({ topic, index, ...stamped, images });
    return true;
  }

  async #build(
    bytes: Uint8Array,
    { stampNs, clockShiftNs, frameId }: StampedArrival,
    mount: Pose,
    mountTwist: Twist,
  ): Promise<RgbdFrame | undefined> {
    const { topic, log } = this.options;
    let made: OrganisedFrame;
    try {
      made = frameOfCloud(decodePointCloud2(bytes), this.#known);
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error;
      log.log('warn', `cloud ${topic}`, `${topic}: ${sentence(error)}`);
      return undefined;
    }
    const { camera, bodyAxes, depth, color } = made;
    this.#known = { camera, bodyAxes };
    const builder = new FrameBuilder({
      name: topic,
      camera,
      ...(color && { color: { name: topic, camera } }),
    });
    return builder.build({
      stampNs,
      ...(clockShiftNs !== 0n && { clockShiftNs }),
      frameId,
      mount: bodyAxes ? compose(mount, CAMERA_ON_BODY) : mount,
      ...(mountTwist.some((v) => v !== 0) && {
        mountTwist: bodyAxes ? transformTwist(inverse(CAMERA_ON_BODY), mountTwist) : mountTwist,
      }),
      depth: async () => depth,
      ...(color && { color: async () => color, delay: 0, T_depth_color: identity() }),
    });
  }
}
