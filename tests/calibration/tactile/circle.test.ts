import { describe, expect, it } from 'vitest';
import { changeOf, type ChangeImage } from '../../../src/calibration/tactile/change-image.js';
import { findCircle } from '../../../src/calibration/tactile/circle.js';
import { Random } from '../../../src/geometry/random.js';
import { renderGel, scatter, type GelScene } from '../../sensors/tactile/scene.js';

const SCENE: GelScene = { width: 160, height: 120 };
const reference = renderGel(SCENE);

function paint(width: number, height: number, at: (x: number, y: number) => number): ChangeImage {
  const data = Float32Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width)));
  return { width, height, data };
}

describe('the circle of contact', () => {
  it('is found in every press, to two and a half pixels', () => {
    for (const ball of scatter(12, SCENE, 3)) {
      const circle = findCircle(
        changeOf(renderGel({ ...SCENE, seed: 5 }, ball).data, reference.data, 160, 120),
      );
      expect(Math.hypot(circle!.x - ball.x, circle!.y - ball.y)).toBeLessThan(2.5);
      expect(Math.abs(circle!.radius - ball.contact)).toBeLessThan(2.5);
    }
  });

  it('is found when a third of it lies outside the image, and not where nothing is', () => {
    const ball = { x: 6, y: 60, radius: 24, contact: 17 };
    const circle = findCircle(
      changeOf(renderGel({ ...SCENE, seed: 5 }, ball).data, reference.data, 160, 120),
    );
    expect(Math.hypot(circle!.x - ball.x, circle!.y - ball.y)).toBeLessThan(3);
    const nothing = changeOf(renderGel({ ...SCENE, seed: 5 }).data, reference.data, 160, 120);
    expect(findCircle(nothing)).toBeUndefined();
  });

  it('is that of the whole ball where one side is much brighter than the other', () => {
    // Lamps at the left and, half as bright, at the right: no change along a line through the middle.
    const change = paint(320, 240, (x, y) => {
      const [dx, dy] = [x - 150, y - 120];
      const r = Math.hypot(dx, dy);
      const slope = Math.min(1, r / 15) * Math.exp(-Math.max(0, r - 35) / 8);
      return 90 * slope * Math.abs(dx / Math.max(1, r)) ** 0.7 * (dx < 0 ? 1 : 0.45);
    });
    const circle = findCircle(change)!;
    expect(Math.hypot(circle.x - 150, circle.y - 120)).toBeLessThan(8);
    expect(Math.abs(circle.radius - 35)).toBeLessThan(6);
  });

  it('is found in large images, whose edges are blurred and noisy', () => {
    const random = new Random(3);
    const change = paint(1280, 960, (x, y) => {
      const r = Math.hypot(x - 700, y - 400);
      return 12 / (1 + Math.exp((r - 130) / 12)) + 2 * Math.abs(random.normal());
    });
    const circle = findCircle(change)!;
    expect(Math.hypot(circle.x - 700, circle.y - 400)).toBeLessThan(6);
    expect(Math.abs(circle.radius - 130)).toBeLessThan(15);
  });

  it('is not that of a lamp that flickers in a corner', () => {
    const change = paint(320, 240, (x, y) =>
      Math.hypot(x - 318, y - 2) < 60 ? 80 : Math.hypot(x - 120, y - 130) < 30 ? 50 : 1,
    );
    const circle = findCircle(change)!;
    expect(Math.hypot(circle.x - 120, circle.y - 130)).toBeLessThan(2);
    expect(Math.abs(circle.radius - 30)).toBeLessThan(2);
  });
});
