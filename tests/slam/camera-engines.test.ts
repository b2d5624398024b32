import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { openAdapter } from '../../src/field/backends/webgpu/adapter.js';
import { compose, inverse, rotationAngle, translationNorm, type Pose } from '../../src/geometry/se3.js';
import type { Mesh } from '../../src/mesh/mesh.js';
import { createSlam } from '../../src/slam/create.js';
import { hausdorff95 } from '../field/backends/agreement/mesh-distance.js';
import { frameAt } from './camera-room.js';

const FRAMES = 12;
const WITHIN = 0.005; // metres

interface Replay {
  readonly poses: readonly Pose[];
  readonly mesh: Mesh;
  readonly warnings: readonly string[];
}

async function replay(engine: string): Promise<Replay> {
  const set = [
    'threads=1',
    'map.memoryMiB=700',
    'sensor.kind=rgbd',
    'training.batch=2048',
    'training.samplePoints=1024',
  ];
  const slam = await createSlam(await loadConfig({ set: [...set, `engine=${engine}`] }));
  try {
    const poses = Array.from({ length: FRAMES }, (_, k) => {
      const { state, reason, pose } = slam.process(frameAt(k));
      expect(state, reason).not.toBe('lost');
      return pose.slice();
    });
    return { poses, mesh: structuredClone(slam.mesh()), warnings: [...slam.warnings!] };
  } finally {
    await slam.close();
  }
}

const wasm = await replay('wasm');
const withAdapter = await openAdapter(true).then(
  () => true,
  () => false,
);

it('says nothing of engines where the processor is all that was asked for', () => {
  expect(wasm.warnings.join()).not.toMatch(/engine/i);
});

describe.each([
  ['tfjs-wasm', true],
  ['webgpu', withAdapter],
] as const)('frames of a camera on engine %s', (engine, runs) => {
  it.runIf(runs)(
    'have the poses and the coloured mesh of wasm to 5 mm, and it is said where they are worked on',
    async () => {
      const other = await replay(engine);
      other.poses.forEach((pose, k) => {
        const off = compose(inverse(wasm.poses[k]!), pose);
        expect(translationNorm(off), `frame ${k}`).toBeLessThan(WITHIN);
        expect(rotationAngle(off), `frame ${k}`).toBeLessThan(2e-3);
      });
      expect(hausdorff95(other.mesh, wasm.mesh, 0.1)).toBeLessThan(WITHIN);
      expect(other.mesh.colors).toHaveLength(other.mesh.positions.length);
      expect(
        other.warnings.filter((note) => /cameras are worked on by the processor/.test(note)),
      ).toHaveLength(1);
    },
    120_000,
  );
});
