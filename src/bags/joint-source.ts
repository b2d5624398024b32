import { compose, identity, type Pose } from '../geometry/se3.js';
import { steadyNs } from '../sensors/clock-shift.js';
import { FeltmapError } from '../geometry/errors.js';
import type { TfBuffer } from '../messages/tf-buffer.js';
import type { SensorSet } from '../config/sensor-sets.js';
import { isImuBatch, isOdometryBatch, isPosed, type Measurement } from '../sensors/measurement.js';
import { BASE } from './camera/rig-of-bag.js';
import type { ScanSource } from './scan-source.js';

/** Where two sensors of a recording are on one body. */
export interface JointBody {
  readonly frame: string;
  readonly T_body_lidar: Pose;
}

/**
 * The body that a LiDAR and a camera share: base_link where fixed transforms connect both with it, else the LiDAR where they
 * connect the camera with that; undefined where they do not.
 */
export function jointBody(tf: TfBuffer, lidar: string, camera: string): JointBody | undefined {
  const connected = (base: string, frame: string): Pose | undefined => {
    const found = tf.lookup(base, frame, 0n);
    return found.ok ? found.pose : undefined;
  };
  if (tf.has(BASE) && connected(BASE, camera)) {
    const T_body_lidar = connected(BASE, lidar);
    if (T_body_lidar) return { frame: BASE, T_body_lidar };
  }
  return connected(lidar, camera) && { frame: lidar, T_body_lidar: identity() };
}

/** @throws FeltmapError not-found, as {@link jointBody} found none */
export function noJointBody(path: string, lidar: string, camera: string): FeltmapError {
  return new FeltmapError(
    'not-found',
    `${path}: there is no fixed transform between the LiDAR '${lidar}' and the camera '${camera}'; record /tf_static, or use one of them (--sensor).`,
  );
}

/** A part of a joint stream. */
export interface JointSide {
  readonly source: ScanSource;
  /** Where its body is on the joint one; the same unless given. */
  readonly T_body?: Pose;
  /** Whether its measurements are poses on the path; others begin when those have. */
  readonly counted: boolean;
}

/**
 * Several sensors of one recording as one stream, in order of their stamps; of those of one instant the earlier side goes
 * first: a frame shows the velocity of a sweep.
 *
 * @param leading the scans of which others ask for; its frame is that of the points
 */
export function jointSource(sensor: SensorSet, leading: ScanSource, sides: readonly JointSide[]): ScanSource {
  const counted = sides.filter((side) => side.counted);
  const counts = counted.map(({ source }) => source.scanCount);
  const { topic, firstInterval } = leading;
  return {
    sensor,
    description: [...sides.map(({ source }) => source.description)].reverse().join('; '),
    sensorFrame: leading.sensorFrame,
    ...(topic !== undefined && { topic }),
    ...(counts.every((n) => n !== undefined) && { scanCount: counts.reduce((a, b) => a + b, 0) }),
    ...(firstInterval !== undefined && { firstInterval }),
    get warnings() {
      return [...new Set([...sides].reverse().flatMap(({ source }) => source.warnings))];
    },
    scans: (range) => leading.scans(range),
    async *measurements(range) {
      // Sides that are not counted know nothing of where the recording begins.
      const streams = sides.map(({ source, counted: own }) =>
        source.measurements(own ? range : undefined)[Symbol.asyncIterator](),
      );
      try {
        yield* merged(sides, streams);
      } finally {
        for (const stream of streams) await stream.return?.();
      }
    },
    async close() {
      for (const { source } of sides) await source.close();
    },
  };
}

async function* merged(
  sides: readonly JointSide[],
  streams: readonly AsyncIterator<Measurement>[],
): AsyncGenerator<Measurement> {
  const heads = await Promise.all(streams.map((stream) => stream.next()));
  let begunNs: bigint | undefined;
  for (;;) {
    let first: number | undefined;
    let least = 0n;
    for (const [i, head] of heads.entries()) {
      if (head.done === true) continue;
      // Readings of an IMU come before the scan that they belong to: they go when they are first.
      const stampNs = isPosed(head.value) ? steadyNs(head.value) : -1n;
      if (first !== undefined && stampNs >= least) continue;
      [first, least] = [i, stampNs];
    }
    if (first === undefined) return;
    const { value } = heads[first]! as IteratorYieldResult<Measurement>;
    const { T_body, counted } = sides[first]!;
    if (counted && isPosed(value)) begunNs ??= least;
    if (counted || begunNs !== undefined) yield T_body ? placed(value, T_body) : value;
    heads[first] = await streams[first]!.next();
  }
}

/** As the joint body has it. */
function placed(one: Measurement, T_body: Pose): Measurement {
  if (isImuBatch(one)) return { ...one, T_body_imu: compose(T_body, one.T_body_imu) };
  if (isOdometryBatch(one)) return { ...one, T_body_child: compose(T_body, one.T_body_child) };
  return { ...one, mount: one.mount ? compose(T_body, one.mount) : T_body };
}
