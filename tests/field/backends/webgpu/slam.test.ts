import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../../src/config/load.js';
import { MAKERS, type Makers } from '../../../../src/field/backends/select.js';
import { WebGpuBackend } from '../../../../src/field/backends/webgpu/backend.js';
import type { Traffic } from '../../../../src/field/backends/webgpu/gpu.js';
import { identity, translationNorm } from '../../../../src/geometry/se3.js';
import { simulate } from '../../../../src/sim/index.js';
import { createSlam } from '../../../../src/slam/create.js';
import { instrumented, missing } from './setup.js';

const SET = [
  'threads=1',
  'map.memoryMiB=1024',
  'training.batch=1024',
  'training.samplePoints=512',
  'training.firstScanFactor=1',
];

describe('the engine of a whole SLAM system', () => {
  it.skipIf(missing)(
    'stores features as halves where map.halfFeatures asks for it, and says so',
    async () => {
      for (const half of [true, false]) {
        const config = await loadConfig({ set: [...SET, 'engine=webgpu', `map.halfFeatures=${half}`] });
        const slam = await createSlam(config);
        expect(slam.warnings!.join().includes('features as 16-bit halves')).toBe(half);
        await slam.close();
      }
    },
  );

  it('says that halves are for engine webgpu where another runs', async () => {
    const slam = await createSlam(
      await loadConfig({ set: [...SET, 'engine=wasm', 'map.halfFeatures=true'] }),
    );
    expect(slam.warnings).toEqual([
      expect.stringMatching(/halfFeatures is for engine webgpu only: engine wasm/),
    ]);
    await slam.close();
  });

  it.skipIf(missing)(
    'reports a device that was lost, and tracks on in few round trips',
    async () => {
      const { thread, ask } = instrumented();
      const makers: Makers = {
        ...MAKERS,
        webgpu: async (wasm, { batchSamples = 0 }) => {
          const options = { software: true, cache: false as const, batchSamples, thread };
          return { backend: await WebGpuBackend.create(wasm, options), device: 'instrumented' };
        },
      };
      const config = await loadConfig({ set: [...SET, 'engine=webgpu'] });
      const slam = await createSlam(config, undefined, makers);
      // A sensor that stands still: mapped three times where it is, then tracked.
      const [scan] = simulate({ world: 'street', beams: 16, columns: 512, seed: 3, duration: 0.1 }).scans();
      const known = { pose: identity(), twist: new Float64Array(6) };
      for (let k = 0; k < 3; k++) {
        if (k === 1) ask('loseDevice');
        slam.process({ ...scan!, stampNs: BigInt(k) * 100_000_000n }, known);
        expect(slam.warnings!.length).toBe(k === 0 ? 1 : 2); // the first names the device
      }
      expect(slam.warnings![1]).toMatch(/^The GPU was lost .*moved to it again/);
      const before = ask('traffic') as Traffic;
      const { state, reason, pose } = slam.process({ ...scan!, stampNs: 300_000_000n });
      expect(state, reason).not.toBe('lost');
      expect(translationNorm(pose)).toBeLessThan(0.02);
      // Fuse, fit, what changed and the mesh wait for the device once each, registration once per eight steps or new twist.
      const { roundTrips, submissions } = ask('traffic') as Traffic;
      expect(roundTrips - before.roundTrips).toBeLessThanOrEqual(8);
      expect(submissions - before.submissions).toBeLessThanOrEqual(10);
      await slam.close();
    },
    120_000,
  );
});
