import { z } from 'zod';
import { crc32 } from 'node:zlib';
import { FeltmapError } from '../../geometry/errors.js';
import { damagedAt } from './damage.js';
import type { MapFiles } from './files.js';
import { upgradeManifest } from './manifest-v1.js';

export const MANIFEST = 'manifest.json';
export const FORMAT = 'feltmap-map';
/** Raised when an older program could not read the map. */
export const VERSION = 2;
/** Where the last member begins: the CRC-32 of every byte before it. */
const CHECKSUM = ',\n "crc32": ';

const uint32 = z.int().min(0).max(0xffffffff);
const coordinate = z.number().min(-1e7).max(1e7);
const pose = z.array(coordinate).length(12);
const vector = z.array(coordinate).length(3);
const id = z.int().min(0).max(0x7fffffff);

const file = z
  .object({
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/),
    bytes: z.int().min(0).max(0x7fffffff),
    crc32: uint32,
  })
  .transform((whole) => ({ ...whole, from: 0, to: whole.bytes }));

const layer = z.object({
  name: z.string().min(1).max(64),
  /** How the bytes are coded; a number for each name. */
  coding: z.int().min(1).max(1000),
  /** A program that does not know the layer must not load the map. */
  required: z.boolean(),
  wordsPerCorner: z.int().min(1).max(64),
  /** Distance between corners, in voxels. */
  stride: z.int().min(1).max(64),
  /** What is needed to read the bytes; differs by layer. */
  parameters: z.record(z.string(), z.unknown()),
  file,
});

const grid = z.object({
  voxel: z.number().min(1e-4).max(100),
  truncation: z.number().min(1e-4).max(100),
  pyramid: z.array(z.int().min(2).max(1024)).max(7),
  /** Extent of the finest blocks, metres, submap frame; null for an empty grid. */
  bounds: z.object({ min: vector, max: vector }).nullable(),
  layers: z.array(layer).max(64).refine(allDiffer<{ name: string }>((entry) => entry.name), 'layers need names of their own'),
}); // prettier-ignore

const submap = z.object({
  id,
  /** Row-major [R|t]. */
  T_world_submap: pose,
  /** T_submap_sensor along the path: float32 x y z and rotation vector each. */
  places: z.object({ count: z.int().min(0).max(1 << 20), file }),
  grids: z.array(grid).min(1).max(16),
}); // prettier-ignore

const schema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  sensor: z.string().max(64),
  /** Frame id of the sensor; the world frame is where it was at the first scan. */
  frame: z.string().max(256),
  /** Scans mapped so far. */
  scans: z.int().min(0).max(0x7fffffff),
  /** Where the last scan was taken. */
  last: z.object({ submap: id, T_submap_sensor: pose }),
  submaps: z.array(submap).min(1).max(65536).refine(allDiffer<{ id: number }>((entry) => entry.id), 'submaps need ids of their own'),
}); // prettier-ignore

/** The table of contents of a saved map, whatever version it was written as. */
export type Manifest = z.infer<typeof schema>;
/** What {@link writeManifest} takes: files without ranges. */
export type ManifestData = Omit<z.input<typeof schema>, 'format' | 'version'>;

/**
 * The manifest of a saved map. A map of version 1 gives the manifest that it would have today.
 *
 * @throws FeltmapError not-found without one, unsupported for a newer format, bad-input when it is damaged
 */
export function readManifest(files: MapFiles): Manifest {
  const bytes = files.get(MANIFEST);
  if (!bytes)
    throw new FeltmapError(
      'not-found',
      `There is no ${MANIFEST} in the saved map: give the map/ folder of an earlier run.`,
    );
  const { json, text } = parse(bytes);
  const head = json as { format?: unknown; version?: unknown } | null;
  if (head?.format !== FORMAT) throw damagedAt(['format']);
  if (typeof head.version === 'number' && head.version > VERSION)
    throw new FeltmapError(
      'unsupported',
      `The saved map has format version ${head.version}, this program reads up to ${VERSION}; use a newer Feltmap.`,
    );
  if (head.version === 1) return upgradeManifest(json);
  checkChecksum(text);
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw damagedAt(parsed.error.issues[0]?.path ?? [], parsed.error);
}

/** Distance between the finest corners of a map, metres. */
export function finestVoxel({ submaps }: Manifest): number {
  return Math.min(...submaps.flatMap(({ grids }) => grids.map(({ voxel }) => voxel)));
}

/** The bytes of manifest.json. Same content, same bytes. */
export function writeManifest(data: ManifestData): Uint8Array {
  const { sensor, frame, scans, last, submaps } = data;
  const body = JSON.stringify(
    { format: FORMAT, version: VERSION, sensor, frame, scans, last, submaps },
    null,
    1,
  );
  const checked = body.slice(0, body.lastIndexOf('\n}'));
  return new TextEncoder().encode(`${checked}${CHECKSUM}${crc32(checked)}\n}\n`);
}

function parse(bytes: Uint8Array): { json: unknown; text: string } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { json: JSON.parse(text), text };
  } catch (cause) {
    throw new FeltmapError('bad-input', `${MANIFEST} of the saved map is no JSON; save the map again.`, {
      cause,
    });
  }
}

/** Without this a flipped bit in a pose or a length would pass unseen. */
function checkChecksum(text: string): void {
  const at = text.lastIndexOf(CHECKSUM);
  const stated = /^(\d+)\s*\}\s*$/.exec(text.slice(at + CHECKSUM.length))?.[1];
  if (at < 0 || stated === undefined) throw damagedAt(['crc32']);
  if (Number(stated) !== crc32(text.slice(0, at)))
    throw new FeltmapError(
      'bad-input',
      `${MANIFEST} of the saved map is damaged or was edited (checksum differs); save the map again.`,
    );
}

function allDiffer<T>(key: (entry: T) => unknown): (entries: readonly T[]) => boolean {
  return (entries) => new Set(entries.map(key)).size === entries.length;
}
