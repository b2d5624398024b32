// Ten things to be touched, as signed distances in metres, negative inside; 0.06 to 0.11 m in size.

const { abs, cos, hypot, max, min, sign, sin, sqrt } = Math;
const clamp = (x, low, high) => min(high, max(low, x));

/** Signed distance from a closed polygon in the plane (x y each), after Quilez: the nearest edge, and the winding. */
function polygon(points) {
  const n = points.length / 2;
  return (x, y) => {
    let nearest = Infinity;
    let inside = false;
    for (let i = 0, j = n - 1; i < n; j = i++) {
      const [ax, ay, bx, by] = [points[2 * i], points[2 * i + 1], points[2 * j], points[2 * j + 1]];
      const [ex, ey] = [bx - ax, by - ay];
      const t = clamp(((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey), 0, 1);
      nearest = min(nearest, (x - ax - ex * t) ** 2 + (y - ay - ey * t) ** 2);
      if (ay > y !== by > y && x < ax + ((y - ay) * ex) / ey) inside = !inside;
    }
    return (inside ? -1 : 1) * sqrt(nearest);
  };
}

/** Distance from an open line of corners in the plane. */
function line(points) {
  return (x, y) => {
    let nearest = Infinity;
    for (let i = 0; i + 3 < points.length; i += 2) {
      const [ax, ay] = [points[i], points[i + 1]];
      const [ex, ey] = [points[i + 2] - ax, points[i + 3] - ay];
      const t = clamp(((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey), 0, 1);
      nearest = min(nearest, (x - ax - ex * t) ** 2 + (y - ay - ey * t) ** 2);
    }
    return sqrt(nearest);
  };
}

const revolve = (profile) => (x, y, z) => profile(hypot(x, y), z);
const round = (f, r) => (x, y, z) => f(x, y, z) - r;
const move = (f, dx, dy, dz) => (x, y, z) => f(x - dx, y - dy, z - dz);
const union =
  (...all) =>
  (x, y, z) =>
    all.reduce((d, f) => min(d, f(x, y, z)), Infinity);
const boxOf = (a, b, c) => (x, y, z) => {
  const [qx, qy, qz] = [abs(x) - a, abs(y) - b, abs(z) - c];
  return hypot(max(qx, 0), max(qy, 0), max(qz, 0)) + min(max(qx, qy, qz), 0);
};
const torus = (R, r) => (x, y, z) => hypot(hypot(x, y) - R, z) - r;
const capsule = (ax, ay, az, bx, by, bz, r) => (x, y, z) => {
  const [ex, ey, ez] = [bx - ax, by - ay, bz - az];
  const t = clamp(((x - ax) * ex + (y - ay) * ey + (z - az) * ez) / (ex * ex + ey * ey + ez * ez), 0, 1);
  return hypot(x - ax - t * ex, y - ay - t * ey, z - az - t * ez) - r;
};
const extrude = (profile, half) => (x, y, z) => {
  const [d, w] = [profile(x, y), abs(z) - half];
  return min(max(d, w), 0) + hypot(max(d, 0), max(w, 0));
};

/** Distance of an implicit surface: foot points by Newton's method along the gradient (Hartmann 1999). */
function implicit(f) {
  const h = 1e-6;
  const gradient = (x, y, z) => [
    (f(x + h, y, z) - f(x - h, y, z)) / (2 * h),
    (f(x, y + h, z) - f(x, y - h, z)) / (2 * h),
    (f(x, y, z + h) - f(x, y, z - h)) / (2 * h),
  ];
  const exact = (x, y, z) => {
    let [qx, qy, qz] = [x, y, z];
    for (let k = 0; k < 8; k++) {
      for (let i = 0; i < 2; i++) {
        const [a, b, c] = gradient(qx, qy, qz);
        const step = f(qx, qy, qz) / (a * a + b * b + c * c);
        qx -= step * a;
        qy -= step * b;
        qz -= step * c;
      }
      const g = gradient(qx, qy, qz);
      const norm = hypot(...g);
      const [a, b, c] = [g[0] / norm, g[1] / norm, g[2] / norm];
      const off = (x - qx) * a + (y - qy) * b + (z - qz) * c;
      // Half of the way along the tangent plane: safe where the surface is strongly curved.
      qx += 0.5 * (x - off * a - qx);
      qy += 0.5 * (y - off * b - qy);
      qz += 0.5 * (z - off * c - qz);
    }
    const [a, b, c] = gradient(qx, qy, qz);
    const step = f(qx, qy, qz) / (a * a + b * b + c * c);
    return sign(f(x, y, z)) * hypot(x - qx + step * a, y - qy + step * b, z - qz + step * c);
  };
  // Rays need no more than a distance to the first order.
  const quick = (x, y, z) => (0.8 * f(x, y, z)) / hypot(...gradient(x, y, z));
  return Object.assign(exact, { quick });
}

const superquadric = (a, b, c, e1, e2) =>
  implicit((x, y, z) => {
    const [u, v, w] = [abs(x / a) ** (2 / e2), abs(y / b) ** (2 / e2), abs(z / c) ** (2 / e1)];
    return ((u + v) ** (e2 / e1) + w) ** (e1 / 2) - 1;
  });

const wave = Array.from({ length: 41 }, (_, i) => {
  const z = -0.06 + 0.003 * i;
  return [0.033 + 0.012 * sin(45 * z + 0.5) + 0.004 * cos(110 * z), z];
});
const lProfile = [-0.045, -0.03, 0.045, -0.03, 0.045, -0.015, -0.02, -0.015, -0.02, 0.035, -0.045, 0.035];
const bottle = [
  0, -0.075, 0.03, -0.075, 0.03, 0.02, 0.026, 0.035, 0.014, 0.048, 0.013, 0.075, 0, 0.075, -0.02, 0,
];

const LARGE = {
  superquadric: superquadric(0.05, 0.038, 0.045, 0.6, 0.8),
  mug: union(
    revolve((r, z) => line([0, -0.045, 0.036, -0.045, 0.038, -0.04, 0.038, 0.045])(r, z) - 0.0025),
    (x, y, z) => torus(0.024, 0.005)(x - 0.042, z, y),
  ),
  box: round(boxOf(0.044, 0.029, 0.019), 0.002),
  ring: torus(0.04, 0.013),
  vase: revolve((r, z) => min(line(wave.flat())(r, z), line([0, -0.06, wave[0][0], -0.06])(r, z)) - 0.002),
  bottle: round(revolve(polygon(bottle)), 0.002),
  bracket: round(extrude(polygon(lProfile), 0.02), 0.0015),
  can: round(revolve(polygon([-0.01, -0.05, 0.031, -0.05, 0.031, 0.05, -0.01, 0.05])), 0.002),
  tool: union(
    capsule(-0.07, 0, 0, 0.03, 0, 0, 0.011),
    round(move(boxOf(0.012, 0.04, 0.01), 0.05, 0, 0), 0.004),
  ),
  composite: union(
    (x, y, z) => hypot(x, y, z) - 0.034,
    capsule(0, 0, 0, 0.05, 0.03, 0.02, 0.012),
    move(torus(0.022, 0.008), -0.03, 0.01, 0.02),
    round(move(boxOf(0.015, 0.012, 0.02), -0.01, -0.03, -0.02), 0.004),
  ),
};

/** The shapes were drawn larger than what fits into a hand. */
const SCALE = 0.7;
const scaled = (f) => {
  const of = (g) => (x, y, z) => SCALE * g(x / SCALE, y / SCALE, z / SCALE);
  return f.quick ? Object.assign(of(f), { quick: of(f.quick) }) : of(f);
};

/** Name → (x, y, z) → metres. */
export const SHAPES = Object.fromEntries(Object.entries(LARGE).map(([name, f]) => [name, scaled(f)]));

/** Unit gradient of a distance. */
export function normalAt(f, x, y, z, h = 2e-5) {
  const g = [
    f(x + h, y, z) - f(x - h, y, z),
    f(x, y + h, z) - f(x, y - h, z),
    f(x, y, z + h) - f(x, y, z - h),
  ];
  const n = hypot(...g) || 1;
  return [g[0] / n, g[1] / n, g[2] / n];
}
