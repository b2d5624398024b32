import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { FeltmapError } from '../geometry/errors.js';
import { scanFromPointCloud2 } from '../sensors/lidar/pointcloud2.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { parseVelodyneBin } from './bin-file.js';
import { type BinLayout, parseBin, parseBinLayout } from './bin-layout.js';
import { layoutNote, recogniseBin } from './bin-recognition.js';
import { readText, readWhole } from './files.js';
import { parsePcd } from './pcd-file.js';
import { parsePly } from './ply-file.js';
import { type ScanRange, type ScanSource, rangeBounds } from './scan-source.js';
import { StampedScans } from './stamped-scans.js';
import { parseTimestampFile } from './timestamps.js';
import { WarningList } from './warnings.js';

/** Largest file of one scan, bytes: four million points of 32. */
export const LARGEST_SCAN = 128 * 1024 * 1024;
const FRAME_ID = 'lidar';
const TEN_HZ_NS = 100_000_000n;

/** The scan files of a folder, all of the kind that is there most often, in order of their names. */
export async function findScanFiles(path: string): Promise<string[]> {
  const byKind = new Map<string, string[]>();
  for (const name of await readdir(path)) {
    const kind = extname(name).toLowerCase();
    if (kind === '.pcd' || kind === '.ply' || kind === '.bin')
      byKind.set(kind, [...(byKind.get(kind) ?? []), name]);
  }
  const [most] = [...byKind.values()].sort((a, b) => b.length - a.length);
  return (most ?? []).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/**
 * A folder of .pcd, .ply or .bin scans.
 *
 * @param wanted columns of .bin files ({@link parseBinLayout}); found out unless given
 * @throws FeltmapError bad-input where .bin files have a layout that cannot be told; bad-config for one that makes no sense
 */
export async function openScanFolder(
  path: string,
  names: readonly string[],
  wanted?: string,
): Promise<ScanSource> {
  const warnings = new WarningList();
  const layout = await binLayoutOf(path, names, wanted, (text) => warnings.add(text));
  const { stamps, origin } = await stampsFor(path, names);
  if (origin === '10 Hz') {
    warnings.add(
      `${path}: neither the names of the scans nor a times.txt hold times; they are stamped at 10 Hz from 0`,
    );
  }

  let stamped = new StampedScans(path);
  async function* scans(range?: ScanRange): AsyncGenerator<LidarScan> {
    stamped = new StampedScans(path);
    const { startNs, endNs } = rangeBounds(stamps[0]!, range);
    for (const [i, name] of names.entries()) {
      const stampNs = stamps[i]!;
      if (stampNs < startNs || stampNs >= endNs) continue;
      try {
        const file = join(path, name);
        yield* stamped.take(parseScanFile(await readWhole(file, LARGEST_SCAN), file, stampNs, layout));
      } catch (error) {
        warnings.add(`scan skipped: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    yield* stamped.end();
  }

  return {
    sensor: 'lidar',
    description: `folder ${path}: ${names.length} ${extname(names[0]!)} scans, stamps from ${origin}`,
    sensorFrame: FRAME_ID,
    scanCount: names.length,
    get warnings() {
      return [...warnings.list, ...stamped.notes];
    },
    scans,
    measurements: scans,
    close: async () => undefined,
  };
}

/**
 * The layout of the .bin files of a folder where it is not the usual one, which is told.
 *
 * @throws FeltmapError as {@link openScanFolder}
 */
export async function binLayoutOf(
  path: string,
  names: readonly string[],
  wanted: string | undefined,
  warn: (text: string) => void,
): Promise<BinLayout | undefined> {
  const given = wanted === undefined ? undefined : parseBinLayout(wanted);
  if (extname(names[0] ?? '').toLowerCase() !== '.bin') {
    if (given)
      warn(`${path} holds no .bin scans: --layout is not used, the files say themselves what they hold`);
    return undefined;
  }
  if (given) return given;
  const layout = await recogniseBin(
    path,
    names.map((name) => join(path, name)),
  );
  if (layout) warn(layoutNote(path, layout));
  return layout;
}

/**
 * One scan from a .pcd, .ply or .bin file's bytes.
 *
 * @param layout of a .bin file that does not hold x, y, z, reflectance as float32
 * @throws FeltmapError
 */
export function parseScanFile(
  bytes: Uint8Array,
  path: string,
  stampNs: bigint,
  layout?: BinLayout,
): LidarScan {
  const kind = extname(path).toLowerCase();
  if (kind === '.bin' && !layout) {
    return { stampNs, frameId: FRAME_ID, timing: 'none', ...parseVelodyneBin(bytes, path) };
  }
  const table =
    kind === '.bin'
      ? parseBin(bytes, layout!, path)
      : kind === '.pcd'
        ? parsePcd(bytes, path)
        : parsePly(bytes, path);
  const rowStep = table.width * table.pointStep;
  try {
    return scanFromPointCloud2({ ...table, rowStep, stampNs, frameId: FRAME_ID, isDense: false });
  } catch (error) {
    if (!(error instanceof FeltmapError)) throw error;
    throw new FeltmapError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

async function stampsFor(
  path: string,
  names: readonly string[],
): Promise<{ stamps: bigint[]; origin: string }> {
  for (const file of ['times.txt', 'timestamps.txt', '../times.txt', '../timestamps.txt']) {
    const text = await readText(join(path, file)).catch(() => undefined);
    if (text === undefined) continue;
    const stamps = parseTimestampFile(text, join(path, file));
    if (stamps.length === names.length) return { stamps, origin: file };
  }
  const named = names.map(stampOfName);
  const increasing = named.every((t, i) => t !== undefined && (i === 0 || t > named[i - 1]!));
  if (increasing) return { stamps: named as bigint[], origin: 'their names' };
  return { stamps: names.map((_, i) => BigInt(i) * TEN_HZ_NS), origin: '10 Hz' };
}

/**
 * Nanoseconds from a name that holds a time since 1970: `1583836591.182590976.pcd`, `cloud_1583836591_182590976.pcd`,
 * or one number of seconds, ms, µs or ns, by its length. undefined for other names, such as 000042.bin.
 */
export function stampOfName(name: string): bigint | undefined {
  const stem = name.slice(0, name.length - extname(name).length).replace(/\.pcd$/i, ''); // nuScenes: .pcd.bin
  const pair = /(?:^|\D)([1-9]\d{9})[._](\d{1,9})$/.exec(stem);
  if (pair) {
    // After a dot the digits are a fraction; after an underscore they are nanoseconds.
    const isFraction = stem[stem.length - pair[2]!.length - 1] === '.';
    const ns = isFraction ? pair[2]!.padEnd(9, '0') : pair[2]!;
    return BigInt(pair[1]!) * 1_000_000_000n + BigInt(ns);
  }
  const digits = /(?:^|\D)([1-9]\d{9}|[1-9]\d{12}|[1-9]\d{15}|[1-9]\d{18})$/.exec(stem)?.[1];
  return digits === undefined ? undefined : BigInt(digits.padEnd(19, '0'));
}
