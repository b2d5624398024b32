// What completion is compared with: sphere, convex hull, Poisson reconstruction and a Gaussian-process implicit surface, written
// out here so that all see the same points in the same run.
import { Random } from '../../dist/geometry/random.js';

/** Least-squares sphere through points: distance function. */
export function sphere(points) {
  const A = new Float64Array(16);
  const b = new Float64Array(4);
  for (let i = 0; i < points.length; i += 3) {
    const row = [2 * points[i], 2 * points[i + 1], 2 * points[i + 2], 1];
    const y = points[i] ** 2 + points[i + 1] ** 2 + points[i + 2] ** 2;
    for (let r = 0; r < 4; r++) {
      b[r] += row[r] * y;
      for (let c = 0; c < 4; c++) A[r * 4 + c] += row[r] * row[c];
    }
  }
  for (let r = 0; r < 4; r++) A[5 * r] += 1e-9;
  const x = solve(A, b, 4);
  const radius = Math.sqrt(Math.max(1e-6, x[3] + x[0] ** 2 + x[1] ** 2 + x[2] ** 2));
  return (px, py, pz) => Math.hypot(px - x[0], py - x[1], pz - x[2]) - radius;
}

/** Convex hull of points (incremental): triangles as { positions, indices }. */
export function hull(points) {
  const n = points.length / 3;
  // Shaken by 10 µm: points of one plane make faces whose sides rounding decides.
  const random = new Random('hull');
  const shaken = Float64Array.from(points, (v) => v + 1e-5 * random.normal());
  const P = (i) => [shaken[3 * i], shaken[3 * i + 1], shaken[3 * i + 2]];
  const sub = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const farthest = (measure) => {
    let [best, at] = [-Infinity, 0];
    for (let i = 0; i < n; i++) {
      const m = measure(P(i));
      if (m > best) [best, at] = [m, i];
    }
    return at;
  };
  const a = farthest((p) => p[0]);
  const b = farthest((p) => Math.hypot(...sub(p, P(a))));
  const ab = sub(P(b), P(a));
  const c = farthest((p) => Math.hypot(...cross(ab, sub(p, P(a)))));
  const normal = cross(ab, sub(P(c), P(a)));
  const d = farthest((p) => Math.abs(dot(normal, sub(p, P(a)))));
  const middle = [0, 1, 2].map((k) => (P(a)[k] + P(b)[k] + P(c)[k] + P(d)[k]) / 4);
  const face = (i, j, k) => {
    let m = cross(sub(P(j), P(i)), sub(P(k), P(i)));
    if (dot(m, sub(middle, P(i))) > 0) return face(i, k, j);
    const length = Math.hypot(...m) || 1;
    m = m.map((v) => v / length);
    return { v: [i, j, k], n: m, o: dot(m, P(i)) };
  };
  let faces = [face(a, b, c), face(a, b, d), face(a, c, d), face(b, c, d)];
  for (let i = 0; i < n; i++) {
    const p = P(i);
    const seen = faces.filter((f) => dot(f.n, p) - f.o > 1e-12);
    if (seen.length === 0) continue;
    const edges = new Map();
    for (const { v } of seen)
      for (let e = 0; e < 3; e++) {
        const [from, to] = [v[e], v[(e + 1) % 3]];
        if (!edges.delete(`${to},${from}`)) edges.set(`${from},${to}`, [from, to]);
      }
    const gone = new Set(seen);
    faces = faces.filter((f) => !gone.has(f));
    for (const [from, to] of edges.values()) faces.push(face(from, to, i));
  }
  return { positions: Float32Array.from(shaken), indices: Uint32Array.from(faces.flatMap((f) => f.v)) };
}

/** Gaussian-process implicit surface: Matérn 3/2, values 0 at points and ±8 mm along normals, mean `far` away from all. */
export function implicitSurface(points, normals, { length = 0.06, sigma = 0.001, far = 0.02 } = {}) {
  const at = [];
  const y = [];
  for (let i = 0; i < points.length; i += 3)
    for (const o of [0, 0.008, -0.008]) {
      at.push(
        points[i] + o * normals[i],
        points[i + 1] + o * normals[i + 1],
        points[i + 2] + o * normals[i + 2],
      );
      y.push(o - far);
    }
  const n = y.length;
  const k = (r) => {
    const s = (Math.sqrt(3) * r) / length;
    return 0.0009 * (1 + s) * Math.exp(-s);
  };
  const K = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++)
      K[i * n + j] = k(
        Math.hypot(at[3 * i] - at[3 * j], at[3 * i + 1] - at[3 * j + 1], at[3 * i + 2] - at[3 * j + 2]),
      );
    K[i * n + i] = 0.0009 + sigma ** 2;
  }
  const alpha = solve(K, Float64Array.from(y), n);
  return (px, py, pz) => {
    let sum = far;
    for (let i = 0; i < n; i++)
      sum += alpha[i] * k(Math.hypot(at[3 * i] - px, at[3 * i + 1] - py, at[3 * i + 2] - pz));
    return sum;
  };
}

/** Poisson reconstruction on a grid (cosine transform, no flux through the border), Gaussian-spread normals: distance-like values. */
export function poisson(points, normals, low, high, cell = 0.005) {
  const pad = 8;
  const n = [0, 1, 2].map((k) => Math.ceil((high[k] - low[k]) / cell) + 2 * pad);
  const origin = low.map((v) => v - pad * cell);
  const at = (i, j, k) => (k * n[1] + j) * n[0] + i;
  const total = n[0] * n[1] * n[2];
  const V = [0, 1, 2].map(() => new Float64Array(total));
  for (let p = 0; p < points.length; p += 3) {
    const g = [0, 1, 2].map((k) => (points[p + k] - origin[k]) / cell);
    const base = g.map(Math.round);
    for (let o = 0; o < 125; o++) {
      const c = [
        base[0] + (o % 5) - 2,
        base[1] + (Math.floor(o / 5) % 5) - 2,
        base[2] + Math.floor(o / 25) - 2,
      ];
      if (c.some((v, k) => v < 0 || v >= n[k])) continue;
      const r2 = (c[0] - g[0]) ** 2 + (c[1] - g[1]) ** 2 + (c[2] - g[2]) ** 2;
      const w = Math.exp(-r2 / 2);
      for (let k = 0; k < 3; k++) V[k][at(...c)] += w * normals[p + k];
    }
  }
  const div = new Float64Array(total);
  for (let k = 0; k < n[2]; k++)
    for (let j = 0; j < n[1]; j++)
      for (let i = 0; i < n[0]; i++) {
        const d = (f, lowIndex, highIndex) => (f[highIndex] - f[lowIndex]) / 2;
        div[at(i, j, k)] =
          d(V[0], at(Math.max(0, i - 1), j, k), at(Math.min(n[0] - 1, i + 1), j, k)) +
          d(V[1], at(i, Math.max(0, j - 1), k), at(i, Math.min(n[1] - 1, j + 1), k)) +
          d(V[2], at(i, j, Math.max(0, k - 1)), at(i, j, Math.min(n[2] - 1, k + 1)));
      }
  const lambda = n.map((m) =>
    Float64Array.from({ length: m }, (_, i) => 2 * Math.cos((Math.PI * i) / m) - 2),
  );
  transform(div, n, false);
  for (let k = 0; k < n[2]; k++)
    for (let j = 0; j < n[1]; j++)
      for (let i = 0; i < n[0]; i++) {
        const l = lambda[0][i] + lambda[1][j] + lambda[2][k];
        div[at(i, j, k)] = l === 0 ? 0 : div[at(i, j, k)] / l;
      }
  transform(div, n, true);
  const value = (x, y, z) => {
    const g = [x, y, z].map((v, k) => Math.min(n[k] - 1.001, Math.max(0, (v - origin[k]) / cell)));
    const b = g.map(Math.floor);
    let sum = 0;
    for (let c = 0; c < 8; c++) {
      const o = [c & 1, (c >> 1) & 1, c >> 2];
      const w = o.reduce((m, bit, k) => m * (bit ? g[k] - b[k] : 1 - g[k] + b[k]), 1);
      sum += w * div[at(b[0] + o[0], b[1] + o[1], b[2] + o[2])];
    }
    return sum;
  };
  let level = 0;
  for (let p = 0; p < points.length; p += 3)
    level += value(points[p], points[p + 1], points[p + 2]) / (points.length / 3);
  return (x, y, z) => value(x, y, z) - level;
}

/** Orthonormal cosine transform along each axis, by matrices. */
function transform(values, n, inverse) {
  const strides = [1, n[0], n[0] * n[1]];
  for (let axis = 0; axis < 3; axis++) {
    const m = n[axis];
    const C = new Float64Array(m * m);
    for (let f = 0; f < m; f++)
      for (let i = 0; i < m; i++)
        C[f * m + i] = Math.sqrt((f === 0 ? 1 : 2) / m) * Math.cos((Math.PI * f * (i + 0.5)) / m);
    const line = new Float64Array(m);
    for (let start = 0; start < values.length; start++) {
      if (Math.floor(start / strides[axis]) % m !== 0) continue;
      for (let i = 0; i < m; i++) line[i] = values[start + i * strides[axis]];
      for (let f = 0; f < m; f++) {
        let sum = 0;
        for (let i = 0; i < m; i++) sum += (inverse ? C[i * m + f] : C[f * m + i]) * line[i];
        values[start + f * strides[axis]] = sum;
      }
    }
  }
}

/** Symmetric positive definite system by Cholesky. */
function solve(A, b, n) {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = A[i * n + j];
      for (let k = 0; k < j; k++) sum -= A[i * n + k] * A[j * n + k];
      A[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-18)) : sum / A[j * n + j];
    }
  }
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= A[i * n + k] * x[k];
    x[i] /= A[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= A[k * n + i] * x[k];
    x[i] /= A[i * n + i];
  }
  return x;
}
