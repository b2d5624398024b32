import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { rgbdModel } from '../../../src/sim/camera/model.js';
import { castImage, rowPoses } from '../../../src/sim/camera/cast.js';
import { CarriedCamera, opticalMount } from '../../../src/sim/camera/motion.js';
import { TILE, TileCaster } from '../../../src/sim/camera/tile-caster.js';
import { makeScene } from '../../../src/sim/worlds/scenes.js';

const camera = rgbdModel({ width: 200, height: 152 }).depth;
const MOUNT = opticalMount(0);

describe('rays by tiles', () => {
  it.each(['room', 'office'] as const)(
    'meet what the whole world says, in the %s and in fast motion',
    (name) => {
      const scene = makeScene(name, 4);
      const { world } = scene;
      const hand = new CarriedCamera(world.route, 'fast', new Random(2), { gaze: scene.gaze });
      for (const time of [3, 9.5]) {
        const poses = rowPoses(hand, MOUNT, camera.height, time, 0.02);
        const hits = castImage(new TileCaster(world, camera), camera, poses, 60);
        for (let v = 0; v < camera.height; v++) {
          const T = poses.subarray(12 * v, 12 * v + 12);
          for (let u = 0; u < camera.width; u++) {
            const [a, b] = [(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy];
            const n = 1 / Math.hypot(a, b, 1);
            const d = [0, 4, 8].map((r) => (T[r]! * a + T[r + 1]! * b + T[r + 2]!) * n) as [
              number,
              number,
              number,
            ];
            const t = world.raycast(T[3]!, T[7]!, T[11]!, ...d, 60, 0);
            expect(Math.abs(hits.z[v * camera.width + u]! - t * n)).toBeLessThan(1e-9);
          }
        }
      }
    },
  );

  it('hold for rays at the tile’s rim and at any instant of the exposure', () => {
    const { world, gaze } = makeScene('room', 1);
    const hand = new CarriedCamera(world.route, 'fast', new Random(5), { gaze, maxRate: 180 });
    const random = new Random(8);
    const poses = [-0.01, 0, 0.01].map((dt) => rowPoses(hand, MOUNT, camera.height, 6 + dt, 0.02));
    const caster = new TileCaster(world, camera);
    caster.begin(poses);
    for (let i = 0; i < 400; i++) {
      const [u0, v0] = [TILE * random.int(25), TILE * random.int(19)];
      caster.tile(u0, v0);
      const T = poses[random.int(3)]!;
      const v = v0 + random.int(TILE);
      const o = 12 * v;
      const a = (u0 + random.range(-0.5, TILE - 0.5) - camera.cx) / camera.fx;
      const b = (v + random.range(-0.5, 0.5) - camera.cy) / camera.fy;
      const n = 1 / Math.hypot(a, b, 1);
      const d = [0, 4, 8].map((r) => (T[o + r]! * a + T[o + r + 1]! * b + T[o + r + 2]!) * n) as [
        number,
        number,
        number,
      ];
      const t = caster.cast(T[o + 3]!, T[o + 7]!, T[o + 11]!, ...d, 60);
      expect(t).toBeCloseTo(world.raycast(T[o + 3]!, T[o + 7]!, T[o + 11]!, ...d, 60, 0), 9);
    }
  });
});
