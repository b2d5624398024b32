import { crc32 } from 'node:zlib';
import { FeltmapError } from '../../geometry/errors.js';
import { damagedAt } from './damage.js';
import type { MapFiles } from './files.js';
import {
  FORMAT,
  MANIFEST,
  manifestSchema,
  VERSION,
  type Manifest,
  type ManifestData,
} from './manifest-schema.js';
import { upgradeManifest } from './manifest-v1.js';

export { MANIFEST, type Manifest, type ManifestData };

/** Where the last member begins: the CRC-32 of every byte before it. */
const CHECKSUM = ',\n "crc32": ';

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
  const parsed = manifestSchema.safeParse(json);
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

/** Brackets that may be open at one place, and the bytes that each takes at least, on the average. */
const DEEPEST = 32;
const BYTES_A_BRACKET = 12;
const FEW = 1000;

/** Millions of empty objects, or of open brackets, take a parser a hundred times their size. */
function isPlausible(bytes: Uint8Array): boolean {
  let [depth, opened] = [0, 0];
  for (const c of bytes) {
    if (c === 0x5b || c === 0x7b) {
      opened++;
      if (++depth > DEEPEST) return false;
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
  return opened <= FEW + bytes.length / BYTES_A_BRACKET;
}

function parse(bytes: Uint8Array): { json: unknown; text: string } {
  if (!isPlausible(bytes))
    throw new FeltmapError(
      'bad-input',
      `${MANIFEST} of the saved map is none that Feltmap wrote: it nests too deep, or too often; save the map again.`,
    );
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
