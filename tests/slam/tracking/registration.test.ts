import { expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.js';
import { identity } from '../../../src/geometry/se3.js';
import type { Observation, SurfaceSamples } from '../../../src/sensors/observation.js';
import { Registration } from '../../../src/slam/tracking/registration.js';
import type { Track, Tracker, TrackInput } from '../../../src/slam/tracking/tracker.js';

const STILL = new Float64Array(6);
const TRACK = {
  pose: identity(),
  twist: STILL,
  covariance: new Float64Array(36),
  iterations: 3,
  converged: true,
  valuedRatio: 1,
  valuedPoints: 100,
  knownRatio: 1,
  coarseRatio: 1,
  inlierRatio: 1,
  residual: 0.02,
  conditioning: 0.2,
  unconstrained: new Float64Array(9),
} satisfies Track;

/** Registers a sweep of so many keypoints; returns what the tracker was asked for, and how often it was undistorted. */
function asked(count: number, withSteps: boolean): { inputs: TrackInput[]; accelerations: number } {
  const inputs: TrackInput[] = [];
  let accelerations = 0;
  const tracker = {
    track: (input: TrackInput) => {
      inputs.push(input);
      return TRACK;
    },
  } as unknown as Tracker;
  const keypoints = Uint32Array.from({ length: count }, (_, k) => k);
  const observation = {
    motion: 'sweep',
    sensor: 'lidar',
    surface: { keypoints } as SurfaceSamples,
    undistort: (_: unknown, acceleration?: unknown) => {
      if (acceleration) accelerations++;
    },
  } as unknown as Observation;
  const steps = withSteps ? { sweep: STILL, dt: 0.1 } : undefined;
  new Registration(tracker, configSchema.parse({}).tracking, 0.2).register(observation, {
    pose: identity(),
    twist: STILL,
    hold: true,
    steps: steps as never,
  });
  return { inputs, accelerations };
}

it('comes near with every other keypoint, and then takes all, with the acceleration and the scale that suits', () => {
  const { inputs, accelerations } = asked(3001, true);
  expect(inputs.map(({ surface }) => surface.keypoints.length)).toEqual([1501, 3001]);
  expect(inputs.map(({ settled }) => settled)).toEqual([undefined, 0.02]);
  expect(accelerations).toBe(1);
});

it('takes all keypoints where they are few, and where there is one registration only', () => {
  expect(asked(800, true).inputs.map(({ surface }) => surface.keypoints.length)).toEqual([800, 800]);
  expect(asked(3001, false).inputs.map(({ surface }) => surface.keypoints.length)).toEqual([3001]);
});
