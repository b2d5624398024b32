import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, identity, inverse, transformPoint, type Pose } from '../../../src/geometry/se3.js';
import { CAMERA_ON_BODY } from '../../../src/sensors/camera/frame.js';
import type { TouchMeasurement } from '../../../src/sensors/tactile/touch.js';
import { createSlam } from '../../../src/slam/create.js';
import type { Slam } from '../../../src/slam/types.js';
import { bodyAt, frameAt, scanAt } from '../camera-room.js';
import { above, feel, rolling, wrong } from './felt.js';
import { BALL, configureRoom, pressedFrom, touchOf } from './felt-room.js';

const config = loadConfig({
  set: ['engine=wasm', 'threads=1', 'map.memoryMiB=900', 'sensor.kind=touch'],
});

let slam: Slam;
afterEach(() => slam.close());

/** Touches of a rolling floor side by side, a third of a gel apart, each where the arm errs in its own way. */
function touches(): { readonly felt: TouchMeasurement; readonly truth: Pose }[] {
  const random = new Random('together');
  return Array.from({ length: 30 }, (_, k) => {
    const truth = above(0.006 * (k % 6), 0.005 * Math.floor(k / 6), 0.001);
    const image = feel(rolling, truth, random);
    const stampNs = BigInt(k + 1) * 100_000_000n;
    return { felt: { ...image, stampNs, mount: wrong(truth, random) }, truth };
  });
}

/** Root mean square of the distance of what was felt from the true surface, by poses (m). */
function surfaceError(of: readonly { felt: TouchMeasurement }[], poses: readonly Pose[]): number {
  let [sum, count] = [0, 0];
  of.forEach(({ felt }, k) => {
    if (felt.kind !== 'touch-image') return;
    for (let i = 0; i < felt.depth.length; i++) {
      if (felt.contact[i] === 0) continue;
      const x = ((i % felt.width) - (felt.width - 1) / 2) * felt.pitch;
      const y = (Math.floor(i / felt.width) - (felt.height - 1) / 2) * felt.pitch;
      sum += rolling(...transformPoint(poses[k]!, x, y, -felt.depth[i]!)) ** 2;
      count++;
    }
  });
  return Math.sqrt(sum / count);
}

describe('a contact that slides through the loop', () => {
  /** A floor in waves, a step of 2 mm each 0.1 s; the arm errs by 2 mm, and by 0.3 mm more with each step. */
  function slide(frame: (k: number) => string) {
    const random = new Random('slide');
    const truth = Array.from({ length: 10 }, (_, k) => above(0.002 * k, 0.001 * k, 0.001));
    let error = compose(inverse(truth[0]!), wrong(truth[0]!, random));
    return truth.map((T, k) => {
      const stampNs = BigInt(k + 1) * 100_000_000n;
      const felt = { ...feel(rolling, T, random), stampNs, frameId: frame(k), mount: compose(T, error) };
      error = compose(error, exp([0, 1, 2].map(() => 3e-4 * random.normal()).concat(0, 0, 0)));
      return { felt, truth: T };
    });
  }
  const height = (all: ReturnType<typeof slide>, poses: readonly Pose[]): number => {
    const off = poses.map((T, k) => compose(inverse(poses[0]!), T)[11]! - compose(inverse(all[0]!.truth), all[k]!.truth)[11]!); // prettier-ignore
    return Math.sqrt(off.reduce((sum, v) => sum + v * v, 0) / off.length);
  };

  it('is followed as it comes; a touch of another sensor begins a contact of its own', async () => {
    slam = await createSlam(await config);
    const all = slide(() => 'gel');
    const results = all.map(({ felt }) => slam.process(felt));
    expect(results.slice(1).map(({ touch }) => touch!.state)).toEqual(new Array(9).fill('sliding'));
    const poses = results.map(({ pose }) => pose);
    expect(height(all, poses)).toBeLessThan(0.5 * height(all, all.map(({ felt }) => felt.mount))); // prettier-ignore
    expect(slam.settle!()).toHaveLength(10);
    await slam.close();
    slam = await createSlam(await config);
    const apart = slide((k) => `gel ${k}`).map(({ felt }) => slam.process(felt).touch!.state);
    expect(apart.filter((state) => state === 'sliding').length).toBeLessThan(9);
  }, 60_000);
});

describe('touches of a map by touch alone', () => {
  it('are found together when no more come, and fused anew where they are', async () => {
    slam = await createSlam(await config);
    const all = touches();
    const poses = all.map(({ felt }) => slam.process(felt).pose);
    const arm = surfaceError(all, all.map(({ felt }) => felt.mount!)); // prettier-ignore
    const live = surfaceError(all, poses);
    expect(live).toBeLessThan(0.8 * arm);
    const meshError = (): number => {
      const { positions } = slam.mesh();
      expect(positions.length).toBeGreaterThan(3000);
      const d = Array.from({ length: positions.length / 3 }, (_, i) =>
        rolling(positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!),
      );
      // Where it lies as a whole nobody knows better than the arm.
      const mean = d.reduce((total, v) => total + v, 0) / d.length;
      return Math.sqrt(d.reduce((total, v) => total + (v - mean) ** 2, 0) / d.length);
    };
    const rough = meshError();
    const moved = slam.settle!()!;
    expect(moved.map(({ index }) => index)).toEqual(all.map((_, k) => k));
    for (const { index, pose } of moved) poses[index] = pose;
    expect(surfaceError(all, all.map(({ truth }) => truth))).toBeLessThan(1e-4); // prettier-ignore
    expect(surfaceError(all, poses)).toBeLessThan(0.7 * arm);
    expect(meshError()).toBeLessThan(0.9 * rough);
  }, 60_000);

  it('are found in pieces as at once, and only if others came since', async () => {
    const run = async (until: () => boolean) => {
      const one = await createSlam(await config);
      for (const { felt } of touches()) one.process(felt);
      let pieces = 1;
      let moved = one.settle!(until);
      for (; !moved; moved = one.settle!(until)) pieces++;
      expect(one.settle!(until)).toEqual([]);
      const saved = one.save();
      await one.close();
      return { moved, pieces, saved };
    };
    const [once, many] = [await run(() => false), await run(() => true)];
    expect(once.pieces).toBe(1);
    expect(many.pieces).toBeGreaterThan(100);
    expect(many.moved).toEqual(once.moved);
    expect(Object.fromEntries(many.saved)).toEqual(Object.fromEntries(once.saved));
    slam = await createSlam(await config);
  }, 60_000);

  it('a single one that no other overlaps is left out until others do', async () => {
    slam = await createSlam(await config);
    const random = new Random('alone');
    const at = (x: number, k: number) => {
      const truth = above(x, 0, 0.001);
      const stampNs = BigInt(k) * 100_000_000n;
      return { ...feel(rolling, truth, random), stampNs, mount: wrong(truth, random) };
    };
    const there = (): number => slam.mesh().positions.filter((v, i) => i % 3 === 0 && v > 0.09).length;
    for (const { felt } of touches()) slam.process(felt);
    slam.process(at(0.1, 40));
    expect(there()).toBeGreaterThan(50);
    slam.settle!();
    expect(there()).toBe(0);
    expect(slam.mesh().positions.length).toBeGreaterThan(3000);
    const told = (): readonly string[] =>
      slam.warnings!.filter((one) => one.includes('overlap others too little'));
    expect(told()).toHaveLength(1);
    expect(told()[0]).toMatch(/^1 of 31 touches/);
    for (let k = 0; k < 3; k++) slam.process(at(0.097 + 0.003 * k, 50 + k));
    slam.settle!();
    expect(there()).toBeGreaterThan(50);
    expect(told()).toHaveLength(1);
  }, 60_000);

  it('stay where nothing overlaps, and where points were felt as well', async () => {
    slam = await createSlam(await config);
    const far = touches().slice(0, 2).map(({ felt }, k) => ({ ...felt, mount: above(0.1 * k, 0, 0.001) })); // prettier-ignore
    for (const felt of far) slam.process(felt);
    expect(slam.settle!()).toEqual([]);
    const points = Float32Array.of(0, 0, 0, 0.001, 0, 0);
    const stampNs = 90_000_000_000n;
    const about = { kind: 'touch-points', stampNs, frameId: 'feeler', sigma: 1e-3 } as const;
    slam.process({ ...about, points, mount: identity() });
    for (const { felt } of touches()) slam.process({ ...felt, stampNs: felt.stampNs + stampNs });
    const triangles = slam.mesh().indices.length;
    expect(slam.settle!()).toEqual([]);
    expect(slam.mesh().indices.length).toBe(triangles);
  }, 60_000);
});

describe('touches beside a LiDAR and a depth camera', () => {
  /** Root mean square of the distance of what was felt from the ball, by poses in the frame of the first body (m). */
  function off(felt: readonly TouchMeasurement[], poses: readonly Pose[]): number {
    let [sum, count] = [0, 0];
    felt.forEach((touch, k) => {
      if (touch.kind !== 'touch-image') return;
      const T_room_gel = compose(bodyAt(0), poses[k]!);
      const { width, height, pitch, depth, contact } = touch;
      contact.forEach((touched, i) => {
        if (touched === 0) return;
        const [u, v] = [(i % width) - (width - 1) / 2, Math.floor(i / width) - (height - 1) / 2];
        sum += BALL(...transformPoint(T_room_gel, u * pitch, v * pitch, -depth[i]!)) ** 2;
        count++;
      });
    });
    return Math.sqrt(sum / count);
  }

  it('are found together as well, and the other grids stay as they are', async () => {
    slam = await createSlam(await configureRoom('lidar+rgbd+touch'));
    for (let k = 0; k < 8; k++) {
      slam.process(scanAt(k));
      slam.process({ ...frameAt(k), mount: CAMERA_ON_BODY });
    }
    const random = new Random('beside');
    const felt = Array.from({ length: 25 }, (_, k) => {
      const truth = pressedFrom(Math.PI + 0.035 * (k % 5), 0.45 + 0.03 * Math.floor(k / 5));
      return touchOf(7, truth, compose(inverse(truth), wrong(truth, random)));
    });
    const results = felt.map((touch) => slam.process(touch));
    const poses = results.map(({ pose }) => pose);
    const arm = off(felt, results.map(({ touch }) => touch!.predicted)); // prettier-ignore
    const live = off(felt, poses);
    const others = () => slam.view!.meshChanges(0).blocks.filter(({ scale }) => scale === 1).length;
    slam.mesh();
    const before = others();
    const moved = slam.settle!()!;
    expect(moved).toHaveLength(felt.length);
    for (const { index, pose } of moved) poses[results.findIndex((one) => one.index === index)] = pose;
    expect(off(felt, poses)).toBeLessThan(0.6 * Math.min(arm, live));
    slam.mesh();
    expect(Math.abs(others() - before)).toBeLessThan(0.02 * before);
  }, 120_000);
});
