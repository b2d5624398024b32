import { expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.js';
import { exp, identity, type Pose } from '../../../src/geometry/se3.js';
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

it('takes every other of many keypoints from some place where that is to be known roughly', () => {
  const counts: number[] = [];
  const tracker = {
    track: ({ surface }: TrackInput) => (counts.push(surface.keypoints.length), TRACK),
  } as unknown as Tracker;
  const registration = new Registration(tracker, configSchema.parse({}).tracking, 0.2);
  for (const count of [3001, 800]) {
    const observation = {
      motion: 'sweep',
      surface: { keypoints: new Uint32Array(count) } as SurfaceSamples,
      undistort: () => undefined,
    } as unknown as Observation;
    registration.from(observation, identity());
    registration.from(observation, identity(), { roughly: true });
  }
  expect(counts).toEqual([3001, 1501, 800, 800]);
});

const TENTH_TURN = Math.PI / 18;

/** An observation of a moment, of 500 keypoints. */
function rigid(sampling: Observation['sampling'], sensor: string, view: Observation['view']): Observation {
  return {
    motion: 'rigid',
    sampling,
    sensor,
    view,
    surface: { keypoints: new Uint32Array(500) } as SurfaceSamples,
    T_body_sensor: identity(),
    undistort: () => undefined,
  } as unknown as Observation;
}

/** Registers a scan that stands 0.8 m ahead of its guess, 0.3 m of which a registration comes nearer; some headings fit nearly as well. */
function registered(
  view: Observation['view'],
  { age = 20, right = 0 }: { age?: number; right?: number },
): Track {
  const yawOf = (pose: Pose): number => Math.atan2(pose[4]!, pose[0]!);
  const tracker = {
    track: ({ predicted }: TrackInput): Track => {
      const x = Math.min(0.8, predicted[3]! + 0.3);
      const off = Math.abs(yawOf(predicted) - right);
      const pose = predicted.slice();
      pose[3] = x;
      return { ...TRACK, pose, converged: x === 0.8, inlierRatio: off < 0.01 ? 0.97 : 0.93 };
    },
    score: (_: unknown, pose: Pose) => Math.abs(yawOf(pose) - right),
  } as unknown as Tracker;
  const registration = new Registration(tracker, configSchema.parse({}).tracking, 0.2);
  return registration.registerOrTurn(
    rigid('scattered', 'lidar', view),
    { pose: exp([0, 0, 0, 0, 0, 0]), twist: STILL, hold: true },
    age,
  );
}

it('goes on from where it did not settle, with a sensor that sees all around', () => {
  const around = registered('around', {});
  expect([around.converged, around.pose[3]]).toEqual([false, expect.closeTo(0.8, 9)]);
  const ahead = registered('ahead', {});
  expect([ahead.converged, ahead.pose[3]]).toEqual([false, expect.closeTo(0.3, 9)]);
});

it('tries other headings where it did not settle at once: one that nearly fits is not the right one', () => {
  const turned = registered('around', { right: TENTH_TURN });
  expect(Math.atan2(turned.pose[4]!, turned.pose[0]!)).toBeCloseTo(TENTH_TURN, 9);
  expect(turned.inlierRatio).toBe(0.97);
  // The headings that a young map knows are few.
  const young = registered('around', { right: TENTH_TURN, age: 2 });
  expect(young.inlierRatio).toBe(0.93);
});

/** Degrees by which a camera's turn was predicted wrongly; it goes along the wall by so much (m) for each while it turns back, and stays there. */
function seenFrom(
  turn: number,
  how: { view?: Observation['view']; inliersThere?: number; inliersHere?: number; perDegree?: number } = {},
) {
  const { view = 'ahead', inliersThere = 0.6, inliersHere = 0.9, perDegree = 0.01 } = how;
  const starts: number[] = [];
  const tracker = {
    track: ({ predicted }: TrackInput): Track => {
      const yaw = Math.atan2(predicted[4]!, predicted[0]!);
      starts.push(yaw);
      const along = Math.abs(yaw) * (180 / Math.PI) * perDegree;
      return {
        ...TRACK,
        pose: exp([along, 0, 0, 0, 0, 0]),
        inlierRatio: along > 0.02 ? inliersThere : inliersHere,
      };
    },
  } as unknown as Tracker;
  const registration = new Registration(tracker, configSchema.parse({}).tracking, 0.3);
  const pose = exp([0, 0, 0, 0, 0, (turn * Math.PI) / 180]);
  const track = registration.registerOrTurn(
    rigid('dense', 'camera', view),
    { pose, twist: STILL, hold: true },
    20,
  );
  return { x: track.pose[3]!, starts: starts.length };
}

it('begins again where a camera was expected, with the turn that was found, if that was far from the expected one', () => {
  expect(seenFrom(10)).toEqual({ x: 0, starts: 2 });
});

it('keeps the first place where the second does not fit well, though better', () => {
  const better = seenFrom(10, { inliersThere: 0.4, inliersHere: 0.74 });
  expect(better).toEqual({ x: expect.closeTo(0.1, 9), starts: 2 });
});

it('begins once where it hardly turned, hardly moved, fits well or sees all around', () => {
  expect(seenFrom(10, { inliersThere: 0.76 }).starts).toBe(1);
  expect(seenFrom(2).starts).toBe(1);
  expect(seenFrom(10, { perDegree: 0.0029 }).starts).toBe(1);
  expect(seenFrom(10, { view: 'around' })).toEqual({ x: expect.closeTo(0.1, 9), starts: 1 });
});
