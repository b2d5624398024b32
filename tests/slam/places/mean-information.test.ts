import { expect, it } from 'vitest';
import type { SurfaceSamples } from '../../../src/sensors/observation.js';
import { meanInformation } from '../../../src/slam/places/mean-information.js';

const surface = (keypoints: number[], information?: number[]): SurfaceSamples =>
  ({
    keypoints: Uint32Array.from(keypoints),
    ...(information && { information: Float32Array.from(information) }),
  }) as unknown as SurfaceSamples;

it('is the mean over the samples that are registered, 1 where there is nothing to go by', () => {
  expect(meanInformation(surface([0, 2], [0.5, 100, 0.25]))).toBe(0.375);
  expect(meanInformation(surface([0, 1]))).toBe(1);
  expect(meanInformation(surface([], [0.5]))).toBe(1);
  expect(meanInformation(surface([0], [0]))).toBe(1);
});
