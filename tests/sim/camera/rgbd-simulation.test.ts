import { describe, expect, it } from 'vitest';
import { compose, inverse, transformPoint } from '../../../src/geometry/se3.js';
import { RgbdSimulation } from '../../../src/sim/camera/rgbd-simulation.js';
import { CAMERA_ON_BODY } from '../../../src/sensors/camera/frame.js';
import { seenPoints } from '../../../src/sim/camera/seen-points.js';
import { PERFECT, simulated, SMALL } from './helpers.js';

describe('a simulated RGB-D recording', () => {
  it('is the same for the same seed, in whatever order frames are asked for, and another for another', () => {
    const [a, b] = [simulated(), simulated()];
    const first = a.frame(7);
    b.frame(3);
    expect(b.frame(7)).toEqual(first);
    const other = simulated({ seed: 4 }).frame(7);
    expect(other.depth).not.toEqual(first.depth);
    expect(other.color).not.toEqual(first.color);
  });

  it('projects exact points where intrinsics, extrinsics and poses say', () => {
    const s = simulated({ ...PERFECT, scene: 'room' });
    const { depth: d, color: c } = s.model;
    s.eachMeasured(20, (x, y, z, _id, error) => {
      expect(Math.abs(error)).toBeLessThan(0.0006); // rounding to millimetres
      // Through the depth camera at its pose: back to a whole pixel.
      const [a, b, w] = transformPoint(inverse(s.depthPose(20)), x, y, z);
      const [u, v] = [(d.fx * a) / w + d.cx, (d.fy * b) / w + d.cy];
      expect(Math.abs(u - Math.round(u))).toBeLessThan(0.01);
      expect(Math.abs(v - Math.round(v))).toBeLessThan(0.01);
      // Into the colour camera: 25 mm to the right of it, with other intrinsics.
      const [ca, , cw] = transformPoint(inverse(s.colorPose(20)), x, y, z);
      expect(ca).toBeCloseTo(a - 0.025, 9);
      expect(cw).toBeCloseTo(w, 9);
    });
    expect(c.fx).not.toBeCloseTo(d.fx, 0);
  });

  it('takes depth from the colour camera where it is registered', () => {
    const s = simulated({ registered: true });
    expect(s.model.depth).toEqual(s.model.color);
    expect(s.depthMount).toEqual(s.colorMount);
  });

  it('has optical axes on a body with x forward', () => {
    expect(Array.from(simulated().depthMount, (v) => v + 0)).toEqual(
      Array.from(CAMERA_ON_BODY, (v) => v + 0),
    );
  });

  it('stamps colour a few milliseconds after depth and takes it then', () => {
    const s = simulated();
    expect(s.colorStampNs(5) - s.depthStampNs(5)).toBe(4_000_000n);
    const moved = compose(inverse(compose(s.bodyPose(5), s.colorMount)), s.colorPose(5));
    const expected = s.carrier.twist(s.time(5)).slice(0, 3).map((v) => v * 0.004); // prettier-ignore
    expect(Math.hypot(moved[3]!, moved[7]!, moved[11]!)).toBeCloseTo(Math.hypot(...expected), 4);
  });

  it('starts dark, and brightness then follows the scene smoothly', () => {
    const s = simulated({ duration: 8, width: 32, height: 24 });
    const mean = (k: number): number => s.color(k).reduce((a, v) => a + v, 0) / (3 * 32 * 24);
    expect(mean(0)).toBeLessThan(0.4 * mean(20));
    expect(mean(2)).toBeGreaterThan(mean(0));
    expect(mean(2)).toBeLessThan(mean(20));
    for (let k = 6; k < s.frameCount; k++)
      expect(Math.abs(Math.log(s.gain(k) / s.gain(k - 1)))).toBeLessThan(0.06);
    for (const k of [30, 120, 239]) {
      expect(mean(k)).toBeGreaterThan(75);
      expect(mean(k)).toBeLessThan(165);
    }
    expect(simulated({ colorNoise: { autoExposure: false } }).gain(0)).toBe(1);
  });

  it('knows the surface that was seen, with the colours that a perfect camera saw', () => {
    const s = simulated({ ...PERFECT, duration: 0.1, width: 64, height: 48 });
    const { points, colors } = seenPoints(s, { spacing: 0.05, every: 1, radius: 0.05 });
    expect(points.length).toBe(colors.length);
    expect(points.length / 3).toBeGreaterThan(500);
    expect(Math.max(...s.distanceToSurface(points))).toBeLessThan(1e-4);
    const image = s.color(0);
    const { fx, fy, cx, cy, width, height } = s.model.color;
    const T = compose(inverse(s.colorPose(0)), s.bodyPose(0));
    const differences: number[] = [];
    for (let i = 0; i < points.length; i += 3) {
      const [x, y, z] = transformPoint(T, points[i]!, points[i + 1]!, points[i + 2]!);
      const [u, v] = [Math.round((fx * x) / z + cx), Math.round((fy * y) / z + cy)];
      if (z < 0.1 || u < 0 || v < 0 || u >= width || v >= height) continue;
      differences.push(Math.abs(image[3 * (v * width + u)]! - colors[i]!));
    }
    expect(differences.length).toBeGreaterThan(400);
    differences.sort((a, b) => a - b);
    expect(differences[differences.length >> 1]).toBeLessThan(6); // pixels of 3 cm: edges mix
  });

  it('does not count as seen what had no depth', () => {
    const far = { duration: 0.1, width: 64, height: 48, seed: 2 };
    const count = (depthNoise: object | false): number =>
      seenPoints(new RgbdSimulation({ ...SMALL, ...far, depthNoise }), { spacing: 0.05, every: 1 }).points
        .length;
    expect(count({})).toBeLessThan(0.97 * count(false));
  });

  it('rejects what it cannot do in one sentence', () => {
    expect(() => simulated({ width: 3 })).toThrow(/cannot have 3×120 pixels; use 16 to 4096/);
    expect(() => simulated({ rate: 0 })).toThrow(/cannot take 0 images a second/);
    expect(() => simulated({ readout: 0.1 })).toThrow(/cannot be read out over 0.1 s/);
    expect(() => simulated({ duration: -1 })).toThrow(/recording of -1 s/);
    expect(() => simulated({ duration: 1e4 })).toThrow(/ask for a shorter duration/);
    expect(() => simulated({ scene: 'cellar' as 'room' })).toThrow(
      /no simulated room 'cellar'; choose room or office/,
    );
  });
});
