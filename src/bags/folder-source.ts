import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { FeltmapError } from '../geometry/errors.js';
import { scanFromPointCloud2 } from '../sensors/lidar/pointcloud2.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { parseVelodyneBin } from './bin-file.js';
import { type BinLayout, parseBin, parseBinLayout } from './bin-layout.js';
import { layoutNote, recogniseBin } from './bin-recognition.js';
import { readWhole } from './files.js';
import { stampsOfScans } from './folder-stamps.js';
import { parsePcd } from './pcd-file.js';
import { parsePly } from './ply-file.js';
import { type ScanRange, type ScanSource, rangeBounds } from './scan-source.js';
import { StampedScans } from './stamped-scans.js';
import { WarningList } from './warnings.js';

/** Largest file of one scan, bytes: four million points of 32. */
export const LARGEST_SCAN = 128 * 1024 * 1024;
const FRAME_ID = 'lidar';
/** What a replay writes into its folder, which may be the scans' own: none of it is a scan. */
const REPORT = 'report.json';
const RESULTS = /^(cloud|mesh|object)(-\d+)?\.(pcd|ply)$/;
/** Scans that are tried for one that can be read. */
const TRIED = 10;

/** The scan files of a folder, all of the kind that is there most often, in order of their names. */
export async function findScanFiles(path: string): Promise<string[]> {
  const byKind = new Map<string, string[]>();
  const names = await readdir(path);
  const isRun = names.includes(REPORT);
  for (const name of names) {
    if (isRun && RESULTS.test(name)) continue;
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
  const { stamps, origin, assumed } = await stampsOfScans(path, names);
  // Stamps that are assumed are worth less than the times of points, where these are times of day.
  const byPoints = assumed !== undefined && (await haveTimesOfDay(path, names, layout));
  if (assumed !== undefined && !byPoints) warnings.add(assumed);

  let stamped = new StampedScans(path);
  async function* scans(range?: ScanRange): AsyncGenerator<LidarScan> {
    stamped = new StampedScans(path);
    const { startNs, endNs } = rangeBounds(stamps[0]!, range);
    for (const [i, name] of names.entries()) {
      const stampNs = stamps[i]!;
      if (stampNs < startNs || stampNs >= endNs) continue;
      try {
        const file = join(path, name);
        const scan = parseScanFile(await readWhole(file, LARGEST_SCAN), file, stampNs, layout);
        yield* stamped.take(byPoints ? { ...scan, stampNs: scan.firstPointNs ?? 0n } : scan);
      } catch (error) {
        warnings.add(`scan skipped: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    yield* stamped.end();
  }

  return {
    sensor: 'lidar',
    description: `folder ${path}: ${names.length} ${extname(names[0]!)} scans, stamps from ${byPoints ? 'the times of their points' : origin}`,
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

/** Whether the points of the first scan that can be read say when they were measured. */
async function haveTimesOfDay(path: string, names: readonly string[], layout?: BinLayout): Promise<boolean> {
  for (const name of names.slice(0, TRIED)) {
    try {
      const file = join(path, name);
      return parseScanFile(await readWhole(file, LARGEST_SCAN), file, 0n, layout).firstPointNs !== undefined;
    } catch {
      continue; // told when it is read for good
    }
  }
  return false;
}
