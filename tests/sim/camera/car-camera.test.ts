import { expect, it } from 'vitest';
import { inverse, transformPoint } from '../../../src/geometry/se3.js';
import { CarCamera } from '../../../src/sim/camera/car-camera.js';
import { toSrgb } from '../../../src/sim/looks/scene.js';
import { simulate } from '../../../src/sim/simulate.js';

const simulation = simulate({ world: 'street', seed: 4, beams: 16, columns: 180, duration: 0.8, motion: 'smooth' }); // prettier-ignore
const camera = new CarCamera(simulation, { width: 124 });

it("has KITTI's field of view at any size, and looks ahead in the middle of a sweep", () => {
  const { width, height, fx } = camera.camera;
  expect([width, height]).toEqual([124, 37]);
  expect(2 * Math.atan(width / (2 * fx))).toBeCloseTo(2 * Math.atan(1242 / (2 * 721.5)), 9);
  expect(camera.stampNs(3) - simulation.stampNs(3)).toBe(50_000_000n);
  // A point 10 m ahead of the LiDAR lies a little above the middle of the image.
  const [x, y, z] = transformPoint(inverse(camera.mount), 10, 0, 0);
  expect(z).toBeCloseTo(9.73, 6);
  expect(x).toBeCloseTo(0.06, 6);
  expect(y).toBeCloseTo(-0.08, 6);
});

it('sees the colours of the scene where its rays end, from where it was', () => {
  const k = 6;
  const image = camera.image(k);
  const { world } = simulation;
  const T = simulation.odomFromWorld();
  const pose = camera.pose(k);
  const origin = transformPoint(inverse(T), pose[3]!, pose[7]!, pose[11]!);
  const { width, height, fx, fy, cx, cy } = camera.camera;
  const linear = new Float64Array(3);
  let [sum, control, count] = [0, 0, 0];
  for (let v = 2; v < height; v += 3)
    for (let u = 2; u < width; u += 3) {
      const tip = transformPoint(inverse(T), ...transformPoint(pose, (u - cx) / fx, (v - cy) / fy, 1));
      const way = tip.map((c, i) => c - origin[i]!);
      const length = Math.hypot(...way);
      const [dx, dy, dz] = way.map((c) => c / length) as [number, number, number];
      // Not where a moving car is: cameras do not see those.
      const range = world.raycast(origin[0], origin[1], origin[2], dx, dy, dz, 50, 0);
      if (!(range < 50) || world.hitMoving) continue;
      camera.scene.colourAt(origin[0] + range * dx, origin[1] + range * dy, origin[2] + range * dz, linear);
      const at = 3 * (v * width + u);
      const off = (from: number): number =>
        [0, 1, 2].reduce(
          (s, c) => s + Math.abs(image[from + c]! - toSrgb(camera.gain(k) * linear[c]!)) / 3,
          0,
        );
      sum += off(at);
      control += off((at + 3 * 12) % image.length);
      count++;
    }
  expect(count).toBeGreaterThan(100);
  expect(sum / count).toBeLessThan(12);
  expect(control / count).toBeGreaterThan(1.5 * (sum / count));
});
