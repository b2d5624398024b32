import { describe, expect, it } from 'vitest';
import { cameraView } from '../../../src/slam/intrinsics/camera-view.js';
import { CAMERA, gridFrom, placeAt } from './room-views.js';

describe('a small view of a depth image', () => {
  it('keeps rays where they were: inverse depth of a plane is linear in its pixels', () => {
    const camera = { width: 320, height: 240, fx: 260, fy: 250, cx: 150, cy: 130 };
    const z = new Float32Array(320 * 240).map((_, i) => {
      const [a, b] = [((i % 320) - 150) / 260, (Math.floor(i / 320) - 130) / 250];
      return 1 / (0.5 + 0.2 * a - 0.1 * b);
    });
    const view = cameraView({ ...gridFrom(placeAt(0)), ...camera, z });
    expect([view.width, view.height, view.fx, view.fy]).toEqual([160, 120, 130, 125]);
    for (const [x, y] of [
      [20, 30],
      [100, 7],
      [159, 119],
    ] as const) {
      // prettier-ignore
      const [a, b] = [(x - view.cx) / view.fx, (y - view.cy) / view.fy];
      expect(view.inverse[y * 160 + x]).toBeCloseTo(0.5 + 0.2 * a - 0.1 * b, 5);
    }
  });

  it('leaves unknown what is unknown: depth without a value, the farther side of an edge, brightness without colour', () => {
    const grid = gridFrom(placeAt(0), { ...CAMERA, width: 320, height: 240 });
    grid.z.fill(1);
    grid.z[0] = grid.z[1] = grid.z[320] = 0;
    grid.z[3] = grid.z[322] = grid.z[323] = 2;
    const { inverse, grey } = cameraView(grid);
    expect([inverse[0], inverse[1], inverse[2]]).toEqual([0, 0, 1]);
    expect(Number.isNaN(grey[0])).toBe(true); // at the border there is nothing to smooth with
    expect(grey[161 * 50]).toBeGreaterThan(0);
    const { color, ...colourless } = grid;
    expect(color).toBeDefined();
    expect(cameraView(colourless).grey.every(Number.isNaN)).toBe(true);
  });
});
