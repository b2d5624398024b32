// Drops of rain stand in space that was seen to be empty, and are gone a moment later: that is no other place.
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import { Random } from '../../src/geometry/random.js';
import { compose, inverse, translationNorm } from '../../src/geometry/se3.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import { simulate } from '../../src/sim/simulate.js';
import { createSlam } from '../../src/slam/create.js';

const config = configSchema.parse({ threads: 2, map: { memoryMiB: 768 }, mesh: { blocksPerScan: 0 } });

/** A share of the returns comes from drops, 1 to 15 m away along the same rays. */
function rain(scan: LidarScan, share: number, random: Random): LidarScan {
  const positions = scan.positions.slice();
  for (let i = 0; i < 3 * scan.count; i += 3) {
    if (!random.chance(share)) continue;
    const range = Math.hypot(positions[i]!, positions[i + 1]!, positions[i + 2]!);
    const scale = random.range(1, Math.min(range, 15)) / range;
    for (let k = i; k < i + 3; k++) positions[k]! *= scale;
  }
  return { ...scan, positions };
}

describe('rain', () => {
  it.each([0.05, 0.2])(
    'of %d of the returns loses no scan, the second not either',
    async (share) => {
      const sim = simulate({ world: 'street', seed: 1, beams: 32, columns: 720, length: 60 });
      const random = new Random('rain');
      const T = sim.odomFromWorld();
      const slam = await createSlam(config);
      for (let k = 0; k < 10; k++) {
        const { pose, state } = slam.process(rain(sim.scan(k), share, random));
        expect(state, `scan ${k}`).not.toBe('lost');
        const there = compose(T, sim.trajectory.pose(sim.stampTime(k)));
        expect(translationNorm(compose(inverse(there), pose)), `scan ${k}`).toBeLessThan(0.11);
      }
      await slam.close();
    },
    60_000,
  );

  it('loses no scan of 16 beams that set out in it: their second one rests on free space', async () => {
    const sim = simulate({ world: 'quad', seed: 11, beams: 16, duration: 11 });
    const random = new Random('r11');
    const first = 100;
    const T_first_world = inverse(sim.trajectory.pose(sim.stampTime(first)));
    const slam = await createSlam(config);
    for (let k = first; k < first + 8; k++) {
      const { pose, state } = slam.process(rain(sim.scan(k), 0.05, random));
      expect(state, `scan ${k}`).not.toBe('lost');
      const there = compose(T_first_world, sim.trajectory.pose(sim.stampTime(k)));
      expect(translationNorm(compose(inverse(there), pose)), `scan ${k}`).toBeLessThan(0.15);
    }
    await slam.close();
  }, 60_000);
});
