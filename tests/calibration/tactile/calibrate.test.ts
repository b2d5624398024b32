import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitBall } from '../../../src/calibration/tactile/ball-fit.js';
import { calibrateGel, type CalibrationInput } from '../../../src/calibration/tactile/calibrate.js';
import { drawPress } from '../../../src/calibration/tactile/picture.js';
import { fitDepthTable } from '../../../src/calibration/tactile/table-fit.js';
import { KernelPool } from '../../../src/compute/pool.js';
import { depthAt, renderGel, scatter, type Ball, type GelScene } from '../../sensors/tactile/scene.js';

const SCENE: GelScene = { width: 160, height: 120 };
const PITCH = 1e-4;
const reference = renderGel(SCENE);
let pool: KernelPool;
beforeAll(async () => void (pool = await KernelPool.create({ threads: 2, memoryMiB: 128 })));
afterAll(() => pool.close());

const presses = (balls: readonly Ball[], scene = SCENE) =>
  balls.map((ball, i) => ({
    name: `press ${i}`,
    image: renderGel({ ...scene, seed: i + 2 }, ball),
    ballDiameter: 2 * ball.radius * PITCH,
  }));
const input = (changes: Partial<CalibrationInput> = {}): CalibrationInput => ({
  sensor: 'test',
  reference,
  presses: presses(scatter(16, SCENE, 7)),
  pitch: PITCH,
  kind: 'network',
  training: { steps: 500, batch: 1024 },
  ...changes,
});

describe('a ball in heights', () => {
  it('is found with its place, top and radius', () => {
    const ball = { x: 70.3, y: 55.8, radius: 24, contact: 17 };
    const heights = Float32Array.from(
      { length: 160 * 120 },
      (_, i) => depthAt(ball, i % 160, Math.floor(i / 160)) + 3,
    );
    const circle = { x: 71, y: 55, radius: 17 };
    const fit = fitBall(heights, 160, 120, circle, 24)!;
    expect([fit.x, fit.y, fit.top]).toEqual([
      expect.closeTo(70.3, 3),
      expect.closeTo(55.8, 3),
      expect.closeTo(depthAt(ball, 70.3, 55.8) + 3, 3),
    ]);
    expect(fit.rms).toBeLessThan(1e-4);
    expect(fitBall(heights, 160, 120, circle, 20)!.rms).toBeGreaterThan(0.2);
    expect(fitBall(heights, 160, 120, circle, 20, true)!.radius).toBeCloseTo(24, 2);
    expect(fitBall(heights, 160, 120, { x: 500, y: 500, radius: 9 }, 24)).toBeUndefined();
  });
});

describe('calibration', () => {
  it('measures balls that it was not trained on', () => {
    const result = calibrateGel(pool, input());
    expect(result.leftOut).toEqual([]);
    expect(result.trained).toBe(16);
    expect(result.heldOut).toHaveLength(4);
    for (const { rms, radiusError } of result.heldOut) {
      expect(rms).toBeLessThan(0.8 * PITCH);
      expect(Math.abs(radiusError)).toBeLessThan(0.15);
    }
    expect(result.calibration.markers).toBe(false);
    expect(result.calibration.sigma).toBeLessThan(0.8 * PITCH);
  });

  it('fits one gain to known depths', () => {
    // Depths are said to be 1.2 times what they are.
    const balls = scatter(12, SCENE, 7);
    const known = presses(balls).map((press, i) => ({
      ...press,
      depth: 1.2 * depthAt(balls[i]!, balls[i]!.x, balls[i]!.y) * PITCH,
    }));
    const { calibration } = calibrateGel(pool, input({ presses: known }));
    const plain = calibrateGel(pool, input({ presses: presses(balls) })).calibration;
    expect((plain as { depthGain: number }).depthGain).toBe(1);
    expect((calibration as { depthGain: number }).depthGain).toBeGreaterThan(1.1);
    expect((calibration as { depthGain: number }).depthGain).toBeLessThan(1.4);
  });

  it('sees printed dots by itself', () => {
    const scene = { ...SCENE, dots: { spacing: 24, shift: 0 } };
    const moved = { ...SCENE, dots: { spacing: 24, shift: 2 } };
    const dotted = input({ reference: renderGel(scene), presses: presses(scatter(16, SCENE, 7), moved) });
    const result = calibrateGel(pool, dotted);
    expect(result.calibration.markers).toBe(true);
    expect(result.heldOut.reduce((sum, { rms }) => sum + rms, 0) / 4).toBeLessThan(PITCH);
  });

  it('says what is wrong with images that do not do', () => {
    const untouched = { name: 'u', image: renderGel({ ...SCENE, seed: 8 }), ballDiameter: 48 * PITCH };
    expect(() => calibrateGel(pool, input({ presses: Array(6).fill(untouched) as never }))).toThrow(
      /Only 0 of 6 images show the circle of a ball, but 4 are needed/,
    );
    const small = { ...untouched, name: 'small.png', image: renderGel({ width: 80, height: 60 }) };
    expect(() => calibrateGel(pool, input({ presses: [small] }))).toThrow(
      /small.png has 80×60 pixels, but the reference has 160×120/,
    );
    // A ball that is smaller than the circle cannot have made it.
    const wrong = presses(scatter(6, SCENE, 7)).map((press) => ({ ...press, ballDiameter: 10 * PITCH }));
    expect(() => calibrateGel(pool, input({ presses: wrong }))).toThrow(
      /In 6 of 6 images the circle is larger than the ball, whose radius is 5 pixels by --ball-diameter/,
    );
  });

  it('refuses a radius given as the diameter', () => {
    const half = presses(scatter(12, SCENE, 7)).map((press) => ({
      ...press,
      ballDiameter: press.ballDiameter / 2,
    }));
    expect(() => calibrateGel(pool, input({ presses: half }))).toThrow(
      /In 1[0-2] of 12 images the circle is larger than the ball, whose radius is 12 pixels/,
    );
  });

  it('refuses a reference that is pressed itself, and says where presses lie too close', () => {
    const touched = renderGel({ ...SCENE, seed: 99 }, { x: 80, y: 60, radius: 30, contact: 22 });
    expect(() => calibrateGel(pool, input({ reference: touched }))).toThrow(
      /The reference is not the untouched gel of these images: on \d+ % of it most of them look otherwise/,
    );
    // All in one place: what most images show there is a ball, but each another one.
    const near = scatter(12, SCENE, 7).map((ball, i) => ({
      ...ball,
      x: 80 + 9 * Math.cos(2.4 * i),
      y: 60 + 9 * Math.sin(2.4 * i),
    }));
    const result = calibrateGel(pool, input({ presses: presses(near) }));
    expect(result.notices).toEqual([expect.stringMatching(/spread the presses over the whole gel/)]);
    expect(calibrateGel(pool, input()).notices).toEqual([]);
  });

  it('refuses what teaches nothing', () => {
    // What each image changes is turned by another angle around its ball: a colour means any slope.
    const balls = scatter(16, SCENE, 7);
    const opposite = presses(balls).map((press, i) => {
      const [x, y] = [Math.round(balls[i]!.x), Math.round(balls[i]!.y)];
      const data = reference.data.slice();
      for (let v = -24; v <= 24; v++)
        for (let u = -24; u <= 24; u++) {
          const angle = 2.4 * i;
          const [p, q] = [
            Math.cos(angle) * u - Math.sin(angle) * v,
            Math.sin(angle) * u + Math.cos(angle) * v,
          ];
          const [to, from] = [(y + v) * 160 + x + u, Math.round(y + q) * 160 + Math.round(x + p)];
          if (x + u < 0 || x + u > 159 || data[3 * to] === undefined) continue;
          for (let c = 0; c < 3; c++)
            data[3 * to + c] =
              reference.data[3 * to + c]! + press.image.data[3 * from + c]! - reference.data[3 * from + c]!;
        }
      return { ...press, image: { ...press.image, data } };
    });
    expect(() => calibrateGel(pool, input({ presses: opposite }))).toThrow(
      /This teaches nothing: balls held out while training come out 0\.\d+ mm off, a gel that stays flat 0\.\d+ mm/,
    );
  });

  it('draws the image, both heights and what lies between them', () => {
    const [width, height] = [SCENE.width, SCENE.height];
    const ball = { x: 70, y: 55, radius: 24, contact: 17 };
    const top = depthAt(ball, 70, 55);
    const depth = Float32Array.from(
      { length: width * height },
      (_, i) =>
        Math.max(
          0,
          Math.sqrt(Math.max(0, 576 - ((i % width) - 70) ** 2 - (Math.floor(i / width) - 55) ** 2)) -
            24 +
            top,
        ) * PITCH,
    );
    const touch = { width, height, depth, pitch: PITCH } as never;
    const picture = drawPress(reference, touch, { ...ball, top, rms: 0, count: 1 }, 24);
    expect(picture.width).toBe(4 * width + 12);
    const at = (panel: number, x: number, y: number) => [
      ...picture.rgba.subarray(4 * (y * picture.width + panel * (width + 4) + x)).subarray(0, 3),
    ];
    expect(at(0, 10, 10)).toEqual([...reference.data.subarray(3 * (10 * width + 10)).subarray(0, 3)]);
    expect(at(1, 70, 55)).toEqual(at(2, 70, 55));
    expect(at(1, 70, 55)).not.toEqual(at(1, 5, 5));
    expect(at(3, 70, 55).every((value) => value >= 254)).toBe(true);
  });
});

describe('a table of depths', () => {
  it('is found from a ball, rising, to two hundredths of the depth', () => {
    const ball = { x: 80, y: 60, radius: 60, contact: 40 };
    const rim = Math.sqrt(ball.radius ** 2 - ball.contact ** 2);
    const shade = (depth: number): number => 90 * (1 - Math.exp(-depth / 8));
    const grey = (pressed: boolean): Uint8Array =>
      Uint8Array.from({ length: 3 * 160 * 120 }, (_, i) => {
        const pixel = Math.floor(i / 3);
        const r = Math.hypot((pixel % 160) - 80, Math.floor(pixel / 160) - 60);
        return 200 - (pressed && r < ball.contact ? shade(Math.sqrt(ball.radius ** 2 - r * r) - rim) : 0);
      });
    const press = {
      name: 'p',
      image: grey(true),
      circle: { x: 80, y: 60, radius: ball.contact },
      ballRadius: ball.radius,
    };
    const depths = fitDepthTable([press], grey(false), 160, PITCH);
    const deepest = ball.radius - rim;
    for (let depth = 1; depth < deepest; depth++) {
      const level = shade(depth);
      const below = Math.floor(level);
      const found =
        depths[below]! + (level - below) * ((depths[below + 1] ?? depths[below]!) - depths[below]!);
      expect(Math.abs(found / PITCH - depth)).toBeLessThan(0.02 * deepest);
    }
    expect(depths.every((d, i) => i === 0 || d >= depths[i - 1]!)).toBe(true);
    expect(() => fitDepthTable([{ ...press, image: grey(false) }], grey(false), 160, PITCH)).toThrow(
      /do not darken the gel/,
    );
  });
});
