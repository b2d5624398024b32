// A hand that shakes the sensor: its velocity changes within every sweep, by as much as it is.
import { expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import { compose, inverse, rotationAngle, type Pose } from '../../src/geometry/se3.js';
import { createSlam } from '../../src/slam/create.js';
import { simulate } from '../../src/sim/simulate.js';

const FIRST = 40;
const SCANS = 80;

it('is tracked as accurately as a calm one, as the acceleration is part of the motion within a sweep', async () => {
  const sim = simulate({ world: 'quad', seed: 1, duration: 8 });
  const config = configSchema.parse({ map: { memoryMiB: 768 }, threads: 2, mesh: { blocksPerScan: 0 } });
  const slam = await createSlam(config);
  let before: { truth: Pose; found: Pose } | undefined;
  const [turns, lifts]: number[][] = [[], []];
  let fastest = 0;
  let k = 0;
  for await (const scan of sim.scans()) {
    const now = { truth: sim.trajectory.pose(sim.stampTime(k)), found: slam.process(scan).pose };
    if (before && k > FIRST) {
      const step = (key: 'truth' | 'found'): Pose => compose(inverse(before![key]), now[key]);
      const off = compose(inverse(step('truth')), step('found'));
      turns!.push(rotationAngle(off));
      lifts!.push(off[11]!);
      fastest = Math.max(fastest, rotationAngle(step('truth')) / 0.1);
    }
    before = now;
    if (++k === SCANS) break;
  }
  await slam.close();
  const rms = (list: number[]): number => Math.hypot(...list) / Math.sqrt(list.length);
  expect(fastest).toBeGreaterThan(1.5);
  // With constant velocities 1.8 mrad and 7 mm.
  expect(rms(turns!)).toBeLessThan(0.8e-3);
  expect(rms(lifts!)).toBeLessThan(4e-3);
}, 60_000);
