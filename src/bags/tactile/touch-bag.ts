import { FeltmapError } from '../../geometry/errors.js';
import { compose, type Pose } from '../../geometry/se3.js';
import { decodeTouchMessage, type TouchReading } from '../../images/decode-touch.js';
import { readHeader } from '../../messages/header.js';
import { decodeTFMessage } from '../../messages/poses.js';
import { frameName, type TfBuffer, type TfFailure } from '../../messages/tf-buffer.js';
import { ROS_TYPES } from '../../messages/types.js';
import { type Encoding, WireReader } from '../../messages/wire.js';
import { steadyNs } from '../../sensors/clock-shift.js';
import { fingerprint } from '../../sensors/fingerprint.js';
import type { TouchMeasurement } from '../../sensors/tactile/touch.js';
import type { BodyFrame } from '../frames.js';
import { staticTransforms } from '../imu-topic.js';
import { lookAhead } from '../look-ahead.js';
import { type ScanRange, type ScanSource, rangeBounds } from '../scan-source.js';
import { StampedMessages } from '../stamped-messages.js';
import type { BagMessage, BagReader } from '../types.js';
import type { TouchTopic } from './topics.js';

/** Bytes of a message that hold its header, which differs in each. */
const HEADER_BYTES = 64;
/** Seconds without a transform over which places are interpolated, unless given (setting sensor.transformGap). */
const LONGEST_GAP = 0.25;
/**
 * Nanoseconds of the recording for which a touch waits for the transform at its stamp, less than the history of those that came,
 * and bytes of those that wait: some arms publish transforms only as they move, and stand while they touch.
 */
const [LONGEST_WAIT_NS, MOST_WAITING] = [8_000_000_000n, 2 ** 26];

interface RawTouch {
  readonly stampNs: bigint;
  readonly clockShiftNs?: bigint;
  readonly logTimeNs: bigint;
  readonly frameId: string;
  readonly topic: TouchTopic;
  readonly data: Uint8Array;
  readonly encoding: Encoding;
}

type PlacedTouch = RawTouch & { readonly mount: Pose; readonly inFrames?: ReadonlyMap<string, Pose> };

export interface TouchPlacing {
  readonly body?: BodyFrame;
  readonly frames?: readonly string[];
  /** Seconds without a transform over which places are interpolated. */
  readonly longestGap?: number;
}

/**
 * The touches of a bag, each with where tf has its sensor on the body. By touch alone the body is the root of the tree of
 * transforms that the sensors hang in: what an arm stands on.
 *
 * @param topics at least one, as {@link touchTopics} finds them
 * @param body default: that root
 * @param frames that touches are taken into as well, as they are at the stamps; one that tf does not know then is left out
 */
export async function touchBagSource(
  bag: BagReader,
  path: string,
  topics: readonly TouchTopic[],
  { body, frames = [], longestGap = LONGEST_GAP, ...reading }: TouchReading & TouchPlacing = {},
): Promise<ScanSource> {
  const moving = bag.topics().filter((t) => t.type === ROS_TYPES.tf && !t.name.endsWith('/tf_static'));
  const names = new Map(topics.map((topic) => [topic.name, topic]));
  const notes = new Map<string, { count: number; readonly text: string }>();
  let stamped: ReadonlyMap<string, StampedMessages<RawTouch>> = new Map();

  const note = (key: string, text: string): void => {
    const known = notes.get(key);
    if (known) known.count++;
    else notes.set(key, { count: 1, text });
  };

  /** The touch with its place; false: it has none; undefined: it may still come. */
  function place(touch: RawTouch, tf: TfBuffer, ended: boolean): PlacedTouch | false | undefined {
    const frame = body?.frame ?? tf.root(touch.frameId);
    const found = tf.lookup(frame, touch.frameId, touch.stampNs, longestGap);
    // Points may be given in the frame of the body itself; a gel is never there.
    const placedAlready = touch.topic.input === 'points' && tf.has(touch.frameId);
    if (found.ok && (placedAlready || frameName(frame) !== frameName(touch.frameId))) {
      const inFrames = framed(touch, tf, ended);
      if (!inFrames) return undefined;
      const T = body?.T_body_frame;
      return {
        ...touch,
        mount: T ? compose(T, found.pose) : found.pose,
        ...(frames.length > 0 && { inFrames }),
      };
    }
    if (!ended && (found.ok || mayCome(found.failure))) return undefined;
    if (!found.ok && found.failure === 'gap') {
      note(
        `gap ${touch.topic.name}`,
        `${touch.topic.name}: it is not known where '${touch.frameId}' was when it touched: ${found.reason} ` +
          '(sensor.transformGap); record /tf more often; the touch is left out',
      );
      return false;
    }
    const why = found.ok ? `nobody publishes '${touch.frameId}' on /tf or /tf_static` : found.reason;
    note(
      `tf ${touch.topic.name}`,
      `${touch.topic.name}: nothing says where '${touch.frameId}' was when it touched (${why}): record /tf; the touch is left out`,
    );
    return false;
  }

  /** T_frame_sensor of each frame; undefined: some may still come. */
  function framed(touch: RawTouch, tf: TfBuffer, ended: boolean): ReadonlyMap<string, Pose> | undefined {
    const out = new Map<string, Pose>();
    for (const frame of frames) {
      const found = tf.lookup(frame, touch.frameId, touch.stampNs, longestGap);
      if (found.ok) out.set(frame, found.pose);
      else if (!ended && mayCome(found.failure)) return undefined;
      else
        note(
          `frame ${frame}`,
          `${touch.topic.name}: nothing says where '${touch.frameId}' was in '${frame}' when it touched (${found.reason}): record /tf`,
        );
    }
    return out;
  }

  async function* placed(): AsyncGenerator<PlacedTouch> {
    const tf = await staticTransforms(bag);
    stamped = new Map(topics.map(({ name }) => [name, stampsOf(name)]));
    const waiting: RawTouch[] = [];
    let bytes = 0;
    function wait(touches: readonly RawTouch[]): void {
      waiting.push(...touches);
      for (const { data } of touches) bytes += data.byteLength;
    }
    function* settled(nowNs: bigint | undefined): Generator<PlacedTouch> {
      while (waiting.length > 0) {
        const [{ logTimeNs, data }] = waiting as [RawTouch];
        const ended = nowNs === undefined || nowNs - logTimeNs > LONGEST_WAIT_NS || bytes > MOST_WAITING;
        const found = place(waiting[0]!, tf, ended);
        if (found === undefined) return;
        bytes -= data.byteLength;
        waiting.shift();
        if (found) yield found;
      }
    }
    for await (const message of bag.messages({ topics: [...names.keys(), ...moving.map((t) => t.name)] })) {
      const topic = names.get(message.topic);
      if (topic) wait(taken(message, topic));
      else follow(message, tf);
      yield* settled(message.logTimeNs);
    }
    for (const { name } of topics) wait(stamped.get(name)!.end());
    yield* settled(undefined);
  }

  function taken(message: BagMessage, topic: TouchTopic): RawTouch[] {
    const { data, encoding, type, logTimeNs } = message;
    try {
      const header = readHeader(new WireReader(data, encoding, type));
      const raw = { ...header, logTimeNs, topic, data: data.slice(), encoding };
      return stamped.get(topic.name)!.take(raw, logTimeNs);
    } catch (error) {
      unreadable(topic, error);
      return [];
    }
  }

  function unreadable({ name }: TouchTopic, error: unknown): undefined {
    if (!(error instanceof FeltmapError)) throw error;
    note(`${name} ${error.message}`, `${name}: a message is left out: ${error.message}`);
    return undefined;
  }

  async function decoded(touch: PlacedTouch): Promise<TouchMeasurement | undefined> {
    const { topic, data, encoding, mount, inFrames, clockShiftNs } = touch;
    try {
      const message = { topic: topic.name, type: topic.type, data, encoding };
      const felt = await decodeTouchMessage(topic.input, message, touch, reading);
      return {
        ...felt,
        mount,
        ...(inFrames && { inFrames }),
        ...(clockShiftNs !== undefined && { clockShiftNs }),
      };
    } catch (error) {
      return unreadable(topic, error);
    }
  }

  async function* measurements(range?: ScanRange): AsyncGenerator<TouchMeasurement> {
    notes.clear();
    let bounds: ReturnType<typeof rangeBounds> | undefined;
    for await (const touch of lookAhead(placed(), decoded)) {
      if (!touch) continue;
      bounds ??= rangeBounds(steadyNs(touch), range);
      const stampNs = steadyNs(touch);
      if (stampNs >= bounds.startNs && stampNs < bounds.endNs) yield touch;
    }
  }

  const list = topics.map(({ name, input, count }) => `${name} (${input}${count ? `, ${count}` : ''})`);
  return {
    sensor: 'touch',
    description: `${bag.format} ${path}, touch ${list.join(', ')}`,
    sensorFrame: topics[0]!.frameId,
    topic: topics[0]!.name,
    get warnings() {
      const told = [...notes.values()].map(({ count, text }) => (count === 1 ? text : `${text} (${count})`));
      const stamps = [...stamped.values()].flatMap((one) => one.notes);
      return [...bag.warnings, ...told, ...stamps];
    },
    scans: async function* () {},
    measurements,
    close: () => bag.close(),
  };
}

/** Whether transforms that are still to be read may help. */
function mayCome(failure: TfFailure): boolean {
  return failure === 'future' || failure === 'missing' || failure === 'gap';
}

function stampsOf(name: string): StampedMessages<RawTouch> {
  return new StampedMessages(name, {
    noun: 'image',
    fingerprint: ({ data }) => fingerprint(data, Math.min(HEADER_BYTES, data.length)),
  });
}

function follow({ data, encoding }: BagMessage, tf: TfBuffer): void {
  try {
    for (const transform of decodeTFMessage(data, encoding)) tf.set(transform, false);
  } catch (error) {
    if (!(error instanceof FeltmapError)) throw error; // one damaged message must not cost the others
  }
}
