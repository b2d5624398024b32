// What the manifest of version 2 says.
import { z } from 'zod';

export const MANIFEST = 'manifest.json';
export const FORMAT = 'feltmap-map';
/** Raised when an older program could not read the map. */
export const VERSION = 2;
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

export const manifestSchema = z.object({
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
export type Manifest = z.infer<typeof manifestSchema>;
/** What {@link writeManifest} takes: files without ranges. */
export type ManifestData = Omit<z.input<typeof manifestSchema>, 'format' | 'version'>;

function allDiffer<T>(key: (entry: T) => unknown): (entries: readonly T[]) => boolean {
  return (entries) => new Set(entries.map(key)).size === entries.length;
}
