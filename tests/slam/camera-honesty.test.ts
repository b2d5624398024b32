import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { Random } from '../../src/geometry/random.js';
import { identity, rotationAngle, translationNorm } from '../../src/geometry/se3.js';
import { CAMERA_ON_BODY, type RgbdFrame } from '../../src/sensors/camera/frame.js';
import { createSlam } from '../../src/slam/create.js';
import type { PoseEvent } from '../../src/slam/events.js';

// What a camera says of itself before planes: n · p = offset in the first camera's frame; it moves along x (optical).

type Plane = readonly [nx: number, ny: number, nz: number, offset: number];
const WALL: readonly Plane[] = [[0, 0, 1, 1]];
const WALL_AND_FLOOR: readonly Plane[] = [
  [0, 0, 1, 1.5],
  [0, 1, 0, 0.4],
];
const CORNER: readonly Plane[] = [
  [0.7, 0, 1, 1.5],
  [-0.7, 0, 1, 1.5],
  [0, 1, 0, 0.4],
];

const [WIDTH, HEIGHT, FOCAL] = [160, 120, 144];
const camera = {
  width: WIDTH,
  height: HEIGHT,
  fx: FOCAL,
  fy: FOCAL,
  cx: WIDTH / 2 - 0.5,
  cy: HEIGHT / 2 - 0.5,
  distortion: 'none' as const,
  coefficients: [],
};

/** Frame k at 30 Hz, the camera x metres to the right of where it began. */
function frame(k: number, x: number, planes: readonly Plane[], random: Random): RgbdFrame {
  const data = new Float32Array(WIDTH * HEIGHT).map((_, i) => {
    const a = ((i % WIDTH) - camera.cx) / FOCAL;
    const b = (Math.floor(i / WIDTH) - camera.cy) / FOCAL;
    const hits = planes.map(([nx, ny, nz, offset]) => (offset - nx * x) / (nx * a + ny * b + nz));
    const z = Math.min(...hits.filter((v) => v > 0));
    return z < 8 ? z + random.normal() * (0.0012 + 0.0019 * (z - 0.4) ** 2) : 0;
  });
  const stampNs = 1_700_000_000_000_000_000n + BigInt(Math.round((k * 1e9) / 30));
  const depth = { width: WIDTH, height: HEIGHT, data, scale: 1 };
  return { kind: 'rgbd', stampNs, frameId: 'camera', camera, depth, mount: CAMERA_ON_BODY };
}

const nothing = (seen: RgbdFrame): RgbdFrame => ({
  ...seen,
  depth: { ...seen.depth, data: new Float32Array(WIDTH * HEIGHT) },
});

async function watch(frames: readonly RgbdFrame[]): Promise<PoseEvent[]> {
  const set = ['sensor.kind=rgbd', 'engine=wasm', 'threads=1'];
  const slam = await createSlam(await loadConfig({ set, flags: {} }));
  const poses: PoseEvent[] = [];
  slam.listen((event) => event.type === 'pose' && poses.push(event));
  for (const one of frames) slam.process(one);
  await slam.close();
  return poses;
}

function moving(planes: readonly Plane[], count: number, speed: number): RgbdFrame[] {
  const random = new Random(3);
  return Array.from({ length: count }, (_, k) => frame(k, (speed * k) / 30, planes, random));
}

describe('a depth camera', () => {
  it('is never in doubt before a corner, and right to millimetres', async () => {
    const poses = await watch(moving(CORNER, 25, 0.2));
    expect(poses.map(({ state }) => state)).toEqual(poses.map(() => 'tracking'));
    // To the right is −y of the body.
    poses.forEach(({ pose }, k) => expect(Math.abs(pose[7]! + (0.2 * k) / 30)).toBeLessThan(0.005));
  });

  it.each([
    ['a bare wall', WALL],
    ['a wall and the floor', WALL_AND_FLOOR],
  ])('before %s is degraded, with a covariance that covers the way along it', async (_, planes) => {
    const poses = await watch(moving(planes, 25, 0.2));
    for (const { state, reason, pose } of poses.slice(5)) {
      expect(state).toBe('degraded');
      expect(reason).toMatch(/do not constrain/);
      expect(rotationAngle(pose)).toBeLessThan(0.02); // nothing is made up about the turns that it cannot see
      expect(Math.abs(pose[3]!)).toBeLessThan(0.01); // the distance is seen
    }
    const { pose, covariance } = poses.at(-1)!;
    const missed = Math.abs(pose[7]! + (0.2 * 24) / 30);
    expect(missed).toBeLessThan(3 * Math.sqrt(covariance[7]!));
  });

  it('that stands still before a wall stays there', async () => {
    const poses = await watch(moving(WALL, 60, 0));
    for (const { pose } of poses) expect(translationNorm(pose)).toBeLessThan(0.01);
  });

  it('is lost while its lens is covered, maps nothing, and finds its place when it sees again', async () => {
    const frames = moving(CORNER, 60, 0.1).map((one, k) => (k >= 15 && k < 45 ? nothing(one) : one));
    const poses = await watch(frames);
    expect(poses.slice(15, 45).map(({ state }) => state)).toEqual(Array(30).fill('lost'));
    expect(poses[15]!.reason).toMatch(/Only 0 places of \d+ pixels are usable: 100 % hold no depth/);
    for (const [k, { state, pose }] of poses.entries()) {
      if (k < 50) continue;
      expect(state).toBe('tracking');
      expect(Math.abs(pose[7]! + (0.1 * k) / 30)).toBeLessThan(0.01);
    }
  });

  it('that sees nothing at first begins its map with the first frame that shows something', async () => {
    const frames = moving(CORNER, 20, 0.1).map((one, k) => (k < 8 ? nothing(one) : one));
    const poses = await watch(frames);
    expect(poses[7]).toMatchObject({ state: 'lost', reason: expect.stringMatching(/0 places of/) as string });
    expect(poses.slice(8).map(({ state }) => state)).toEqual(Array(12).fill('tracking'));
  });

  it('that was carried off does not take another place for its own', async () => {
    const random = new Random(4);
    const elsewhere: readonly Plane[] = [[0.2, 0.3, 1, 0.6]];
    const frames = Array.from({ length: 40 }, (_, k) => frame(k, 0, k < 20 ? CORNER : elsewhere, random));
    const poses = await watch(frames);
    expect(poses[19]!.state).toBe('tracking');
    expect(poses.slice(20).filter(({ state }) => state === 'tracking')).toEqual([]);
  });

  it('that was covered before a bare wall has no place on it: it may have been moved along', async () => {
    const random = new Random(5);
    const frames = Array.from({ length: 50 }, (_, k) => {
      const seen = frame(k, k < 20 ? 0 : 0.15, WALL, random);
      return k >= 20 && k < 30 ? nothing(seen) : seen;
    });
    const poses = await watch(frames);
    expect(poses.slice(20).map(({ state }) => state)).toEqual(Array(30).fill('lost'));
  });

  it('is lost where it would have been thrown: farther in a frame than any hand moves it', async () => {
    const random = new Random(6);
    // 0.3 m nearer and 17° turned within a thirtieth of a second.
    const other: readonly Plane[] = [[0.3, 0, 1, 0.7]];
    const frames = Array.from({ length: 30 }, (_, k) => frame(k, 0, k < 20 ? WALL : other, random));
    const poses = await watch(frames);
    expect(poses.slice(20).map(({ state }) => state)).toEqual(Array(10).fill('lost'));
  });
});

describe('key frames a second apart before a wall and the floor', () => {
  /** Along the wall, metres: about 0.25 a step, as a robot drives that slows down and speeds up. */
  const ways = [0, 0.05, 0.28, 0.53, 0.8, 1.0, 1.24, 1.4, 1.68, 1.92];
  type Paint = (u: number, v: number) => number;
  /** Different everywhere, alike every 0.2 m. */
  const painted: Paint = (u, v) =>
    128 + 45 * Math.sin(9 * u + 2 * Math.sin(3.1 * u)) + 40 * Math.cos(7 * v - 4 * u + Math.sin(5 * u));
  const bricks: Paint = (u) => 128 + 60 * Math.sin((2 * Math.PI * u) / 0.2);

  const keyFrames = (paint: Paint): RgbdFrame[] => {
    const random = new Random(5);
    return ways.map((x, k) => {
      const one = frame(30 * k, x, WALL_AND_FLOOR, random);
      const data = new Uint8Array(3 * WIDTH * HEIGHT);
      for (let i = 0; i < WIDTH * HEIGHT; i++) {
        const a = ((i % WIDTH) - camera.cx) / FOCAL;
        const b = (Math.floor(i / WIDTH) - camera.cy) / FOCAL;
        const z = Math.min(1.5, b > 0 ? 0.4 / b : Infinity);
        data.fill(Math.max(0, Math.min(255, paint(x + a * z, z < 1.5 ? z + 3 : b * z))), 3 * i, 3 * i + 3);
      }
      const image = { width: WIDTH, height: HEIGHT, data };
      return { ...one, color: { image, camera, T_depth_color: identity(), delay: 0 } };
    });
  };
  const off = ({ pose }: PoseEvent, k: number): number => Math.abs(pose[7]! + ways[k]!);

  it('are found by colours that are alike nowhere else', async () => {
    const poses = await watch(keyFrames(painted));
    poses.forEach((event, k) => {
      if (k < 2) return;
      expect(event.state).toBe('tracking');
      expect(off(event, k)).toBeLessThan(0.02);
    });
  });

  it('are not tracked at a wrong place before a pattern that repeats, with the reason', async () => {
    const poses = await watch(keyFrames(bricks));
    for (const [k, event] of poses.entries())
      if (off(event, k) > 0.05) expect(event.state).not.toBe('tracking');
    expect(poses.some(({ reason }) => /colours do not tell it/.test(reason))).toBe(true);
  });
});
