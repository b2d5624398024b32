import type { Path } from './path.js';
import type { Solid } from './solid.js';

/** A box around the origin with rounded edges; `half` sizes include the rounding (m). */
export function roundedBox(half: readonly [number, number, number], radius: number): Solid {
  const [a, b, c] = half;
  const round = Math.min(radius, a, b, c);
  return {
    bounds: [-a, -b, -c, a, b, c],
    distance(x, y, z) {
      const dx = Math.abs(x) - a + round;
      const dy = Math.abs(y) - b + round;
      const dz = Math.abs(z) - c + round;
      const ox = Math.max(dx, 0);
      const oy = Math.max(dy, 0);
      const oz = Math.max(dz, 0);
      return Math.sqrt(ox * ox + oy * oy + oz * oz) + Math.min(Math.max(dx, dy, dz), 0) - round;
    },
  };
}

/** A ball. */
export function ball(cx: number, cy: number, cz: number, r: number): Solid {
  return {
    bounds: [cx - r, cy - r, cz - r, cx + r, cy + r, cz + r],
    distance: (x, y, z) => Math.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) - r,
  };
}

/** The convex hull of two balls: a capsule, or a cone with round ends. Neither ball may contain the other. */
export function roundCone(
  a: readonly [number, number, number],
  ra: number,
  b: readonly [number, number, number],
  rb: number,
): Solid {
  const h = Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]);
  const [ux, uy, uz] = [(b[0] - a[0]) / h, (b[1] - a[1]) / h, (b[2] - a[2]) / h];
  const k = (ra - rb) / h; // sine of the cone's half angle
  const slope = k / Math.sqrt(1 - k * k);
  const low = (i: 0 | 1 | 2): number => Math.min(a[i] - ra, b[i] - rb);
  const high = (i: 0 | 1 | 2): number => Math.max(a[i] + ra, b[i] + rb);
  return {
    bounds: [low(0), low(1), low(2), high(0), high(1), high(2)],
    distance(x, y, z) {
      const vx = x - a[0];
      const vy = y - a[1];
      const vz = z - a[2];
      const along = vx * ux + vy * uy + vz * uz;
      const across = Math.sqrt(Math.max(0, vx * vx + vy * vy + vz * vz - along * along));
      // The solid is the balls of radius ra − k·s around a + s·u, 0 ≤ s ≤ h; the nearest one in closed form.
      const s = Math.min(h, Math.max(0, along - slope * across));
      return Math.sqrt((along - s) * (along - s) + across * across) - ra + k * s;
    },
  };
}

/** A path turned about the z axis: its x is the distance from the axis (≥ 0), its y the height. Exact. */
export function revolve(path: Path): Solid {
  const r = path.high[0];
  return {
    bounds: [-r, -r, path.low[1], r, r, path.high[1]],
    distance: (x, y, z) => path.signed(Math.sqrt(x * x + y * y), z),
  };
}

/**
 * A closed path in x–y drawn out to −half … half along z. Exact; edges of the caps are rounded by `round`, which the
 * convex corners of the path must be too.
 */
export function extrude(path: Pick<Path, 'low' | 'high' | 'signed'>, half: number, round: number): Solid {
  return {
    bounds: [path.low[0], path.low[1], -half, path.high[0], path.high[1], half],
    distance(x, y, z) {
      const across = path.signed(x, y) + round;
      const along = Math.abs(z) - half + round;
      const ox = Math.max(across, 0);
      const oz = Math.max(along, 0);
      return Math.min(Math.max(across, along), 0) + Math.sqrt(ox * ox + oz * oz) - round;
    },
  };
}

/** A round bar bent along a path in x–z, with round ends. Exact. */
export function tube(path: Path, radius: number): Solid {
  const [x0, z0] = path.low;
  const [x1, z1] = path.high;
  return {
    bounds: [x0 - radius, -radius, z0 - radius, x1 + radius, radius, z1 + radius],
    distance(x, y, z) {
      const across = path.distance(x, z);
      return Math.sqrt(across * across + y * y) - radius;
    },
  };
}
