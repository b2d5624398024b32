import { compose, type Pose } from '../geometry/se3.js';
import { encodeImage } from '../messages/images.js';
import { encodePoseStamped, encodeTFMessage } from '../messages/poses.js';
import { encodePointCloud2, PointType, type PointCloud2 } from '../messages/pointcloud2.js';
import { ROS_TYPES } from '../messages/types.js';
import type { TouchPoints } from '../sensors/tactile/touch.js';
import { backedOff } from '../sim/touch/probing.js';
import type { TouchSimulation } from '../sim/touch/touch-simulation.js';

/** What a bag of touches can hold. */
export const TOUCH_KINDS = ['image', 'depth', 'points'] as const;
export type TouchKind = (typeof TOUCH_KINDS)[number];

const TOUCH_TOPICS = {
  image: '/tactile/image',
  depth: '/tactile/depth',
  points: '/tactile/points',
  truth: '/ground_truth',
} as const;

const MS = 1_000_000n;
/** The gel rests on what it touches this long before and after a stamp. */
const HOLD_NS = 20n * MS;
/** It comes from, and goes back to, free air within this time, where an untouched image is taken (less at high rates). */
const APPROACH_NS = 300n * MS;
/** Untouched images before the first touch, and the time between them. */
const UNTOUCHED = 5;
const UNTOUCHED_NS = 33n * MS;

/** Where things stand in the bag's map. */
export interface TouchPlacement {
  /** Frame that tf places the gel in; default `map`. */
  readonly parent?: string;
  /** T_parent_object: default the identity, the object's frame is the parent's. */
  readonly T_parent_object?: Pose;
  /** Frame and topic of the true poses, and T_frame_object there; default: as tf, `/ground_truth`. */
  readonly truth?: { readonly topic: string; readonly frameId: string; readonly T_frame_object: Pose };
}

/** Where messages go: a bag, or a queue that is emptied in order of time. */
export interface MessageSink {
  writeRaw(topic: string, type: string, timeNs: bigint, data: Uint8Array): Promise<void>;
}

/**
 * Writes simulated touches into a bag in order of time: images of the gel, depth images, contact points, tf with the
 * pose by kinematics, true poses. Before each contact the gel is seen untouched in free air.
 *
 * @example
 * const recorder = new TouchRecorder(simulation, writer, new Set(['image']));
 * await recorder.begin();
 * for (let i = 0; i < simulation.touches.length; i++) await recorder.touch(i);
 */
export class TouchRecorder {
  readonly #parent: string;
  readonly #place: Pose | undefined;
  readonly #approachNs: bigint;

  constructor(
    private readonly simulation: TouchSimulation,
    private readonly writer: MessageSink,
    private readonly kinds: ReadonlySet<TouchKind>,
    private readonly placement: TouchPlacement = {},
  ) {
    this.#parent = placement.parent ?? 'map';
    this.#place = placement.T_parent_object;
    // Where contacts follow one another fast, the way in begins after the way out of the last one.
    let shortest = 1_000_000_000n;
    for (let i = 1; i < simulation.touches.length; i++) {
      if (simulation.touches[i - 1]!.contact === simulation.touches[i]!.contact) continue;
      const between = simulation.stampNs(i) - simulation.stampNs(i - 1);
      if (between < shortest) shortest = between;
    }
    this.#approachNs = shortest * 4n > APPROACH_NS * 10n ? APPROACH_NS : (shortest * 4n) / 10n;
  }

  /** Untouched images before the first touch, for the reference. */
  async begin(): Promise<void> {
    const away = backedOff(this.#kinematic(0));
    const first = this.simulation.stampNs(0) - 2n * this.#approachNs;
    for (let k = UNTOUCHED; k > 0; k--) await this.#untouched(0, first - BigInt(k) * UNTOUCHED_NS, away, k);
  }

  /** Touch i, to be called in order. */
  async touch(i: number): Promise<void> {
    const { simulation, writer } = this;
    const { touches } = simulation;
    const stampNs = simulation.stampNs(i);
    const pose = this.#kinematic(i);
    const begins = i === 0 || touches[i - 1]!.contact !== touches[i]!.contact;
    const ends = i === touches.length - 1 || touches[i + 1]!.contact !== touches[i]!.contact;
    if (begins) {
      await this.#untouched(i, stampNs - this.#approachNs, backedOff(pose), 0);
      await this.#tf(stampNs - HOLD_NS, pose);
    }
    await this.#tf(stampNs, pose);
    const { truth } = this.placement;
    const message = truth
      ? { stampNs, frameId: truth.frameId, pose: compose(truth.T_frame_object, simulation.truePose(i)) }
      : { stampNs, frameId: this.#parent, pose: this.#placed(simulation.truePose(i)) };
    const topic = truth?.topic ?? TOUCH_TOPICS.truth;
    await writer.writeRaw(topic, ROS_TYPES.poseStamped, stampNs, encodePoseStamped(message));
    if (this.kinds.has('image')) await this.#image(stampNs, simulation.rgb(i));
    const touch = simulation.depthImage(i);
    if (this.kinds.has('depth')) await this.#depth(stampNs, touch.depth);
    if (this.kinds.has('points')) await this.#points(simulation.contactPoints(i));
    if (ends) {
      await this.#tf(stampNs + HOLD_NS, pose);
      await this.#tf(stampNs + this.#approachNs, backedOff(pose));
    }
  }

  #placed(pose: Pose): Pose {
    return this.#place ? compose(this.#place, pose) : pose;
  }

  #kinematic(i: number): Pose {
    return this.#placed(this.simulation.kinematicPose(i));
  }

  /** The gel in free air, in the light of touch i. */
  async #untouched(i: number, stampNs: bigint, pose: Pose, k: number): Promise<void> {
    const { simulation } = this;
    const pixels = simulation.gel.width * simulation.gel.height;
    await this.#tf(stampNs, pose);
    if (this.kinds.has('image')) {
      const exposure = { ...simulation.exposure(i), shear: [0, 0] as const };
      const seed = `${exposure.seed} untouched ${k}`;
      await this.#image(stampNs, simulation.renderer.render(new Float32Array(pixels), { ...exposure, seed }));
    }
    if (this.kinds.has('depth')) await this.#depth(stampNs, new Float32Array(pixels));
    if (this.kinds.has('points'))
      await this.#points({ ...simulation.contactPoints(i), stampNs, points: new Float32Array(0) });
  }

  async #tf(stampNs: bigint, transform: Pose): Promise<void> {
    const { frameId } = this.simulation;
    const data = encodeTFMessage([{ stampNs, frameId: this.#parent, childFrameId: frameId, transform }]);
    await this.writer.writeRaw('/tf', ROS_TYPES.tf, stampNs, data);
  }

  async #image(stampNs: bigint, data: Uint8Array): Promise<void> {
    const { width, height } = this.simulation.gel;
    const header = { stampNs, frameId: this.simulation.frameId, width, height, bigEndian: false };
    const message = { ...header, encoding: 'rgb8', step: 3 * width, data };
    await this.writer.writeRaw(TOUCH_TOPICS.image, ROS_TYPES.image, stampNs, encodeImage(message));
  }

  async #depth(stampNs: bigint, depth: Float32Array): Promise<void> {
    const { width, height } = this.simulation.gel;
    const header = { stampNs, frameId: this.simulation.frameId, width, height, bigEndian: false };
    const data = new Uint8Array(depth.buffer, depth.byteOffset, depth.byteLength);
    const message = { ...header, encoding: '32FC1', step: 4 * width, data };
    await this.writer.writeRaw(TOUCH_TOPICS.depth, ROS_TYPES.image, stampNs, encodeImage(message));
  }

  async #points(touch: TouchPoints): Promise<void> {
    const cloud = contactCloud(touch);
    await this.writer.writeRaw(
      TOUCH_TOPICS.points,
      ROS_TYPES.pointCloud2,
      touch.stampNs,
      encodePointCloud2(cloud),
    );
  }
}

/** Contact points as a cloud of x, y, z, normal_x, normal_y, normal_z. */
export function contactCloud({ stampNs, frameId, points, normals }: TouchPoints): PointCloud2 {
  const count = points.length / 3;
  const data = new Float32Array(6 * count);
  for (let i = 0; i < count; i++)
    for (let k = 0; k < 3; k++) {
      data[6 * i + k] = points[3 * i + k]!;
      data[6 * i + 3 + k] = normals?.[3 * i + k] ?? 0;
    }
  const names = ['x', 'y', 'z', 'normal_x', 'normal_y', 'normal_z'];
  return {
    stampNs,
    frameId,
    height: 1,
    width: count,
    fields: names.map((name, i) => ({ name, offset: 4 * i, datatype: PointType.FLOAT32, count: 1 })),
    bigEndian: false,
    pointStep: 24,
    rowStep: 24 * count,
    data: new Uint8Array(data.buffer),
    isDense: true,
  };
}
