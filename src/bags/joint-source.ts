import { compose, identity, type Pose } from '../geometry/se3.js';
import { steadyNs } from '../sensors/clock-shift.js';
import { FeltmapError } from '../geometry/errors.js';
import type { TfBuffer } from '../messages/tf-buffer.js';
import { isImuBatch, isOdometryBatch, isPosed, isScan, type Measurement } from '../sensors/measurement.js';
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

/**
 * A LiDAR and a depth camera of one recording as one stream, in order of their stamps.
 *
 * @param lidar with the readings of IMU and odometry; its body is the LiDAR
 * @param camera without them, on `body`
 */
export function jointSource(lidar: ScanSource, camera: ScanSource, { T_body_lidar }: JointBody): ScanSource {
  /** Of the LiDAR's source, as the joint body has it. */
  const placed = (one: Measurement): Measurement => {
    if (isImuBatch(one)) return { ...one, T_body_imu: compose(T_body_lidar, one.T_body_imu) };
    if (isOdometryBatch(one)) return { ...one, T_body_child: compose(T_body_lidar, one.T_body_child) };
    return isScan(one) ? { ...one, mount: one.mount ? compose(T_body_lidar, one.mount) : T_body_lidar } : one;
  };
  const counts = [lidar.scanCount, camera.scanCount];
  const { topic, firstInterval } = lidar;
  return {
    sensor: 'lidar+rgbd',
    description: `${lidar.description}; ${camera.description}`,
    sensorFrame: lidar.sensorFrame,
    ...(topic !== undefined && { topic }),
    ...(counts.every((n) => n !== undefined) && { scanCount: counts[0]! + counts[1]! }),
    ...(firstInterval !== undefined && { firstInterval }),
    get warnings() {
      return [...new Set([...lidar.warnings, ...camera.warnings])];
    },
    scans: (range) => lidar.scans(range),
    async *measurements(range) {
      const sides = [lidar.measurements(range), camera.measurements(range)].map((stream) =>
        stream[Symbol.asyncIterator](),
      );
      const heads = await Promise.all(sides.map((side) => side.next()));
      // Readings of an IMU come before the scan that they belong to: they go when they are first.
      const stampOf = (i: number): bigint | undefined => {
        const head = heads[i]!;
        if (head.done === true) return undefined;
        return isPosed(head.value) ? steadyNs(head.value) : -1n;
      };
      for (;;) {
        const [a, b] = [stampOf(0), stampOf(1)];
        if (a === undefined && b === undefined) return;
        // Of two at the same instant the frame goes first: it shows the velocity of the sweep.
        const i = b === undefined || (a !== undefined && a < b) ? 0 : 1;
        const { value } = heads[i]! as IteratorYieldResult<Measurement>;
        yield i === 0 ? placed(value) : value;
        heads[i] = await sides[i]!.next();
      }
    },
    async close() {
      await lidar.close();
      await camera.close();
    },
  };
}
