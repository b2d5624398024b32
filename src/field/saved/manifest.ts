import { z } from 'zod';
import { FeltmapError } from '../../geometry/errors.js';

export const MANIFEST = 'manifest.json';
export const FIELD = 'field.bin';
export const FORMAT = 'feltmap-map';
/** Raised when an older program could not read the map. */
export const VERSION = 1;

const bytes = z.int().min(0).max(0x7fffffff);
const blocks = z
  .int()
  .min(0)
  .max(1 << 22);
const length = z.number().min(1e-4).max(100);
const vector = z.array(z.number().min(-1e7).max(1e7)).length(3);

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  sensor: z.string().max(64),
  /** Frame id of the sensor; coordinates are in that frame as it was at the first scan. */
  frame: z.string().max(256),
  /** Scans mapped so far. */
  scans: z.int().min(0).max(0x7fffffff),
  /** T_map_sensor of the last scan, row-major [R|t]. */
  lastPose: z.array(z.number().min(-1e7).max(1e7)).length(12),
  /** Extent of the blocks in use (m); null for an empty map. */
  bounds: z.object({ min: vector, max: vector }).nullable(),
  /** Scalar levels, finest first: corner distance, truncation (m), steps of the truncation. */
  levels: z
    .array(
      z.object({
        voxel: length,
        truncation: length,
        limit: z.int().min(1).max(32767),
        blocks,
        corners: z.int().min(0),
        bytes,
      }),
    )
    .min(1)
    .max(4),
  /** Learned features, null for a map of fused distances alone. */
  features: z
    .object({
      cellVoxels: z.int().min(1).max(64),
      step: z.number().min(1e-6).max(10),
      blocks,
      rows: z
        .int()
        .min(0)
        .max(1 << 26),
      bytes,
      /** float32 of the frozen decoder, little-endian, after the features. */
      decoderFloats: z.int().min(1).max(65536),
    })
    .nullable(),
  /** Places along the path, for finding back into the map: float32 x y z and rotation vector each, at the end. */
  places: z
    .int()
    .min(0)
    .max(1 << 20),
  /** Size and CRC-32 of field.bin. */
  field: z.object({ bytes, crc32: z.int().min(0).max(0xffffffff) }),
});

export type Manifest = z.infer<typeof manifestSchema>;

/**
 * The manifest of a saved map.
 *
 * @throws FeltmapError not-found without one, unsupported for a newer format, bad-input when it is damaged
 */
export function readManifest(files: ReadonlyMap<string, Uint8Array>): Manifest {
  const file = files.get(MANIFEST);
  if (!file)
    throw new FeltmapError(
      'not-found',
      `There is no ${MANIFEST} in the saved map: give the map/ folder of an earlier run.`,
    );
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file));
  } catch (cause) {
    throw new FeltmapError('bad-input', `${MANIFEST} of the saved map is no JSON; save the map again.`, {
      cause,
    });
  }
  const head = json as { format?: unknown; version?: unknown } | null;
  if (head?.format === FORMAT && typeof head.version === 'number' && head.version > VERSION)
    throw new FeltmapError(
      'unsupported',
      `The saved map has format version ${head.version}, this program reads up to ${VERSION}; use a newer Feltmap.`,
    );
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new FeltmapError(
      'bad-input',
      `${MANIFEST} of the saved map is damaged at "${issue?.path.join('.') ?? ''}"; save the map again.`,
      { cause: parsed.error },
    );
  }
  return parsed.data;
}

export function writeManifest(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(manifest, null, 1)}\n`);
}
