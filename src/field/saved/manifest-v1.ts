// Version 1: one field, with all data in field.bin.
import { z } from 'zod';
import { identity } from '../../geometry/se3.js';
import { damagedAt, misfit } from './damage.js';
import type { FilePart } from './files.js';
import type { Manifest } from './manifest-schema.js';

const bytes = z.int().min(0).max(0x7fffffff);
const blocks = z.int().min(0).max(1 << 22); // prettier-ignore
const length = z.number().min(1e-4).max(100);
const coordinate = z.number().min(-1e7).max(1e7);
const vector = z.array(coordinate).length(3);

const schema = z.object({
  sensor: z.string().max(64),
  frame: z.string().max(256),
  scans: z.int().min(0).max(0x7fffffff),
  /** T_map_sensor of the last scan, row-major [R|t]. */
  lastPose: z.array(coordinate).length(12),
  bounds: z.object({ min: vector, max: vector }).nullable(),
  /** Scalar levels, finest first. */
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
  /** Null for a map of fused distances alone. */
  features: z
    .object({
      cellVoxels: z.int().min(1).max(64),
      step: z.number().min(1e-6).max(10),
      blocks,
      rows: z.int().min(0).max(1 << 26),
      bytes,
      decoderFloats: z.int().min(1).max(65536),
    })
    .nullable(),
  /** Places, 24 bytes each, at the end of field.bin. */
  places: z.int().min(0).max(1 << 20),
  /** Size and CRC-32 of field.bin. */
  field: z.object({ bytes, crc32: z.int().min(0).max(0xffffffff) }),
}); // prettier-ignore

/**
 * The manifest of version 2 that a map of version 1 would have: one submap with one grid, whose layers are ranges of
 * field.bin.
 *
 * @throws FeltmapError bad-input when it is damaged
 */
export function upgradeManifest(json: unknown): Manifest {
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw damagedAt(parsed.error.issues[0]?.path ?? [], parsed.error);
  const { sensor, frame, scans, lastPose, bounds, levels, features, places, field } = parsed.data;
  const fine = levels[0]!;
  let at = 0;
  const take = (size: number): FilePart => ({ name: 'field.bin', ...field, from: at, to: (at += size) });
  const layers: Manifest['submaps'][0]['grids'][0]['layers'] = [
    {
      name: 'distance',
      coding: 1,
      required: true,
      wordsPerCorner: 2,
      stride: 1,
      parameters: { levels: levels.map(({ voxel: _, ...level }) => level) },
      file: take(levels.reduce((sum, level) => sum + level.bytes, 0)),
    },
  ];
  if (features) {
    const { cellVoxels, ...parameters } = features;
    layers.push({
      name: 'features',
      coding: 1,
      required: false,
      wordsPerCorner: 1,
      stride: cellVoxels,
      parameters,
      file: take(features.bytes + features.decoderFloats * 4),
    });
  }
  const placesFile = take(places * 24);
  if (at !== field.bytes) throw misfit();
  const { voxel, truncation } = fine;
  const pyramid = levels.slice(1).map((level) => factorOf(level.voxel / voxel));
  return {
    format: 'feltmap-map',
    version: 2,
    sensor,
    frame,
    scans,
    last: { submap: 0, T_submap_sensor: lastPose },
    submaps: [
      {
        id: 0,
        T_world_submap: [...identity()],
        places: { count: places, file: placesFile },
        grids: [{ voxel, truncation, pyramid, bounds, layers }],
      },
    ],
  };
}

function factorOf(ratio: number): number {
  const factor = Math.round(ratio);
  if (factor < 2 || Math.abs(ratio / factor - 1) > 1e-6) throw damagedAt(['levels']);
  return factor;
}
