// Presses of a gel against a shape: what it measures, and where it was.
import { compose, exp } from '../../../dist/geometry/se3.js';
import { normalAt } from './shapes.mjs';

const PITCH = 5e-4;
const [WIDTH, HEIGHT] = [40, 30];
const PRESSED = 1e-3;
/** How far behind the gel's surface rays begin. */
const BEHIND = 6e-3;

/** First hit along a ray within `reach`, or NaN; NaN as well where it begins inside. */
export function cast(shape, o, d, reach) {
  const f = shape.quick ?? shape;
  let t = 0;
  for (let k = 0; k < 200; k++) {
    const s = f(o[0] + t * d[0], o[1] + t * d[1], o[2] + t * d[2]);
    if (t === 0 && s < 0) return NaN;
    if (s < 2e-6) return t;
    t += 0.95 * s;
    if (t > reach) return NaN;
  }
  return t;
}

/** Where a ray from far away in a random direction hits: [point, normal, direction]. */
function place(f, random, spread) {
  for (;;) {
    const direction = [random.normal(), random.normal(), random.normal()];
    const norm = Math.hypot(...direction);
    const from = direction.map((v) => (0.25 * v) / norm);
    const to = [0, 1, 2].map(() => random.range(-spread, spread));
    const way = to.map((v, i) => v - from[i]);
    const length = Math.hypot(...way);
    const d = way.map((v) => v / length);
    const t = cast(f, from, d, 0.5);
    if (!(t > 0)) continue;
    const p = from.map((v, i) => v + t * d[i]);
    return [p, normalAt(f, ...p), d];
  }
}

/**
 * How an arm touches: `normal`, places all over the surface, the gel laid onto it; `probe`, towards the middle of the thing
 * from anywhere, the gel ahead, as one does who knows nothing of it.
 */
const POLICIES = {
  normal: { spread: 0.045, axis: ([, n]) => n.map((v) => -v) },
  probe: { spread: 0.01, axis: ([, , d]) => d },
};

/** T_object_gel with the gel's z axis along `z`, turned at random and tilted a little. */
function gelAt(p, z, random) {
  let x = Math.abs(z[0]) < 0.8 ? [1, 0, 0] : [0, 1, 0];
  const along = x[0] * z[0] + x[1] * z[1] + x[2] * z[2];
  x = x.map((v, i) => v - along * z[i]);
  const norm = Math.hypot(...x);
  x = x.map((v) => v / norm);
  const y = [z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0]];
  const T = Float64Array.of(x[0], y[0], z[0], p[0], x[1], y[1], z[1], p[1], x[2], y[2], z[2], p[2]);
  return compose(
    T,
    exp([0, 0, 0, 0.05 * random.normal(), 0.05 * random.normal(), random.range(-Math.PI, Math.PI)]),
  );
}

/**
 * A touch of a shape: its image, and T_object_gel in truth.
 *
 * @param noise of the depth (m)
 */
export function press(f, random, policy = 'normal', noise = 5e-5) {
  const { spread, axis } = POLICIES[policy];
  for (;;) {
    const hit = place(f, random, spread);
    const touch = pressAt(f, gelAt(hit[0], axis(hit), random), random, noise);
    if (touch) return touch;
  }
}

/** The same where the gel is near `T`; undefined where it would be inside or touches too little. */
export function pressAt(f, T, random, noise = 5e-5) {
  const hits = new Float64Array(WIDTH * HEIGHT).fill(NaN);
  const d = [T[2], T[6], T[10]];
  let nearest = Infinity;
  for (let i = 0; i < hits.length; i++) {
    const x = ((i % WIDTH) - (WIDTH - 1) / 2) * PITCH;
    const y = (Math.floor(i / WIDTH) - (HEIGHT - 1) / 2) * PITCH;
    const o = [0, 1, 2].map((r) => T[4 * r] * x + T[4 * r + 1] * y - T[4 * r + 2] * BEHIND + T[4 * r + 3]);
    if (f(...o) < 0) return undefined;
    hits[i] = cast(f, o, d, 3 * BEHIND) - BEHIND;
    if (hits[i] < nearest) nearest = hits[i];
  }
  if (!(nearest < Infinity)) return undefined;
  const back = nearest + PRESSED;
  const pose = compose(T, exp([0, 0, back, 0, 0, 0]));
  const depth = new Float32Array(hits.length);
  const contact = new Uint8Array(hits.length);
  for (let i = 0; i < hits.length; i++) {
    const pressed = back - hits[i];
    contact[i] = pressed > 0 ? 1 : 0;
    depth[i] = Math.max(0, contact[i] ? pressed + noise * random.normal() : 0);
  }
  if (contact.reduce((sum, c) => sum + c, 0) < 30) return undefined;
  const image = {
    kind: 'touch-image', stampNs: 0n, frameId: 'gel', width: WIDTH, height: HEIGHT, pitch: PITCH, depth, contact,
    sigma: noise,
  }; // prettier-ignore
  return { image, pose };
}

/** A pose that is off by 2 mm and 1° per axis. */
export function wrong(pose, random, mm = 2, degrees = 1) {
  const [m, rad] = [mm * 1e-3, (degrees * Math.PI) / 180];
  return compose(pose, exp(Array.from({ length: 6 }, (_, i) => (i < 3 ? m : rad) * random.normal())));
}
