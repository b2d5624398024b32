import { describe, expect, it } from 'vitest';
import { exp } from '../../../src/geometry/se3.js';
import { cameraPicture } from '../../../src/host/viewer-feed/camera-picture.js';
import type { CameraIntrinsics } from '../../../src/sensors/camera/frame.js';

const camera = (width: number, height: number): CameraIntrinsics => ({
  width,
  height,
  fx: width / 2,
  fy: height,
  cx: 0,
  cy: 0,
  distortion: 'none',
  coefficients: [],
});

describe('picture of a camera', () => {
  it('is the mean of whole squares of pixels, at most 160 across', () => {
    const [width, height] = [645, 481];
    const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
      const [x, c] = [Math.floor(i / 3) % width, i % 3];
      return c === 0
        ? x % 5
        : c === 1
          ? Math.min(255, x / 3)
          : Math.floor(i / (3 * width)) % 2 === 0
            ? 100
            : 0;
    });
    const pose = exp([1, 2, 3, 0.1, 0, 0]);
    const shown = cameraPicture({ width, height, data }, camera(width, height), pose, 5n, 2);
    expect([shown.width, shown.height, shown.stream, shown.stampNs]).toEqual([129, 96, 2, 5n]);
    for (let i = 0; i < shown.width * shown.height; i++) {
      const [r, g, b] = shown.rgb.subarray(3 * i, 3 * i + 3);
      expect(r).toBe(2); // 0 1 2 3 4
      expect(Math.abs(g! - (5 * (i % 129) + 2) / 3)).toBeLessThan(1.2);
      expect([40, 60]).toContain(b); // 2 or 3 of 5 rows
    }
    expect(shown.fovX).toBeCloseTo(Math.PI / 2, 12);
    expect(shown.fovY).toBeCloseTo(2 * Math.atan(0.5), 12);
    pose.fill(0);
    expect(shown.T_odom_camera[3]).not.toBe(0); // a copy
  });

  it('keeps small images, down to one pixel and one row, as they are', () => {
    for (const [width, height] of [
      [1, 1],
      [160, 120],
      [3, 1],
    ] as const) {
      const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => i % 251);
      const shown = cameraPicture(
        { width, height, data },
        camera(width, height),
        exp([0, 0, 0, 0, 0, 0]),
        0n,
      );
      expect([shown.width, shown.height]).toEqual([width, height]);
      expect(shown.rgb).toEqual(data);
    }
    // Wide and flat: the factor is larger than the image is high.
    const flat = cameraPicture(
      { width: 640, height: 2, data: new Uint8Array(3840).fill(9) },
      camera(640, 2),
      exp([0, 0, 0, 0, 0, 0]),
      0n,
    );
    expect([flat.width, flat.height, flat.rgb.every((v) => v === 9)]).toEqual([160, 1, true]);
  });
});
