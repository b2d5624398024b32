import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/field/engines/wasm/pool.js';
import { WasmField, type WasmFieldOptions } from '../../src/field/engines/wasm/field.js';
import { Random } from '../../src/geometry/random.js';
import { exp, identity, rotationAngle, translationNorm, compose } from '../../src/geometry/se3.js';
import { Tracker } from '../../src/slam/tracker.js';
import { spherePoints } from './points.js';

export const OPTIONS: WasmFieldOptions = {
  voxel: 0.15, truncation: 0.3, pyramid: [4, 8], featureCell: 4, outputScale: 0.1, maxWeight: 100, maxRange: 60, bareRange: 15, bareQuality: 0.2,
  seed: 1, maxFineBlocks: 8000, maxFeatureRows: 60000, maxBatchChunks: 256, maxScanPoints: 20000, poolSamples: 65536,
}; // prettier-ignore
const RADIUS = 6;

describe('field on a sphere', () => {
  let pool: KernelPool;
  let field: WasmField;
  let points: ReturnType<typeof spherePoints>;
  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 2, memoryMiB: 512 });
    field = new WasmField(pool, OPTIONS);
    points = spherePoints(pool.memory, new Random(3), 20000, RADIUS, [1, 2, 3]);
    field.fuse(points, { pointer: points.indices, count: 4000 }, identity(), 0);
  });
  afterAll(() => pool.close());

  it('returns the signed distance and its gradient near the surface', () => {
    const random = new Random(9);
    const query = new Float32Array(3000);
    const truth: number[] = [];
    for (let i = 0; i < 1000; i++) {
      const v = [random.normal(), random.normal(), random.normal()];
      const n = Math.hypot(...v);
      const d = random.range(-0.12, 0.12);
      truth.push(d);
      for (let k = 0; k < 3; k++) query[i * 3 + k] = [1, 2, 3][k]! + (v[k]! / n) * (RADIUS - d);
    }
    const out = field.query(query);
    let seen = 0;
    let worst = 0;
    let gradientError = 0;
    for (let i = 0; i < 1000; i++) {
      if (out[i * 5 + 4] === 0) continue;
      seen++;
      worst = Math.max(worst, Math.abs(out[i * 5]! - truth[i]!));
      const [gx, gy, gz] = [out[i * 5 + 1]!, out[i * 5 + 2]!, out[i * 5 + 3]!];
      gradientError += Math.abs(Math.hypot(gx, gy, gz) - 1);
    }
    expect(seen).toBeGreaterThan(950);
    expect(worst).toBeLessThan(0.03);
    expect(gradientError / seen).toBeLessThan(0.06);
  });

  it('registers a moved scan back', () => {
    const tracker = new Tracker(field, {
      maxIterations: 30, kernelStart: 0.6, kernelEnd: 0.2, anneal: 0.75, gradientScale: 0.5, minWeight: 0.3, levelWeights: [1, 0.05, 0.01, 0],
      coarseKernels: [0.6, 1.2, 0], translationTolerance: 1e-4, rotationTolerance: 1e-5, twistSigmaLinear: 0, twistSigmaAngular: 0, groundWeight: 1,
    }); // prettier-ignore
    const off = exp([0.3, -0.2, 0.25, 0, 0, 0]);
    const track = tracker.track(
      points,
      { pointer: points.indices, count: 4000 },
      off,
      new Float64Array(6),
      false,
    );
    expect(Math.hypot(track.pose[3]! - 0, track.pose[7]!, track.pose[11]!)).toBeLessThan(0.9); // rotation about the centre is free …
    const centre = compose(track.pose, Float64Array.of(1, 0, 0, 1, 0, 1, 0, 2, 0, 0, 1, 3));
    expect(Math.hypot(centre[3]! - 1, centre[7]! - 2, centre[11]! - 3)).toBeLessThan(0.005); // … but the centre is not
  });

  it('lowers the loss and gives the right pose gradient', () => {
    field.drawSamples(points, 4096, 0, { seed: 5, band: 0.12 });
    const chunks = Array.from({ length: 32 }, (_, k) => ({
      first: k * 256,
      count: 256,
      pose: 0,
      optimisePose: true,
    }));
    field.allocateRows(chunks, [identity()]);
    const options = { huber: 0.03, learningRate: 0.01 };
    let first = 0;
    let last = 0;
    for (let i = 0; i < 30; i++) {
      const { loss } = field.fit(chunks, [identity()], options);
      if (i === 0) first = loss;
      last = loss;
    }
    expect(last).toBeLessThan(first * 0.7);
    // ∂L/∂ξ against central differences of the loss itself: in float32, so with a step of a centimetre.
    const frozen = { huber: 10, learningRate: 0 };
    const { systems, used } = field.fit(chunks, [identity()], frozen);
    for (let axis = 0; axis < 6; axis++) {
      const step = axis < 3 ? 2e-3 : 5e-4;
      const xi = [0, 0, 0, 0, 0, 0];
      xi[axis] = step;
      const plus = field.fit(chunks, [exp(xi)], frozen);
      xi[axis] = -step;
      const minus = field.fit(chunks, [exp(xi)], frozen);
      expect(plus.used).toBe(used);
      const numeric = ((plus.loss - minus.loss) * used) / (2 * step);
      expect(Math.abs(numeric - systems[21 + axis]!)).toBeLessThan(0.02 * Math.abs(numeric) + 0.05);
    }
  });
});

it('uses rotationAngle and translationNorm on an identity', () => {
  expect(rotationAngle(identity()) + translationNorm(identity())).toBe(0);
});
