import { describe, expect, it } from 'vitest';
import { exp, identity } from '../../../src/geometry/se3.js';
import type { SurfaceSamples } from '../../../src/sensors/observation.js';
import { GROUND, samplesOffGround, standingOf } from '../../../src/slam/places/standing.js';

const SENSOR = 1.7; // m above the road

/** Road around a sensor, and posts of so many metres (over the road) 8 m away, in the sensor's frame turned by a pitch. */
function scan(heights: readonly number[], { away = 8, road = 30, pitch = 0 } = {}): SurfaceSamples {
  const points: (readonly [number, number, number, number])[] = [];
  for (let k = 0; k < road; k++) {
    const angle = (2 * Math.PI * k) / road;
    points.push([5 * Math.cos(angle), 5 * Math.sin(angle), -SENSOR, GROUND]);
  }
  for (const height of heights) points.push([away, 0, height - SENSOR, 0]);
  const [c, s] = [Math.cos(pitch), Math.sin(pitch)];
  return {
    x: Float32Array.from(points, ([x, , z]) => c * x - s * z),
    y: Float32Array.from(points, ([, y]) => y),
    z: Float32Array.from(points, ([x, , z]) => s * x + c * z),
    flags: Uint8Array.from(points, (point) => point[3]),
    keypoints: Uint32Array.from(points, (_, i) => i),
    count: points.length,
  } as unknown as SurfaceSamples;
}

describe('what stands', () => {
  it('is higher than what drives, over the ground around the sensor', () => {
    const surface = scan([0.5, 1.5, 2.4, 2.6, 6]);
    expect([...standingOf(surface, surface.keypoints, identity())]).toEqual([33, 34]);
    expect([...samplesOffGround(surface, surface.keypoints)]).toEqual([30, 31, 32, 33, 34]);
  });

  it('must be higher still far away, as roads slope', () => {
    const surface = scan([3.4, 3.6], { away: 30 });
    expect(standingOf(surface, surface.keypoints, identity())).toHaveLength(1);
  });

  it('is told by the height in the map, however the sensor leans', () => {
    const pitch = 0.3;
    const surface = scan([2.4, 2.6], { pitch });
    const level = exp([0, 0, 0, 0, pitch, 0]);
    expect([...standingOf(surface, surface.keypoints, level)]).toEqual([31]);
  });

  it('is nothing where the ground is not seen', () => {
    const surface = scan([3, 6], { road: 10 });
    expect(standingOf(surface, surface.keypoints, identity())).toHaveLength(0);
  });
});
