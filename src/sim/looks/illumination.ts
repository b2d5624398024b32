import type { World } from '../world.js';
import type { Rgb } from './material.js';

/** A small lamp: radiance that a white surface facing it at 1 m gives back. */
export interface Light {
  readonly at: readonly [number, number, number];
  readonly power: Rgb;
}

const CELL = 0.1;
/** Shadows are looked up this far in front of a surface, metres. */
const LIFT = 0.09;
/** A lamp is not a point: closer than this its light grows no further, metres. */
const LAMP = 0.25;

/**
 * Light at a point: ambient from all sides (a little more from above) and lamps by Lambert's law, each times the
 * share of it that is seen from there. That share is cast once on a lattice of 10 cm and interpolated: soft shadows
 * for the price of a look-up.
 *
 * @example
 * const light = new Illumination(world, lamps, 0.3);
 * light.at(0, 0, 0, 0, 0, 1, out); // on the floor
 */
export class Illumination {
  private readonly origin: [number, number, number] = [0, 0, 0];
  private readonly size: [number, number, number] = [1, 1, 1];
  /** Seen (1) or not, per lattice point and lamp. */
  private readonly seen: Float32Array;

  constructor(
    world: World,
    readonly lights: readonly Light[],
    readonly ambient: number,
  ) {
    const { bounds, count } = world.statics;
    for (let k = 0; k < 3 && count > 0 && lights.length > 0; k++) {
      let [low, high] = [Infinity, -Infinity];
      for (let i = 0; i < count; i++) {
        low = Math.min(low, bounds[6 * i + k]!);
        high = Math.max(high, bounds[6 * i + 3 + k]!);
      }
      this.origin[k] = low;
      this.size[k] = Math.max(2, Math.ceil((high - low) / CELL) + 1);
    }
    const [nx, ny, nz] = this.size;
    this.seen = new Float32Array(nx * ny * nz * lights.length);
    let at = 0;
    for (let k = 0; k < nz; k++)
      for (let j = 0; j < ny; j++)
        for (let i = 0; i < nx; i++)
          for (const { at: lamp } of lights) {
            const p = [
              this.origin[0] + i * CELL,
              this.origin[1] + j * CELL,
              this.origin[2] + k * CELL,
            ] as const;
            this.seen[at++] = visible(world, p, lamp) ? 1 : 0;
          }
  }

  /** Writes the light on a surface at (x, y, z) with unit normal n: the radiance of a white one. */
  at(x: number, y: number, z: number, nx: number, ny: number, nz: number, out: Float64Array): void {
    const base = this.ambient * (0.85 + 0.15 * nz);
    out[0] = base;
    out[1] = base;
    out[2] = base;
    const { lights, seen, size } = this;
    const n = lights.length;
    if (n === 0) return;
    const u = clamp((x + LIFT * nx - this.origin[0]) / CELL, size[0]);
    const v = clamp((y + LIFT * ny - this.origin[1]) / CELL, size[1]);
    const w = clamp((z + LIFT * nz - this.origin[2]) / CELL, size[2]);
    const i = Math.floor(u);
    const j = Math.floor(v);
    const k = Math.floor(w);
    const fu = u - i;
    const fv = v - j;
    const fw = w - k;
    const row = size[0] * n;
    const layer = size[1] * row;
    for (let l = 0; l < n; l++) {
      const { at, power } = lights[l]!;
      const dx = at[0] - x;
      const dy = at[1] - y;
      const dz = at[2] - z;
      const cos = dx * nx + dy * ny + dz * nz;
      if (cos <= 0) continue;
      const d2 = dx * dx + dy * dy + dz * dz;
      const o = k * layer + j * row + i * n + l;
      const a = seen[o]! + (seen[o + n]! - seen[o]!) * fu;
      const b = seen[o + row]! + (seen[o + row + n]! - seen[o + row]!) * fu;
      const c = seen[o + layer]! + (seen[o + layer + n]! - seen[o + layer]!) * fu;
      const d = seen[o + layer + row]! + (seen[o + layer + row + n]! - seen[o + layer + row]!) * fu;
      const share = a + (b - a) * fv + (c + (d - c) * fv - a - (b - a) * fv) * fw;
      const e = (share * cos) / (Math.sqrt(d2) * (d2 + LAMP * LAMP));
      out[0] = out[0]! + e * power[0];
      out[1] = out[1]! + e * power[1];
      out[2] = out[2]! + e * power[2];
    }
  }
}

/** Into the lattice, short of its last point: a cell to interpolate in begins there. */
function clamp(v: number, size: number): number {
  return v < 0 ? 0 : v > size - 1.000001 ? size - 1.000001 : v;
}

function visible(
  world: World,
  [x, y, z]: readonly [number, number, number],
  lamp: readonly [number, number, number],
): boolean {
  const [dx, dy, dz] = [lamp[0] - x, lamp[1] - y, lamp[2] - z];
  const d = Math.hypot(dx, dy, dz);
  // A lamp sits in its own shade: the last 30 cm are always clear.
  if (d < 0.3) return true;
  return world.raycast(x, y, z, dx / d, dy / d, dz / d, d - 0.3, 0) === Infinity;
}
