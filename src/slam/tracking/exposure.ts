import { GAIN_LEVELS } from '../../kernels/layout/gather.js';
import type { LinearSystem } from '../../field/linear-system.js';
import { BASE_UNKNOWNS } from '../../field/linear-system.js';
import type { Exposure } from '../../field/terms/photometric.js';

/** Gain and bias of a frame that is as bright as the map. */
export const AS_MAPPED: Exposure = { gain: 0, bias: 0 };
/** Share of its own information by which a frame's exposure is held to that of the one before: it changes slowly. */
const SLOW = 0.5;
/** Largest change against the map that is believed: gains from a half (brighter images are clipped soon) to four times. */
const LEAST_GAIN = -64;
const MOST_GAIN = 384;
const MOST_BIAS = 60;
/** What is of middle brightness in the map may change by so many grey levels from frame to frame; beyond, it is still on its way. */
const MIDDLE = 110;
const UNSTEADY = 8;
/** Frames in which an exposure that differs from the map's is found from nothing, at most. */
const FINDING = 12;

/**
 * The exposure that explains a frame best at the pose that was found, with nothing that holds it but the frame before:
 * while the pose is solved for, gain and bias are held, or they would swallow what the motion changes.
 *
 * @param system the measurements at the solution, with what held gain and bias
 * @param hold by how many times their own information they were held to `expected`
 * @param own gain and bias at the solution
 */
export function exposureOf(
  { A, b, size }: LinearSystem,
  hold: number,
  own: ArrayLike<number>,
  expected: Exposure,
): Exposure {
  const [i, j] = [BASE_UNKNOWNS, BASE_UNKNOWNS + 1];
  const [gg, bb, gb] = [A[i * size + i]! / (1 + hold), A[j * size + j]! / (1 + hold), A[i * size + j]!];
  if (!(gg > 0 && bb > 0)) return expected;
  const away = [own[0]! - expected.gain, own[1]! - expected.bias] as const;
  // Minus the gradient of the frame's own residuals, and of the slow hold.
  const right = [b[i]! + (hold - SLOW) * gg * away[0], b[j]! + (hold - SLOW) * bb * away[1]] as const;
  const [a, d] = [gg * (1 + SLOW), bb * (1 + SLOW)];
  const det = a * d - gb * gb;
  const gain = within(own[0]! + (d * right[0] - gb * right[1]) / det, LEAST_GAIN, MOST_GAIN);
  const bias = within(own[1]! + (a * right[1] - gb * right[0]) / det, -MOST_BIAS, MOST_BIAS);
  const brighter = (GAIN_LEVELS + gain) / (GAIN_LEVELS + expected.gain) - 1;
  const change = brighter * (MIDDLE - expected.bias) + bias - expected.bias;
  return { gain, bias, ...(Math.abs(change) > UNSTEADY && { unsteady: true }) };
}

const within = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value));

/**
 * The exposures of cameras against the map, by sensor: where the next frame is expected.
 *
 * @example
 * const exposures = new Exposures();
 * exposures.keep('camera', { gain: 12, bias: -3 });
 * exposures.of('camera').gain; // 12/128 brighter than the map
 */
export class Exposures {
  /** What the user should know about them, one sentence a camera: only ever grows. */
  readonly notices: string[] = [];
  readonly #latest = new Map<string, Exposure>();
  readonly #told = new Set<string>();
  /** Frames so far in which an exposure was not steady yet; Infinity since it was. */
  readonly #finding = new Map<string, number>();

  of(sensor: string): Exposure {
    return this.#latest.get(sensor) ?? AS_MAPPED;
  }

  keep(sensor: string, exposure: Exposure): void {
    this.#latest.set(sensor, exposure);
    // That a camera, or a map that is gone on in, has another exposure to begin with is no jump.
    const finding = exposure.unsteady ? (this.#finding.get(sensor) ?? 0) + 1 : Infinity;
    this.#finding.set(sensor, finding);
    if (!exposure.unsteady || finding <= FINDING || this.#told.has(sensor)) return;
    this.#told.add(sensor);
    this.notices.push(
      `The exposure of camera '${sensor}' jumps from frame to frame: until it is steady again (some frames) its colours are not mapped; fix exposure and white balance, or let them change slowly.`,
    );
  }

  clear(): void {
    this.#latest.clear();
    this.#finding.clear();
  }
}
