import { describe, expect, it } from 'vitest';
import type { CameraIntrinsics, ColorFrame } from '../../../src/sensors/camera/frame.js';
import { PicturePreparer } from '../../../src/sensors/camera/picture-preparer.js';

/** An image whose red grows along the columns and green along the rows. */
function ramp(width: number, height: number): ColorFrame['image'] {
  const data = new Uint8Array(3 * width * height);
  for (let v = 0; v < height; v++)
    for (let u = 0; u < width; u++)
      data.set([(200 * u) / width, (200 * v) / height, 60], 3 * (v * width + u));
  return { width, height, data };
}

function frame(width: number, height: number, lens: Partial<CameraIntrinsics> = {}): ColorFrame {
  const camera: CameraIntrinsics = {
    ...{ width, height, fx: width, fy: width, cx: width / 2 - 0.5, cy: height / 2 - 0.5 },
    ...{ distortion: 'none', coefficients: [] },
    ...lens,
  };
  const mount = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
  return { kind: 'color', stampNs: 0n, frameId: 'camera', image: ramp(width, height), camera, mount };
}

describe('PicturePreparer', () => {
  it('gives means over whole pixels, and the intrinsics that go with them', () => {
    const picture = new PicturePreparer().prepare(frame(1283, 500))!;
    expect([picture.width, picture.height]).toEqual([641, 250]);
    // A ray keeps its colour: that of the image where the ray meets it, in the smaller one.
    for (const [u, v] of [[40, 30], [320, 125], [630, 240]] as const) {
      const x = (u - picture.cx) / picture.fx;
      const y = (v - picture.cy) / picture.fy;
      const [full, row] = [1283 * x + 641, 1283 * y + 249.5];
      const at = 4 * (v * picture.width + u);
      expect(picture.data[at]!).toBeCloseTo((200 * full) / 1283, -0.4);
      expect(picture.data[at + 1]!).toBeCloseTo((200 * row) / 500, -0.4);
    } // prettier-ignore
    expect(picture.bend).toBeUndefined();
  });

  it('bends rays as the lens does', () => {
    const [k1, p1] = [-0.2, 0.001];
    const lens = { distortion: 'plumb_bob', coefficients: [k1, 0, p1, 0, 0] } as const;
    const { bend } = new PicturePreparer().prepare(frame(320, 240, lens))!;
    const [x, y] = [0.3, -0.2];
    const r2 = x * x + y * y;
    const bent = bend!(x, y)!;
    expect(bent[0]).toBeCloseTo(x * (1 + k1 * r2) + 2 * p1 * x * y, 6);
    expect(bent[1]).toBeCloseTo(y * (1 + k1 * r2) + p1 * (r2 + 2 * y * y), 6);
    expect(bend!(5, 0)).toBeUndefined();
  });

  it('waits until the exposure of a camera that starts dark has settled', () => {
    const preparer = new PicturePreparer();
    const grey = (value: number) => {
      const image = { width: 32, height: 24, data: new Uint8Array(3 * 32 * 24).fill(value) };
      return preparer.prepare({ ...frame(32, 24), image });
    };
    expect(grey(20)).toBeUndefined();
    expect(grey(40)).toBeUndefined();
    expect(grey(41)).toBeDefined();
    expect(grey(250)).toBeUndefined();
    expect(preparer.notices).toHaveLength(1);
  });
});
