import { describe, expect, it } from 'vitest';
import { locatePresses } from '../../../src/calibration/tactile/locate-presses.js';
import { renderGel, scatter, type GelScene } from '../../sensors/tactile/scene.js';

const SCENE: GelScene = { width: 160, height: 120 };
const PITCH = 1e-4;
const reference = renderGel(SCENE);
const ball = { x: 70, y: 60, radius: 24, contact: 17 };
const press = (name: string, image: ReturnType<typeof renderGel>, radius: number) => ({
  name,
  image,
  ballDiameter: 2 * radius * PITCH,
});

describe('presses', () => {
  it('are told apart: found, without a circle, larger than the ball', () => {
    const image = renderGel({ ...SCENE, seed: 3 }, ball);
    const located = locatePresses(
      [
        press('good', image, 24),
        press('deep', image, 16),
        press('wrong', image, 10),
        press('none', reference, 24),
      ],
      reference,
      PITCH,
      'network',
    );
    expect(located.found.map(({ name }) => name)).toEqual(['good', 'deep']);
    expect([located.leftOut, located.tooLarge, located.asLarge]).toEqual([['none'], ['wrong'], 2]);
    expect(located.markers).toBe(false);
    const [good, deep] = located.found;
    expect(Math.abs(good!.circle.radius - 17)).toBeLessThan(2.5);
    // What is seen beyond nine tenths of the ball's radius is gel that hangs from it.
    expect(deep!.circle.radius).toBeCloseTo(0.9 * 16, 6);
    expect(located.found.every(({ hidden }) => hidden === undefined)).toBe(true);
  });

  it('come with what printed dots hide', () => {
    const scene = { ...SCENE, dots: { spacing: 24, shift: 0 } };
    const balls = scatter(3, SCENE, 5);
    const located = locatePresses(
      balls.map((each, i) => press(`${i}`, renderGel({ ...scene, seed: i + 2 }, each), each.radius)),
      renderGel(scene),
      PITCH,
      'network',
    );
    expect(located.markers).toBe(true);
    expect(located.found).toHaveLength(3);
    expect(located.found.every(({ hidden }) => hidden!.some((dot) => dot === 1))).toBe(true);
  });
});
