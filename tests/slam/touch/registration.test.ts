import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import type { WasmBackend } from '../../../src/field/backends/wasm/backend.js';
import type { WasmField } from '../../../src/field/backends/wasm/field.js';
import { Random } from '../../../src/geometry/random.js';
import {
  compose,
  exp,
  moveAtSensor,
  separation,
  transformPoint,
  type Pose,
} from '../../../src/geometry/se3.js';
import { patchOf } from '../../../src/sensors/tactile/patch.js';
import { ContactRows, contactSums } from '../../../src/slam/touch/contact-rows.js';
import type { Contacts } from '../../../src/sensors/observation.js';
import { contactsOf, contactsOfPoints, MOST_CONTACTS } from '../../../src/sensors/tactile/contacts.js';
import { MOST_ALIKE, TouchRegistration } from '../../../src/slam/touch/registration.js';
import { Whitening } from '../../../src/slam/touch/whitening.js';
import {
  above,
  ball,
  bumpy,
  feel,
  fillField,
  floor,
  KINEMATICS,
  touchField,
  touchSpec,
  wrong,
  type Solid,
} from './felt.js';

let pool: KernelPool;
let backend: WasmBackend;
let field: WasmField;
let registration: TouchRegistration;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 256 });
  ({ backend, field } = touchField(pool, touchSpec(1e-3, 8e-3)));
  registration = new TouchRegistration(backend);
});
afterAll(() => pool.close());

const TOUCHED = { sigma: 1e-4 };

function mapped(solid: Solid, reach = 0.03): void {
  field.clear();
  fillField(field, solid, [0, 0, 0], reach);
}

function felt(solid: Solid, T: Pose, random?: Random, most = MOST_CONTACTS): Contacts {
  return contactsOf(patchOf(feel(solid, T, random)), most);
}

const register = (contacts: Contacts, predicted: Pose, quality = TOUCHED, on = registration, of = field) =>
  on.register({ field: of, contacts, predicted, kinematics: KINEMATICS, quality });

/** Mean distance between where the contacts are by two poses. */
function meanError({ points }: Contacts, a: Pose, b: Pose): number {
  let sum = 0;
  for (let i = 0; i < points.length; i += 3) {
    const [p, q] = [a, b].map((T) => transformPoint(T, points[i]!, points[i + 1]!, points[i + 2]!));
    sum += Math.hypot(...p!.map((v, k) => v - q![k]!));
  }
  return sum / (points.length / 3);
}

describe('TouchRegistration', () => {
  it('finds where a touch was on a surface with something to hold on to', () => {
    mapped(bumpy);
    const random = new Random('bumpy');
    let [before, after] = [0, 0];
    for (let k = 0; k < 10; k++) {
      const truth = above(random.range(-0.01, 0.01), random.range(-0.01, 0.01), 1.5e-3);
      const contacts = felt(bumpy, truth, random);
      const predicted = compose(
        truth,
        exp([0.0015, -0.001, -0.002, 0.01, 0.01, -0.02].map((v) => v * random.normal())),
      );
      const found = register(contacts, predicted);
      before += meanError(contacts, predicted, truth);
      after += meanError(contacts, found.pose, truth);
      expect(found.iterations).toBeGreaterThan(2);
    }
    expect(after).toBeLessThan(0.25 * before);
  });

  it('removes what lies along the normal of a ball, and says what it does not know', () => {
    mapped(ball(0.02), 0.03);
    const random = new Random('ball');
    const truth = above(0, 0, 0.02);
    const contacts = felt(ball(0.02), truth, random);
    for (let k = 0; k < 5; k++) {
      const { pose, covariance, state } = register(contacts, wrong(truth, random));
      // Where the gel's middle is from the ball's centre.
      expect(Math.abs(Math.hypot(pose[3]!, pose[7]!, pose[11]!) - 0.019)).toBeLessThan(1e-4);
      // The turn about the ball's centre is the arm's: tangential shifts of 19 mm · 1°.
      expect(['registered', 'sliding']).toContain(state);
      expect(Math.sqrt(covariance[35]!)).toBeGreaterThan(0.9 * KINEMATICS.rotation);
      expect(Math.sqrt(covariance[14]!)).toBeLessThan(2e-4);
    }
  });

  it('lets the arm have the say along a plane: it does not slide', () => {
    mapped(floor());
    const random = new Random('plane');
    const truth = above(0, 0, 0);
    for (let k = 0; k < 5; k++) {
      const predicted = wrong(truth, random);
      const { pose, covariance, state, reason } = register(felt(floor(), truth, random), predicted);
      expect(state).toBe('sliding');
      expect(reason).toMatch(/too even to say where/);
      expect(Math.abs(pose[11]! - truth[11]!)).toBeLessThan(5e-5);
      expect(Math.hypot(pose[3]! - predicted[3]!, pose[7]! - predicted[7]!)).toBeLessThan(3e-4);
      expect(Math.sqrt(covariance[0]!)).toBeGreaterThan(0.9 * KINEMATICS.translation);
      expect(Math.sqrt(covariance[14]!)).toBeLessThan(5e-5);
    }
  });

  it('follows a field that is off by a voxel, as it must: the control', () => {
    mapped((x, y, z) => floor()(x, y, z - 1e-3));
    const truth = above(0, 0, 0);
    const { pose } = register(felt(floor(), truth), truth);
    expect(pose[11]! - truth[11]!).toBeCloseTo(1e-3, 4);
  });

  it('weighs a coarse field by its own error: what is alike counts once', () => {
    // A wave of 0.5 mm over some centimetres, as a depth camera has it.
    const random = new Random('wave');
    const truth = above(0, 0, 0);
    const contacts = felt(floor(), truth, random, MOST_ALIKE);
    let [shift, sigma] = [0, 0];
    for (let k = 0; k < 6; k++) {
      const phase = random.range(0, 6);
      mapped((x, y, z) => z - 7e-4 * Math.sin(x / 0.006 + phase) * Math.cos(y / 0.008 + phase));
      const { pose, covariance } = register(contacts, truth, { sigma: 5e-4, correlation: 0.01 } as never);
      shift += (pose[11]! - truth[11]!) ** 2 / 6;
      sigma += covariance[14]! / 6;
    }
    expect(Math.sqrt(shift)).toBeLessThan(5e-4);
    // Not certain to a tenth of a millimetre because there are many contacts.
    expect(Math.sqrt(sigma)).toBeGreaterThan(2e-4);
    expect(Math.sqrt(shift / sigma)).toBeLessThan(3);
  });

  it('knows nothing where nothing is mapped, and keeps the pose of the arm', () => {
    mapped(floor());
    const far = above(0.5, 0.5, 0);
    const found = register(felt(floor(), far), far);
    expect(found).toMatchObject({ state: 'unknown', pose: far, valued: 0 });
    expect(found.reason).toMatch(/^Only 0 % of the touch lies where something is mapped/);
    expect(Math.sqrt(found.covariance[0]!)).toBeCloseTo(KINEMATICS.translation, 9);
    // One look from each start, and one for the outcome: no search.
    expect(found.iterations).toBe(0);
    const nothing = contactsOf(patchOf(feel(floor(-1), above(0, 0, 0))), 100);
    expect(register(nothing, far)).toMatchObject({ state: 'unknown', pose: far });
  });

  it('keeps the pose of the arm where the touch does not fit the map', () => {
    mapped(ball(0.006));
    const T = above(0, 0, 0.006);
    const found = register(felt(floor(0.006), T), T);
    expect(found.state).toBe('kinematic');
    expect(found.reason).toMatch(/of the touch fits what is mapped there/);
    expect(found.pose).toBe(T);
  });

  it('is pushed out of what is solid where nothing was felt', () => {
    mapped(floor());
    const T = above(0, 0, 0);
    const onlyFree = {
      ...felt(floor(), T),
      free: felt(floor(), T).points.map((v, i) => (i % 3 === 2 ? 0 : v)),
    };
    const half = {
      ...onlyFree,
      points: onlyFree.points.subarray(0, 30),
      normals: onlyFree.normals.subarray(0, 30),
    };
    const rows = new ContactRows(backend, field, half);
    const [inside, outside] = [contactSums(), contactSums()];
    rows.sum(T, { scale: 1e-2, weight: 1 }, inside);
    rows.sum(moveAtSensor(T, [0, 0, 1.2e-3, 0, 0, 0]), { scale: 1e-2, weight: 1 }, outside);
    // Upwards, out of the floor.
    expect(inside.b[2]).toBeGreaterThan(0);
    expect(outside.b[2]).toBeLessThan(0);
  });

  it('has the gradient of its cost, by finite differences', () => {
    mapped(bumpy);
    const T = above(0.0013, -0.0007, 1.5e-3);
    const contacts = felt(bumpy, T);
    const shallow = { ...contacts, free: contacts.points.map((v, i) => (i % 3 === 2 ? v + 4e-4 : v)) };
    const pose = compose(T, exp([3e-4, -2e-4, 1e-4, 0.004, -0.003, 0.002]));
    const rows = new ContactRows(backend, field, shallow);
    const how = { scale: 8e-4, weight: 1e6 };
    const sums = contactSums();
    rows.sum(pose, how, sums);
    const gradient = sums.b.map((v) => -v);
    for (let k = 0; k < 6; k++) {
      const h = k < 3 ? 2e-5 : 2e-3;
      const cost = (sign: number): number => {
        const step = new Float64Array(6);
        step[k] = sign * h;
        const at = contactSums();
        rows.sum(moveAtSensor(pose, step), how, at);
        return at.cost;
      };
      const numeric = (cost(1) - cost(-1)) / (2 * h);
      // Trilinear cells bend, and free places that come to be inside add rows.
      const size = Math.sqrt(sums.A[k * 7]! * how.weight) * how.scale;
      expect(Math.abs(gradient[k]! - numeric)).toBeLessThan(0.1 * Math.abs(numeric) + 0.02 * size);
    }
  });

  it('registers points without normals by their places', () => {
    mapped(ball(0.02));
    const places = Array.from({ length: 40 }, (_, k) => {
      const [a, b] = [0.03 * k, 2.4 * k];
      return [0.02 * Math.sin(a) * Math.cos(b), 0.02 * Math.sin(a) * Math.sin(b), 0.02 * Math.cos(a)];
    });
    const points = Float32Array.from([...places.flat(), NaN, 0, 0]);
    const contacts = contactsOfPoints({
      kind: 'touch-points',
      stampNs: 0n,
      frameId: 'f',
      points,
      sigma: 2e-4,
    });
    expect(contacts.points.length).toBe(120);
    const { pose } = register(contacts, exp([0.001, -0.002, 0.0015, 0, 0, 0]));
    expect(separation(pose, exp([0, 0, 0, 0, 0, 0]))).toBeLessThan(3e-4);
  });

  it('gives the same bytes with one thread and with two', async () => {
    mapped(bumpy);
    const truth = above(0, 0, 1.5e-3);
    const contacts = felt(bumpy, truth, new Random('same'));
    const predicted = compose(truth, exp([0.001, 0.001, -0.001, 0.01, 0, 0.01]));
    const one = register(contacts, predicted);
    const two = await KernelPool.create({ threads: 2, memoryMiB: 256 });
    try {
      const own = touchField(two, touchSpec(1e-3, 8e-3));
      fillField(own.field, bumpy, [0, 0, 0], 0.03);
      const other = register(contacts, predicted, TOUCHED, new TouchRegistration(own.backend), own.field);
      expect(other.pose).toEqual(one.pose);
      expect(other.covariance).toEqual(one.covariance);
    } finally {
      await two.close();
    }
  });
});

describe('Whitening', () => {
  it('makes rows with the covariance that it was told independent', () => {
    const contacts = { points: Float32Array.of(0, 0, 0, 0.004, 0, 0, 0, 0.02, 0) } as Contacts;
    const [sigma, length, own] = [5e-4, 0.01, 1e-4];
    const white = new Whitening(contacts, { sigma, length, own });
    // L⁻¹ of the unit rows gives L⁻¹; L⁻ᵀ L⁻¹ is the inverse of the covariance.
    const inverse = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
    white.apply(inverse, 3);
    const covariance = (i: number, j: number): number => {
      const [a, b] = [3 * i, 3 * j];
      const d = Math.hypot(...[0, 1, 2].map((k) => contacts.points[a + k]! - contacts.points[b + k]!));
      const s = (1.3577 * d) / length; // (1 + s)·e^−s is e^−½ at the length
      return sigma ** 2 * (1 + s) * Math.exp(-s) + (i === j ? own ** 2 : 0);
    };
    expect((1 + 1.3577) * Math.exp(-1.3577)).toBeCloseTo(Math.exp(-0.5), 4);
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) {
        let sum = 0;
        for (let k = 0; k < 3; k++)
          for (let m = 0; m < 3; m++) sum += inverse[m * 3 + i]! * inverse[m * 3 + k]! * covariance(k, j);
        expect(sum).toBeCloseTo(i === j ? 1 : 0, 9);
      }
  });
});
