import { FeltmapError } from '../../geometry/errors.js';
import { exp, log, type Pose } from '../../geometry/se3.js';
import { crc32 } from 'node:zlib';
import { decodeFeatures, encodeFeatures, type QuantisedFeatures } from './feature-codec.js';
import { FIELD, FORMAT, MANIFEST, VERSION, writeManifest, type Manifest } from './manifest.js';
import { quantiseFeatures, quantiseScalars, type FeatureBlocks, type ScalarBlocks } from './quantise.js';
import { decodeScalars, encodeScalars, type QuantisedLevel } from './scalar-codec.js';

/** Steps of the truncation that distances are rounded to: voxel/32 on the fine level, voxel/16 on coarse ones. */
export const FINE_LIMIT = 63;
export const COARSE_LIMIT = 31;
/** What features are rounded to; measured: twice as coarse still costs less than 0.1 F. */
export const FEATURE_STEP = 1 / 32;

/** A field in memory and what is told of it. */
export interface FieldContent {
  readonly sensor: string;
  readonly frame: string;
  readonly scans: number;
  /** T_map_sensor. */
  readonly lastPose: Pose;
  /** T_map_sensor of places along the path. */
  readonly places: readonly Pose[];
  /** Finest first. */
  readonly levels: readonly (ScalarBlocks & { readonly voxel: number; readonly truncation: number })[];
  readonly features?: FeatureBlocks & { readonly cellVoxels: number; readonly decoder: Float32Array };
}

/** A saved field, read. */
export interface SavedField {
  readonly levels: readonly QuantisedLevel[];
  readonly features?: QuantisedFeatures & { readonly decoder: Float32Array };
}

/** Finer or coarser rounding than the standard; for measurements. */
export interface SaveOptions {
  readonly fineLimit?: number;
  readonly coarseLimit?: number;
  readonly featureStep?: number;
}

/** The files of a saved map, by name. Same content, same bytes. */
export function encodeSavedField(content: FieldContent, options: SaveOptions = {}): Map<string, Uint8Array> {
  const { fineLimit = FINE_LIMIT, coarseLimit = COARSE_LIMIT, featureStep = FEATURE_STEP } = options;
  const parts: Uint8Array[] = [];
  const put = (part: Uint8Array): number => (parts.push(part), part.length);
  const quantised = content.levels.map((level, i) =>
    quantiseScalars(level, level.truncation, i === 0 ? fineLimit : coarseLimit),
  );
  const levels = quantised.map((level, i) => ({
    voxel: content.levels[i]!.voxel,
    truncation: content.levels[i]!.truncation,
    limit: level.limit,
    blocks: level.coords.length / 3,
    corners: level.weights.reduce((sum, weight) => sum + (weight ? 1 : 0), 0),
    bytes: put(encodeScalars(level)),
  }));
  let features: Manifest['features'] = null;
  if (content.features && content.features.count > 1) {
    const q = quantiseFeatures(content.features, featureStep);
    const decoder = content.features.decoder;
    features = {
      cellVoxels: content.features.cellVoxels,
      step: featureStep,
      blocks: q.coords.length / 3,
      rows: q.values.length / 8,
      bytes: put(encodeFeatures(q)),
      decoderFloats: decoder.length,
    };
    put(floatBytes(decoder));
  }
  put(floatBytes(content.places.flatMap((pose) => [...log(pose)])));
  const field = concatenate(parts);
  const manifest: Manifest = {
    format: FORMAT,
    version: VERSION,
    sensor: content.sensor,
    frame: content.frame,
    scans: content.scans,
    lastPose: [...content.lastPose],
    bounds: boundsOf(quantised[0]!.coords, content.levels[0]!.voxel),
    levels,
    features,
    places: content.places.length,
    field: { bytes: field.length, crc32: crc32(field) },
  };
  return new Map([
    [MANIFEST, writeManifest(manifest)],
    [FIELD, field],
  ]);
}

/**
 * Reads the field of a saved map whose manifest is already read.
 *
 * @throws FeltmapError not-found without field.bin, bad-input when it is damaged or does not fit the manifest
 */
export function decodeSavedField(files: ReadonlyMap<string, Uint8Array>, manifest: Manifest): SavedField {
  const field = wholeField(files, manifest);
  const { features: f } = manifest;
  let at = 0;
  const take = (bytes: number): Uint8Array => field.subarray(at, (at += bytes));
  const levels = manifest.levels.map(({ bytes, blocks, limit }) => {
    plausible(blocks, bytes);
    return decodeScalars(take(bytes), blocks, limit);
  });
  let features: SavedField['features'];
  if (f) {
    plausible(f.blocks, f.bytes);
    if (f.rows > f.blocks * 512) throw misfit();
    features = {
      ...decodeFeatures(take(f.bytes), f.blocks, f.rows),
      decoder: floats(take(f.decoderFloats * 4)),
    };
  }
  return { levels, ...(features ? { features } : {}) };
}

/**
 * Poses T_map_sensor along the path, which {@link FieldContent.places} were.
 *
 * @throws FeltmapError as {@link decodeSavedField}
 */
export function readPlaces(files: ReadonlyMap<string, Uint8Array>, manifest: Manifest): Pose[] {
  const field = wholeField(files, manifest);
  const twists = floats(field.subarray(field.length - manifest.places * 24));
  return Array.from({ length: manifest.places }, (_, i) => exp(twists.subarray(i * 6, i * 6 + 6)));
}

/** Bytes of a saved map, all files together. */
export function mapBytes(files: ReadonlyMap<string, Uint8Array>): number {
  let sum = 0;
  for (const file of files.values()) sum += file.length;
  return sum;
}

/** field.bin, complete and undamaged. */
function wholeField(files: ReadonlyMap<string, Uint8Array>, manifest: Manifest): Uint8Array {
  const field = files.get(FIELD);
  if (!field)
    throw new FeltmapError(
      'not-found',
      `There is no ${FIELD} in the saved map: give the map/ folder of an earlier run.`,
    );
  if (field.length !== manifest.field.bytes)
    throw new FeltmapError(
      'bad-input',
      `${FIELD} of the saved map has ${field.length} bytes instead of ${manifest.field.bytes}: it was cut off or belongs to another map.`,
    );
  if (crc32(field) !== manifest.field.crc32)
    throw new FeltmapError(
      'bad-input',
      `${FIELD} of the saved map is damaged (checksum differs); save the map again.`,
    );
  const f = manifest.features;
  const expected =
    manifest.levels.reduce((sum, level) => sum + level.bytes, 0) +
    (f ? f.bytes + f.decoderFloats * 4 : 0) +
    manifest.places * 24;
  if (expected !== field.length) throw misfit();
  return field;
}

/** A block costs a few bytes at the very least: a small file cannot ask for much memory. */
function plausible(blocks: number, bytes: number): void {
  if (blocks > 4 * bytes + 64) throw misfit();
}

function misfit(): FeltmapError {
  return new FeltmapError(
    'bad-input',
    `${MANIFEST} and ${FIELD} of the saved map do not fit together; save the map again.`,
  );
}

function floatBytes(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i]!, true);
  return bytes;
}

function floats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true));
  if (!values.every((value) => Math.abs(value) < 1e7))
    throw new FeltmapError(
      'bad-input',
      `${FIELD} of the saved map holds numbers out of range; save the map again.`,
    );
  return values;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Extent of blocks of 8 voxels (m). */
function boundsOf(coords: Int32Array, voxel: number): Manifest['bounds'] {
  if (coords.length === 0) return null;
  const [min, max] = [[Infinity, Infinity, Infinity], [-Infinity, -Infinity, -Infinity]]; // prettier-ignore
  coords.forEach((value, i) => {
    min![i % 3] = Math.min(min![i % 3]!, value * 8 * voxel);
    max![i % 3] = Math.max(max![i % 3]!, (value + 1) * 8 * voxel);
  });
  return { min: min!, max: max! };
}
