import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import {
  countUnusable,
  depthQuality,
  describeQuality,
  isPoor,
  noPixels,
  usable,
  whyUnusable,
} from '../../../src/sensors/camera/depth-quality.js';
import { CameraFrontEnd } from '../../../src/sensors/camera/front-end.js';
import { Random } from '../../../src/geometry/random.js';
import { depthOf, frameOf, pinhole, plane } from './scene.js';

const [W, H] = [640, 480];
/** Shares of what is wrong with pixels, of a hundred. */
const WRONG: readonly (readonly [number, number])[] = [
  [0, 20],
  [NaN, 5],
  [-1, 3],
  [Infinity, 7],
  [0.05, 10],
  [9, 15],
];

/** A plane at 2 m, in which each hundred pixels are wrong as {@link WRONG} says, in an order that fits no row. */
function spoiled(): Float32Array {
  const data = new Float32Array(W * H).fill(2);
  const values = WRONG.flatMap(([value, times]) => Array<number>(times).fill(value));
  for (let i = 0; i < data.length; i++) {
    const value = values[(i * 37 + Math.floor(i / W) * 11) % 100];
    if (value !== undefined) data[i] = value;
  }
  return data;
}

describe('pixels of depth images', () => {
  it('are counted by what is wrong with them, to a hundredth of all', () => {
    const out = noPixels();
    countUnusable({ width: W, height: H, data: spoiled(), scale: 1 }, [0.1, 8], out);
    const share = (n: number): number => (100 * n) / (W * H);
    expect(share(out.zero)).toBeCloseTo(20, -0.3);
    for (const [got, truth] of [
      [out.zero, 20],
      [out.invalid, 8],
      [out.noReturn, 7],
      [out.tooNear, 10],
      [out.tooFar, 15],
    ] as const)
      expect(Math.abs(share(got) - truth)).toBeLessThan(1);
    const words = Uint16Array.of(0, 50, 100, 8000, 8001, 2000);
    countUnusable({ width: 6, height: 1, data: words, scale: 0.001 }, [0.1, 8], out);
    expect(out).toMatchObject({ zero: 1, invalid: 0, noReturn: 0, tooNear: 1, tooFar: 1 });
  });

  it('are told with their causes, the largest first; small ones are left out', () => {
    const counts = { ...noPixels(), input: 1000, valid: 60, zero: 30, tooFar: 900, tooNear: 10 };
    expect(isPoor(counts)).toBe(true);
    expect(whyUnusable(counts)).toBe(
      '90 % lie beyond rgbd.maxRange, 3.0 % hold no depth (0 or NaN: too near, dark, shiny, or covered)',
    );
    expect(isPoor({ input: 1000, valid: 100 })).toBe(false);
  });

  it('are summed for each camera', () => {
    const points = { ...noPixels(), input: 1000, valid: 700, zero: 300 };
    const results = [
      { camera: 'front', points },
      { points: { input: 5, valid: 5 } }, // of a LiDAR
      { camera: 'front', points: { ...points, valid: 50, zero: 950 } },
      { camera: 'back', points },
    ];
    const [front, back] = depthQuality(results);
    expect(front).toMatchObject({ camera: 'front', frames: 2, poorFrames: 1 });
    expect(front!.pixels).toMatchObject({ input: 2000, valid: 750, zero: 1250 });
    expect(describeQuality(front!)).toMatch(
      /^38 % of the pixels usable; 63 % hold no depth .*; 1 of 2 frames below 10 %$/,
    );
    expect(describeQuality(back!)).not.toMatch(/frames/);
    const noisy = { ...noPixels(), input: 1000, valid: 900, zero: 100, flying: 860 };
    expect(describeQuality({ frames: 3, poorFrames: 3, pixels: noisy })).toMatch(
      /^4\.0 % of the pixels usable; 86 % lie between two depths or are too noisy, 10 % hold no depth/,
    );
    expect(isPoor(noisy)).toBe(true);
    expect(depthQuality([{ points: { input: 5, valid: 5 } }])).toEqual([]);
  });
});

describe('a camera front end', () => {
  let pool: KernelPool;
  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 1, memoryMiB: 256 });
  });
  afterAll(() => pool.close());
  const camera = pinhole(W, H);

  it('counts what became of the pixels, and says nothing of frames that are good enough', () => {
    const cameras = new CameraFrontEnd(pool);
    const { counts } = cameras.observe(frameOf(camera, spoiled()));
    expect(counts.input).toBe(W * H);
    expect(counts.valid).toBe(spoiled().reduce((n, z) => n + (z >= 0.1 && z <= 8 ? 1 : 0), 0));
    expect(Math.abs(counts.tooFar! / counts.input - 0.15)).toBeLessThan(0.01);
    expect(cameras.notices).toEqual([]);
  });

  it('counts pixels without a surface around them', () => {
    const cameras = new CameraFrontEnd(pool);
    // Half the bins of two by two pixels hang somewhere before the wall, each alone.
    const wall = depthOf(camera, plane([0, 0, 1], 3));
    const random = new Random(1);
    const off = Float32Array.from({ length: (W * H) / 4 }, () =>
      random.next() < 0.5 ? 0 : 2 * random.next(),
    );
    const flying = wall.map((z, i) => z - off[(Math.floor(i / W) >> 1) * (W / 2) + ((i % W) >> 1)]!);
    const good = cameras.observe(frameOf(camera, wall));
    expect(good.counts.flying! / good.counts.valid).toBeLessThan(0.03);
    const bad = cameras.observe(frameOf(camera, flying));
    expect(Math.abs(bad.counts.flying! / bad.counts.valid - 0.5)).toBeLessThan(0.1);
    // What hangs alone is not usable: the shares of an image are one whole.
    expect(Math.abs(usable(bad.counts) / bad.counts.input - 0.5)).toBeLessThan(0.1);
    for (const one of [good, bad]) one.release();
  });

  it('tells once of each camera that a frame can hardly be used, and why', () => {
    const cameras = new CameraFrontEnd(pool);
    const far = depthOf(camera, plane([0, 0, 1], 30));
    far.fill(2, 0, 4 * W);
    for (let k = 0; k < 3; k++) cameras.observe(frameOf(camera, far)).release();
    cameras.observe({ ...frameOf(camera, far), frameId: 'back' }).release();
    expect(cameras.notices).toHaveLength(2);
    expect(cameras.notices[0]).toBe(
      "Only 0.8 % of the pixels of a frame of camera 'camera' can be used: 99 % lie beyond rgbd.maxRange; such frames are hardly tracked or mapped.",
    );
  });
});
