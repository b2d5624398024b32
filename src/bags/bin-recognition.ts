import { stat } from 'node:fs/promises';
import { FeltmapError } from '../geometry/errors.js';
import { type BinLayout, parseBinLayout } from './bin-layout.js';
import { RandomAccessFile } from './files.js';

/** What a point may consist of: values of one type, and what lies behind them. */
interface Candidate {
  readonly type: 'f32' | 'f64';
  readonly values: number;
  /** As in a layout's text, and its bytes. */
  readonly more?: { readonly text: string; readonly bytes: number };
}

/** The first, KITTI's, is what is assumed where the points do not tell. Shorter ones first. */
const USUAL: Candidate = { type: 'f32', values: 4 };
const CANDIDATES: readonly Candidate[] = [
  USUAL,
  { type: 'f32', values: 3 },
  { type: 'f32', values: 3, more: { text: 'intensity:u8', bytes: 1 } },
  { type: 'f32', values: 3, more: { text: 'intensity:u16', bytes: 2 } },
  { type: 'f32', values: 4, more: { text: 'ring:u16', bytes: 2 } },
  { type: 'f32', values: 5 },
  { type: 'f32', values: 4, more: { text: 'ring:u16,time', bytes: 6 } },
  { type: 'f32', values: 6 },
  { type: 'f32', values: 7 },
  { type: 'f32', values: 8 },
  { type: 'f64', values: 3 },
  { type: 'f64', values: 4 },
  { type: 'f64', values: 5 },
  { type: 'f64', values: 6 },
];

/** Files whose sizes are compared, and of which the beginnings are read. */
const SIZES = 200;
const FILES = 3;
const BYTES = 1 << 18;
/** Share of the files that must hold whole points. */
const WHOLE = 0.9;
/** Ranges of points of a scan, m. */
const NEAREST = 0.3;
const FARTHEST = 500;
/** Points that follow each other lie no farther apart than this share of the range of the nearer one. */
const NEAR = 0.5;
/** Share of such pairs in a layout that is right, and what it must be better by than the usual one. */
const CLEARLY = 0.5;
const BETTER = 0.3;
const LARGEST_RING = 512;
/** Of intensities, and the share of points that lie below the sensor at least. */
const LARGEST_INTENSITY = 255;
const BELOW = 0.05;
/** Coordinates (m) are no numbers of this size; and the share of them that bytes of another layout have at least. */
const SMALLEST = 1e-12;
const LARGEST = 1e8;
const SENSELESS = 0.25;

/**
 * How the points of `.bin` files lie in their bytes, from the sizes of the files and from what follows each other in them: in
 * the right layout neighbours in the file are mostly neighbours in space.
 *
 * @returns undefined for the usual x, y, z, reflectance as float32, also where nothing tells
 * @throws FeltmapError bad-input where the files cannot be that, and no other layout makes sense
 */
export async function recogniseBin(folder: string, paths: readonly string[]): Promise<BinLayout | undefined> {
  const sizes = await sizesOf(paths);
  const whole = (one: Candidate): boolean =>
    sizes.filter((size) => size % stepOf(one) === 0).length >= WHOLE * sizes.length;
  const heads = await headsOf(paths);
  if (whole(USUAL) && isIntensityFirst(heads)) return parseBinLayout('intensity,x,y,z');
  const scoreIfWhole = (one: Candidate): number => (whole(one) ? scoreOf(heads, one) : -1);
  if (scoreIfWhole(USUAL) > 1 - BETTER) return undefined;
  const scores = CANDIDATES.map(scoreIfWhole);
  // Every second point is near as well: of layouts that are alike in this, the shortest.
  const alike = Math.max(...scores.slice(1)) - BETTER / 2;
  const best = scores.findIndex((score, i) => i > 0 && score >= alike);
  const other = CANDIDATES[best]!;
  if (scores[best]! >= CLEARLY && scores[best]! > scores[0]! + BETTER)
    return parseBinLayout(columnsOf(heads, other));
  // A folder of a few files, some cut off, is read as usual: each file says what is wrong with it.
  const fits = scores[0]! >= 0 || sizes.some((size) => size % stepOf(USUAL) === 0) || sizes.length === 0;
  if (fits && !isSenseless(heads)) return undefined;
  throw new FeltmapError(
    'bad-input',
    `${folder}: the .bin files hold no points of ${USUAL.values} float32 (x, y, z, reflectance), and their layout cannot be told ` +
      'from what they hold; give it with --layout, such as x,y,z,intensity,ring',
  );
}

/** What is said of files that are not laid out as usual. */
export function layoutNote(folder: string, { text, pointStep }: BinLayout): string {
  return (
    `${folder}: its .bin files hold points of ${pointStep} bytes, not the usual 16: they are read as ${text} ` +
    '(--layout names another layout)'
  );
}

async function sizesOf(paths: readonly string[]): Promise<number[]> {
  const sizes = await Promise.all(
    spread(paths, SIZES).map((path) =>
      stat(path).then(
        (info) => info.size,
        () => 0,
      ),
    ),
  );
  return sizes.filter((size) => size > 0);
}

/** The beginnings of some of the files. */
async function headsOf(paths: readonly string[]): Promise<Uint8Array[]> {
  const heads: Uint8Array[] = [];
  for (const path of spread(paths, FILES)) {
    try {
      const file = await RandomAccessFile.open(path);
      try {
        heads.push(await file.read(0, Math.min(file.size, BYTES)));
      } finally {
        await file.close();
      }
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error; // told when the scan itself is read
    }
  }
  return heads;
}

/** At most `n` of them, evenly chosen. */
function spread<T>(all: readonly T[], n: number): T[] {
  if (all.length <= n) return [...all];
  return Array.from({ length: n }, (_, i) => all[Math.floor((i * all.length) / n)]!);
}

function bytesOf(type: Candidate['type']): number {
  return type === 'f32' ? 4 : 8;
}

/** Bytes of a point. */
function stepOf({ type, values, more }: Candidate): number {
  return bytesOf(type) * values + (more?.bytes ?? 0);
}

/** The value `column` of each point. */
function columnOf(bytes: Uint8Array, candidate: Candidate, column: number): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { type } = candidate;
  const step = stepOf(candidate);
  return Float64Array.from({ length: Math.floor(bytes.length / step) }, (_, i) => {
    const at = step * i + bytesOf(type) * column;
    return type === 'f32' ? view.getFloat32(at, true) : view.getFloat64(at, true);
  });
}

/** Whether as the usual points the files hold what no coordinates can be. */
function isSenseless(heads: readonly Uint8Array[]): boolean {
  let [all, senseless] = [0, 0];
  for (const bytes of heads)
    for (const axis of [0, 1, 2])
      for (const value of columnOf(bytes, USUAL, axis)) {
        if (value === 0 || Number.isNaN(value)) continue; // nothing measured
        all++;
        const size = Math.abs(value);
        if (size < SMALLEST || size > LARGEST) senseless++;
      }
  return senseless > SENSELESS * all;
}

/**
 * Whether four values a point are intensity, x, y, z: the first is up to 1, or whole up to 255, never negative; the last
 * is, and the last three are as near to those of the next point as the first three.
 */
function isIntensityFirst(heads: readonly Uint8Array[]): boolean {
  let [points, below, largest, whole] = [0, 0, 0, true];
  for (const bytes of heads) {
    const [first, last] = [columnOf(bytes, USUAL, 0), columnOf(bytes, USUAL, 3)];
    points += first.length;
    for (const value of first) {
      if (!(value >= 0)) return false;
      whole &&= Number.isInteger(value);
      largest = Math.max(largest, value);
    }
    for (const value of last) if (value < 0) below++;
  }
  // Reflectances are never negative, heights in a sensor's frame often are; no sensor sees within a metre ahead only.
  if (points === 0 || largest > (whole ? LARGEST_INTENSITY : 1) || below < BELOW * points) return false;
  const shifted = heads.map((bytes) => bytes.subarray(4));
  return scoreOf(shifted, USUAL) > Math.max(CLEARLY, scoreOf(heads, USUAL) - BETTER / 2);
}

/** Share of points that the next one in the file is near to. */
function scoreOf(heads: readonly Uint8Array[], candidate: Candidate): number {
  let [pairs, near] = [0, 0];
  for (const bytes of heads) {
    const [x, y, z] = [0, 1, 2].map((axis) => columnOf(bytes, candidate, axis)) as Float64Array[];
    const range = (i: number): number => Math.hypot(x![i]!, y![i]!, z![i]!);
    for (let i = 0; i + 1 < x!.length; i++) {
      const [a, b] = [range(i), range(i + 1)];
      if (a === 0 || b === 0) continue; // nothing measured
      pairs++;
      const apart = Math.hypot(x![i + 1]! - x![i]!, y![i + 1]! - y![i]!, z![i + 1]! - z![i]!);
      const nearer = Math.min(a, b);
      if (nearer > NEAREST && Math.max(a, b) < FARTHEST && apart < NEAR * nearer) near++;
    }
  }
  return pairs === 0 ? 0 : near / pairs;
}

/** x, y, z, intensity, and what the numbers after these look like. */
function columnsOf(heads: readonly Uint8Array[], candidate: Candidate): string {
  const names: string[] = [];
  for (let column = 0; column < candidate.values; column++) {
    if (column < 4) names.push(['x', 'y', 'z', 'intensity'][column]!);
    else {
      const name = nameOf(heads.map((bytes) => columnOf(bytes, candidate, column)));
      names.push(name !== '_' && names.includes(name) ? '_' : name);
    }
  }
  const typed = names.map((name) => (candidate.type === 'f32' ? name : `${name}:${candidate.type}`));
  return [...typed, ...(candidate.more ? [candidate.more.text] : [])].join(',');
}

function nameOf(columns: readonly Float64Array[]): string {
  const isRing = (v: Float64Array): boolean =>
    v.every((n) => Number.isInteger(n) && n >= 0 && n < LARGEST_RING);
  const distinct = new Set(columns[0]).size;
  if (columns.every(isRing) && distinct >= 4) return 'ring';
  const increases = (v: Float64Array): boolean => v.every((t, i) => i === 0 || t >= v[i - 1]!);
  return columns.every(increases) && distinct >= 4 ? 'time' : '_';
}
