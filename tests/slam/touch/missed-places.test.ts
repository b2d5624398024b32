import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/completion/complete-region.js';
import { exp, identity, transformPoint } from '../../../src/geometry/se3.js';
import { MissedPlaces } from '../../../src/slam/touch/missed-places.js';

const BALL = { point: [0, 0, -0.0075], clearance: 0.0075 } as const;
const AROUND: Box = [-1, -1, -1, 1, 1, 1];
const covariance = (variance: number): Float64Array =>
  Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 && i < 15 ? variance : 0));
const at = (x: number, submap = 0) => ({
  submap,
  T_odom_submap: identity(),
  T_odom_sensor: exp([x, 0, 0, 0, 0, 0]),
  covariance: covariance(0),
});

describe('where nothing was felt', () => {
  it('is a ball in the gel, where the sensor was, with how well that is known', () => {
    const places = new MissedPlaces();
    const T = exp([0.1, 0.2, 0.3, 0.4, Math.PI / 2, 0]);
    places.add({ ...at(0), T_odom_sensor: T, covariance: covariance(9e-6) }, BALL);
    const { points, clearances, sigmas } = places.within(AROUND, 0, identity());
    transformPoint(T, 0, 0, -0.0075).forEach((v, k) => expect(points[k]).toBeCloseTo(v, 6));
    expect(clearances).toEqual(Float32Array.of(0.0075));
    expect(sigmas![0]).toBeCloseTo(0.003, 9);
  });

  it('is asked for by box and submap, and moves with the submap', () => {
    const places = new MissedPlaces();
    const T_odom_submap = Float64Array.of(0, -1, 0, 5, 1, 0, 0, 0, 0, 0, 1, 0);
    places.add({ ...at(5.1, 3), T_odom_submap }, BALL);
    const near: Box = [5, -0.1, -0.1, 5.2, 0.1, 0.1];
    expect(places.within(near, 3, T_odom_submap).clearances).toHaveLength(1);
    expect(places.within(near, 2, T_odom_submap).clearances).toHaveLength(0);
    expect(places.within(AROUND, 3, T_odom_submap).clearances).toHaveLength(0);
    // In the submap the gel was at (0, −0.1, 0).
    const { points } = places.within(AROUND, 3, identity());
    [0, -0.1, -0.0075].forEach((v, k) => expect(points[k]).toBeCloseTo(v, 6));
  });

  it('is remembered once where a sensor stays or comes back, and closely along its way', () => {
    const places = new MissedPlaces();
    for (let pass = 0; pass < 3; pass++) for (let x = 0; x <= 0.1; x += 0.0005) places.add(at(x), BALL);
    const { points, clearances } = places.within(AROUND, 0, identity());
    expect(clearances.length).toBeGreaterThan(30);
    expect(clearances.length).toBeLessThan(45);
    // No place of the way is farther than 0.3 of the clearance from a ball.
    for (let x = 0; x <= 0.1; x += 0.0005) {
      const gaps = Array.from(clearances, (_, i) => Math.abs(points[3 * i]! - x));
      expect(Math.min(...gaps)).toBeLessThan(0.3 * BALL.clearance + 1e-6);
    }
    // The same place of another submap is another one.
    places.add(at(0, 1), BALL);
    expect(places.within(AROUND, 1, identity()).clearances).toHaveLength(1);
  });

  it('keeps the newest two thousand, until it is cleared', () => {
    const places = new MissedPlaces();
    for (let i = 0; i < 2003; i++) places.add(at(0.01 * i), BALL);
    const all: Box = [-100, -1, -1, 100, 1, 1];
    const { points, clearances } = places.within(all, 0, identity());
    expect(clearances).toHaveLength(2000);
    expect(points[0]).toBeCloseTo(0.03, 6);
    places.clear();
    expect(places.within(all, 0, identity()).clearances).toHaveLength(0);
  });
});
