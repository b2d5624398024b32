import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { CarriedCamera, type Carrier } from '../../../src/sim/camera/motion.js';
import { mounted } from '../../../src/sim/body.js';
import { makeScene, SCENES, type SceneName } from '../../../src/sim/worlds/scenes.js';

const carried = (name: SceneName, seed: number, carrier: Carrier) => {
  const scene = makeScene(name, seed);
  return {
    scene,
    body: new CarriedCamera(scene.world.route, carrier, new Random(seed), { gaze: scene.gaze }),
  };
};
const cases = SCENES.flatMap((name) =>
  (['gentle', 'fast', 'robot', 'arm'] as const).map((carrier) => [name, carrier] as const),
);

describe.each(cases)('the way through the %s, %s', (name, carrier) => {
  it('keeps its speed and turning rate, and stays clear of everything', () => {
    for (const seed of [1, 2]) {
      const { scene, body } = carried(name, seed, carrier);
      const camera = mounted(body, body.mount);
      let [turn, speed, clear] = [0, 0, Infinity];
      for (let t = 0.1; t < 40; t += 0.1) {
        const w = camera.twist(t);
        turn = Math.max(turn, (Math.hypot(w[3]!, w[4]!, w[5]!) * 180) / Math.PI);
        speed = Math.max(speed, Math.hypot(w[0]!, w[1]!, w[2]!));
        const T = camera.pose(t);
        clear = Math.min(clear, scene.world.staticSdf(T[3]!, T[7]!, T[11]!));
      }
      expect(clear).toBeGreaterThan(0.25);
      expect(speed).toBeLessThan(0.41);
      if (carrier === 'fast') expect(turn).toBeGreaterThan(80);
      expect(turn).toBeLessThan(carrier === 'gentle' ? 30.5 : carrier === 'fast' ? 92 : 45);
    }
  });

  it('is smooth to the second derivative, and at rest at the start', () => {
    const { body } = carried(name, 1, carrier);
    expect(Math.hypot(...body.twist(0))).toBeLessThan(0.01);
    for (let t = 0.5; t < 20; t += 0.37) {
      const [a, b] = [body.acceleration(t), body.acceleration(t + 0.002)];
      expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeLessThan(0.05);
      const [v, w] = [body.twist(t), body.twist(t + 0.002)];
      expect(Math.hypot(...v.map((x, i) => x - w[i]!))).toBeLessThan(0.06);
    }
  });
});

it('a robot with an arm looks at the middle of the room, stops smoothly and then stands still', () => {
  for (const seed of [1, 2, 3]) {
    const scene = makeScene('room', seed);
    const body = new CarriedCamera(scene.world.route, 'arm', new Random(seed), { standAfter: 5 });
    const camera = mounted(body, body.mount);
    for (let t = 0.1; t < 5; t += 0.3) {
      const T = camera.pose(t);
      const [dx, dy, dz] = [-T[3]!, -T[7]!, 0.8 - T[11]!];
      const cosine = (T[0]! * dx + T[4]! * dy + T[8]! * dz) / Math.hypot(dx, dy, dz);
      expect(cosine).toBeGreaterThan(Math.cos((45 * Math.PI) / 180));
    }
    for (let t = 4.9; t < 7.2; t += 0.05) {
      const [a, b] = [body.acceleration(t), body.acceleration(t + 0.002)];
      expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeLessThan(0.05);
    }
    const still = body.pose(7);
    for (const t of [8, 20, 60]) expect([...body.pose(t)]).toEqual([...still]);
  }
});

it('a robot’s base stays on the floor', () => {
  const { body } = carried('room', 1, 'robot');
  for (let t = 0; t < 20; t += 0.5) expect(Math.abs(body.pose(t)[11]!)).toBeLessThan(0.002);
});
