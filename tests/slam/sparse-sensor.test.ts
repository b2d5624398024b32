// A LiDAR of 16 beams and 120 columns: 1 900 points a scan, 3° apart.
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import { compose, inverse, translationNorm } from '../../src/geometry/se3.js';
import { simulate } from '../../src/sim/simulate.js';
import { createSlam } from '../../src/slam/create.js';

const config = configSchema.parse({ threads: 1, map: { memoryMiB: 512 }, mesh: { blocksPerScan: 0 } });

describe('a sparse hand-held LiDAR', () => {
  it.each([1, 3])(
    'is tracked when it turns after standing: only the lines that it saw are mapped then (seed %d)',
    async (seed) => {
      const sim = simulate({ world: 'quad', seed, beams: 16, columns: 120, duration: 2.4 });
      const T = sim.odomFromWorld();
      const slam = await createSlam(config);
      for (let k = 0; k < sim.scanCount; k++) {
        const { pose, state } = slam.process(sim.scan(k));
        const there = compose(T, sim.trajectory.pose(sim.stampTime(k)));
        expect(state, `scan ${k}`).not.toBe('lost');
        expect(translationNorm(compose(inverse(there), pose)), `scan ${k}`).toBeLessThan(0.06);
      }
      await slam.close();
    },
    60_000,
  );

  it.each([140, 220])(
    'begins a map while it is carried and turned: hardly a point then falls where another did (from scan %d)',
    async (start) => {
      const sim = simulate({ world: 'quad', seed: 2, beams: 16, columns: 180, duration: 24 });
      const from = inverse(sim.trajectory.pose(sim.stampTime(start)));
      const slam = await createSlam(config);
      const states = [];
      for (let k = start; k < start + 20; k++) {
        const { pose, state } = slam.process(sim.scan(k));
        states.push(state);
        const there = compose(from, sim.trajectory.pose(sim.stampTime(k)));
        expect(translationNorm(compose(inverse(there), pose)), `scan ${k}`).toBeLessThan(0.15);
      }
      expect(states).not.toContain('lost');
      expect(states.slice(8)).not.toContain('degraded'); // dense enough by then
      await slam.close();
    },
    60_000,
  );
});
