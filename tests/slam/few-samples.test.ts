import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { identity } from '../../src/geometry/se3.js';
import type { ObservationCounts } from '../../src/sensors/observation.js';
import type { Observation } from '../../src/sensors/observation.js';
import { createSlam } from '../../src/slam/create.js';
import { tooFewSamples } from '../../src/slam/few-samples.js';

const surface = (n: number): Observation['surface'] =>
  ({ keypoints: new Uint32Array(n) }) as unknown as Observation['surface'];
const say = (n: number, counts: ObservationCounts): string | undefined =>
  tooFewSamples({ surface: surface(n), counts });

describe('an observation of few samples', () => {
  it('says what became of its points, the settings by name', () => {
    expect(say(0, { input: 2700, valid: 0, tooFar: 2700 })).toBe(
      'Only 0 of 2700 points are usable: 2700 lie beyond sensor.maxRange; are they in metres?',
    );
    expect(say(7, { input: 1000, valid: 10, tooFar: 500, tooNear: 400, zero: 90, onVehicle: 0 })).toBe(
      'Only 7 of 1000 points are usable: 500 lie beyond sensor.maxRange, 400 are nearer than sensor.minRange, 90 lie at the origin (nothing measured).',
    );
    expect(say(3, { input: 3, valid: 3 })).toBe('Only 3 of 3 points are usable.');
  });

  it('says of the pixels of a camera what there is to say of those', () => {
    const counts = { input: 1000, valid: 40, zero: 900, tooFar: 60 };
    expect(tooFewSamples({ kind: 'rgbd', surface: surface(9), counts })).toBe(
      'Only 9 places of 1000 pixels are usable: 90 % hold no depth (0 or NaN: too near, dark, shiny, or covered), 6.0 % lie beyond rgbd.maxRange.',
    );
  });

  it('is said of no other', () => {
    expect(say(50, { input: 60, valid: 50, tooFar: 10 })).toBeUndefined();
  });

  it.each([
    ['lidar', 100, 150, '300 lie beyond sensor.maxRange; are they in metres?'],
    ['lidar+touch', 100, 50, '300 lie beyond touch.lidarRange; are they in metres?'],
    ['lidar+touch', 20, 50, '300 lie beyond sensor.maxRange; are they in metres?'],
  ])('names the setting whose range drops them: %s, %d m', async (kind, maxRange, range, told) => {
    const set = ['engine=wasm', 'threads=1', `sensor.kind=${kind}`, `sensor.maxRange=${maxRange}`];
    const slam = await createSlam(await loadConfig({ set: [...set, 'map.memoryMiB=900'] }));
    const positions = Float32Array.from({ length: 900 }, (_, i) => [range, 0.01 * i, 1][i % 3]!);
    const { reason } = slam.process({ stampNs: 1n, frameId: 'lidar', positions, count: 300, timing: 'none', mount: identity() }); // prettier-ignore
    await slam.close();
    expect(reason).toContain(told);
  });
});
