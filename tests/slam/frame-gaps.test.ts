import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { compose, inverse, rotationAngle, separation } from '../../src/geometry/se3.js';
import type { RgbdFrame } from '../../src/sensors/camera/frame.js';
import { createSlam } from '../../src/slam/create.js';
import type { ScanResult } from '../../src/slam/types.js';
import { frameAt, truth } from './camera-room.js';

// Key frames of the room's camera, ten frames of its path a second: what lies between two of them was dropped.

const DEGREES = 180 / Math.PI;

async function watch(frames: readonly RgbdFrame[]): Promise<ScanResult[]> {
  const set = ['sensor.kind=rgbd', 'engine=wasm', 'threads=1'];
  const slam = await createSlam(await loadConfig({ set, flags: {} }));
  const results = frames.map((frame) => slam.process(frame));
  await slam.close();
  return results;
}

const off = ({ pose }: ScanResult, k: number): [metres: number, degrees: number] => [
  separation(pose, truth(k)),
  rotationAngle(compose(inverse(truth(k)), pose)) * DEGREES,
];

describe('frames after a gap', () => {
  it.each([
    ['17 cm and 17°', [0, 15, 30, 45, 60]],
    ['24 cm and 24°', [0, 21, 42, 63]],
    ['to and fro, 23 cm and 23°', [0, 20, 0, 20, 40, 20]],
  ])('are found where they were taken, %s away', async (_, path) => {
    const results = await watch(path.map((k, i) => frameAt(k, 7 * i)));
    results.forEach((result, i) => {
      expect(result.state).toBe('tracking');
      const [metres, degrees] = off(result, path[i]!);
      expect(metres).toBeLessThan(0.01);
      expect(degrees).toBeLessThan(0.7);
    });
  });

  it('that show something else are lost, and do not spoil the map for those that follow', async () => {
    const elsewhere = (one: RgbdFrame): RgbdFrame => {
      // Another room: what is near becomes far.
      const data = Float32Array.from(
        one.depth.data,
        (z, i) => 0.7 + 0.5 * Math.sin(i / 977) + 0.4 / (0.5 + z),
      );
      return { ...one, depth: { ...one.depth, data } };
    };
    const ks = [0, 4, 8, 12, 16, 20, 24];
    const frames = ks.map((k, i) => frameAt(k, 5 * i));
    frames[3] = elsewhere(frames[3]!);
    const results = await watch(frames);
    expect(results[3]!.state).toBe('lost');
    for (const [i, result] of results.entries()) {
      if (i === 3) continue;
      expect(result.state).not.toBe('lost');
      expect(off(result, ks[i]!)[0]).toBeLessThan(0.01);
    }
  });
});
