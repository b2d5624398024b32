import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import { loadConfig } from '../../src/config/load.js';
import { Random } from '../../src/geometry/random.js';
import {
  compose,
  exp,
  inverse,
  rotationAngle,
  transformPoint,
  translationNorm,
  type Pose,
} from '../../src/geometry/se3.js';
import { LidarFrontEnd } from '../../src/sensors/lidar/front-end.js';
import type { Observation } from '../../src/sensors/observation.js';
import { makeLoop, type Loop } from '../../src/slam/loop.js';
import type { PoseEvent } from '../../src/slam/events.js';
import { OPTIONS, place, type Cloud } from '../field/helpers.js';
import { makeField, type TestField } from '../field/test-field.js';

// The seam for new sensors: a front end that no source file knows of, and the pipeline as it is.

type Vec = [number, number, number];
const HALF: Vec = [2.4, 1.9, 1.3];
/** A box on the floor, so that no motion leaves the room unchanged. */
const BOX = { min: [0.9, 0.5, -1.3] as Vec, max: [1.5, 1.2, -0.4] as Vec };

/** Distance along a ray (from inside the room) to the nearest surface. */
function cast(from: Vec, d: Vec): number {
  let far = Infinity;
  for (let k = 0; k < 3; k++) if (d[k]) far = Math.min(far, (Math.sign(d[k]!) * HALF[k]! - from[k]!) / d[k]!);
  let [enter, leave] = [0, Infinity];
  for (let k = 0; k < 3; k++) {
    const [a, b] = [(BOX.min[k]! - from[k]!) / d[k]!, (BOX.max[k]! - from[k]!) / d[k]!];
    [enter, leave] = [Math.max(enter, Math.min(a, b)), Math.min(leave, Math.max(a, b))];
  }
  return enter > 0 && enter < leave ? Math.min(far, enter) : far;
}

/** Distance of a point from the surfaces of room and box. */
function distance(p: Vec): number {
  const walls = Math.min(...[0, 1, 2].map((k) => Math.abs(HALF[k]! - Math.abs(p[k]!))));
  const outside = [0, 1, 2].map((k) => Math.max(BOX.min[k]! - p[k]!, p[k]! - BOX.max[k]!));
  const box =
    Math.max(...outside) > 0 ? Math.hypot(...outside.map((v) => Math.max(0, v))) : -Math.max(...outside);
  return Math.min(walls, box);
}

const [WIDTH, HEIGHT, FOCAL] = [128, 96, 64];
const pixel = (u: number, v: number): Vec => [
  (u - WIDTH / 2 + 0.5) / FOCAL,
  (v - HEIGHT / 2 + 0.5) / FOCAL,
  1,
];

/** A depth image as an RGB-D camera without colour gives it: metres along z, optical axes (REP-103). */
function depthImage(T_room_camera: Pose, random: Random): Float32Array {
  const from = transformPoint(T_room_camera, 0, 0, 0);
  return Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
    const tip = transformPoint(T_room_camera, ...pixel(i % WIDTH, Math.floor(i / WIDTH)));
    return cast(from, [tip[0] - from[0], tip[1] - from[1], tip[2] - from[2]]) + 0.002 * random.normal();
  });
}

/** The front end of a rigid depth frame: end points, normals from neighbours in the image, every fifth registered. */
function observe(
  pool: KernelPool,
  depth: Float32Array,
  at: { stampNs: bigint; T_body_sensor: Pose; up: Vec; sensor?: string },
): Observation {
  const cloud: Cloud = { points: [], normals: [], qualities: [], taus: [], ground: [], up: at.up };
  const point = (u: number, v: number): Vec => pixel(u, v).map((k) => k * depth[v * WIDTH + u]!) as Vec;
  const STEP = 3;
  for (let v = STEP; v < HEIGHT - STEP; v++)
    for (let u = STEP; u < WIDTH - STEP; u++) {
      const [p, l, r, t, b] = [
        point(u, v),
        point(u - STEP, v),
        point(u + STEP, v),
        point(u, v - STEP),
        point(u, v + STEP),
      ];
      // An edge or a crease: the middle of the neighbours is not where the point is.
      const bend = (a: Vec, c: Vec): number => Math.hypot(...p.map((x, k) => (a[k]! + c[k]!) / 2 - x));
      if (bend(l, r) > 0.012 || bend(t, b) > 0.012) continue;
      const [x, y] = [r.map((w, k) => w - l[k]!) as Vec, b.map((w, k) => w - t[k]!) as Vec];
      const n: Vec = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
      const towards = n[0] * p[0] + n[1] * p[1] + n[2] * p[2] > 0 ? -1 : 1;
      const length = Math.hypot(...n);
      cloud.points.push(p);
      cloud.normals.push(n.map((w) => (towards * w) / length) as Vec);
      cloud.qualities.push(0.9);
      cloud.taus.push(0);
      cloud.ground.push(false);
    }
  const { points: surface } = place(pool.memory, cloud, 5);
  return {
    sensor: at.sensor ?? 'depth',
    stampNs: at.stampNs,
    frameId: 'camera',
    T_body_sensor: at.T_body_sensor,
    surface,
    rays: 'from-sensor',
    view: 'ahead',
    sampling: 'dense',
    motion: 'rigid',
    counts: { input: WIDTH * HEIGHT, valid: surface.count },
    undistort: () => undefined,
    complete: () => undefined,
    release: () => undefined,
  };
}

/** T_body_optical: a camera ahead of the body's origin and above it, tilted downward a little. */
const OPTICAL = Float64Array.of(0, 0, 1, 0, -1, 0, 0, 0, 0, -1, 0, 0);
const CAMERA = compose(exp([0.2, -0.05, 0.3, 0, 0.15, 0]), OPTICAL);
/** Another one that looks to the left of it; half of what they see is the same. */
const SIDE = compose(exp([0.1, 0.15, 0.3, 0, 0.1, 0.7]), OPTICAL);
/** A LiDAR on top. */
const LIDAR = exp([-0.1, 0, 0.5, 0.02, -0.03, 1]);
/** Where the body is in the room: hand-held, along an arc. */
const bodyAt = (k: number): Pose =>
  compose(
    exp([-0.8 + 0.03 * k, -0.6, -0.3, 0, 0, 0.25]),
    exp([0, 0, 0.01 * Math.sin(k / 4), 0, 0, 0.025 * k]),
  );

describe('a rigid depth camera without colour', () => {
  const FRAMES = 24;
  let pool: KernelPool;
  let field: TestField;
  let lidars: LidarFrontEnd;
  let config: Awaited<ReturnType<typeof loadConfig>>;
  const random = new Random('depth');
  beforeAll(async () => {
    config = await loadConfig({ set: ['sensor.maxRange=30', 'threads=1', 'training.samplePoints=1024'] });
    pool = await KernelPool.create({ threads: 1, memoryMiB: 1536 });
    const points = { maxPoints: 70000, minRange: 0.2, maxRange: 30, mapVoxel: 0.03, trackVoxel: 0.12 };
    lidars = new LidarFrontEnd(pool, points);
    const voxel = 0.045;
    field = makeField(pool, {
      ...OPTIONS,
      voxel,
      truncation: 2 * voxel,
      outputScale: 0.03,
      maxRange: 18,
      unorientedRange: 9,
      maxFineBlocks: 20000,
      poolSamples: 512 * 4096,
    });
  });
  afterAll(() => pool.close());

  /** One observation of the k-th frame. */
  type Sensor = (k: number, stampNs: bigint) => Observation;

  const camera =
    (sensor: string, T_body_sensor: Pose): Sensor =>
    (k, stampNs) => {
      const T_room_camera = compose(bodyAt(k), T_body_sensor);
      const up = transformPoint(inverse(rotationOf(T_room_camera)), 0, 0, 1);
      return observe(pool, depthImage(T_room_camera, random), { stampNs, T_body_sensor, up, sensor });
    };

  const lidar: Sensor = (k, stampNs) => {
    const T = compose(bodyAt(k), LIDAR);
    const from = transformPoint(T, 0, 0, 0);
    const [columns, rows] = [1024, 64];
    const positions = new Float32Array(3 * columns * rows);
    for (let i = 0; i < columns * rows; i++) {
      const [azimuth, elevation] = [
        (-2 * Math.PI * (i % columns)) / columns,
        0.015 * (Math.floor(i / columns) - 36),
      ];
      const d: Vec = [
        Math.cos(elevation) * Math.cos(azimuth),
        Math.cos(elevation) * Math.sin(azimuth),
        Math.sin(elevation),
      ];
      const tip = transformPoint(T, ...d);
      const range =
        cast(from, [tip[0] - from[0], tip[1] - from[1], tip[2] - from[2]]) + 0.005 * random.normal();
      positions.set(
        d.map((v) => v * range),
        3 * i,
      );
    }
    const rings = Uint16Array.from({ length: columns * rows }, (_, i) => Math.floor(i / columns));
    const count = columns * rows;
    return lidars.observe(
      { stampNs, frameId: 'lidar', count, positions, rings, timing: 'none' },
      { T_body_sensor: LIDAR },
    );
  };

  function run(sensors: readonly Sensor[]): { loop: Loop; events: PoseEvent[] } {
    field.clear();
    const loop = makeLoop(config, pool, field.backend, [field.field]);
    const events: PoseEvent[] = [];
    loop.events.listen((event) => event.type === 'pose' && events.push(event));
    for (let k = 0; k < FRAMES; k++) {
      const observation = sensors[k % sensors.length]!(k, BigInt(k) * 100_000_000n);
      loop.pipeline.process(observation);
      if (!loop.pipeline.keeps(observation)) observation.release();
    }
    return { loop, events };
  }

  const rotationOf = (T: Pose): Pose => Float64Array.from(T, (v, i) => (i % 4 === 3 ? 0 : v));

  it.each([
    ['alone', [camera('front', CAMERA)]],
    ['beside another that looks elsewhere', [camera('front', CAMERA), camera('side', SIDE)]],
    ['in turns with a LiDAR', [lidar, camera('front', CAMERA)]],
  ])(
    'tracks the body to a centimetre and puts 95 % of the mesh within two of the walls: %s',
    (_, sensors) => {
      const { loop, events } = run(sensors);
      events.forEach((event, k) => {
        const off = compose(inverse(compose(inverse(bodyAt(0)), bodyAt(k))), event.pose);
        expect(event.state, `frame ${k}: ${event.reason}`).not.toBe('lost');
        expect(translationNorm(off), `frame ${k}`).toBeLessThan(0.01);
        expect((rotationAngle(off) * 180) / Math.PI, `frame ${k}`).toBeLessThan(0.2);
      });
      expect(loop.trajectory.length).toBe(FRAMES);
      const { positions } = loop.submaps.surface().mesh;
      expect(positions.length).toBeGreaterThan(3000);
      const distances: number[] = [];
      for (let i = 0; i < positions.length; i += 3)
        distances.push(
          Math.abs(distance(transformPoint(bodyAt(0), positions[i]!, positions[i + 1]!, positions[i + 2]!))),
        );
      distances.sort((a, b) => a - b);
      expect(distances[Math.floor(0.5 * distances.length)]!).toBeLessThan(0.005);
      expect(distances[Math.floor(0.95 * distances.length)]!).toBeLessThan(0.02);
    },
  );
});
