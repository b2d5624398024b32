import { FeltmapError } from '../../geometry/errors.js';
import { decodeColorMessage, decodeDepthMessage } from '../../images/decode-message.js';
import { frameName } from '../../messages/tf-buffer.js';
import { FrameBuilder } from '../../sensors/camera/frame-builder.js';
import type { RgbdFrame } from '../../sensors/camera/frame.js';
import { type Paired, Pairing } from '../../sensors/camera/pairing.js';
import { steadyNs } from '../../sensors/clock-shift.js';
import type { ImuBatch } from '../../sensors/imu/batch.js';
import type { Measurement } from '../../sensors/measurement.js';
import type { OdometryBatch } from '../../sensors/odometry/batch.js';
import type { BodyFrame } from '../frames.js';
import { openImu, staticTransforms } from '../imu-topic.js';
import { lookAhead } from '../look-ahead.js';
import { openOdometry } from '../odometry-topic.js';
import { type ScanRange, type ScanSource, rangeBounds } from '../scan-source.js';
import type { StampedMessages } from '../stamped-messages.js';
import type { BagMessage, BagReader, MessageQuery } from '../types.js';
import { rawImage, stampedImages, type RawImage } from './raw-image.js';
import { cameraOfBag, onBody } from './rig-of-bag.js';
import { chooseCamera, imageTopics, type ImageTopic } from './topics.js';

/** How far stamps and log times may drift apart over a recording. */
const CLOCK_SLACK_NS = 10_000_000_000n;
/** Messages of other sensors that are kept for the next depth image. */
const MOST_WAITING = 12000;

type Pair = Paired<RawImage, RawImage>;
type Batch = ImuBatch | OdometryBatch;
/** What takes messages of other sensors, by topic. */
type Intakes = ReadonlyMap<string, (message: BagMessage) => void>;

/** Which topics of a bag to use, where that is not clear. */
export interface WantedCamera {
  readonly depth?: string;
  /** A topic, or 'none'. */
  readonly color?: string;
  readonly imu?: string;
  readonly odometry?: string;
  /** Frame of the body that is wanted; else base_link, where tf connects it. */
  readonly base?: string;
  /** Body of another sensor that this one is placed on, instead. */
  readonly body?: BodyFrame;
}

/**
 * The frames of a bag's depth camera, with colour where there is some, and the readings of its IMU and of an external
 * odometry.
 *
 * @throws FeltmapError not-found for a topic or a camera_info that is missing; ambiguous where there are several cameras
 */
export async function rgbdBagSource(
  bag: BagReader,
  path: string,
  wanted: WantedCamera = {},
): Promise<ScanSource> {
  const topics = chooseCamera(path, await imageTopics(bag), wanted);
  const { depth } = topics;
  const { setup, body, registration, notes } = await cameraOfBag(bag, path, topics, wanted.base, wanted.body);
  const tf = await staticTransforms(bag);
  const color = setup.color && topics.color;
  const imu = await openImu(bag, path, wanted.imu);
  const odometry = await openOdometry(bag, path, wanted.odometry);
  let builder = new FrameBuilder(setup);
  let pairing = new Pairing<RawImage, RawImage>();
  let stamped = stampsOf(depth, color);
  let unread = 0;

  /** Pairs in order; messages of other sensors that were recorded before each are handed over first. */
  async function* pairs(
    bounds: Pick<MessageQuery, 'startNs' | 'endNs'> = {},
    others: Intakes = new Map(),
  ): AsyncGenerator<Pair> {
    const names = [depth.name, ...(color ? [color.name] : []), ...others.keys()];
    // A pair is decided some images later: the others must not run ahead of it.
    const waiting: BagMessage[] = [];
    function* decided(found: Pair[]): Generator<Pair> {
      for (const pair of found) {
        while (waiting.length > 0 && waiting[0]!.logTimeNs <= pair.depth.logTimeNs) {
          const message = waiting.shift()!;
          others.get(message.topic)!(message);
        }
        yield pair;
      }
    }
    for await (const message of bag.messages({ topics: names, ...bounds })) {
      const isDepth = message.topic === depth.name;
      if (!isDepth && message.topic !== color?.name) {
        waiting.push({ ...message, data: message.data.slice() });
        if (waiting.length > MOST_WAITING) waiting.shift(); // no depth image for a minute of an IMU
        continue;
      }
      const raw = rawImage(message);
      if (!raw) unread++;
      else if (isDepth)
        for (const one of stamped.depth.take(raw, message.logTimeNs))
          yield* decided(pairing.addDepth(steadyNs(one), one));
      else
        for (const one of stamped.color.take(raw, message.logTimeNs))
          yield* decided(pairing.addColor(steadyNs(one), one));
    }
    for (const one of stamped.color.end()) yield* decided(pairing.addColor(steadyNs(one), one));
    for (const one of stamped.depth.end()) yield* decided(pairing.addDepth(steadyNs(one), one));
    yield* decided(pairing.end());
  }

  const start = await startOf(bag, path, depth);
  const startsAtZero = start.firstNs === 0n;

  async function* inRange(
    range: ScanRange | undefined,
    others: Intakes,
    batches: (pair: Pair) => Batch[],
  ): AsyncGenerator<Pair | Batch> {
    const { startNs, endNs } = rangeBounds(start.firstNs, range);
    const shift = start.logNs - start.firstNs - CLOCK_SLACK_NS;
    const whole = !range?.startS && (range?.durationS ?? Infinity) === Infinity;
    const bounds = whole ? {} : { startNs: startNs + shift, endNs: endNs + shift + 2n * CLOCK_SLACK_NS };
    for await (const pair of pairs(bounds, others)) {
      const stamp = steadyNs(pair.depth);
      if (stamp < startNs || stamp >= endNs) continue;
      yield* batches(pair);
      yield pair;
    }
  }

  function build({ depth: raw, color: partner, delay }: Pair): Promise<RgbdFrame | undefined> {
    const { stampNs, clockShiftNs, frameId } = raw;
    return builder.build({
      stampNs,
      ...(clockShiftNs !== undefined && { clockShiftNs }),
      frameId,
      depth: () => decodeDepthMessage(raw),
      ...(partner && { color: () => decodeColorMessage(partner), delay: delay! }),
    });
  }

  async function* measurements(range?: ScanRange): AsyncGenerator<Measurement> {
    builder = new FrameBuilder(setup);
    pairing = new Pairing();
    stamped = stampsOf(depth, color, startsAtZero);
    unread = 0;
    const readings = imu?.intake();
    const poses = odometry?.intake(body.frame);
    const others = new Map<string, (message: BagMessage) => void>();
    if (imu) others.set(imu.topic, (message) => readings!.add(message.data, message.encoding));
    for (const name of odometry?.topics ?? []) others.set(name, (message) => poses!.add(message));
    const batches = ({ depth: { stampNs, clockShiftNs } }: Pair): Batch[] => {
      const inertial = readings?.take(body.frame, stampNs, clockShiftNs);
      const moved = poses?.take(body.frame, stampNs, clockShiftNs);
      return [
        ...(inertial ? [{ ...inertial, T_body_imu: onBody(body, inertial.T_body_imu) }] : []),
        ...(moved ? [{ ...moved, T_body_child: onBody(body, moved.T_body_child) }] : []),
      ];
    };
    const work = (one: Pair | Batch): Promise<Measurement | undefined> =>
      'depth' in one ? build(one) : Promise.resolve(one);
    for await (const one of lookAhead(inRange(range, others, batches), work)) if (one) yield one;
  }

  const { width, height } = setup.camera;
  const count = depth.count === undefined ? '' : `: ${depth.count} depth images of ${width}×${height}`;
  return {
    sensor: 'rgbd',
    description:
      `${bag.format} ${path}, depth ${depth.name}${count}, ` +
      (color ? `colour ${color.name}; ${registration!}` : 'without colour'),
    sensorFrame: depth.frameId,
    ...(body.frame !== frameName(depth.frameId) && { bodyFrame: body.frame }),
    topic: depth.name,
    locate: (frame) => {
      const found = tf.lookup(body.frame, frame, 0n);
      return found.ok ? onBody(body, found.pose) : undefined;
    },
    ...(depth.count !== undefined && { scanCount: depth.count }),
    get warnings() {
      const lost = `${depth.name}: ${unread} image message(s) skipped, as their header cannot be read`;
      return [
        ...bag.warnings,
        ...notes,
        ...(unread === 0 ? [] : [lost]),
        ...builder.notes,
        ...stamped.depth.notes,
        ...stamped.color.notes,
        ...(color ? pairing.notes.map((note) => `${color.name}: ${note}`) : []),
        ...(imu?.warnings ?? []),
        ...(odometry?.warnings ?? []),
      ];
    },
    ...(start.interval !== undefined && { firstInterval: start.interval }),
    scans: async function* () {},
    measurements,
    close: () => bag.close(),
  };
}

function stampsOf(
  depth: ImageTopic,
  color: ImageTopic | undefined,
  startsAtZero = false,
): Record<'depth' | 'color', StampedMessages<RawImage>> {
  return {
    depth: stampedImages(depth.name, startsAtZero),
    color: stampedImages(color?.name ?? '', startsAtZero),
  };
}

/** Stamp and log time of the first depth image, and the interval (s) to the second. */
async function startOf(
  bag: BagReader,
  path: string,
  depth: ImageTopic,
): Promise<{ firstNs: bigint; logNs: bigint; interval?: number }> {
  const stamped = stampedImages(depth.name);
  const first: RawImage[] = [];
  let logNs: bigint | undefined;
  for await (const message of bag.messages({ topics: [depth.name] })) {
    logNs ??= message.logTimeNs;
    const raw = rawImage(message);
    if (raw) first.push(...stamped.take(raw, message.logTimeNs));
    if (first.length >= 2) break;
  }
  if (first.length < 2) first.push(...stamped.end());
  const [one, two] = first;
  if (!one || logNs === undefined)
    throw new FeltmapError('bad-input', `${path}: no image on ${depth.name} can be read; record it anew`);
  const firstNs = steadyNs(one);
  return { firstNs, logNs, ...(two && { interval: Number(steadyNs(two) - firstNs) * 1e-9 }) };
}
