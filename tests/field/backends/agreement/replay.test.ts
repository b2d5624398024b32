import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../../src/config/load.js';
import { openAdapter } from '../../../../src/field/backends/webgpu/adapter.js';
import { translationNorm, compose, inverse, rotationAngle, type Pose } from '../../../../src/geometry/se3.js';
import { simulate } from '../../../../src/sim/index.js';
import { createSlam } from '../../../../src/slam/create.js';
import type { Mesh } from '../../../../src/mesh/mesh.js';
import { hausdorff95 } from './mesh-distance.js';

const scans = [...simulate({ world: 'street', beams: 16, columns: 512, seed: 3, duration: 0.6 }).scans()];
const WITHIN = 0.01; // metres

interface Replay {
  readonly poses: readonly Pose[];
  readonly mesh: Mesh;
}

async function replay(engine: string): Promise<Replay> {
  const set = [
    'threads=1',
    'map.memoryMiB=1024',
    'training.batch=2048',
    'training.samplePoints=1024',
    'training.firstScanFactor=2',
  ];
  const slam = await createSlam(await loadConfig({ set: [...set, `engine=${engine}`] }));
  try {
    const poses = scans.map((scan) => {
      const result = slam.process(scan);
      expect(result.state, result.reason).not.toBe('lost');
      return result.pose.slice();
    });
    return { poses, mesh: structuredClone(slam.mesh()) };
  } finally {
    await slam.close();
  }
}

const wasm = await replay('wasm');
const adapter = await openAdapter(true).then(
  ({ report }) => report.name,
  (error: unknown) => String(error),
);
const withAdapter = !/error/i.test(adapter);
if (!withAdapter)
  console.warn(`Skipped: the replay on WebGPU. ${adapter} (apt-get install chromium brings one)`);

describe.each([
  ['tfjs-wasm', true],
  ['webgpu', withAdapter],
] as const)('a recording replayed on %s', (engine, runs) => {
  it.runIf(runs)(
    'has the trajectory and the mesh of wasm, to a centimetre',
    async () => {
      const other = await replay(engine);
      for (const [k, pose] of other.poses.entries()) {
        const off = compose(inverse(wasm.poses[k]!), pose);
        expect(translationNorm(off), `scan ${k}`).toBeLessThan(WITHIN);
        expect(rotationAngle(off), `scan ${k}`).toBeLessThan(1e-3);
      }
      const distance = hausdorff95(other.mesh, wasm.mesh, 0.1);
      expect(distance).toBeLessThan(WITHIN);
    },
    300_000,
  ); // a software adapter takes its time
});

describe('the distance between meshes', () => {
  it('is that of two planes, and large where one has a hole', () => {
    const sheet = (z: number, width: number): Mesh => ({
      positions: Float32Array.of(0, 0, z, width, 0, z, width, 2, z, 0, 2, z),
      indices: Uint32Array.of(0, 1, 2, 0, 2, 3),
    });
    expect(hausdorff95(sheet(0, 2), sheet(0.03, 2), 0.05)).toBeCloseTo(0.03, 5);
    expect(hausdorff95(sheet(0, 2), sheet(0, 1.5), 0.05)).toBeGreaterThan(0.25);
  });
});
