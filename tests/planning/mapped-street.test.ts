import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { exp, transformPoint, type Pose } from '../../src/geometry/se3.js';
import { FREE, OCCUPIED, UNKNOWN } from '../../src/planning/ground.js';
import { simulate } from '../../src/sim/index.js';
import { createSlam } from '../../src/slam/create.js';
import type { Slam } from '../../src/slam/types.js';
import { hashOf } from '../field/helpers.js';

const MOUNT = exp([0, 0, 1.8, 0, 0, 0]);
const scans = [...simulate({ world: 'street', beams: 32, columns: 720, seed: 3, duration: 1 }).scans()].map(
  (scan) => ({ ...scan, mount: MOUNT }),
);

async function run(planning: boolean): Promise<{ slam: Slam; poses: Pose[] }> {
  const slam = await createSlam(
    await loadConfig({ set: ['threads=1', 'map.memoryMiB=1024', 'engine=wasm'] }),
  );
  const poses = scans.map((scan) => {
    const { pose } = slam.process(scan);
    if (planning) slam.plan!([pose[3]!, pose[7]!, pose[11]!], true);
    return pose;
  });
  return { slam, poses };
}

describe('cost maps of a street that was driven through', () => {
  let planned: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    planned = await run(true);
  });
  afterAll(() => planned.slam.close());

  it('leave the map and the poses as they are, to the bit', async () => {
    const plain = await run(false);
    expect(plain.poses).toEqual(planned.poses);
    const hash = ({ slam }: typeof plain): number => hashOf(slam.mesh().positions, slam.mesh().indices);
    expect(hash(plain)).toBe(hash(planned));
    await plain.slam.close();
  });

  it('have the road around the way free, walls occupied, and are unknown far away', () => {
    const { slam, poses } = planned;
    const [x, y, z] = transformPoint(poses.at(-1)!, 0, 0, -1.8);
    const { map, slice } = slam.plan!([x, y, z], true)!;
    const count = (state: number): number => map.states.filter((s) => s === state).length;
    const area = map.resolution ** 2;
    expect(count(FREE) * area).toBeGreaterThan(100);
    expect(count(OCCUPIED) * area).toBeGreaterThan(10);
    expect(count(UNKNOWN)).toBeGreaterThan(0);
    // Within a few metres of the car there is only road, which beams have not covered as a whole; cars are parked beside it.
    let [free, occupied, near] = [0, 0, 0];
    for (let c = 0; c < map.states.length; c++) {
      const cx = (map.i0 + (c % map.width) + 0.5) * map.resolution - x;
      const cy = (map.j0 + Math.floor(c / map.width) + 0.5) * map.resolution - y;
      const far = Math.hypot(cx, cy);
      if (far < 5 || far > 8 || Math.abs(cy) > 1) continue;
      near++;
      if (map.states[c] === FREE) free++;
      if (map.states[c] === OCCUPIED) occupied++;
    }
    expect(near).toBeGreaterThan(80);
    expect(free / near).toBeGreaterThan(0.7);
    expect(occupied / near).toBeLessThan(0.01);
    expect(slice!.length / 4).toBeGreaterThan(1000);
  });
});
