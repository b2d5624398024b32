import { readFile } from 'node:fs/promises';
import { readGroundTruth } from '../bags/ground-truth.js';
import type { Trajectory } from '../eval/associate.js';
import { FeltmapError } from '../geometry/errors.js';

/** The true trajectory; KITTI pose files hold no stamps and get those of the scans once these are known. */
export type TruthReader = (scanStampsNs: readonly bigint[]) => Promise<Trajectory>;

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

/** Number of poses in a file of KITTI's twelve columns; 0 for anything else. */
async function stamplessPoses(source: string): Promise<number> {
  const text = await readFile(source, 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines[0]?.trim().split(/[\s,]+/).length === 12 ? lines.length : 0;
}

/** A run that ended early has fewer stamps than there are poses: the rest get stamps that match nothing. */
function padded(stamps: readonly bigint[], count: number): bigint[] {
  const far = (stamps.at(-1) ?? 0n) + 1_000_000_000_000n;
  return Array.from({ length: Math.max(count, stamps.length) }, (_, i) => stamps[i] ?? far + BigInt(i));
}
