// Simulated touches of a solid given by its signed distance: where a gel can reach, and what it feels there.

/** Signed distance's gradient by central differences, unit. */
export function normalAt(distance, x, y, z) {
  const h = 1e-4;
  const nx = distance(x + h, y, z) - distance(x - h, y, z);
  const ny = distance(x, y + h, z) - distance(x, y - h, z);
  const nz = distance(x, y, z + h) - distance(x, y, z - h);
  const length = Math.hypot(nx, ny, nz) || 1;
  return [nx / length, ny / length, nz / length];
}

/** Points (3·N) moved onto the surface, with their normals. */
export function onSurface(distance, points) {
  const at = Float32Array.from(points);
  const normals = new Float32Array(points.length);
  for (let i = 0; i < at.length; i += 3) {
    let n = [0, 0, 1];
    for (let step = 0; step < 3; step++) {
      const [x, y, z] = at.subarray(i, i + 3);
      n = normalAt(distance, x, y, z);
      const d = distance(x, y, z);
      for (let k = 0; k < 3; k++) at[i + k] -= d * n[k];
    }
    normals.set(n, i);
  }
  return { points: at, normals };
}

/** A gel that comes from straight above reaches the floor of a plate or a cup: its edge is not lower than its middle. */
const FROM_ABOVE = 0.95;

/** Whether a gel can get at a point along its normal: not from below, not beside the table, nothing of the object in the way of a finger 16 mm thick. */
export function reachable(distance, p, n) {
  if (n[2] < -0.5 || (p[2] < 0.006 && n[2] < FROM_ABOVE)) return false;
  for (let t = 0.004; t < 0.2; t += 0.004)
    if (distance(p[0] + t * n[0], p[1] + t * n[1], p[2] + t * n[2]) < Math.min(0.75 * t, 0.008)) return false;
  return true;
}

/** Half the sides of the gel's face (m). */
export const HALF = [0.01, 0.0075];
const DEPTH = 0.001;
const PITCH = 0.0025;

/**
 * What a gel of 20 x 15 mm pressed 1 mm deep feels at p along normal n, turned by `angle` about it.
 * @returns points and exact normals (3·N)
 */
export function feel(distance, p, n, angle) {
  const [u, v] = faceAxes(n, angle);
  const hits = [];
  let top = -Infinity;
  for (let a = -HALF[0]; a <= HALF[0] + 1e-9; a += PITCH)
    for (let b = -HALF[1]; b <= HALF[1] + 1e-9; b += PITCH) {
      const from = [0, 1, 2].map((k) => p[k] + a * u[k] + b * v[k] + 0.008 * n[k]);
      let way = 0;
      for (let step = 0; step < 40 && way < 0.02; step++) {
        const d = distance(from[0] - way * n[0], from[1] - way * n[1], from[2] - way * n[2]);
        if (d < 2e-5) break;
        way += d;
      }
      if (way >= 0.02) continue;
      const h = 0.008 - way;
      top = Math.max(top, h);
      hits.push([h, from[0] - way * n[0], from[1] - way * n[1], from[2] - way * n[2]]);
    }
  const felt = hits.filter(([h]) => h >= top - DEPTH);
  const points = Float32Array.from(felt.flatMap(([, ...q]) => q));
  return onSurface(distance, points);
}

/** A gel that is moved along `way` starts so far before its target and goes on so far behind it where it meets nothing (m). */
export const BEFORE = 0.08;
export const BEHIND = 0.2;

/**
 * A gel is moved from before a target along `way` (unit) until any part of its face meets the object, and is pressed on: of
 * the face's points that meet it within the depth of a press, the one that is nearest to the face's middle is the touch's.
 * @returns where on the object and how far along the way from the target, or undefined where it meets nothing or the table first
 */
export function press(distance, target, way, angle) {
  const [u, v] = faceAxes(way, angle);
  const met = [];
  let first = BEHIND;
  for (let a = -HALF[0]; a <= HALF[0] + 1e-9; a += PITCH)
    for (let b = -HALF[1]; b <= HALF[1] + 1e-9; b += PITCH)
      for (let t = -BEFORE, step = 0; t < Math.min(BEHIND, first + DEPTH) && step < 200; step++) {
        const p = [0, 1, 2].map((k) => target[k] + a * u[k] + b * v[k] + t * way[k]);
        const d = distance(...p);
        if (d < 2e-5) {
          met.push({ t, p, aside: Math.hypot(a, b) });
          first = Math.min(first, t);
          break;
        }
        t += Math.max(d, 1e-5);
      }
  const pressed = met.filter(({ t }) => t < first + DEPTH);
  const nearest = pressed.reduce((best, one) => (one.aside < (best?.aside ?? Infinity) - 1e-9 ? one : best), undefined);
  return nearest?.p[2] > 0.002 ? { at: nearest.p, along: first } : undefined;
} // prettier-ignore

/** Directions of a gel's long and short side, turned by `angle` about n. */
function faceAxes(n, angle) {
  const helper = Math.abs(n[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0];
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  let u = cross(helper, n);
  const length = Math.hypot(...u);
  u = u.map((value) => value / length);
  const v = cross(n, u);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [u.map((value, k) => c * value + s * v[k]), v.map((value, k) => c * value - s * u[k])];
}

/** A touch with the arm's error: a shift with `sigma` per axis (m) and a turn about `p` with `tilt` per axis (rad). */
export function misplaced(touch, p, sigma, tilt, random) {
  const shift = [0, 1, 2].map(() => sigma * random.normal());
  const w = [0, 1, 2].map(() => tilt * random.normal());
  const turn = (a) => [
    a[0] + w[1] * a[2] - w[2] * a[1],
    a[1] + w[2] * a[0] - w[0] * a[2],
    a[2] + w[0] * a[1] - w[1] * a[0],
  ];
  const points = touch.points.slice();
  const normals = touch.normals.slice();
  for (let i = 0; i < points.length; i += 3) {
    const q = turn([points[i] - p[0], points[i + 1] - p[1], points[i + 2] - p[2]]);
    for (let k = 0; k < 3; k++) points[i + k] = p[k] + q[k] + shift[k];
    const n = turn(normals.subarray(i, i + 3));
    const length = Math.hypot(...n);
    for (let k = 0; k < 3; k++) normals[i + k] = n[k] / length;
  }
  return { points, normals };
}

/** Indices of `count` points, each the farthest from those before it. */
export function spread(points, count, first) {
  const n = points.length / 3;
  const gap = new Float64Array(n).fill(Infinity);
  const chosen = [first];
  while (chosen.length < Math.min(count, n)) {
    const at = 3 * chosen.at(-1);
    let best = 0;
    for (let i = 0; i < n; i++) {
      const d = Math.hypot(
        points[3 * i] - points[at],
        points[3 * i + 1] - points[at + 1],
        points[3 * i + 2] - points[at + 2],
      );
      gap[i] = Math.min(gap[i], d);
      if (gap[i] > gap[best]) best = i;
    }
    chosen.push(best);
  }
  return chosen;
}

/** Standard deviation of a depth camera half a metre away (m), and of its normals (per axis). */
const DEPTH_NOISE = 0.0015;
const NORMAL_NOISE = 0.05;

/** A camera that looks at an object from 0.5 m away, 20 to 60° above the table. */
function eyeOf({ object: { bounds } }, random) {
  const azimuth = 2 * Math.PI * random.next();
  const up = (random.range(20, 60) * Math.PI) / 180;
  const middle = [0, 1, 2].map((k) => (bounds[k] + bounds[k + 3]) / 2);
  return [Math.cos(up) * Math.cos(azimuth), Math.cos(up) * Math.sin(azimuth), Math.sin(up)].map(
    (v, k) => middle[k] + 0.5 * v,
  );
}

/** Whether nothing of the object lies between a point and the eye; the first `start` metres are not looked at. */
function inSight(distance, p, ray, far, start) {
  for (let t = start; t < 0.25; ) {
    const d = distance(p[0] + (t * ray[0]) / far, p[1] + (t * ray[1]) / far, p[2] + (t * ray[2]) / far);
    if (d <= 1e-4) return false;
    t += Math.max(d, 0.0005);
  }
  return true;
} // prettier-ignore

/**
 * What a depth camera sees of an object from 0.5 m away, 20 to 60° above the table: every truth point that nothing hides, with noise.
 */
export function viewOf(test, random) {
  const { distance, truth } = test;
  const eye = eyeOf(test, random);
  const surface = onSurface(distance, truth);
  const points = [];
  const normals = [];
  for (let i = 0; i < truth.length; i += 3) {
    const p = surface.points.subarray(i, i + 3);
    const n = surface.normals.subarray(i, i + 3);
    const ray = [0, 1, 2].map((k) => eye[k] - p[k]);
    const far = Math.hypot(...ray);
    const facing = (ray[0] * n[0] + ray[1] * n[1] + ray[2] * n[2]) / far;
    if (facing < 0.15 || p[2] < 0.003) continue;
    if (!inSight(distance, p, ray, far, 0.003)) continue;
    const shift = (DEPTH_NOISE * random.normal()) / far;
    const m = [0, 1, 2].map((k) => n[k] + NORMAL_NOISE * random.normal());
    const length = Math.hypot(...m);
    for (let k = 0; k < 3; k++) {
      points.push(p[k] + shift * ray[k]);
      normals.push(m[k] / length);
    }
  }
  return { points, normals };
}

/** Rays of a camera go on so far behind a point, as a fused distance is cut off (m). */
const CUT_OFF = 0.03;

/**
 * Distances of points (3·N) as the camera of {@link viewOf} measures them along its rays, with its noise, up to 3 cm; NaN
 * for what is hidden.
 */
export function seenDistances(test, random, points) {
  const { distance } = test;
  const eye = eyeOf(test, random);
  const out = new Float32Array(points.length / 3);
  for (let i = 0; i < out.length; i++) {
    const p = points.subarray(3 * i, 3 * i + 3);
    const ray = [0, 1, 2].map((k) => eye[k] - p[k]);
    const far = Math.hypot(...ray);
    if (p[2] < 0 || !inSight(distance, p, ray, far, 0)) {
      out[i] = NaN;
      continue;
    }
    let way = 0;
    for (let step = 0; step < 60 && way < CUT_OFF; step++) {
      const t = -way / far;
      const d = Math.min(distance(p[0] + t * ray[0], p[1] + t * ray[1], p[2] + t * ray[2]), p[2] + t * ray[2]);
      if (d < 1e-4) break;
      way += d;
    }
    out[i] = Math.min(CUT_OFF, way + DEPTH_NOISE * random.normal());
  }
  return out;
} // prettier-ignore
