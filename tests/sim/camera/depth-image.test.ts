import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { exp, identity } from '../../../src/geometry/se3.js';
import { DepthRenderer } from '../../../src/sim/camera/depth-image.js';
import { depthSigma, rgbdModel, type DepthNoise } from '../../../src/sim/camera/model.js';
import { plain } from '../../../src/sim/looks/textures.js';
import { boxBetween, type Primitive } from '../../../src/sim/primitives.js';
import { bodyOf, sceneOf, STILL } from './helpers.js';

const wallAt = (z: number, reflectivity = 0.6): Primitive =>
  boxBetween(identity(), [-20, 20], [-20, 20], [z, z + 0.1], reflectivity);

function take(statics: readonly Primitive[], noise: Partial<DepthNoise> | false, body = STILL, readout = 0) {
  const none: DepthNoise = {
    noise: false,
    disparityStep: 0,
    fattening: 0,
    holes: false,
    shadow: false,
    bias: 0,
  };
  const model = rgbdModel({
    width: 320,
    height: 240,
    depthNoise: noise === false ? false : { ...none, ...noise },
    readout,
  });
  const renderer = new DepthRenderer(sceneOf(statics), model);
  const depth = renderer.render(body, identity(), 0, new Random(7));
  return { depth, model, hits: renderer.hits, camera: model.depth };
}

describe('a depth camera', () => {
  it('gives the distance along its axis, to the millimetre, and exactly before rounding', () => {
    const tilt = 0.4; // a plane through (0, 0, 2) that recedes to the right
    const slope = Math.tan(tilt);
    const T = exp([0, 0, 0, 0, -tilt, 0]);
    T[11] = 2;
    const plane: Primitive = { kind: 'box', pose: T, half: [20, 20, 0.001], reflectivity: 0.5 };
    const { depth, hits, camera } = take([plane], false);
    const front = 0.001 / Math.cos(tilt);
    for (let v = 0; v < 240; v += 17) {
      for (let u = 0; u < 320; u += 13) {
        const a = (u - camera.cx) / camera.fx;
        const z = (2 - front) / (1 - a * slope);
        expect(hits.z[v * 320 + u]).toBeCloseTo(z, 9);
        expect(depth[v * 320 + u]).toBe(Math.round(1000 * z));
      }
    }
  });

  it.each([0.6, 1.2, 2.5, 4])('errs by σ(z) at %f m, steps of the disparity included, without bias', (z) => {
    for (const disparityStep of [0, 1 / 8]) {
      // A wall a little aslant: every place between two steps occurs.
      const T = exp([0, 0, 0, 0, -0.12, 0]);
      T[11] = z;
      const wall: Primitive = { kind: 'box', pose: T, half: [9, 9, 0.001], reflectivity: 0.6 };
      const { depth, hits } = take([wall], { noise: true, disparityStep });
      let [sum, squares] = [0, 0];
      depth.forEach((d, i) => {
        // Rounding to millimetres adds its own 0.29 mm.
        const error = (d / 1000 - hits.z[i]!) / Math.hypot(depthSigma(hits.z[i]!), 0.00029);
        sum += error / depth.length;
        squares += error ** 2 / depth.length;
      });
      expect(Math.abs(Math.sqrt(squares) - 1)).toBeLessThan(0.05);
      expect(Math.abs(sum)).toBeLessThan(0.05);
    }
  });

  it('knows only multiples of an eighth of a pixel of disparity', () => {
    const { depth, model } = take([wallAt(2.5)], { noise: true, disparityStep: 1 / 8 });
    const values = new Set(depth);
    expect(values.size).toBeGreaterThan(3);
    expect(values.size).toBeLessThan(40);
    const fb = 2 * model.depth.fx * model.projector; // of 640 columns
    for (const d of values) {
      const eighths = (8 * fb) / (d / 1000);
      const rounding = ((8 * fb) / (d / 1000) ** 2) * 0.0005;
      expect(Math.abs(eighths - Math.round(eighths))).toBeLessThan(rounding + 1e-6);
    }
  });

  it('grows what is in front over its edges by one to two pixels', () => {
    const board = boxBetween(identity(), [-0.2, 0.2], [-0.2, 0.2], [1, 1.01], 0.6);
    const exact = take([wallAt(2), board], false);
    const grown = take([wallAt(2), board], { fattening: 2 });
    const near = (depth: Uint16Array): number => depth.reduce((n, d) => n + (d < 1500 ? 1 : 0), 0);
    const edge = 4 * 0.4 * exact.camera.fx;
    const pixels = (near(grown.depth) - near(exact.depth)) / edge;
    expect(pixels).toBeGreaterThan(1);
    expect(pixels).toBeLessThan(2);
    exact.depth.forEach((d, i) => {
      if (d < 1500) expect(grown.depth[i]).toBe(d); // nothing in front is lost
    });
  });

  it('has no depth to the left of what stands in front, as wide as the difference of the disparities', () => {
    const board = boxBetween(identity(), [-0.2, 0.2], [-0.2, 0.2], [1, 1.01], 0.6);
    const { depth, camera, model } = take([wallAt(2), board], { shadow: true });
    const row = depth.slice(120 * 320, 121 * 320);
    const lost = Array.from(row.keys()).filter((u) => row[u] === 0);
    const first = row.findIndex((d) => d > 0 && d < 1500);
    expect(lost.every((u) => u < first)).toBe(true);
    expect(lost.length).toBeCloseTo(camera.fx * model.projector * (1 - 1 / 2), -0.5);
  });

  it('loses grazing and shiny surfaces, and dark ones that are far', () => {
    const share = (statics: Primitive[]): number => {
      const { depth, hits } = take(statics, { holes: true });
      let [seen, met] = [0, 0];
      hits.z.forEach((z, i) => {
        if (z > 7) return;
        met++;
        if (depth[i]! > 0) seen++;
      });
      return seen / met;
    };
    const shiny: Primitive = { ...wallAt(1.5), material: { texture: plain([0.5, 0.5, 0.5]), shiny: 0.9 } };
    expect(share([wallAt(1.5)])).toBeGreaterThan(0.99);
    expect(share([shiny])).toBeLessThan(0.9);
    expect(share([wallAt(1.5, 0.03)])).toBeGreaterThan(0.95);
    expect(share([wallAt(6, 0.03)])).toBeLessThan(0.1);
  });

  it('loses all below 6° of incidence, and nothing for that reason above 13°', () => {
    const T = exp([0, 0, 0, 1.48, 0, 0]); // almost along the axis
    T[7] = 0.35;
    T[11] = 2;
    const { depth, hits, camera } = take(
      [{ kind: 'box', pose: T, half: [9, 1.5, 0.01], reflectivity: 0.6 }],
      { holes: true },
    );
    const n = T[2]! * T[3]! + T[6]! * T[7]! + T[10]! * T[11]! + 0.01; // of the face that looks up
    let [grazing, steep, kept] = [0, 0, 0];
    hits.z.forEach((z, i) => {
      if (z > 7) return;
      const [a, b] = [((i % 320) - camera.cx) / camera.fx, (Math.floor(i / 320) - camera.cy) / camera.fy];
      const cos = Math.abs(T[2]! * a + T[6]! * b + T[10]!) / Math.hypot(a, b, 1);
      if (Math.abs(z * (T[2]! * a + T[6]! * b + T[10]!) - n) > 1e-6) return; // an edge of the board
      if (cos < 0.1) {
        grazing++;
        expect(depth[i]).toBe(0);
      } else if (cos > 0.225) {
        steep++;
        if (depth[i]! > 0) kept++;
      }
    });
    expect(grazing).toBeGreaterThan(100);
    expect(kept / steep).toBeGreaterThan(0.99);
  });

  it('sees nothing nearer or farther than its range, and never what it did not meet', () => {
    expect(take([wallAt(0.35)], false).depth.every((d) => d === 0)).toBe(true);
    expect(take([wallAt(8.1)], false).depth.every((d) => d === 0)).toBe(true);
    expect(
      take([boxBetween(identity(), [-9, 9], [-9, 9], [-2, -1], 0.5)], {}).depth.every((d) => d === 0),
    ).toBe(true);
    expect(take([wallAt(7.9)], false).depth.every((d) => d === 7900)).toBe(true);
  });

  it('reads lower rows later: coming nearer, they are nearer', () => {
    const forward = bodyOf((t) => exp([0, 0, 1 * t, 0, 0, 0]));
    const still = take([wallAt(2)], false, forward, 0).depth;
    const rolling = take([wallAt(2)], false, forward, 0.02).depth;
    expect([still[160], still[239 * 320 + 160]]).toEqual([2000, 2000]);
    expect([rolling[160], rolling[239 * 320 + 160]]).toEqual([2010, 1990]);
  });
});
