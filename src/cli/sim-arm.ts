import { compose, inverse, type Pose } from '../geometry/se3.js';
import { STOPPING } from '../sim/camera/motion.js';
import type { RgbdSimulation } from '../sim/camera/rgbd-simulation.js';
import type { TouchSimulation } from '../sim/touch/touch-simulation.js';
import { TouchRecorder, type MessageSink, type TouchKind } from './sim-touch-recorder.js';

/** Seconds between the end of the way and the first touch, and after the last one. */
const BEFORE = 1.5;
const AFTER = 0.5;

/** Seconds of a recording that drives for `drive` seconds and then touches, `rate` times a second. */
export function armDuration(drive: number, touches: number, rate = 1): number {
  return drive + STOPPING + BEFORE + (touches - 1) / rate + AFTER;
}

/** Stamp of the first touch. */
export function firstTouch(startNs: bigint, drive: number): bigint {
  return startNs + BigInt(Math.round((drive + STOPPING + BEFORE) * 1e9));
}

interface Message {
  readonly topic: string;
  readonly type: string;
  readonly timeNs: bigint;
  readonly data: Uint8Array;
}

/**
 * The touches of a robot that has driven to a table and stands: tf from `base_link` to the gel, true poses of the gel
 * in `odom` as /tactile/ground_truth. Messages are handed out in order of time, between those of the other sensors.
 *
 * @example
 * const arm = new ArmTouches(camera, touches, new Set(['image']));
 * await arm.writeUntil(stampNs, writer);
 */
export class ArmTouches {
  /** Touches that were written. */
  touches = 0;
  readonly #recorder: TouchRecorder;
  readonly #waiting: Message[] = [];
  #begun = false;
  #next = 0;

  constructor(
    readonly camera: RgbdSimulation,
    readonly simulation: TouchSimulation,
    kinds: ReadonlySet<TouchKind>,
  ) {
    const T_world_base = camera.bodyPose(camera.frameCount - 1);
    const sink: MessageSink = {
      writeRaw: async (topic, type, timeNs, data) => void this.#waiting.push({ topic, type, timeNs, data }),
    };
    this.#recorder = new TouchRecorder(simulation, sink, kinds, {
      parent: 'base_link',
      T_parent_object: compose(inverse(T_world_base), camera.scene.standing!),
      truth: { topic: '/tactile/ground_truth', frameId: 'odom', T_frame_object: this.T_odom_object },
    });
  }

  /** Where the object stands in the frame of the trajectory's truth. */
  get T_odom_object(): Pose {
    return compose(this.camera.odomFromWorld(), this.camera.scene.standing!);
  }

  /** True T_odom_gel of touch i. */
  truePose(i: number): Pose {
    return compose(this.T_odom_object, this.simulation.truePose(i));
  }

  /** Writes what happens up to then. */
  async writeUntil(untilNs: bigint, writer: MessageSink): Promise<void> {
    const { touches } = this.simulation;
    // A touch begins less than two seconds before its stamp.
    while (this.#next < touches.length && this.simulation.stampNs(this.#next) - 2_000_000_000n <= untilNs) {
      if (!this.#begun) await this.#recorder.begin();
      this.#begun = true;
      await this.#recorder.touch(this.#next++);
    }
    while (this.#waiting.length > 0 && this.#waiting[0]!.timeNs <= untilNs) {
      const { topic, type, timeNs, data } = this.#waiting.shift()!;
      if (topic === '/tactile/ground_truth') this.touches++;
      await writer.writeRaw(topic, type, timeNs, data);
    }
  }
}
