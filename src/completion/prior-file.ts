import { deflateSync, inflateSync } from 'node:zlib';
import { FeltmapError } from '../geometry/errors.js';
import { BOUND_TERMS, type BoundWeights } from './error-bounds.js';
import { cornerCount, type PriorGrid } from './prior-grid.js';
import type { LatentMixture } from './latent-mixture.js';
import type { ShapePrior } from './shape-prior.js';

const MAGIC = 'FELTMAP shape prior\n';
/** 2: may say that shapes stand in frames of their own. */
const VERSION = 2;
/** Largest that a file may say it unpacks to. */
const LARGEST = 64 * 2 ** 20;

interface Header {
  readonly grid: PriorGrid;
  readonly truncation: number;
  readonly rank: number;
  /** Unit of the mean and of the left-out standard deviation (m). */
  readonly meanStep: number;
  readonly leftOutStep: number;
  readonly mixture?: { readonly kinds: number; readonly rank: number; readonly factorStep: number };
  /** Yaws that an object is tried in; left out where the prior knows shapes in every yaw. */
  readonly yaws?: number;
  /** Left out where completions were not compared with what is true. */
  readonly bounds?: BoundWeights;
  /** What it was made from, for people. */
  readonly note: string;
}

/**
 * The prior as one file: magic line, version byte, then a zlib stream (which has a checksum) of a JSON header with its length
 * before it and the numbers: mean int16, left-out standard deviation uint8, steps float32, components int8 by component,
 * then the mixture. Little-endian.
 */
export function encodeShapePrior(prior: ShapePrior, note = ''): Uint8Array {
  const { grid, truncation, rank, mean, leftOut, steps, components, mixture } = prior;
  const corners = cornerCount(grid);
  const deviations = leftOut.map(Math.sqrt);
  const leftOutStep = Math.max(1e-9, deviations.reduce((m, v) => Math.max(m, v), 0) / 255);
  const meanStep = truncation / 30000;
  const byComponent = new Int8Array(corners * rank);
  for (let c = 0; c < corners; c++)
    for (let k = 0; k < rank; k++) byComponent[k * corners + c] = components[c * rank + k]!;
  const most = mixture?.factors.reduce((m, v) => Math.max(m, Math.abs(v)), 0) ?? 0;
  const factorStep = most > 0 ? most / 127 : 1;
  const header: Header = {
    grid, truncation, rank, meanStep, leftOutStep, note,
    ...(prior.yaws ? { yaws: prior.yaws } : {}),
    ...(prior.bounds ? { bounds: prior.bounds } : {}),
    ...(mixture ? { mixture: { kinds: mixture.kinds, rank: mixture.rank, factorStep } } : {}),
  }; // prettier-ignore
  const json = new TextEncoder().encode(JSON.stringify(header));
  const parts = [
    bytesOf(Uint32Array.of(json.length)),
    json,
    bytesOf(Int16Array.from(mean, (v) => Math.round(v / meanStep))),
    Uint8Array.from(deviations, (v) => Math.round(v / leftOutStep)),
    bytesOf(steps),
    bytesOf(byComponent),
    ...(mixture
      ? [
          bytesOf(mixture.weights),
          bytesOf(mixture.centres),
          bytesOf(mixture.spreads),
          bytesOf(Int8Array.from(mixture.factors, (v) => Math.round(v / factorStep))),
        ]
      : []),
  ];
  return packed(Buffer.concat(parts));
}

function packed(body: Uint8Array): Uint8Array {
  const head = [Buffer.from(MAGIC, 'latin1'), Uint8Array.of(VERSION)];
  return Buffer.concat([...head, deflateSync(body, { level: 9 })]);
}

/**
 * The same file, but for the bounds of its completions' errors.
 *
 * @throws FeltmapError as {@link decodeShapePrior}
 */
export function withBounds(bytes: Uint8Array, bounds: BoundWeights): Uint8Array {
  decodeShapePrior(bytes);
  const reader = new Sections(new Uint8Array(inflateSync(bytes.subarray(MAGIC.length + 1))));
  const header = JSON.parse(new TextDecoder().decode(reader.u8(reader.u32(1)[0]!))) as Header;
  const json = new TextEncoder().encode(JSON.stringify({ ...header, bounds }));
  return packed(Buffer.concat([bytesOf(Uint32Array.of(json.length)), json, reader.rest()]));
}

/**
 * @param source named in errors
 * @throws FeltmapError bad-input for a file that is none, is damaged or cut off; unsupported for one of a newer version
 */
export function decodeShapePrior(bytes: Uint8Array, source = 'The shape prior'): ShapePrior {
  const magic = Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1');
  if (magic !== MAGIC)
    throw new FeltmapError('bad-input', `${source} is no shape prior; install Feltmap again or train one.`);
  const version = bytes[MAGIC.length];
  if (version !== 1 && version !== VERSION)
    throw new FeltmapError(
      'unsupported',
      `${source} has version ${version}, this program reads version ${VERSION}; use the file that came with it.`,
    );
  try {
    const body = inflateSync(bytes.subarray(MAGIC.length + 1), { maxOutputLength: LARGEST });
    return parse(new Uint8Array(body));
  } catch (cause) {
    throw new FeltmapError(
      'bad-input',
      `${source} is damaged or cut off; install Feltmap again or train a new one.`,
      { cause },
    );
  }
}

function parse(body: Uint8Array): ShapePrior {
  const reader = new Sections(body);
  const header = JSON.parse(new TextDecoder().decode(reader.u8(reader.u32(1)[0]!))) as Header;
  const { grid, truncation, rank, mixture } = header;
  const corners = cornerCount(grid);
  const sizes = [grid.nx, grid.ny, grid.nz, rank];
  if (!sizes.every((n) => Number.isInteger(n) && n > 1 && n < 2 ** 16) || !(grid.cell > 0) || !(truncation > 0))
    throw new RangeError('sizes');
  const mean = Float32Array.from(reader.i16(corners), (v) => v * header.meanStep);
  const leftOut = Float32Array.from(reader.u8(corners), (v) => (v * header.leftOutStep) ** 2);
  const steps = reader.f32(rank);
  const byComponent = reader.i8(corners * rank);
  const components = new Int8Array(corners * rank);
  for (let k = 0; k < rank; k++)
    for (let c = 0; c < corners; c++) components[c * rank + k] = byComponent[k * corners + c]!;
  const yaws = header.yaws === undefined ? {} : { yaws: header.yaws };
  const bounds = header.bounds === undefined ? {} : { bounds: checkedBounds(header.bounds) };
  const prior = { grid, truncation, rank, mean, leftOut, steps, components, ...yaws, ...bounds };
  if (!mixture) return prior;
  const { kinds, rank: q, factorStep } = mixture;
  const found: LatentMixture = {
    kinds,
    rank: q,
    weights: reader.f32(kinds),
    centres: reader.f32(kinds * rank),
    spreads: reader.f32(rank),
    factors: Float32Array.from(reader.i8(kinds * rank * q), (v) => v * factorStep),
  };
  return { ...prior, mixture: found };
} // prettier-ignore

/** @throws RangeError for terms that this program does not know, or numbers that do not fit them */
function checkedBounds(bounds: BoundWeights): BoundWeights {
  const { terms, sigma, most } = bounds;
  if (!terms.every((term) => Object.hasOwn(BOUND_TERMS, term))) throw new RangeError('terms');
  for (const weights of [sigma, most])
    if (weights.length !== terms.length || !weights.every(Number.isFinite)) throw new RangeError('bounds');
  return { terms, sigma, most };
}

/** Reads typed arrays one after the other; throws RangeError past the end. */
class Sections {
  #at = 0;
  constructor(readonly body: Uint8Array) {}

  /** All that was not read. */
  rest(): Uint8Array {
    return this.body.slice(this.#at);
  }
  u8(n: number): Uint8Array {
    const end = this.#at + n;
    if (!(n >= 0 && end <= this.body.length)) throw new RangeError('cut off');
    const out = this.body.slice(this.#at, end);
    this.#at = end;
    return out;
  }
  i8(n: number): Int8Array {
    return new Int8Array(this.u8(n).buffer);
  }
  i16(n: number): Int16Array {
    return new Int16Array(this.u8(2 * n).buffer);
  }
  u32(n: number): Uint32Array {
    return new Uint32Array(this.u8(4 * n).buffer);
  }
  f32(n: number): Float32Array {
    return new Float32Array(this.u8(4 * n).buffer);
  }
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
