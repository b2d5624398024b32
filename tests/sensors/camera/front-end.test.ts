import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { FeltmapError } from '../../../src/geometry/errors.js';
import { Random } from '../../../src/geometry/random.js';
import { exp, identity } from '../../../src/geometry/se3.js';
import { CameraFrontEnd } from '../../../src/sensors/camera/front-end.js';
import { CAMERA_ON_BODY, type RgbdFrame } from '../../../src/sensors/camera/frame.js';
import type { Observation } from '../../../src/sensors/observation.js';
import { depthOf, frameOf, pinhole, plane } from './scene.js';

let pool: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 2, memoryMiB: 512 });
});
afterAll(() => pool.close());

const WALL = plane([0.1, 0.2, 1], 1.5);

/** A noisy wall with holes, in colour. */
function noisy(width: number, height: number, seed: number): RgbdFrame {
  const camera = pinhole(width, height);
  const random = new Random(seed);
  const data = depthOf(camera, WALL, (z) => (random.next() < 0.1 ? 0 : z + 0.003 * random.normal()));
  const image = Uint8Array.from({ length: 3 * width * height }, () => 256 * random.next());
  return {
    ...frameOf(camera, data),
    color: { image: { width, height, data: image }, camera, T_depth_color: identity(), delay: 0 },
  };
}

/** All numbers of an observation. */
function bytesOf({ grid, surface }: Observation): Uint8Array[] {
  const g = grid!;
  const s = surface;
  return [
    ...[g.z, g.nx, g.ny, g.nz, g.information, g.color!],
    ...[s.x, s.y, s.z, s.nx, s.ny, s.nz, s.tau, s.quality, s.flags, s.information!, s.grey!, s.keypoints],
  ].map((a) => new Uint8Array(a.buffer, a.byteOffset, a.byteLength).slice());
}

/** Whether an observation holds these numbers; `toEqual` takes minutes for it. */
const holds = (observation: Observation, numbers: readonly Uint8Array[]): boolean =>
  bytesOf(observation).every((bytes, k) => Buffer.compare(bytes, numbers[k]!) === 0);

describe('CameraFrontEnd', () => {
  it('describes what it observed', () => {
    const cameras = new CameraFrontEnd(pool);
    const mount = exp([1, 2, 3, 0.1, 0.2, 0.3]);
    const mountTwist = Float64Array.of(0, 0, 0, 0, 0.5, 0);
    const frame = { ...noisy(64, 48, 1), stampNs: 500n, clockShiftNs: 300n };
    const o = cameras.observe(frame, { sensor: 'front', T_body_sensor: mount, mountTwist });
    expect(o).toMatchObject({ sensor: 'front', stampNs: 200n, clockShiftNs: 300n, frameId: 'camera' });
    expect(o).toMatchObject({ motion: 'rigid', rays: 'from-sensor', T_body_sensor: mount, mountTwist });
    const before = bytesOf(o);
    o.undistort(Float64Array.of(9, 0, 0, 0, 0, 3));
    expect(holds(o, before)).toBe(true);
    o.release();
    o.release();
    expect(cameras.free).toBe(3);
    expect(() => o.complete()).toThrow('released');
    const placed = cameras.observe({ ...frame, mount });
    expect(placed).toMatchObject({ sensor: 'camera', T_body_sensor: mount });
    placed.release();
    const plain = cameras.observe(frame);
    expect(plain.T_body_sensor).toEqual(CAMERA_ON_BODY);
    plain.release();
  });

  it('has a grid with the intrinsics of the pixels it is made of', () => {
    const cameras = new CameraFrontEnd(pool);
    const sizes = [
      [640, 480, 2],
      [1280, 720, 4],
      [320, 240, 1],
      [848, 480, 3],
    ] as const;
    for (const [width, height, factor] of sizes) {
      const camera = pinhole(width, height);
      const o = cameras.observe(frameOf(camera, depthOf(camera, WALL)));
      const { grid, counts } = o;
      expect([grid!.width, grid!.height]).toEqual([Math.floor(width / factor), height / factor]);
      // Source column 0 … factor − 1 around its mean.
      const ray = ((factor - 1) / 2 - camera.cx) / camera.fx;
      expect(-grid!.cx / grid!.fx).toBeCloseTo(ray, 12);
      expect(grid!.z[0]).toBeCloseTo(WALL(ray, ((factor - 1) / 2 - camera.cy) / camera.fy), 4);
      expect(counts.input).toBe(width * height);
      o.release();
    }
  });

  it('weighs by σ(z) = a + b·(z − z0)², and knows nothing out of range', () => {
    const cameras = new CameraFrontEnd(pool, { minRange: 0.4, maxRange: 5 });
    const camera = pinhole(32, 24);
    const depths = [0, NaN, Infinity, -1, 0.39, 0.5, 1, 2, 4.9, 5.1];
    const data = depthOf(
      camera,
      (u) => u,
      (_, x, y) => depths[Math.floor((y * 32 + x) / 8) % 10]!,
    );
    const { grid, counts } = cameras.observe(frameOf(camera, data));
    const sigma = (z: number) => 0.0012 + 0.0019 * (z - 0.4) ** 2;
    data.forEach((z, i) => {
      const known = z >= 0.4 && z <= 5;
      expect(grid!.z[i]).toBe(known ? z : 0);
      expect(grid!.information[i]).toBeCloseTo(known ? (sigma(1) / sigma(z)) ** 2 : 0, 4);
    });
    expect(counts).toMatchObject({ input: 768, valid: data.filter((z) => z >= 0.4 && z <= 5).length });
  });

  it('measures how noise grows where nobody says it, from the first image on, and tells it once', () => {
    const camera = pinhole(640, 480);
    const b = 0.01;
    const seen = (seed: number) => {
      const random = new Random(seed);
      const wall = plane([0.5, 0, 1], 2.7);
      // Alike in four neighbours, as block matching makes it: binning does not average it away.
      const noise = Float64Array.from({ length: 320 * 240 }, () => random.normal());
      return frameOf(
        camera,
        depthOf(
          camera,
          wall,
          (z, x, y) => z + (0.0012 + b * (z - 0.4) ** 2) * noise[(y >> 1) * 320 + (x >> 1)]!,
        ),
      );
    };
    /** The information at pixel `i`, whose depth is `z`, gives the growth away: σ(1)²/σ(z)². */
    const growthOf = (o: Observation): number => {
      const i = 120 * 320 + 40;
      const z = o.grid!.z[i]!;
      const ratio = 1 / Math.sqrt(o.grid!.information[i]!);
      o.release();
      return (0.0012 * (ratio - 1)) / ((z - 0.4) ** 2 - ratio * 0.36);
    };
    const measuring = new CameraFrontEnd(pool, { noise: { a: 0.0012, z0: 0.4 } });
    for (let seed = 0; seed < 12; seed++)
      expect(growthOf(measuring.observe(seen(seed))) / b).toBeCloseTo(1, 1);
    expect(measuring.notices).toEqual([
      expect.stringMatching(/'camera' scatters more than usual: σ\(z\) = 1\.2 mm \+ (9\.\d|10\.\d) mm/),
    ]);
    const given = new CameraFrontEnd(pool, { noise: { a: 0.0012, b: 0.003, z0: 0.4 } });
    expect(growthOf(given.observe(seen(0)))).toBeCloseTo(0.003, 5);
    expect(given.notices).toEqual([]);
  });

  it('reads millimetres as it reads metres', () => {
    const cameras = new CameraFrontEnd(pool);
    const camera = pinhole(160, 120);
    const mm = Uint16Array.from(depthOf(camera, WALL), (z) => Math.round(1000 * z));
    const a = cameras.observe(frameOf(camera, mm, 0.001)).grid!;
    const b = cameras.observe(
      frameOf(
        camera,
        Float32Array.from(mm, (v) => Math.fround(v * Math.fround(0.001))),
      ),
    );
    expect([...a.z]).toEqual([...b.grid!.z]);
    expect([...a.nx]).toEqual([...b.grid!.nx]);
  });

  it('samples every second pixel and registers evenly spread ones', () => {
    const cameras = new CameraFrontEnd(pool, { trackPoints: 600 });
    const { grid, surface } = cameras.observe(noisy(640, 480, 2));
    expect(surface.count).toBeGreaterThan(18_000);
    expect(surface.count).toBeLessThanOrEqual(19_200);
    expect(surface.keypoints.length).toBe(600);
    expect(new Set(surface.keypoints).size).toBe(600);
    const cells = new Float64Array(12);
    for (const i of surface.keypoints) {
      expect(Math.hypot(surface.nx[i]!, surface.ny[i]!, surface.nz[i]!)).toBeCloseTo(1, 5);
      const u = (surface.x[i]! / surface.z[i]!) * grid!.fx + grid!.cx;
      const v = (surface.y[i]! / surface.z[i]!) * grid!.fy + grid!.cy;
      cells[4 * Math.floor(v / 80) + Math.floor(u / 80)]!++;
      const at = Math.round(v) * grid!.width + Math.round(u);
      expect([surface.z[i], surface.information![i], surface.nx[i]]).toEqual([
        grid!.z[at],
        grid!.information[at],
        grid!.nx[at],
      ]);
    }
    cells.forEach((n) => expect(Math.abs(n - 50)).toBeLessThan(8));
  });

  it('keeps to the largest number of samples', () => {
    const cameras = new CameraFrontEnd(pool, { maxMapPoints: 3000 });
    const { surface } = cameras.observe(noisy(640, 480, 2));
    expect(surface.count).toBeLessThanOrEqual(3000);
    expect(surface.count).toBeGreaterThan(2000);
  });

  it('gives the same bytes with one thread and with two, whatever came before', async () => {
    const alone = await KernelPool.create({ threads: 1, memoryMiB: 256 });
    const [one, two] = [new CameraFrontEnd(alone), new CameraFrontEnd(pool)];
    two.observe(noisy(1280, 960, 9)).release();
    for (const [width, height, seed] of [
      [640, 480, 3],
      [130, 77, 4],
    ] as const) {
      const [a, b] = [one, two].map((c) => c.observe(noisy(width, height, seed)));
      a!.complete();
      b!.complete();
      expect(holds(a!, bytesOf(b!))).toBe(true);
    }
    await alone.close();
  });

  it('keeps several alive, of cameras of different sizes in turn', () => {
    const cameras = new CameraFrontEnd(pool, { slots: 3 });
    const frames = [noisy(320, 240, 5), noisy(640, 480, 6), noisy(64, 48, 7)];
    const seen = frames.map((frame) => cameras.observe(frame));
    seen.forEach((o) => o.complete());
    const kept = seen.map(bytesOf);
    expect(() => cameras.observe(frames[0]!)).toThrow('release an observation');
    seen[0]!.release();
    for (let k = 0; k < 4; k++) {
      const o = cameras.observe(frames[k % 3]!);
      o.complete();
      expect(holds(o, kept[k % 3]!)).toBe(true);
      o.release();
    }
    expect(holds(seen[1]!, kept[1]!)).toBe(true);
    expect(holds(seen[2]!, kept[2]!)).toBe(true);
  });

  it('takes images of one pixel, of one row, and without any depth', () => {
    const cameras = new CameraFrontEnd(pool);
    for (const [width, height] of [
      [1, 1],
      [1, 50],
      [700, 1],
      [3, 3],
    ] as const) {
      const o = cameras.observe(noisy(width, height, 1));
      o.complete();
      expect(o.counts.input).toBe(width * height);
      o.release();
    }
    const camera = pinhole(64, 48);
    const o = cameras.observe(frameOf(camera, new Uint16Array(64 * 48), 0.001));
    expect(o.counts).toMatchObject({ input: 3072, valid: 0, zero: 3072 });
    expect([o.surface.count, o.surface.keypoints.length]).toEqual([0, 0]);
  });
});

describe('frames that contradict themselves', () => {
  const good = noisy(64, 48, 1);
  const color = good.color!;
  const camera = good.camera;
  const cases: [string, RgbdFrame, string][] = [
    [
      'too little depth',
      { ...good, depth: { ...good.depth, data: new Float32Array(10) } },
      'brings 10 numbers',
    ],
    ['no depth', { ...good, depth: { ...good.depth, width: 0 } }, 'at least one'],
    ['no scale', { ...good, depth: { ...good.depth, scale: NaN } }, 'positive scale'],
    ['no focal length', { ...good, camera: { ...camera, fx: 0 } }, 'focal lengths 0'],
    ['a wild centre', { ...good, camera: { ...camera, cy: NaN } }, 'centre'],
    ['a wild lens', { ...good, camera: { ...camera, coefficients: [NaN] } }, 'calibration'],
    ['another calibration', { ...good, camera: { ...camera, width: 100 } }, 'calibration is of 100×48'],
    [
      'a short colour image',
      { ...good, color: { ...color, image: { ...color.image, data: new Uint8Array(5) } } },
      'brings 5 numbers',
    ],
    [
      'a colour camera nowhere',
      { ...good, color: { ...color, T_depth_color: new Float64Array(12).fill(NaN) } },
      'not finite',
    ],
    ['too much', { ...good, depth: { ...good.depth, width: 1e5, height: 1e5 } }, 'smaller images'],
  ];
  it.each(cases)('%s is refused with one sentence, and nothing is held', (_, frame, text) => {
    const cameras = new CameraFrontEnd(pool);
    const attempt = () => cameras.observe(frame);
    expect(attempt).toThrow(FeltmapError);
    expect(attempt).toThrow(text);
    expect(cameras.free).toBe(3);
  });

  it('scales a calibration of another size by a whole factor, and says so once', () => {
    const cameras = new CameraFrontEnd(pool);
    const double = { ...pinhole(128, 96), cx: 2 * (camera.cx + 0.5) - 0.5, cy: 2 * (camera.cy + 0.5) - 0.5 };
    const [a, b] = [good, { ...good, camera: double }].map((frame) => cameras.observe(frame).grid!);
    expect(b!.fx).toBeCloseTo(a!.fx, 10);
    expect(b!.cx).toBeCloseTo(a!.cx, 10);
    expect(cameras.notices).toEqual([expect.stringContaining('scaled to fit')]);
  });

  it.each([
    [{ minRange: 0 }, 'ranges'],
    [{ noise: { a: 0, b: 1, z0: 0 } }, 'noise'],
    [{ mapStride: 1.5 }, 'mapStride'],
    [{ trackPoints: 0 }, 'no points'],
    [{ gridWidth: 1 }, 'gridWidth'],
  ])('options %j are refused', (options, text) => {
    expect(() => new CameraFrontEnd(pool, options)).toThrow(text);
  });
});
