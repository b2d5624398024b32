import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { compose, inverse, rotationAngle, separation } from '../../src/geometry/se3.js';
import type { RgbdFrame } from '../../src/sensors/camera/frame.js';
import type { Observation } from '../../src/sensors/observation.js';
import type { TrackingState } from '../../src/slam/events.js';
import { createSlam } from '../../src/slam/create.js';
import { FrameGaps } from '../../src/slam/frame-gaps.js';
import { UsualFits } from '../../src/slam/places/usual-fit.js';
import type { Scales } from '../../src/slam/scale.js';
import type { BodyMotion } from '../../src/slam/tracking/motion.js';
import type { Track } from '../../src/slam/tracking/tracker.js';
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

describe('a second frame far from the first', () => {
  // Another corner of this box, turned by 90°, fits nearly as well, with colours that do not.
  it.each([
    ['29 cm and 28°, twice a second', [0, 24, 48], 5],
    ['31 cm and 30°, twice a second', [0, 26, 26], 5],
    ['36 cm and 34°, twice a second', [0, 30, 30], 5],
    ['26 cm and 25°, ten a second', [0, 22, 44], 1],
    ['31 cm and 30° the other way, ten a second', [0, -26, -30], 1],
  ])('is found or lost, never in another corner: %s', async (_, path, step) => {
    const results = await watch(path.map((k, i) => frameAt(k, step * i)));
    const anew = results.findIndex(({ reason }) => reason.includes('starts anew'));
    results.slice(0, anew < 0 ? undefined : anew).forEach((result, i) => {
      if (result.state !== 'lost') expect(off(result, path[i]!)[0]).toBeLessThan(0.01);
    });
  });

  it('is found where it is told well enough: 24 cm and 23°, ten a second', async () => {
    const results = await watch([0, 20, 20].map((k, i) => frameAt(k, i)));
    expect(results.map(({ state }) => state)).toEqual(['tracking', 'tracking', 'tracking']);
    expect(off(results[1]!, 20)[0]).toBeLessThan(0.01);
  });
});

describe('frames that follow at once', () => {
  /** How frames of a camera at 30 Hz are judged that fit so well with such a share of inliers, one after the other. */
  type Frame = readonly [fit: number, inliers: number, state: TrackingState, conditioning?: number];

  function judged(...frames: readonly Frame[]) {
    return fitsOf(frames).map((fit) => fit?.enough && [fit.relative, fit.enough]);
  }

  function fitsOf(frames: readonly Frame[], found = false) {
    let now = 0;
    const search = { measure: () => ({ fit: frames[now]![0] }) };
    const lookAround = { search, fits: new UsualFits() };
    const scales = { of: () => ({ map: { integrated: 1 }, lookAround }) } as unknown as Scales;
    const motion = { isMeasured: () => false, elapsed: () => 1 / 30 } as unknown as BodyMotion;
    const gaps = new FrameGaps(motion, scales);
    const observation = { sensor: 'camera', view: 'ahead', stampNs: 0n } as Observation;
    return frames.map(([, inlierRatio, state, conditioning = 0.05], i) => {
      now = i;
      const fit = gaps.fitOf(observation, { inlierRatio, conditioning } as Track, found);
      fit?.conclude(state);
      return fit;
    });
  }

  it('are judged by their fit only where few points fit, and a direction is told by few of them', () => {
    expect(judged([0.6, 0.9, 'tracking'], [0.6, 0.7, 'tracking', 0.15], [0.78, 0.7, 'degraded'])).toEqual([
      undefined,
      undefined,
      [0.78, 0.8],
    ]);
  });

  it('must fit better after a frame in doubt, until one does', () => {
    expect(
      judged(
        [0.78, 0.7, 'degraded'],
        [0.82, 0.8, 'degraded'],
        [0.86, 0.8, 'tracking'],
        [0.82, 0.8, 'tracking'],
      ),
    ).toEqual([[0.78, 0.8], [0.82, 0.85], [0.86, 0.85], undefined]);
  });

  it('may fit only what those in doubt have mapped, where few points fit and hardly tell a direction, until one tracks', () => {
    const frames: Frame[] = [
      [0.92, 0.7, 'tracking', 0.03],
      [0.92, 0.9, 'degraded', 0.01], // slides
      [0.92, 0.6, 'degraded', 0.03],
      [0.92, 0.6, 'degraded', 0.03],
      [0.92, 0.6, 'tracking', 0.06],
      [0.92, 0.6, 'tracking', 0.03],
    ];
    const inherited = fitsOf(frames).map((fit) => fit?.inherited ?? false);
    expect(inherited).toEqual([false, false, true, true, false, false]);
    expect(fitsOf([[0.92, 0.6, 'degraded', 0.03]], true)[0]!.inherited).toBe(true); // found after a loss
    expect(fitsOf([[0.92, 0.8, 'tracking', 0.03]], true)[0]!.inherited).toBe(false);
  });

  it('do not make bad fits usual', () => {
    const bad = judged(...Array.from({ length: 20 }, () => [0.81, 0.7, 'tracking'] as const));
    expect(bad.at(-1)).toEqual([0.81, 0.8]);
  });
});
