import { describe, expect, it } from 'vitest';
import { exp, identity, transformPoint } from '../../../src/geometry/se3.js';
import type { Box } from '../../../src/completion/complete-region.js';
import type { Contacts } from '../../../src/sensors/observation.js';
import { FeltPlaces } from '../../../src/slam/touch/felt-places.js';

const contacts = (...points: number[]): Contacts => ({
  points: Float32Array.from(points),
  normals: Float32Array.from(points, (_, i) => (i % 3 === 2 && i < 3 ? 1 : 0)),
  free: new Float32Array(0),
  sigma: 0.003,
  area: 1e-4,
});
const covariance = (variance: number): Float64Array =>
  Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 && i < 15 ? variance : 0));
const AROUND: Box = [-1, -1, -1, 1, 1, 1];

describe('what was felt', () => {
  it('is where the sensor was, with its normals and how well that is known', () => {
    const places = new FeltPlaces();
    const T = exp([0.1, 0.2, 0.3, 0, Math.PI / 2, 0]);
    const at = {
      index: 0,
      submap: 0,
      T_odom_submap: identity(),
      T_odom_sensor: T,
      covariance: covariance(1.6e-5),
    };
    places.add(at, contacts(0.01, 0, 0, 0, 0.02, 0));
    const [part] = places.within(AROUND, 0, identity());
    const expected = [...transformPoint(T, 0.01, 0, 0), ...transformPoint(T, 0, 0.02, 0)];
    expected.forEach((v, i) => expect(part!.points[i]).toBeCloseTo(v, 6));
    // The sensor's z axis lies along x; the second point's normal is not known.
    [1, 0, 0].forEach((v, k) => expect(part!.normals![k]).toBeCloseTo(v, 6));
    expect([...Float32Array.from(part!.normals!)].slice(3)).toEqual([NaN, NaN, NaN]);
    expect(part).toMatchObject({ touched: true });
    // What the sensor is off, and what its pose is off: the points of a touch share that.
    expect(part!.sigma).toBe(0.003);
    expect(part!.offset).toBeCloseTo(0.004, 9);
  });

  it('is asked for by box and submap, and moves with the submap', () => {
    const places = new FeltPlaces();
    const T_odom_submap = Float64Array.of(0, -1, 0, 5, 1, 0, 0, 0, 0, 0, 1, 0);
    const at = {
      submap: 3,
      T_odom_submap,
      index: 4,
      T_odom_sensor: exp([5.1, 0, 0, 0, 0, 0]),
      covariance: covariance(0),
    };
    places.add(at, contacts(0, 0, 0));
    places.add(at, contacts());
    places.add(at, contacts(9, 0, 0));
    expect(places.within([5, -0.1, -0.1, 5.2, 0.1, 0.1], 3, T_odom_submap)).toHaveLength(1);
    expect(places.within([5, -0.1, -0.1, 5.2, 0.1, 0.1], 2, T_odom_submap)).toEqual([]);
    expect(places.within(AROUND, 3, T_odom_submap)).toEqual([]);
    // In the submap the touch is at (0, −0.1, 0).
    const [part] = places.within(AROUND, 3, identity());
    [0, -0.1, 0].forEach((v, k) => expect(part!.points[k]).toBeCloseTo(v, 6));
    // Found to be elsewhere: 2 cm along x of odom.
    places.move(5, T_odom_submap, identity());
    places.move(4, T_odom_submap, exp([5.12, 0, 0, 0, 0, 0]));
    const [moved] = places.within(AROUND, 3, identity());
    [0, -0.12, 0].forEach((v, k) => expect(moved!.points[k]).toBeCloseTo(v, 6));
  });

  it('keeps the newest thousand, in memory of its own', () => {
    const places = new FeltPlaces();
    const at = {
      index: 0,
      submap: 0,
      T_odom_submap: identity(),
      T_odom_sensor: identity(),
      covariance: covariance(0),
    };
    for (let i = 0; i < 1003; i++) places.add(at, contacts(i / 2000, 0, 0));
    const parts = places.within(AROUND, 0, identity());
    expect(parts).toHaveLength(1000);
    expect(parts[0]!.points[0]).toBeCloseTo(3 / 2000, 6);
    (parts[0]!.points as Float32Array)[0] = 7;
    expect(places.within(AROUND, 0, identity())[0]!.points[0]).toBeCloseTo(3 / 2000, 6);
  });
});
