import { readText } from '../bags/files.js';
import { readGroundTruth } from '../bags/ground-truth.js';
import { bodyOf, type ScanSource } from '../bags/source.js';
import type { GroundTruth } from '../bags/types.js';
import type { LeverArm } from '../eval/lever-arm.js';
import type { QuaternionOrder } from '../eval/quaternion-order.js';
import { FeltmapError } from '../geometry/errors.js';
import { compose, inverse } from '../geometry/se3.js';
import { frameName } from '../messages/tf-buffer.js';

/** The true trajectory; KITTI pose files hold no stamps and get those of the scans once these are known. */
export type TruthReader = (scanStampsNs: readonly bigint[]) => Promise<GroundTruth>;

/**
 * Reads the truth of `--gt` before the run starts, so that a wrong file costs no time.
 *
 * @param source file, or pose topic of the recording
 * @param recording path of the recording, for topics
 * @param start value of --start
 * @throws FeltmapError from {@link readGroundTruth}; bad-config for stampless poses together with --start
 */
export async function openTruth(source: string, recording: string, start: number): Promise<TruthReader> {
  const poses = await stamplessPoses(source);
  if (poses === 0) {
    const truth = await readGroundTruth(source, { bagPath: recording });
    return () => Promise.resolve(truth);
  }
  if (start > 0)
    throw new FeltmapError(
      'bad-config',
      `${source} holds KITTI poses, which have no stamps: leave out --start or give --gt as a TUM file`,
    );
  return (stamps) => readGroundTruth(source, { bagPath: recording, scanStampsNs: padded(stamps, poses) });
}

/**
 * The truth of the frame whose poses a run writes, where the truth says that it is of another.
 *
 * @returns `note`: that it cannot be moved there
 */
export function ofBody(
  truth: GroundTruth,
  input: Pick<ScanSource, 'bodyFrame' | 'sensorFrame' | 'locate'>,
): { readonly truth: GroundTruth; readonly note?: string } {
  const [body, frame] = [bodyOf(input), frameName(truth.childFrameId ?? '')];
  if (frame === '' || frame === body) return { truth };
  const T_body_frame = input.locate?.(frame);
  if (!T_body_frame)
    return {
      truth,
      note: `The truth is of '${frame}', the poses are of '${body}', and no fixed transform says how these lie to each other: the distance between them counts as an error.`,
    };
  const T_frame_body = inverse(T_body_frame);
  return { truth: { ...truth, poses: truth.poses.map((T) => compose(T, T_frame_body)) } };
}

/** What a run whose truth looks like that of another point is told. */
export function leverArmNote({ offset, rmse, rmseMoved }: LeverArm, body: string): string {
  const at = offset.map((v) => v.toFixed(2)).join(', ');
  return (
    `The truth looks like that of another point of the body, at (${at}) m from '${body}' along its axes: with the poses there the ATE ` +
    `is ${rmseMoved.toFixed(3)} m instead of ${rmse.toFixed(3)} m; --base-frame says whose poses are written.`
  );
}

/** What is told of a trajectory whose quaternions look as if they were in the other order. */
export function quaternionNote({ wrong, asRead, reread }: QuaternionOrder): string {
  return (
    `The quaternions of the ${wrong} look as if they were in the order qw qx qy qz: read as qx qy qz qw, as TUM files have them, attitudes ` +
    `scatter by ${asRead.toFixed(1)}° against the other trajectory's, in the other order by ${reread.toFixed(1)}°; reorder the columns: figures of attitude and drift are wrong.`
  );
}

/** Number of poses in a file of KITTI's twelve columns; 0 for anything else. */
async function stamplessPoses(source: string): Promise<number> {
  // What cannot be read, or is no file, is told where it is read for good.
  const text = await readText(source).catch(() => '');
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines[0]?.trim().split(/[\s,]+/).length === 12 ? lines.length : 0;
}

/** A run that ended early has fewer stamps than there are poses: the rest get stamps that match nothing. */
function padded(stamps: readonly bigint[], count: number): bigint[] {
  const far = (stamps.at(-1) ?? 0n) + 1_000_000_000_000n;
  return Array.from({ length: Math.max(count, stamps.length) }, (_, i) => stamps[i] ?? far + BigInt(i));
}
