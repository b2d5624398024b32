import { describe, expect, it } from 'vitest';
import {
  fitIntrinsics,
  intrinsicsFromCameraInfo,
  isRectified,
} from '../../../src/sensors/camera/camera-info.js';
import { cameraInfo } from '../../bags/camera/helpers.js';

const info = (changes: Parameters<typeof cameraInfo>[1] = {}) =>
  cameraInfo('optical', {
    width: 640,
    height: 480,
    k: Float64Array.of(500, 0, 321, 0, 510, 239, 0, 0, 1),
    p: Float64Array.of(480, 0, 318, 0, 0, 490, 241, 0, 0, 0, 1, 0),
    d: Float64Array.of(0.1, -0.2, 0.001, 0.002, 0.05),
    ...changes,
  });

describe('intrinsicsFromCameraInfo', () => {
  it('K and distortion of raw images, P of rectified ones', () => {
    expect(intrinsicsFromCameraInfo(info())).toEqual({
      ...{ width: 640, height: 480, fx: 500, fy: 510, cx: 321, cy: 239 },
      distortion: 'plumb_bob',
      coefficients: [0.1, -0.2, 0.001, 0.002, 0.05],
    });
    expect(intrinsicsFromCameraInfo(info(), true)).toEqual({
      ...{ width: 640, height: 480, fx: 480, fy: 490, cx: 318, cy: 241 },
      distortion: 'none',
      coefficients: [],
    });
    // Some drivers fill K only.
    expect(intrinsicsFromCameraInfo(info({ p: new Float64Array(12) }), true)).toMatchObject({
      fx: 500,
      distortion: 'none',
    });
  });

  it('models by the names that drivers use', () => {
    const model = (distortionModel: string, d: number[]) =>
      intrinsicsFromCameraInfo(info({ distortionModel, d: Float64Array.from(d) }));
    expect(model('rational_polynomial', [1, 2, 3, 4, 5, 6, 7, 8])).toMatchObject({
      distortion: 'rational_polynomial',
      coefficients: [1, 2, 3, 4, 5, 6, 7, 8],
    });
    expect(model('equidistant', [1, 2, 3, 4]).distortion).toBe('equidistant');
    expect(model('Kannala Brandt4', [1, 2, 3, 4]).distortion).toBe('equidistant');
    expect(model('plumb_bob', [1, 2, 3, 4, 5, 6, 7, 8]).distortion).toBe('rational_polynomial');
    expect(model('Inverse Brown Conrady', [0, 0, 0, 0, 0]).distortion).toBe('none');
    expect(model('plumb_bob', []).distortion).toBe('none');
    for (const name of ['thin_prism', 'constructor'])
      expect(() => model(name, [1, 2, 3, 4])).toThrow(
        /camera_info of 'optical' has the distortion model.*rectified/,
      );
    expect(() => model('plumb_bob', [NaN, 0, 0, 0, 0])).toThrow(/distortion model/);
  });

  it('a region of interest, and binning by 2: a point is seen where the pixels say', () => {
    const roi = { x: 100, y: 50, width: 320, height: 240, rectify: false };
    const cut = intrinsicsFromCameraInfo(info({ roi }));
    expect(cut).toMatchObject({ width: 320, height: 240, fx: 500, cx: 221, cy: 189 });
    const binned = intrinsicsFromCameraInfo(info({ roi, binningX: 2, binningY: 2 }));
    expect(binned).toMatchObject({ width: 160, height: 120, fx: 250, fy: 255 });
    // Pixels 100 and 101 of the whole image make pixel 0: their common edge is its centre.
    const u = 100.5; // centre between them
    expect(((u - 321) / 500) * binned.fx + binned.cx).toBeCloseTo(0, 12);
  });

  it('a camera that is not calibrated, or has no size, is refused', () => {
    expect(() => intrinsicsFromCameraInfo(info({ k: new Float64Array(9) }))).toThrow(/not calibrated/);
    expect(() => intrinsicsFromCameraInfo(info({ k: new Float64Array(9).fill(NaN) }))).toThrow(
      /not calibrated/,
    );
    expect(() => intrinsicsFromCameraInfo(info({ width: 0 }))).toThrow(/0×480 pixels; set its size/);
  });
});

it('isRectified knows the names of topics', () => {
  for (const name of [
    '/c/image_rect',
    '/c/image_rect_color',
    '/depth/image_rect_raw',
    '/zed/rgb_rectified/image',
    '/c/rect/image',
  ])
    expect(isRectified(name), name).toBe(true);
  for (const name of ['/c/image_raw', '/direct/image', '/rectangle/image', '/c/image_color'])
    expect(isRectified(name), name).toBe(false);
});

it('refuses coefficients that it does not know, unless they are zero', () => {
  const model = (distortionModel: string, d: number[]) =>
    intrinsicsFromCameraInfo(info({ distortionModel, d: Float64Array.from(d) }));
  const rational = [0.1, 0.02, 0, 0, 0, 0.1, 0.02, 0.01];
  expect(model('rational_polynomial', [...rational, 0, 0, 0, 0]).coefficients).toEqual(rational);
  expect(() => model('rational_polynomial', [...rational, 0.3, 0, 0, 0])).toThrow(
    /'rational_polynomial' with 12 coefficients/,
  );
  expect(() => model('plumb_bob', [...rational, 0, 0, 0, 0.01])).toThrow(/12 coefficients/);
  expect(() => model('equidistant', [0.1, 0, 0, 0, 0.2])).toThrow(/5 coefficients/);
});

describe('fitIntrinsics', () => {
  const camera = intrinsicsFromCameraInfo(info());

  it('scales about the corner of the image', () => {
    expect(fitIntrinsics(camera, 640, 480, 'x')).toBe(camera);
    const half = fitIntrinsics(camera, 320, 240, 'x');
    expect(half).toMatchObject({
      width: 320,
      height: 240,
      fx: 250,
      fy: 255,
      coefficients: camera.coefficients,
    });
    // The ray through the right edge stays there.
    const edge = (c: typeof camera) => (c.width - 0.5 - c.cx) / c.fx;
    expect(edge(half)).toBeCloseTo(edge(camera), 12);
  });

  it('refuses another shape', () => {
    expect(() => fitIntrinsics(camera, 848, 480, 'An image of /depth')).toThrow(
      /^An image of \/depth has 848×480 pixels, but its intrinsics are for 640×480/,
    );
  });

  it('knows intrinsics of images of another size by their principal point', () => {
    const times = (k: number) => ({
      ...camera,
      fx: k * camera.fx,
      fy: k * camera.fy,
      cx: k * 321,
      cy: k * 239,
    });
    // K of the camera's whole image with the size of what comes: rays would be off by half the view.
    expect(() => fitIntrinsics(times(4), 640, 480, 'An image of /depth')).toThrow(
      /^An image of \/depth has 640×480 pixels, but .* principal point \(1284, 956\): .* images 4.0 times as large; scale/,
    );
    expect(() => fitIntrinsics(times(0.5), 640, 480, 'x')).toThrow(/images 0.50 times as large/);
    expect(() => fitIntrinsics({ ...camera, cx: 0, cy: 0 }, 640, 480, 'x')).toThrow(
      /without a principal point/,
    );
    // K of what comes with the size of the whole image.
    expect(fitIntrinsics(times(0.25), 160, 120, 'x')).toMatchObject({
      width: 160,
      height: 120,
      fx: 125,
      cx: 80.25,
    });
    // What is cut out of an image is off in its own way.
    for (const cut of [
      { cx: 450, cy: 200 },
      { cx: 600, cy: 240 },
      { cx: 560, cy: 330 },
    ])
      expect(fitIntrinsics({ ...camera, ...cut }, 640, 480, 'x')).toMatchObject(cut);
  });
});
