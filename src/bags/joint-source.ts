import { identity } from '../geometry/se3.js';
import { steadyNs } from '../sensors/clock-shift.js';
import { FeltmapError } from '../geometry/errors.js';
import type { SensorSet } from '../config/sensor-sets.js';
import { isColorFrame, isPosed, type Measurement } from '../sensors/measurement.js';
import type { ScanSource } from './scan-source.js';

/** Nothing connects the body that a LiDAR is on with a camera. */
export function noJointBody(path: string, lidar: string, camera: string): FeltmapError {
  return new FeltmapError(
    'not-found',
    `${path}: there is no fixed transform between the LiDAR '${lidar}' and the camera '${camera}'; record /tf_static, or use one of them (--sensor).`,
  );
}

/** What a joint stream needs to know of a part of it. */
export type SideSource = Pick<
  ScanSource,
  'description' | 'scanCount' | 'warnings' | 'measurements' | 'close'
>;

/** Images that colour what others map; their range is read generously. */
export type PictureSource = Omit<SideSource, 'scanCount'>;

/** A part of a joint stream. */
export interface JointSide {
  readonly source: SideSource;
  /** Whether its measurements are poses on the path; others begin when those have. */
  readonly counted: boolean;
  /** Whether nobody needs it before and after those that are counted. */
  readonly along?: boolean;
}

/**
 * Several sensors of one recording, on one body, as one stream, in order of their stamps; of those of one instant the earlier side goes
 * first: a frame shows the velocity of a sweep.
 *
 * @param leading the scans of which others ask for; its frame is that of the points
 */
export function jointSource(sensor: SensorSet, leading: ScanSource, sides: readonly JointSide[]): ScanSource {
  const counted = sides.filter((side) => side.counted);
  const counts = counted.map(({ source }) => source.scanCount);
  const others = sides.filter(({ source }) => source !== leading);
  const { topic, firstInterval, bodyFrame, locate } = leading;
  return {
    sensor,
    description: [leading, ...others.map(({ source }) => source)].map((one) => one.description).join('; '),
    sensorFrame: leading.sensorFrame,
    ...(bodyFrame !== undefined && { bodyFrame }),
    ...(locate && { locate }),
    ...(topic !== undefined && { topic }),
    ...(counts.every((n) => n !== undefined) && { scanCount: counts.reduce((a, b) => a + b, 0) }),
    ...(firstInterval !== undefined && { firstInterval }),
    get warnings() {
      return [...new Set([...leading.warnings, ...others.flatMap(({ source }) => source.warnings)])];
    },
    scans: (range) => leading.scans(range),
    async *measurements(range) {
      // Sides that are not counted know nothing of where the recording begins.
      const streams = sides.map(({ source, counted: own, along }) =>
        source.measurements(own || along ? range : undefined)[Symbol.asyncIterator](),
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
  const going = (): boolean => sides.some(({ along }, i) => along !== true && heads[i]!.done !== true);
  while (going()) {
    let first: number | undefined;
    let least = 0n;
    for (const [i, head] of heads.entries()) {
      if (head.done === true) continue;
      // Readings of an IMU come before the scan that they belong to: they go when they are first.
      const stampNs = isPosed(head.value) || isColorFrame(head.value) ? steadyNs(head.value) : -1n;
      if (first !== undefined && stampNs >= least) continue;
      [first, least] = [i, stampNs];
    }
    if (first === undefined) return;
    const { value } = heads[first]! as IteratorYieldResult<Measurement>;
    const { counted } = sides[first]!;
    if (counted && isPosed(value)) begunNs ??= least;
    if (counted || begunNs !== undefined) yield placed(value);
    heads[first] = await streams[first]!.next();
  }
}

/** Beside others also the sensor that is the body has a place. */
function placed(one: Measurement): Measurement {
  return isPosed(one) && !one.mount ? { ...one, mount: identity() } : one;
}
