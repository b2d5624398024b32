import { WEIGHTS } from '../../kernels/layout/tactile.js';
import { FeltmapError } from '../../geometry/errors.js';
import type { TouchCalibration } from '../../sensors/tactile/calibration.js';
import { GRAIN_SIZE } from '../../sensors/tactile/gel-grain.js';
import { LOOK_SIZE } from '../../sensors/tactile/gel-look.js';

const FORMAT = 'feltmap touch calibration';
const VERSION = 1;
/** Deepest that a table may say (m). */
const DEEPEST = 0.05;

/** What a field has to be, in words, and whether it is. */
type Rule = readonly [field: string, what: string, holds: (value: unknown) => boolean];

const isNumber = (low: number, high: number) => (value: unknown) =>
  typeof value === 'number' && value >= low && value <= high;
const isCount = (value: unknown): boolean => Number.isInteger(value) && isNumber(16, 4096)(value);
const isList = (least: number, most: number, low: number, high: number) => (value: unknown) =>
  Array.isArray(value) && value.length >= least && value.length <= most && value.every(isNumber(low, high));
const isRising = (value: unknown): boolean =>
  (value as number[]).every((depth, i, all) => i === 0 || depth >= all[i - 1]!);

const COMMON: readonly Rule[] = [
  ['sensor', 'a text of at most 200 characters', (v) => typeof v === 'string' && v.length <= 200],
  ['width', 'a whole number from 16 to 4096', isCount],
  ['height', 'a whole number from 16 to 4096', isCount],
  ['pitch', 'a number from 0.000001 to 0.01 (m)', isNumber(1e-6, 0.01)],
  ['markers', 'true or false', (v) => typeof v === 'boolean'],
  ['sigma', 'a number from 0.000001 to 0.01 (m)', isNumber(1e-6, 0.01)],
];
const NETWORK: readonly Rule[] = [
  ['weights', `a list of ${WEIGHTS} numbers from −1000 to 1000`, isList(WEIGHTS, WEIGHTS, -1000, 1000)],
  ['depthGain', 'a number from 0.1 to 10', isNumber(0.1, 10)],
];
const TABLE: readonly Rule[] = [
  ['depths', `a list of 2 to 256 numbers from 0 to ${DEEPEST} (m)`, isList(2, 256, 0, DEEPEST)],
  ['depths', 'a list of numbers that do not fall', isRising],
];

/** Fields that may be missing: files of old do not have them. */
const OPTIONAL: readonly Rule[] = [
  ['look', `a list of ${LOOK_SIZE} numbers from 0 to 255`, isList(LOOK_SIZE, LOOK_SIZE, 0, 255)],
  ['grain', `a list of ${GRAIN_SIZE} numbers from −127 to 127`, isList(GRAIN_SIZE, GRAIN_SIZE, -127, 127)],
];

/** The calibration as a file: JSON, with its format and version. */
export function encodeCalibration(calibration: TouchCalibration): string {
  const lists =
    calibration.kind === 'network'
      ? { weights: Array.from(calibration.weights) }
      : {
          depths: Array.from(calibration.depths),
          ...(calibration.grain && { grain: Array.from(calibration.grain) }),
        };
  const look = calibration.look && { look: Array.from(calibration.look, (v) => Math.round(10 * v) / 10) };
  return `${JSON.stringify({ format: FORMAT, version: VERSION, ...calibration, ...lists, ...look })}\n`;
}

/**
 * @param path names the file in errors
 * @throws FeltmapError bad-input for what is no calibration or has a field that cannot be; unsupported for a later version
 */
export function decodeCalibration(text: string, path: string): TouchCalibration {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new FeltmapError('bad-input', `${path} is no touch calibration: it is not JSON, or cut off.`, {
      cause,
    });
  }
  const fields = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>;
  if (fields.format !== FORMAT)
    throw new FeltmapError(
      'bad-input',
      `${path} is no touch calibration; feltmap calibrate-touch makes one from pressed balls.`,
    );
  if (fields.version !== VERSION)
    throw new FeltmapError(
      'unsupported',
      `${path} is a touch calibration of version ${JSON.stringify(fields.version)?.slice(0, 40)}, but this Feltmap reads version ${VERSION}; make it anew with feltmap calibrate-touch.`,
    );
  const { kind } = fields;
  if (kind !== 'network' && kind !== 'table') throw wrong(path, 'kind', "'network' or 'table'", kind);
  for (const [field, what, holds] of [...COMMON, ...(kind === 'network' ? NETWORK : TABLE)])
    if (!holds(fields[field])) throw wrong(path, field, what, fields[field]);
  for (const [field, what, holds] of OPTIONAL)
    if (fields[field] !== undefined && !holds(fields[field])) throw wrong(path, field, what, fields[field]);
  const { sensor, width, height, pitch, markers, sigma } = fields as unknown as TouchCalibration;
  const look = fields.look === undefined ? undefined : Float32Array.from(fields.look as number[]);
  const gel = { sensor, width, height, pitch, markers, sigma, ...(look && { look }) };
  if (kind === 'table') {
    const grain = fields.grain === undefined ? undefined : Int8Array.from(fields.grain as number[]);
    return { kind, ...gel, depths: Float32Array.from(fields.depths as number[]), ...(grain && { grain }) };
  }
  const { weights, depthGain } = fields as { weights: number[]; depthGain: number };
  return { kind, ...gel, weights: Float32Array.from(weights), depthGain };
}

function wrong(path: string, field: string, what: string, value: unknown): FeltmapError {
  const shown = Array.isArray(value) ? `a list of ${value.length}` : (JSON.stringify(value) ?? 'missing');
  return new FeltmapError(
    'bad-input',
    `${path}: ${field} has to be ${what}, but is ${shown.slice(0, 60)}; make the file anew with feltmap calibrate-touch.`,
  );
}
