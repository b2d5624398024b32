import type { Solid } from './solid.js';

/** Newton's steps to the nearest point of the surface; 3 to 6 are usual. */
const MAX_STEPS = 20;
/** Step of the finite differences that measure curvature, relative to the size. */
const PROBE = 1e-5;

/**
 * A superquadric around the origin: ((|x/a|^p + |y/b|^p)^(q/p) + |z/c|^q)^(1/q) ≤ 1 with p, q > 1 (convex; 2: an
 * ellipsoid, large: towards a box). There is no closed form of its distance: the nearest point of the surface is
 * found by Newton's method in the tangent plane. Outside, the result is the distance to the tangent plane there,
 * which is never more than the true distance.
 */
export function superquadric(half: readonly [number, number, number], p: number, q: number): Solid {
  const surface = new SuperquadricSurface(half, p, q);
  const [a, b, c] = half;
  return { bounds: [-a, -b, -c, a, b, c], distance: (x, y, z) => surface.distance(x, y, z) };
}

class SuperquadricSurface {
  // Scratch: gradient, unit normal and value of the last `measure`.
  private nx = 0;
  private ny = 0;
  private nz = 0;
  private value = 0;
  private readonly probe: number;

  constructor(
    private readonly half: readonly [number, number, number],
    private readonly p: number,
    private readonly q: number,
  ) {
    this.probe = PROBE * Math.min(...half);
  }

  distance(x: number, y: number, z: number): number {
    const [a, b, c] = this.half;
    this.measure(x, y, z);
    const F = this.value;
    if (F > 1) return this.approach(x, y, z, x / F, y / F, z / F, F);
    // Inside there are several nearest points: from the axes and straight out.
    let least = -this.approach(x, y, z, x < 0 ? -a : a, 0, 0, F);
    least = Math.min(least, -this.approach(x, y, z, 0, y < 0 ? -b : b, 0, F));
    least = Math.min(least, -this.approach(x, y, z, 0, 0, z < 0 ? -c : c, F));
    if (F > 1e-6) least = Math.min(least, -this.approach(x, y, z, x / F, y / F, z / F, F));
    return -least;
  }

  /** Moves q, a point of the surface, to where its normal passes through the point; the signed distance there. */
  private approach(x: number, y: number, z: number, qx: number, qy: number, qz: number, F: number): number {
    let wx = x - qx;
    let wy = y - qy;
    let wz = z - qz;
    let far = wx * wx + wy * wy + wz * wz;
    let s = 0;
    for (let step = 0; step < MAX_STEPS; step++) {
      this.measure(qx, qy, qz);
      const { nx, ny, nz } = this;
      s = wx * nx + wy * ny + wz * nz;
      const tx = wx - s * nx;
      const ty = wy - s * ny;
      const tz = wz - s * nz;
      const t = Math.sqrt(tx * tx + ty * ty + tz * tz);
      if (t < 1e-9) break;
      const [ex, ey, ez] = [tx / t, ty / t, tz / t];
      const [fx, fy, fz] = [ny * ez - nz * ey, nz * ex - nx * ez, nx * ey - ny * ex];
      // Shape operator by differences of the normal along e and f.
      const h = this.probe;
      this.measure(qx + h * ex, qy + h * ey, qz + h * ez);
      const see = ((this.nx - nx) * ex + (this.ny - ny) * ey + (this.nz - nz) * ez) / h;
      const sef = ((this.nx - nx) * fx + (this.ny - ny) * fy + (this.nz - nz) * fz) / h;
      this.measure(qx + h * fx, qy + h * fy, qz + h * fz);
      const sff = ((this.nx - nx) * fx + (this.ny - ny) * fy + (this.nz - nz) * fz) / h;
      // (I + s·S) u = t: the step at which the normal of the curved surface meets the point.
      const A = 1 + s * see;
      const B = s * sef;
      const C = 1 + s * sff;
      const det = A * C - B * B;
      let [u, v] = [t, 0];
      if (A > 0 && det > 1e-3) [u, v] = [(C * t) / det, (-B * t) / det];
      let moved = false;
      for (let halving = 0; halving < 12; halving++) {
        let rx = qx + u * ex + v * fx;
        let ry = qy + u * ey + v * fy;
        let rz = qz + u * ez + v * fz;
        this.measure(rx, ry, rz);
        rx /= this.value;
        ry /= this.value;
        rz /= this.value;
        const [vx, vy, vz] = [x - rx, y - ry, z - rz];
        const now = vx * vx + vy * vy + vz * vz;
        if (now < far) {
          [qx, qy, qz, wx, wy, wz, far] = [rx, ry, rz, vx, vy, vz, now];
          moved = true;
          break;
        }
        u /= 2;
        v /= 2;
      }
      if (!moved) break;
    }
    return F > 1 ? s : -Math.sqrt(far);
  }

  /** The function's value and the unit normal of its level surface. */
  private measure(x: number, y: number, z: number): void {
    const [a, b, c] = this.half;
    const { p, q } = this;
    const X = Math.pow(Math.abs(x) / a, p);
    const Y = Math.pow(Math.abs(y) / b, p);
    const Z = Math.pow(Math.abs(z) / c, q);
    const XY = X + Y;
    const R = XY > 0 ? Math.pow(XY, q / p) : 0;
    this.value = Math.pow(R + Z, 1 / q);
    // Gradient up to a factor: x^(p−1) / a^p · (X + Y)^(q/p − 1) = X/x · R/XY.
    const xy = XY > 0 ? R / XY : 0;
    const gx = x === 0 ? 0 : (X / x) * xy;
    const gy = y === 0 ? 0 : (Y / y) * xy;
    const gz = z === 0 ? 0 : Z / z;
    const length = Math.sqrt(gx * gx + gy * gy + gz * gz);
    if (!(length > 0)) {
      [this.nx, this.ny, this.nz] = [0, 0, 1];
      return;
    }
    this.nx = gx / length;
    this.ny = gy / length;
    this.nz = gz / length;
  }
}
