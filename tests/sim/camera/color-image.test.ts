import { describe, expect, it } from 'vitest';
import { exp, identity } from '../../../src/geometry/se3.js';
import { rowPoses } from '../../../src/sim/camera/cast.js';
import { ColorRenderer } from '../../../src/sim/camera/color-image.js';
import { develop } from '../../../src/sim/camera/exposure.js';
import { rgbdModel } from '../../../src/sim/camera/model.js';
import { Random } from '../../../src/geometry/random.js';
import { checker, plain } from '../../../src/sim/looks/textures.js';
import { toSrgb } from '../../../src/sim/looks/scene.js';
import { boxBetween, type Primitive } from '../../../src/sim/primitives.js';
import { bodyOf, sceneOf, STILL } from './helpers.js';

const camera = rgbdModel({ width: 160, height: 120 }).color;
const HOW = { readout: 0, exposure: 0, samples: 1 };

/** A wall across the optical axis, z from 2 to 2.1. */
const wall = (material: Primitive['material']): Primitive => ({
  ...boxBetween(identity(), [-5, 5], [-5, 5], [2, 2.1], 0.5),
  ...(material && { material }),
});

describe('a colour camera before a textured wall', () => {
  it('gives albedo × light of the exact point that each pixel looks at', () => {
    const [a, b] = [[0.8, 0.2, 0.1], [0.1, 0.5, 0.7]] as const; // prettier-ignore
    const scene = sceneOf([wall({ texture: checker(a, b, 0.25) })]);
    const linear = new ColorRenderer(scene, camera).render(STILL, identity(), 0, HOW);
    let checked = 0;
    for (let v = 0; v < camera.height; v += 3) {
      for (let u = 0; u < camera.width; u += 3) {
        const [x, y] = [(2 * (u - camera.cx)) / camera.fx, (2 * (v - camera.cy)) / camera.fy];
        const [fx, fy] = [x / 0.25 - Math.floor(x / 0.25), y / 0.25 - Math.floor(y / 0.25)];
        if (Math.min(fx, 1 - fx, fy, 1 - fy) < 1e-6) continue;
        const odd = (Math.floor(x / 0.25) + Math.floor(y / 0.25)) & 1;
        // Ambient light is 0.85 + 0.15·nz of its value; the wall faces −z.
        for (let k = 0; k < 3; k++)
          expect(linear[3 * (v * camera.width + u) + k]).toBeCloseTo((odd ? b : a)[k]! * 0.7, 6);
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(1000);
  });

  it('is lit by the law of Lambert: cosine over the square of the distance', () => {
    const lamp = { at: [0.5, 0, 0] as const, power: [2, 1, 0.5] as const };
    const scene = sceneOf([wall({ texture: plain([1, 1, 1]) })], [lamp], 0);
    const out = new Float64Array(3);
    scene.colourAt(-0.3, 0.2, 1.99, out);
    const d2 = 0.8 ** 2 + 0.2 ** 2 + 4;
    const expected = 2 / Math.sqrt(d2) / (d2 + 0.25 ** 2); // a lamp of 25 cm
    expect(out[0]).toBeCloseTo(2 * expected, 9);
    expect(out[2]).toBeCloseTo(0.5 * expected, 9);
  });

  it('lies in the shadow of what stands before the lamp', () => {
    const lamp = { at: [0, 0, 0] as const, power: [1, 1, 1] as const };
    const shield = boxBetween(identity(), [-0.5, 0.5], [-0.5, 0.5], [0.95, 1], 0.5);
    const scene = sceneOf([wall({ texture: plain([1, 1, 1]) }), shield], [lamp], 0.01);
    const out = new Float64Array(3);
    scene.colourAt(0, 0, 1.99, out);
    expect(out[0]).toBeLessThan(0.011);
    scene.colourAt(2, 0, 1.99, out);
    expect(out[0]).toBeGreaterThan(0.05);
  });

  it('asked at points of the surface gives what the camera sees there', () => {
    const scene = sceneOf([wall({ texture: checker([0.9, 0.9, 0.9], [0.1, 0.1, 0.1], 0.25) })]);
    const linear = new ColorRenderer(scene, camera).render(STILL, identity(), 0, HOW);
    const out = new Float64Array(3);
    scene.colourAt((2 * (30 - camera.cx)) / camera.fx, (2 * (40 - camera.cy)) / camera.fy, 2, out);
    expect(linear[3 * (40 * camera.width + 30)]).toBeCloseTo(out[0]!, 6);
  });

  it('blurs along the motion by as much as it turns within the exposure', () => {
    // A black and white edge at x = 0; turning about y by 4 rad/s for 10 ms moves it by fx · 0.04 pixels.
    const scene = sceneOf([wall({ texture: (x, _y, _z, out) => out.fill(x < 0 ? 0 : 1, 0, 3) })]);
    const turning = bodyOf((t) => exp([0, 0, 0, 0, 4 * t, 0]));
    const width = (exposure: number): number => {
      const linear = new ColorRenderer(scene, camera).render(turning, identity(), 0, {
        readout: 0,
        exposure,
        samples: 32,
      });
      const row = Array.from({ length: camera.width }, (_, u) => linear[3 * (60 * camera.width + u)]! / 0.7);
      return row.filter((v) => v > 0.03 && v < 0.97).length;
    };
    const moved = camera.fx * 0.04;
    expect(moved).toBeGreaterThan(2.5);
    expect(width(0)).toBeLessThanOrEqual(1);
    expect(Math.abs(width(0.01) - moved)).toBeLessThanOrEqual(1.5);
  });

  it('reads lower rows later: a turn to the right shears an upright edge to the left, downwards', () => {
    const scene = sceneOf([wall({ texture: (x, _y, _z, out) => out.fill(x < 0 ? 0 : 1, 0, 3) })]);
    const right = bodyOf((t) => exp([0, 0, 0, 0, 1 * t, 0])); // about y, which points down: to the right
    const edge = (readout: number, v: number): number => {
      const linear = new ColorRenderer(scene, camera).render(right, identity(), 0, {
        readout,
        exposure: 0,
        samples: 16,
      });
      let dark = 0;
      for (let u = 0; u < camera.width; u++) dark += 1 - linear[3 * (v * camera.width + u)]! / 0.7;
      return dark;
    };
    expect(edge(0, 0)).toBeCloseTo(edge(0, 119), 1);
    expect(edge(0.02, 119) - edge(0.02, 0)).toBeCloseTo(-camera.fx * Math.tan(0.02), 0);
    const poses = rowPoses(right, identity(), 120, 0, 0.02);
    expect(Math.atan2(poses[2]!, poses[0]!)).toBeCloseTo(-0.01, 9);
    expect(Math.atan2(poses[12 * 119 + 2]!, poses[12 * 119]!)).toBeCloseTo(0.01, 9);
  });
});

describe('development', () => {
  it('is the sRGB curve of gain × light, clipped', () => {
    const bytes = develop(Float32Array.of(0, 0.18, 0.5, 3), 1.5, undefined);
    expect([...bytes]).toEqual([0, 0.27, 0.75, 1].map((v) => Math.round(toSrgb(v))));
    expect(toSrgb(0.2140411)).toBeCloseTo(127.5, 3);
  });

  it('has noise without bias, more of it in bright light and at high gain', () => {
    const spread = (light: number, gain: number): [number, number] => {
      const grey = develop(new Float32Array(30000).fill(light / gain), gain, new Random(1));
      const mean = grey.reduce((a, v) => a + v, 0) / grey.length;
      return [mean, Math.sqrt(grey.reduce((a, v) => a + (v - mean) ** 2, 0) / grey.length)];
    };
    const [mean, sigma] = spread(0.3, 1);
    expect(mean).toBeCloseTo(toSrgb(0.3), 0);
    expect(sigma).toBeGreaterThan(0.7);
    expect(sigma).toBeLessThan(4);
    expect(spread(0.3, 3)[1]).toBeGreaterThan(1.4 * sigma);
  });
});
