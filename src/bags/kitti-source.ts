import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve } from 'node:path';
import { FeltmapError } from '../geometry/errors.js';
import {
  KITTI_HDL64,
  rebuildRingsFromAzimuth,
  rebuildTimesFromAzimuth,
} from '../sensors/lidar/azimuth-times.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { kittiPictures } from './camera/kitti-camera.js';
import { NO_COLOR } from './camera/topics.js';
import { readText, readWhole } from './files.js';
import { binLayoutOf, LARGEST_SCAN, parseScanFile } from './folder-source.js';
import { assumedStamps } from './folder-stamps.js';
import { jointSource } from './joint-source.js';
import {
  type ScanRange,
  type ScanSource,
  type ScanSourceOptions,
  rangeBounds,
  withNote,
} from './scan-source.js';
import { StampedScans } from './stamped-scans.js';
import { parseTimestampFile } from './timestamps.js';
import { WarningList } from './warnings.js';

/** Where the scans and stamps of a KITTI folder lie. */
export interface KittiLayout {
  readonly kind: 'raw' | 'odometry';
  /** Folder of the drive or sequence. */
  readonly root: string;
  readonly scanDir: string;
  readonly timesFile: string;
}

/** The layout of a KITTI raw or odometry folder, or of its velodyne_points folder; undefined for other folders. */
export async function findKittiLayout(path: string): Promise<KittiLayout | undefined> {
  const candidates: KittiLayout[] = [
    {
      kind: 'raw',
      root: path,
      scanDir: join(path, 'velodyne_points', 'data'),
      timesFile: join(path, 'velodyne_points', 'timestamps.txt'),
    },
    {
      kind: 'odometry',
      root: path,
      scanDir: join(path, 'velodyne'),
      timesFile: join(path, 'times.txt'),
    },
  ];
  if (basename(resolve(path)) === 'velodyne_points') {
    candidates.push({
      kind: 'raw',
      root: join(path, '..'),
      scanDir: join(path, 'data'),
      timesFile: join(path, 'timestamps.txt'),
    });
  }
  if (basename(resolve(path)) === 'data' && basename(dirname(resolve(path))) === 'velodyne_points') {
    candidates.push({
      kind: 'raw',
      root: join(path, '..', '..'),
      scanDir: path,
      timesFile: join(path, '..', 'timestamps.txt'),
    });
  }
  for (const layout of candidates) {
    const isDir = await stat(layout.scanDir).then(
      (s) => s.isDirectory(),
      () => false,
    );
    if (isDir) return layout;
  }
  return undefined;
}

/** What a KITTI folder may need to be told. */
export type KittiOptions = Pick<ScanSourceOptions, 'deskewAlways' | 'layout'>;

/**
 * Scans of a KITTI folder. Times within a sweep are rebuilt from azimuth, but not those of the odometry benchmark: its
 * sweeps have been corrected for the motion already.
 *
 * @param options `deskewAlways`: rebuild them nevertheless
 * @throws FeltmapError
 */
export async function openKitti(
  path: string,
  layout: KittiLayout,
  { deskewAlways: always = false, layout: columns }: KittiOptions = {},
): Promise<ScanSource> {
  const names = await scansIn(layout.scanDir);
  if (names.length === 0) {
    throw new FeltmapError(
      'not-found',
      `${layout.scanDir} holds no .bin scans; check that the folder is complete`,
    );
  }
  const warnings = new WarningList();
  const stamps = await readStamps(layout, names, warnings);
  const frameId = 'velodyne';
  const bin = await binLayoutOf(layout.scanDir, names, columns, (text) => warnings.add(text));
  const swept = always || layout.kind === 'raw';
  if (!swept)
    warnings.add(
      `${path} has the layout of KITTI odometry, whose scans are compensated for motion already: they are not deskewed ` +
        '(--deskew always does it nevertheless)',
    );

  let stamped = new StampedScans(path);
  async function* scans(range?: ScanRange): AsyncGenerator<LidarScan> {
    stamped = new StampedScans(path);
    const { startNs, endNs } = rangeBounds(stamps[0]!, range);
    for (const [i, name] of names.entries()) {
      const stampNs = stamps[i]!;
      if (stampNs < startNs || stampNs >= endNs) continue;
      const file = join(layout.scanDir, name);
      try {
        const scan = parseScanFile(await readWhole(file, LARGEST_SCAN), file, stampNs, bin);
        const { count, positions } = scan;
        const rings = scan.rings ?? rebuildRingsFromAzimuth(positions, count);
        const times = swept && !scan.times && rebuildTimesFromAzimuth(positions, count, KITTI_HDL64);
        yield* stamped.take({ ...scan, frameId, rings, ...(times && { times, timing: 'azimuth' }) });
      } catch (error) {
        warnings.add(`scan skipped: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    yield* stamped.end();
  }

  return {
    sensor: 'lidar',
    description: `KITTI ${layout.kind} folder ${path}: ${names.length} scans, ${swept ? 'point times rebuilt from azimuth' : 'compensated for motion'}`,
    sensorFrame: frameId,
    scanCount: names.length,
    get warnings() {
      return [...warnings.list, ...stamped.notes];
    },
    scans,
    measurements: scans,
    close: async () => undefined,
  };
}

/** The scans of a KITTI folder with the images of its left colour camera, where there are some. @param options `color` 'none': without */
export async function openKittiColored(
  path: string,
  layout: KittiLayout,
  options: KittiOptions & Pick<ScanSourceOptions, 'color'>,
): Promise<ScanSource> {
  const scans = await openKitti(path, layout, options);
  const pictures =
    options.color === NO_COLOR
      ? undefined
      : await kittiPictures(layout.root, layout.kind, await stampsByName(layout));
  if (pictures === undefined) return scans;
  if (typeof pictures === 'string') return withNote(scans, `${path}: ${pictures}`);
  return jointSource('lidar', scans, [
    { source: pictures, counted: false, along: true },
    { source: scans, counted: true },
  ]);
}

/** Stamps of scans by their names without extension, where no file has any. */
async function stampsByName(layout: KittiLayout): Promise<ReadonlyMap<string, bigint> | undefined> {
  if (await isFile(layout.timesFile)) return undefined;
  const names = await scansIn(layout.scanDir);
  const stamps = assumedStamps(names);
  return new Map(names.map((name, i) => [parse(name).name, stamps[i]!]));
}

const scansIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.bin')).sort();

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (s) => s.isFile(),
    () => false,
  );

/** One stamp per scan; 10 Hz where the file with the stamps is missing or too short. */
async function readStamps(layout: KittiLayout, names: string[], warnings: WarningList): Promise<bigint[]> {
  let stamps: bigint[] = [];
  try {
    stamps = parseTimestampFile(await readText(layout.timesFile), layout.timesFile);
  } catch (error) {
    if (error instanceof FeltmapError && error.code === 'bad-input') throw error;
    warnings.add(`${layout.timesFile} cannot be read; scans are stamped at 10 Hz`);
    return assumedStamps(names);
  }
  // Scans may be missing in the middle (as in KITTI 2011_09_26_drive_0009): the number in the name is the line.
  return names.map((name, i) => {
    const number = Number.parseInt(name, 10);
    const line = stamps.length === names.length || Number.isNaN(number) ? i : number;
    const stamp = stamps[line];
    if (stamp !== undefined) return stamp;
    warnings.add(
      `${layout.timesFile} has ${stamps.length} stamps for ${names.length} scans; the rest is stamped at 10 Hz`,
    );
    return (stamps[0] ?? 0n) + BigInt(line) * 100_000_000n;
  });
}
