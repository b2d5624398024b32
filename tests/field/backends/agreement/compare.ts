import { expect } from 'vitest';
import type { PosedChunk, StepOptions } from '../../../../src/field/backends/plain.js';
import type { NormalSums } from '../../../../src/field/linear-system.js';
import type { FitResult } from '../../../../src/field/backend.js';
import { FEATURES, ROW_FLOATS } from '../../../../src/field/backends/wasm/features.js';
import type { SurfaceSamples } from '../../../../src/sensors/observation.js';
import type { RegisterOptions } from '../../../../src/field/backends/plain.js';
import type { Pose } from '../../../../src/geometry/se3.js';
import { CHUNKS, GUESS, HUBER, POSES, REGISTER, restore, snapshot, type Scene } from './scene.js';

/**
 * How far engines may lie apart, as a share of the largest number of its kind: all compute in float32 and add up in
 * other orders.
 */
export const TOLERANCE = 2e-5;

/** The three operations, whether an engine answers at once or later. */
export interface Operations {
  fit(
    chunks: readonly PosedChunk[],
    poses: readonly Pose[],
    options: StepOptions,
  ): FitResult | Promise<FitResult>;
  register(
    surface: SurfaceSamples,
    pose: Pose,
    options: RegisterOptions,
  ): readonly [NormalSums, NormalSums] | Promise<readonly [NormalSums, NormalSums]>;
  query(points: Float32Array): Float32Array | Promise<Float32Array>;
}

/** Largest difference as a share of the largest number expected. */
export function apart(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(difference)) return NaN;
    worst = Math.max(worst, difference);
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  expect(largest).toBeGreaterThan(0);
  return worst / largest;
}

const rowPart = (rows: Float32Array, part: number): number[] =>
  Array.from({ length: (rows.length / ROW_FLOATS) * FEATURES }, (_, i) => {
    return rows[Math.floor(i / FEATURES) * ROW_FLOATS + part * FEATURES + (i % FEATURES)]!;
  });

/** One step from the same map: loss, systems, gradients, Adam's state, features, scalars, and what the mesher is told. */
export async function compareFit(
  { field }: Scene,
  engine: Operations,
  options: StepOptions = { huber: HUBER, learningRate: 0.003, scalarRate: 0.3 },
  chunks: readonly PosedChunk[] = CHUNKS,
): Promise<void> {
  const before = snapshot(field);
  const expected = field.fit(chunks, POSES, options);
  const wanted = snapshot(field);
  restore(field, before);
  const actual = await engine.fit(chunks, POSES, options);
  const got = snapshot(field);
  restore(field, before);

  expect(actual.used).toBe(expected.used);
  expect(Math.abs(actual.loss / expected.loss - 1)).toBeLessThan(TOLERANCE);
  for (let pose = 0; pose < POSES.length; pose++)
    for (const [what, from, to] of [
      ['H', 0, 21],
      ['b', 21, 27],
      ['count', 27, 28],
    ] as const) {
      const part = ({ systems }: FitResult): Float64Array =>
        systems.subarray(pose * 28 + from, pose * 28 + to);
      expect(apart(part(actual), part(expected)), `${what} of pose ${pose}`).toBeLessThan(TOLERANCE);
    }
  for (const [part, what] of ['features', 'gradient', 'm', 'v'].entries())
    expect(apart(rowPart(got.rows, part), rowPart(wanted.rows, part)), what).toBeLessThan(TOLERANCE);
  expect(got.steps).toEqual(wanted.steps);
  expect(apart(got.scalars, wanted.scalars), 'scalars').toBeLessThan(TOLERANCE);
  expect(apart(got.change, wanted.change), 'change').toBeLessThan(TOLERANCE);
  // The step itself, not only where it led.
  const stepOf = (after: Float32Array, start: Float32Array): number[] =>
    Array.from(after, (x, i) => x - start[i]!);
  if (options.scalarRate > 0)
    expect(apart(stepOf(got.scalars, before.scalars), stepOf(wanted.scalars, before.scalars))).toBeLessThan(
      1e-4,
    );
}

/** The sums of both classes. */
export async function compareRegister(
  { field, scan }: Scene,
  engine: Operations,
  options: RegisterOptions = REGISTER,
): Promise<void> {
  const expected = structuredClone(field.register(scan.points, GUESS, options));
  const actual = await engine.register(scan.points, GUESS, options);
  for (const kind of [0, 1] as const) {
    const { system, ...rest } = actual[kind];
    const { system: wanted, ...others } = expected[kind];
    for (const [from, to] of [
      [0, 21],
      [21, 42],
      [42, 63],
      [63, 69],
      [69, 75],
    ] as const)
      expect(apart(system.subarray(from, to), wanted.subarray(from, to)), `${kind}: ${from}`).toBeLessThan(
        TOLERANCE,
      );
    for (const [name, value] of Object.entries(others) as [keyof typeof others, number][])
      expect(Math.abs(rest[name] - value), `${kind}: ${name}`).toBeLessThanOrEqual(
        TOLERANCE * Math.max(1, Math.abs(value)),
      );
  }
}

/** Values, gradients and weights where observed; nowhere else is anything promised but a weight of 0. */
export async function compareQuery({ field, queries }: Scene, engine: Operations): Promise<void> {
  const expected = field.query(queries);
  const actual = await engine.query(queries);
  let observed = 0;
  let worst = 0;
  for (let i = 0; i < expected.length; i += 5) {
    expect(actual[i + 4]).toBe(expected[i + 4]);
    if (!(expected[i + 4]! > 0)) continue;
    observed++;
    for (let k = 0; k < 4; k++) worst = Math.max(worst, Math.abs(actual[i + k]! - expected[i + k]!));
    if (!actual.subarray(i, i + 4).every(Number.isFinite)) worst = Infinity;
  }
  expect(worst).toBeLessThan(TOLERANCE);
  expect(observed).toBeGreaterThan(100);
  expect(observed).toBeLessThan(expected.length / 5 - 100);
}
