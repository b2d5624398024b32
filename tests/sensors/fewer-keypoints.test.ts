import { describe, expect, it } from 'vitest';
import { fewerKeypoints } from '../../src/sensors/fewer-keypoints.js';
import type { SurfaceSamples } from '../../src/sensors/observation.js';

function surfaceOf(keypoints: number, information?: Float32Array): SurfaceSamples {
  const none = new Float32Array(0);
  return {
    count: 0,
    x: none,
    y: none,
    z: none,
    nx: none,
    ny: none,
    nz: none,
    tau: none,
    quality: none,
    flags: new Uint8Array(0),
    up: [0, 0, 1],
    keypoints: Uint32Array.from({ length: keypoints }, (_, k) => k + 7),
    ...(information && { information }),
  };
}

describe('fewerKeypoints', () => {
  it.each([
    [4000, 4, 1000],
    [2001, 4, 501],
    [1999, 4, 1000],
    [999, 4, 999],
    [4000, 2, 2000],
    [1000, 2, 500],
    [999, 2, 999],
  ] as const)('of %i keypoints divided by %i leaves the first %i', (count, parts, left) => {
    const surface = surfaceOf(count);
    const fewer = fewerKeypoints(surface, parts);
    expect([...fewer.keypoints]).toEqual([...surface.keypoints.subarray(0, left)]);
    // Kernels read them where they lie.
    expect(fewer.keypoints.buffer).toBe(surface.keypoints.buffer);
    expect(surface.keypoints).toHaveLength(count);
  });

  it("leaves a camera's surface as it is: the first of its keypoints lie at the top of the image", () => {
    const surface = surfaceOf(4000, new Float32Array(4000));
    expect(fewerKeypoints(surface, 4)).toBe(surface);
  });
});
