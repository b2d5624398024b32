import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { compose, exp, type Pose } from '../../../src/geometry/se3.js';
import { CAMERA_ON_BODY } from '../../../src/sensors/camera/frame.js';
import { picture, png16 } from '../../images/helpers.js';

export const W = 8;
export const H = 6;
export const T = (k: number): Pose => exp([0.1 * k, 0.2, -0.1 * k, 0.05 * k, -0.3, 0.02 * k]);

/** Writes a file below a folder, whose folders it makes. */
export const writerIn =
  (folder: string) =>
  (name: string, content: string | Uint8Array): void => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };

/** A depth image whose pixel i holds base + i; the first pixels are 0 and 65535. */
export const depthPng = (base: number) =>
  png16(
    Uint16Array.from({ length: W * H }, (_, i) => [0, 65535][i] ?? base + i),
    W,
    H,
  );

/** How sure a camera is of each pixel: not at all of the third, a little of the fourth. */
export const confidencePng = (size: [number, number] = [W, H]) =>
  picture(
    Uint8Array.from({ length: 3 * size[0] * size[1] }, (_, i) => [2, 2, 0, 1][Math.floor(i / 3)] ?? 2),
    ...size,
  );

/** A colour image of (20 k, 20 k + 10, 20 k + 20). */
export const colorFile = (k: number, format: 'png' | 'jpeg' = 'png', [width, height] = [W, H]) =>
  picture(
    Uint8Array.from({ length: 3 * width! * height! }, (_, i) => 20 * k + 10 * (i % 3)),
    width!,
    height!,
    format,
  );

export const matrix = (pose: Pose): string =>
  `${[...pose].map((v, i) => `${v}${i % 4 === 3 ? '\n' : ' '}`).join('')}0 0 0 1\n`;

/** The truth is that of the body, turned from the camera's axes. */
export function expectTruth(poses: readonly Pose[], cameraPoses: readonly Pose[]): void {
  expect(poses).toHaveLength(cameraPoses.length);
  poses.forEach((pose, k) =>
    compose(pose, CAMERA_ON_BODY).forEach((v, i) => expect(v).toBeCloseTo(cameraPoses[k]![i]!, 5)),
  );
}
