import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FeltmapError } from '../geometry/errors.js';
import { type Pose, fromQuaternion, orthonormalise } from '../geometry/se3.js';
import { readFolderTruth } from './camera/folder-truth.js';
import { fileError, readText, refuseSpecial } from './files.js';
import { readPoseTopic } from './pose-topic.js';
import { parseSeconds, parseTimestampFile } from './timestamps.js';
import type { GroundTruth } from './types.js';

export interface GroundTruthContext {
  /** The recording, for topics. */
  readonly bagPath?: string;
  /** Stamps of the scans, for KITTI pose files, which hold none. */
  readonly scanStampsNs?: readonly bigint[];
}

/**
 * Reads a trajectory from a TUM file (`t x y z qx qy qz qw`), a KITTI pose file (12 numbers a line, one line a scan;
 * stamps from the context or from times.txt beside it), a folder of colour and depth images or the file of poses in it (turned
 * from the camera's axes to the body's, sensors/camera/frame.ts) or, if `source` is no file but starts with '/', from a topic
 * of the bag (Odometry, PoseStamped, Path, or TF as `/tf:PARENT:CHILD`). Stamps come out increasing.
 * Throws FeltmapError: 'not-found', 'bad-input', 'ambiguous' (several transforms on a TF topic).
 */
export async function readGroundTruth(
  source: string,
  context: GroundTruthContext = {},
): Promise<GroundTruth> {
  const own = await readFolderTruth(source);
  if (own) return sortByTime(own);
  const isFile = await stat(source).then(
    (info) => {
      refuseSpecial(source, info);
      return info.isFile();
    },
    (cause: unknown) => {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return false;
      throw fileError(source, cause);
    },
  );
  if (!isFile && source.startsWith('/') && context.bagPath !== undefined) {
    const topic = readPoseTopic(context.bagPath, source).catch((error: unknown) => {
      if (!(error instanceof FeltmapError && error.code === 'unsupported')) throw error;
      const message = `There is no ground-truth file ${source}, and the recording has no topics to look for it in; check --gt.`;
      throw new FeltmapError('not-found', message, { cause: error });
    });
    return sortByTime(await topic);
  }
  const text = await readText(source);
  const rows = parseRows(text, source);
  if (rows[0]!.length === 8) return sortByTime(tumRows(rows, source));
  const stampsNs = await kittiStamps(source, rows.length, context);
  const poses = rows.map((row) => orthonormalise(Float64Array.from(row, Number)));
  return sortByTime({ stampsNs, poses, description: `KITTI poses ${source}` });
}

function tumRows(rows: readonly string[][], path: string): GroundTruth {
  const stampsNs: bigint[] = [];
  const poses: Pose[] = [];
  rows.forEach((row, i) => {
    const [x, y, z, qx, qy, qz, qw] = row.slice(1).map(Number) as number[];
    const norm = Math.hypot(qx!, qy!, qz!, qw!);
    if (norm < 0.5) {
      throw new FeltmapError(
        'bad-input',
        `${path}, pose ${i + 1}: the quaternion is zero; expected t x y z qx qy qz qw`,
      );
    }
    stampsNs.push(parseSeconds(row[0]!)!);
    poses.push(fromQuaternion([x!, y!, z!], [qx!, qy!, qz!, qw!]));
  });
  return { stampsNs, poses, description: `TUM file ${path}` };
}

/** Rows of numbers, all of 8 or all of 12 columns; '#' starts a comment; columns may be separated by commas. */
function parseRows(text: string, path: string): string[][] {
  const rows: string[][] = [];
  text.split('\n').forEach((line, i) => {
    const content = line.split('#')[0]!.trim();
    if (content === '') return;
    const row = content.split(/[\s,]+/);
    const wrong = row.find((v) => !Number.isFinite(Number(v)));
    if (wrong !== undefined && (row.length === 8 || row.length === 12))
      throw new FeltmapError(
        'bad-input',
        `${path}, line ${i + 1}: '${wrong.slice(0, 40)}' is no number; a heading begins with #`,
      );
    if (
      wrong !== undefined ||
      (row.length !== 8 && row.length !== 12) ||
      row.length !== (rows[0] ?? row).length
    ) {
      throw new FeltmapError(
        'bad-input',
        `${path}, line ${i + 1}: ${row.length} columns; expected 8 numbers (TUM) or 12 (KITTI) on every line`,
      );
    }
    rows.push(row);
  });
  if (rows.length === 0) throw new FeltmapError('bad-input', `${path} holds no poses`);
  return rows;
}

async function kittiStamps(
  path: string,
  count: number,
  context: GroundTruthContext,
): Promise<readonly bigint[]> {
  if (context.scanStampsNs && context.scanStampsNs.length >= count)
    return context.scanStampsNs.slice(0, count);
  const timesFile = join(dirname(path), 'times.txt');
  const text = await readText(timesFile).catch(() => undefined);
  const stamps = text === undefined ? [] : parseTimestampFile(text, timesFile);
  if (stamps.length >= count) return stamps.slice(0, count);
  throw new FeltmapError(
    'bad-input',
    `${path} has ${count} KITTI poses, but ${context.scanStampsNs?.length ?? 0} scan stamps and no times.txt beside it to ` +
      'go with them; give a TUM file instead',
  );
}

/** Increasing stamps; of equal ones the first stays. */
function sortByTime(truth: GroundTruth): GroundTruth {
  const order = truth.stampsNs.map((_, i) => i);
  order.sort((a, b) =>
    truth.stampsNs[a]! < truth.stampsNs[b]! ? -1 : truth.stampsNs[a]! > truth.stampsNs[b]! ? 1 : a - b,
  );
  const kept = order.filter((k, i) => i === 0 || truth.stampsNs[k] !== truth.stampsNs[order[i - 1]!]);
  return {
    ...truth,
    stampsNs: kept.map((k) => truth.stampsNs[k]!),
    poses: kept.map((k) => truth.poses[k]!),
  };
}
