import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import { openSavedMap } from '../../src/field/saved/saved-map.js';
import { compose, exp, inverse, translationNorm, type Pose } from '../../src/geometry/se3.js';
import { CAMERA_ON_BODY, type RgbdFrame } from '../../src/sensors/camera/frame.js';
import { createSlam } from '../../src/slam/create.js';
import type { PoseEvent } from '../../src/slam/events.js';
import type { Slam } from '../../src/slam/types.js';
import { bodyAt, frameAt, offSurface, scanAt } from './camera-room.js';

const configure = (...set: string[]): Promise<Config> =>
  loadConfig({
    set: [
      'engine=wasm',
      'threads=1',
      'map.memoryMiB=1100',
      'sensor.kind=lidar+rgbd',
      'sensor.maxRange=20',
      'sensor.minRange=0.1',
      'training.samplePoints=512',
      ...set,
    ],
  });

const mounted = (frame: RgbdFrame, off?: Pose): RgbdFrame => ({
  ...frame,
  mount: off ? compose(off, CAMERA_ON_BODY) : CAMERA_ON_BODY,
});
const covered = (frame: RgbdFrame): RgbdFrame => ({
  ...frame,
  depth: { ...frame.depth, data: new Float32Array(frame.depth.data.length) },
});

/** Of the body, against where it was at the first frame. */
const error = ({ pose, stampNs }: PoseEvent): number =>
  translationNorm(
    compose(inverse(compose(inverse(bodyAt(0)), bodyAt(Number(stampNs / 100_000_000n)))), pose),
  );

interface Run {
  readonly slam: Slam;
  readonly events: PoseEvent[];
}

async function start(config: Config, files?: Map<string, Uint8Array>): Promise<Run> {
  const slam = await createSlam(config, files);
  const events: PoseEvent[] = [];
  slam.listen((event) => event.type === 'pose' && events.push(event));
  return { slam, events };
}

describe('a LiDAR and a depth camera on one body', () => {
  const STEPS = 14;
  let config: Config;
  let both: Run;
  beforeAll(async () => {
    config = await configure();
    both = await start(config);
    for (let k = 0; k < STEPS; k++) {
      both.slam.process(scanAt(k));
      both.slam.process(k === 8 || k === 9 ? covered(mounted(frameAt(k))) : mounted(frameAt(k)));
    }
  }, 120_000);
  afterAll(() => both.slam.close());

  it('have one pose, to millimetres', () => {
    const moved = both.events.filter(({ state }) => state === 'tracking');
    expect(moved.length).toBeGreaterThan(2 * STEPS - 6);
    for (const event of moved)
      expect(error(event), `${event.sensor} at ${event.stampNs}`).toBeLessThan(0.006);
  });

  it('go on without a jump while the camera is covered, and say so', () => {
    const blind = both.events
      .filter(({ sensor, state }) => sensor === 'camera' && state !== 'tracking')
      .slice(-2);
    expect(blind.map(({ stampNs }) => Number(stampNs) / 1e8)).toEqual([8, 9]);
    for (const event of blind) {
      expect(event.state).toBe('degraded');
      expect(event.reason).toMatch(/carried on from the kind lidar/);
      expect(error(event)).toBeLessThan(0.02);
    }
  });

  it('make one mesh: fine and coloured where the camera looked, that of the LiDAR elsewhere, no surface twice', () => {
    const { positions, colors } = both.slam.mesh();
    const off: number[] = [];
    const cells = new Map<string, number[]>();
    for (let i = 0; i < positions.length; i += 3) {
      const p = [positions[i]!, positions[i + 1]!, positions[i + 2]!] as const;
      off.push(offSurface([...p]));
      const cell = p.map((v) => Math.floor(v / 0.05)).join();
      const coloured = colors![i] !== 128 || colors![i + 1] !== 128;
      cells.set(cell, [...(cells.get(cell) ?? []), coloured ? 1 : 0]);
    }
    off.sort((a, b) => a - b);
    expect(off[Math.floor(0.9 * off.length)]!).toBeLessThan(0.01);
    const shares = [...cells.values()].map((of) => of.reduce((sum, v) => sum + v, 0) / of.length);
    const grey = shares.filter((share) => share === 0).length;
    const full = shares.filter((share) => share === 1).length;
    expect(grey).toBeGreaterThan(200);
    expect(full).toBeGreaterThan(100);
    // Cells with both lie along the seam only.
    expect(shares.length - grey - full).toBeLessThan(0.25 * full);
  });

  it('is saved with both grids and gone on in by both', async () => {
    const files = both.slam.save();
    const saved = openSavedMap(files);
    expect(saved.sensor).toBe('lidar+rgbd');
    expect(saved.submaps[0]!.grids.map(({ spec }) => spec.voxel)).toEqual(
      [0.03, 0.02].map((v) => expect.closeTo(v, 6)),
    );
    const again = await start(config, files);
    const triangles = (slam: Slam): number => slam.mesh().indices.length;
    expect(Math.abs(triangles(again.slam) / triangles(both.slam) - 1)).toBeLessThan(0.02);
    for (let k = STEPS; k < STEPS + 4; k++) {
      again.slam.process(mounted(frameAt(k)));
      again.slam.process(scanAt(k));
    }
    const [first] = again.events;
    expect(first!.reason).toMatch(/Waits for the next measurement of the kind lidar/);
    for (const event of again.events.slice(-3)) {
      expect(event.state, event.reason).toBe('tracking');
      expect(error(event)).toBeLessThan(0.02);
    }
    await again.slam.close();
    await expect(createSlam(await configure('sensor.kind=lidar'), files)).rejects.toThrow(/lidar\+rgbd/);
  }, 60_000);
});

it('a camera goes on where the LiDAR is unplugged, without a jump', async () => {
  const { slam, events } = await start(await configure());
  for (let k = 0; k < 12; k++) {
    if (k < 5) slam.process(scanAt(k));
    slam.process(mounted(frameAt(k)));
  }
  for (const event of events.slice(-7)) {
    expect(event.state, event.reason).toBe('tracking');
    expect(error(event)).toBeLessThan(0.006);
  }
  await slam.close();
}, 60_000);

it('a camera whose grid drifts is brought back by the LiDAR', async () => {
  const { slam, events } = await start(await configure('mesh.blocksPerScan=0', 'rgbd.mountSigmaLinear=0'));
  // What it sees is 1.5 % farther along the way: after 40 frames 7 mm and 12 mrad.
  const steps = 40;
  for (let k = 0; k < steps; k++) {
    slam.process(mounted(frameAt(1.015 * k, k)));
    slam.process(scanAt(k));
  }
  const drifted = translationNorm(compose(inverse(bodyAt(steps)), bodyAt(1.015 * steps)));
  const last = events.slice(-16).map(error);
  expect(last.reduce((sum, v) => sum + v, 0) / last.length).toBeLessThan(0.8 * drifted);
  await slam.close();
}, 90_000);

it('a camera that is mounted elsewhere than it is said to be is found out and corrected', async () => {
  const off = exp([0.02, -0.015, 0.02, 0.008, 0.015, -0.01]);
  const { slam, events } = await start(await configure('mesh.blocksPerScan=0'));
  for (let k = 0; k < 40; k++) {
    slam.process(scanAt(k));
    slam.process(mounted(frameAt(k), off));
  }
  expect(slam.warnings!.join()).toMatch(/The mount of 'camera' on the body is off by \d+ mm and/);
  const last = events.slice(-4).map(error);
  for (const metres of last) expect(metres).toBeLessThan(0.02);
  await slam.close();
}, 90_000);

it('a camera that nobody placed beside a LiDAR is refused by name', async () => {
  const { slam } = await start(await configure());
  slam.process(scanAt(0));
  expect(() => slam.process(frameAt(0))).toThrow(/where camera 'camera' is on the body.*tf_static/);
  await slam.close();
});
