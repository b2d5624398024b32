import { describe, expect, it } from 'vitest';
import { checkReference, medianImage } from '../../../src/calibration/tactile/untouched.js';
import { renderGel, scatter, type GelScene } from '../../sensors/tactile/scene.js';

const SCENE: GelScene = { width: 160, height: 120 };
const reference = renderGel(SCENE);
const presses = scatter(20, SCENE, 7).map((ball, i) => renderGel({ ...SCENE, seed: i + 2 }, ball));

describe('the untouched gel', () => {
  it('is the median of images of scattered presses, to half a grey level', () => {
    const median = medianImage(presses);
    const clean = renderGel({ ...SCENE, noise: 0 });
    const off = median.data.reduce((sum, byte, i) => sum + Math.abs(byte - clean.data[i]!), 0);
    expect(off / median.data.length).toBeLessThan(0.6);
    expect([median.width, median.height]).toEqual([160, 120]);
    // One press alone is off by more than that over its ball.
    expect(checkReference(presses[0]!, presses).differing).toBeGreaterThan(0.03);
  });

  it('is known from one that is darker, and told from one that is touched, cropped or of no image', () => {
    expect(checkReference(reference, presses)).toEqual({ differing: 0, agreeing: 1 });
    expect(checkReference(renderGel({ ...SCENE, gain: 0.9 }), presses).differing).toBe(0);
    const touched = renderGel(SCENE, { x: 80, y: 60, radius: 30, contact: 22 });
    const pressed = checkReference(touched, presses);
    expect(pressed.differing).toBeGreaterThan(0.05);
    expect(pressed.differing).toBeLessThan(0.3);
    expect(pressed.agreeing).toBeGreaterThan(0.75);
    const shifted = {
      ...reference,
      data: reference.data.map((_, i) => reference.data[reference.data.length - 1 - i]!),
    };
    expect(checkReference(shifted, presses).differing).toBeGreaterThan(0.3);
  });

  it('is not what most images show where all are pressed in one place', () => {
    const near = scatter(12, SCENE, 7).map((ball, i) =>
      renderGel(
        { ...SCENE, seed: i + 2 },
        { ...ball, x: 80 + 9 * Math.cos(2.4 * i), y: 60 + 9 * Math.sin(2.4 * i) },
      ),
    );
    const { differing, agreeing } = checkReference(reference, near);
    expect(differing).toBeGreaterThan(0.03);
    expect(agreeing).toBeLessThan(0.75);
  });
});
