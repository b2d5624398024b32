import type { ColorImage } from '../../sensors/camera/frame.js';
import type { TouchImage } from '../../sensors/tactile/touch.js';
import type { BallFit } from './ball-fit.js';

/** A picture, 4 bytes a pixel. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** Dark blue, blue, green, yellow: rising in brightness, for the colour-blind too. */
const RAMP = [
  [20, 11, 52],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
] as const;
const GAP = 4;

/**
 * Four panels side by side: the image, the true height of the ball, the height found, and found minus true (red above, blue
 * below, full colour at ±0.1 mm). Both heights share their colours, from 0 to the deepest.
 */
export function drawPress(image: ColorImage, touch: TouchImage, ball: BallFit, ballRadius: number): Picture {
  const { width, height, depth, pitch } = touch;
  const picture = {
    width: 4 * width + 3 * GAP,
    height,
    rgba: new Uint8Array(4 * (4 * width + 3 * GAP) * height),
  };
  picture.rgba.fill(255);
  const deepest = ball.top * pitch;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const square = ballRadius ** 2 - (x - ball.x) ** 2 - (y - ball.y) ** 2;
      const truth = square > 0 ? Math.max(0, Math.sqrt(square) - ballRadius + ball.top) * pitch : 0;
      const inside = truth > 0;
      put(picture, x, y, [image.data[3 * i]!, image.data[3 * i + 1]!, image.data[3 * i + 2]!]);
      put(picture, width + GAP + x, y, rampColor(truth / deepest));
      put(picture, 2 * (width + GAP) + x, y, rampColor(depth[i]! / deepest));
      put(
        picture,
        3 * (width + GAP) + x,
        y,
        inside ? errorColor((depth[i]! - truth) / 1e-4) : [255, 255, 255],
      );
    }
  return picture;
}

/** Heights of a touch from 0 to the deepest; what is not known is white. */
export function drawHeights({ width, height, depth }: TouchImage): Picture {
  const picture = { width, height, rgba: new Uint8Array(4 * width * height) };
  picture.rgba.fill(255);
  const deepest = depth.reduce((most, h) => (h > most ? h : most), 1e-9);
  for (let i = 0; i < depth.length; i++)
    if (!Number.isNaN(depth[i]!))
      put(picture, i % width, Math.floor(i / width), rampColor(depth[i]! / deepest));
  return picture;
}

function put({ width, rgba }: Picture, x: number, y: number, color: readonly number[]): void {
  for (let c = 0; c < 3; c++) rgba[4 * (y * width + x) + c] = color[c]!;
}

function rampColor(share: number): number[] {
  const at = Math.min(1, Math.max(0, share)) * (RAMP.length - 1);
  const below = Math.min(RAMP.length - 2, Math.floor(at));
  return RAMP[below]!.map((low, c) => Math.round(low + (at - below) * (RAMP[below + 1]![c]! - low)));
}

function errorColor(share: number): number[] {
  const pale = Math.round(255 * (1 - Math.min(1, Math.abs(share))));
  return share > 0 ? [255, pale, pale] : [pale, pale, 255];
}
