import { describe, expect, it } from 'vitest';
import { compose, exp, identity } from '../../../src/geometry/se3.js';
import { FrameCadence } from '../../../src/slam/mapping/frame-cadence.js';

const VOXEL = 0.02;
/** Which of `count` frames along a motion are due. */
const due = (
  cadence: FrameCadence,
  count: number,
  pose: (k: number) => ReturnType<typeof identity>,
): number[] => Array.from({ length: count }, (_, k) => k).filter((k) => cadence.isDue('/camera', pose(k)));

describe('FrameCadence', () => {
  it('maps the first five frames, then every third at rest', () => {
    expect(due(new FrameCadence(3, VOXEL), 15, () => identity())).toEqual([0, 1, 2, 3, 4, 7, 10, 13]);
    expect(due(new FrameCadence(1, VOXEL), 9, () => identity())).toHaveLength(9);
  });

  it('maps at once what is more than four voxels from the last that was mapped', () => {
    const moved = (k: number) => exp([0.03 * k, 0, 0, 0, 0, 0]);
    // Three frames are 9 cm, more than 8; two are 6.
    expect(due(new FrameCadence(100, VOXEL), 15, moved)).toEqual([0, 1, 2, 3, 4, 7, 10, 13]);
    expect(due(new FrameCadence(100, VOXEL), 9, (k) => exp([0, 0, 0.09 * k, 0, 0, 0]))).toHaveLength(9);
  });

  it('maps at once what has turned by more than 0.12 rad', () => {
    const turned = (k: number) => compose(exp([5, 5, 5, 0, 0, 0]), exp([0, 0, 0, 0, 0.05 * k, 0]));
    expect(due(new FrameCadence(100, VOXEL), 15, turned)).toEqual([0, 1, 2, 3, 4, 7, 10, 13]);
  });

  it('keeps a pose of its own: who passes one array for all frames gets the same', () => {
    const cadence = new FrameCadence(100, VOXEL);
    const pose = identity();
    const seen = Array.from({ length: 9 }, () => {
      pose[3] = pose[3]! + 0.1;
      return cadence.isDue('/camera', pose);
    });
    expect(seen.every(Boolean)).toBe(true);
  });

  it('goes by each camera on its own', () => {
    const cadence = new FrameCadence(3, VOXEL);
    const back = exp([0, 0, 0, 0, 0, Math.PI]);
    const left: number[] = [];
    const right: number[] = [];
    for (let k = 0; k < 12; k++) {
      if (cadence.isDue('/left', identity())) left.push(k);
      if (cadence.isDue('/right', back)) right.push(k);
    }
    expect([left, right]).toEqual([
      [0, 1, 2, 3, 4, 7, 10],
      [0, 1, 2, 3, 4, 7, 10],
    ]);
  });

  it('starts anew with a new map', () => {
    const cadence = new FrameCadence(3, VOXEL);
    due(cadence, 10, () => identity());
    cadence.clear();
    expect(due(cadence, 8, () => identity())).toEqual([0, 1, 2, 3, 4, 7]);
  });
});
