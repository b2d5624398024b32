import { describe, expect, it } from 'vitest';
import { compose, inverse, rotationAngle, separation, transformPoint } from '../../../src/geometry/se3.js';
import { makeObject } from '../../../src/sim/objects/object.js';
import { gelCoordinate } from '../../../src/sim/touch/gel.js';
import { isClear } from '../../../src/sim/touch/reach.js';
import { TouchSimulation } from '../../../src/sim/touch/touch-simulation.js';

const SMALL = { width: 80, height: 60 };
const EXACT = { position: 0, rotation: 0, stepPosition: 0, stepRotation: 0, handEyePosition: 0, handEyeRotation: 0 }; // prettier-ignore

describe.each(['spread', 'random', 'sliding'] as const)('%s probing', (probing) => {
  const simulation = new TouchSimulation({
    object: 'mug',
    seed: 3,
    touches: 24,
    probing,
    gel: SMALL,
    depthNoise: 0,
  });

  it('makes as many touches as asked for, each on the surface, 1 mm deep at most', () => {
    expect(simulation.touches.length).toBe(24);
    for (let i = 0; i < 24; i++) {
      const { depth, contact } = simulation.press(i);
      let touched = 0;
      for (let v = 0; v < 60; v++)
        for (let u = 0; u < 80; u++) {
          const k = v * 80 + u;
          expect(depth[k]).toBeLessThan(0.00102);
          if (contact[k] === 0) continue;
          touched++;
          const p = transformPoint(simulation.truePose(i), gelCoordinate(u, 80, simulation.gel.pitch), gelCoordinate(v, 60, simulation.gel.pitch), -depth[k]!); // prettier-ignore
          expect(Math.abs(simulation.object.distance(...p))).toBeLessThan(1e-6);
        }
      expect(touched).toBeGreaterThan(3);
    }
  });

  it('keeps the housing clear of object and table, and never touches from below', () => {
    for (let i = 0; i < 24; i++) {
      const T = simulation.truePose(i);
      expect(isClear(simulation.object, T, simulation.gel)).toBe(true);
      expect(T[10]).toBeLessThan(0.75);
      expect(T[11]).toBeGreaterThan(0);
    }
  });
});

describe('spread touches', () => {
  it('are further apart than random ones', () => {
    const gap = (probing: 'spread' | 'random'): number => {
      const { touches } = new TouchSimulation({
        object: 'bottle',
        seed: 5,
        touches: 20,
        probing,
        gel: SMALL,
      });
      const nearest = touches.map(({ pose }, i) =>
        Math.min(...touches.filter((_, j) => j !== i).map((other) => separation(pose, other.pose))),
      );
      return Math.min(...nearest);
    };
    expect(gap('spread')).toBeGreaterThan(2 * gap('random'));
  });
});

describe('slides', () => {
  const simulation = new TouchSimulation({
    object: 'can',
    seed: 2,
    touches: 30,
    probing: 'sliding',
    gel: SMALL,
  });
  it('go on by small steps, draw the gel back and keep the error of the arm, but for a little with each step', () => {
    let [followed, steps] = [0, 0];
    for (let i = 1; i < 30; i++) {
      const [a, b] = [simulation.touches[i - 1]!, simulation.touches[i]!];
      if (a.contact !== b.contact) continue;
      followed++;
      expect(separation(a.pose, b.pose)).toBeLessThan(0.003);
      expect(Math.hypot(...b.shear)).toBeCloseTo(0.0003, 9);
      const error = (k: number) => compose(inverse(simulation.truePose(k)), simulation.kinematicPose(k));
      const step = separation(error(i - 1), error(i));
      expect(step).toBeLessThan(5e-4);
      steps += step ** 2;
    }
    expect(followed).toBeGreaterThan(15);
    // A tenth of a millimetre per axis.
    expect(Math.sqrt(steps / followed / 3)).toBeGreaterThan(0.7e-4);
    expect(Math.sqrt(steps / followed / 3)).toBeLessThan(1.3e-4);
  });
});

describe('what the arm believes', () => {
  it('is the truth without an error, and off by the standard deviations with one', () => {
    const exact = new TouchSimulation({ object: 'box', seed: 1, touches: 5, gel: SMALL, kinematics: EXACT });
    for (let i = 0; i < 5; i++)
      expect(separation(exact.kinematicPose(i), exact.truePose(i))).toBeLessThan(1e-12);
    const off = new TouchSimulation({ object: 'box', seed: 1, touches: 150, probing: 'random', gel: SMALL, kinematics: { ...EXACT, position: 0.002, rotation: 0.01 } }); // prettier-ignore
    let [position, rotation] = [0, 0];
    for (let i = 0; i < 150; i++) {
      const error = compose(inverse(off.truePose(i)), off.kinematicPose(i));
      position += error[3]! ** 2 + error[7]! ** 2 + error[11]! ** 2;
      rotation += rotationAngle(error) ** 2;
    }
    expect(Math.sqrt(position / 450)).toBeGreaterThan(0.0018);
    expect(Math.sqrt(position / 450)).toBeLessThan(0.0022);
    expect(Math.sqrt(rotation / 450)).toBeGreaterThan(0.009);
    expect(Math.sqrt(rotation / 450)).toBeLessThan(0.011);
  });

  it('shares one hand-eye error', () => {
    const shared = new TouchSimulation({ object: 'box', seed: 1, touches: 5, gel: SMALL, kinematics: { ...EXACT, handEyePosition: 0.001, handEyeRotation: 0.01 } }); // prettier-ignore
    const error = (i: number) => compose(inverse(shared.truePose(i)), shared.kinematicPose(i));
    expect(separation(error(0), inverse(compose(error(0), inverse(error(0)))))).toBeGreaterThan(1e-5);
    for (let i = 1; i < 5; i++) expect(separation(error(0), error(i))).toBeLessThan(1e-12);
  });
});

describe('a touch simulation', () => {
  it('is the same for the same seed in any order, another for another', () => {
    const make = (seed: number) =>
      new TouchSimulation({ object: makeObject('mug', 1), seed, touches: 3, gel: SMALL });
    const [a, b, c] = [make(1), make(1), make(2)];
    const late = b.rgb(2);
    expect(a.rgb(0)).toEqual(b.rgb(0));
    expect(a.rgb(2)).toEqual(late);
    expect(a.depthImage(1).depth).toEqual(b.depthImage(1).depth);
    expect(a.kinematicPose(1)).toEqual(b.kinematicPose(1));
    expect(a.rgb(0)).not.toEqual(c.rgb(0));
    expect(separation(a.truePose(0), c.truePose(0))).toBeGreaterThan(1e-4);
  });

  it('gives contact points on the surface with its normals', () => {
    const simulation = new TouchSimulation({
      object: 'can',
      seed: 4,
      touches: 6,
      pointNoise: 0,
      kinematics: EXACT,
    });
    const normal = new Float64Array(3);
    let count = 0;
    for (let i = 0; i < 6; i++) {
      const { points, normals, T_map_sensor: T } = simulation.contactPoints(i);
      for (let k = 0; k < points.length; k += 3) {
        const p = transformPoint(T, points[k]!, points[k + 1]!, points[k + 2]!);
        expect(Math.abs(simulation.object.distance(...p))).toBeLessThan(1e-6);
        simulation.object.normal(...p, normal);
        const n = [0, 1, 2].map((r) => T[4 * r]! * normals![k]! + T[4 * r + 1]! * normals![k + 1]! + T[4 * r + 2]! * normals![k + 2]!); // prettier-ignore
        // At the rim of a contact and over an edge the gel's slope is not the object's.
        if (n[0]! * normal[0]! + n[1]! * normal[1]! + n[2]! * normal[2]! > 0.99) count++;
      }
    }
    expect(count).toBeGreaterThan(100);
  });

  it('presses balls all over the gel', () => {
    const simulation = new TouchSimulation({ object: 'box', touches: 1, gel: SMALL });
    const presses = simulation.ballPresses(30, 0.004);
    expect(presses.length).toBe(30);
    expect(Math.max(...presses.map(({ x }) => x)) - Math.min(...presses.map(({ x }) => x))).toBeGreaterThan(
      0.014,
    );
    expect(Math.max(...presses.map(({ y }) => y)) - Math.min(...presses.map(({ y }) => y))).toBeGreaterThan(
      0.009,
    );
    const deepest = simulation.pressBall(presses[12]!, 12).depth.reduce((a, b) => Math.max(a, b));
    expect(deepest).toBeGreaterThan(presses[12]!.depth - 1e-5);
  });

  it('refuses a count that is none', () => {
    expect(() => new TouchSimulation({ object: 'box', touches: 0 })).toThrow(/number of touches is 0/);
  });
});
