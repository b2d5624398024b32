import { FeltmapError } from '../geometry/errors.js';
import type { Random } from '../geometry/random.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import type { Body } from './body.js';
import type { World } from './world.js';

/** A spinning LiDAR: all beams of a column fire at one instant, columns follow each other evenly. */
export interface LidarModel {
  /** Elevation of each ring in radians, ring 0 the highest. */
  readonly elevations: Float64Array;
  /** Columns per turn. */
  readonly columns: number;
  /** Turns per second. */
  readonly rate: number;
  readonly minRange: number;
  readonly maxRange: number;
  /** 1 counter-clockwise seen from above, −1 clockwise (Velodyne and Ouster). */
  readonly direction: 1 | -1;
  /** How much higher than `elevations` the beams point in truth, radians. */
  readonly elevationOffset?: number;
}

export interface LidarNoise {
  /** Standard deviation of the range, metres. */
  readonly range: number;
  /** Share of returns lost at random. */
  readonly dropout: number;
  /** Whether dark, grazing and far surfaces may give no return. */
  readonly power: boolean;
}

export const NO_NOISE: LidarNoise = { range: 0, dropout: 0, power: false };
export const DEFAULT_NOISE: LidarNoise = { range: 0.02, dropout: 0.005, power: true };

export type Beams = 16 | 32 | 64 | 128;

/** Vertical half field of view in degrees: VLP-16 ±15°; OS1-32, -64 and -128 (revisions C to 6) ±22.5°. */
const HALF_FIELD: Record<Beams, number> = { 16: 15, 32: 22.5, 64: 22.5, 128: 22.5 };

/** @throws FeltmapError 'bad-config' for beams other than 16, 32, 64 or 128, or columns or rate out of range. */
export function lidarModel(beams: number, columns = 1024, rate = 10): LidarModel {
  const half = HALF_FIELD[beams as Beams];
  if (half === undefined) {
    throw new FeltmapError(
      'bad-config',
      `The simulated LiDAR has no model with ${beams} beams; use 16, 32, 64 or 128.`,
    );
  }
  if (!Number.isInteger(columns) || columns < 16 || columns > 8192) {
    throw new FeltmapError(
      'bad-config',
      `The simulated LiDAR cannot have ${columns} columns; use 16 to 8192.`,
    );
  }
  if (!(rate > 0 && rate <= 100)) {
    throw new FeltmapError(
      'bad-config',
      `The simulated LiDAR cannot turn ${rate} times a second; use up to 100.`,
    );
  }
  const elevations = Float64Array.from({ length: beams }, (_, i) => {
    return ((half - (2 * half * i) / (beams - 1)) * Math.PI) / 180;
  });
  return { elevations, columns, rate, minRange: 0.3, maxRange: 100, direction: -1 };
}

/** Azimuth of a column in the sensor frame: a sweep begins and ends facing backwards and faces ahead in its middle. */
export function azimuth(model: LidarModel, column: number): number {
  return Math.PI + (model.direction * 2 * Math.PI * column) / model.columns;
}

/** Seconds from the beginning of the sweep at which a column fires. */
export function columnTime(model: LidarModel, column: number): number {
  return column / (model.columns * model.rate);
}

/**
 * What one noise-free beam met. `range` is exact; the direction is in the world frame; the world still answers
 * hitNormal, hitMoving and hitReflectivity for it.
 */
export type BeamVisitor = (
  column: number,
  ring: number,
  range: number,
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
) => void;

/** Casts every beam of the sweep that begins at `start` (seconds), each column from its own exact pose. */
export function castSweep(
  world: World,
  trajectory: Body,
  model: LidarModel,
  start: number,
  visit: BeamVisitor,
): void {
  const rings = model.elevations.length;
  const elevations = model.elevations.map((e) => e + (model.elevationOffset ?? 0));
  const cosE = elevations.map(Math.cos);
  const sinE = elevations.map(Math.sin);
  world.forget();
  for (let column = 0; column < model.columns; column++) {
    const time = start + columnTime(model, column);
    const T = trajectory.pose(time);
    const a = azimuth(model, column);
    const [ca, sa] = [Math.cos(a), Math.sin(a)];
    const [ox, oy, oz] = [T[3]!, T[7]!, T[11]!];
    // World directions of the column's horizontal and of the spin axis.
    const [hx, hy, hz] = [T[0]! * ca + T[1]! * sa, T[4]! * ca + T[5]! * sa, T[8]! * ca + T[9]! * sa];
    const [ux, uy, uz] = [T[2]!, T[6]!, T[10]!];
    for (let ring = 0; ring < rings; ring++) {
      const c = cosE[ring]!;
      const s = sinE[ring]!;
      const dx = c * hx + s * ux;
      const dy = c * hy + s * uy;
      const dz = c * hz + s * uz;
      visit(
        column,
        ring,
        world.raycast(ox, oy, oz, dx, dy, dz, model.maxRange, time),
        ox,
        oy,
        oz,
        dx,
        dy,
        dz,
      );
    }
  }
}

export interface SweepOptions {
  readonly noise: LidarNoise;
  /** Draws for this sweep only, so that a sweep does not depend on the others. */
  readonly random: Random;
  readonly stampNs: bigint;
  readonly frameId: string;
  /** Seconds from the beginning of the sweep to its stamp: point times are relative to the stamp. */
  readonly stampOffset: number;
  /** One point per beam and column in rings × columns, NaN where nothing returned; otherwise valid points in time order. */
  readonly organised: boolean;
}

/**
 * One sweep as the sensor would deliver it: points in the sensor frame at the instant each was measured (distorted by
 * motion), with times, rings and intensities (0…255).
 */
export function sweep(
  world: World,
  trajectory: Body,
  model: LidarModel,
  start: number,
  options: SweepOptions,
): LidarScan {
  const rings = model.elevations.length;
  const capacity = rings * model.columns;
  const positions = new Float32Array(3 * capacity);
  const times = new Float32Array(capacity);
  const intensities = new Float32Array(capacity);
  const ringOf = new Uint16Array(capacity);
  const { noise, random, organised } = options;
  const normal = new Float64Array(3);
  const cosE = model.elevations.map(Math.cos);
  const sinE = model.elevations.map(Math.sin);
  let count = 0;
  let current = -1;
  let [ca, sa] = [1, 0];
  castSweep(world, trajectory, model, start, (column, ring, range, ox, oy, oz, dx, dy, dz) => {
    const at = organised ? ring * model.columns + column : count;
    let measured = Number.NaN;
    if (range >= model.minRange && range <= model.maxRange) {
      world.hitNormal(ox + range * dx, oy + range * dy, oz + range * dz, normal);
      const incidence = Math.abs(normal[0]! * dx + normal[1]! * dy + normal[2]! * dz);
      const reflectivity = world.hitReflectivity;
      const kept =
        (noise.dropout === 0 || random.next() >= noise.dropout) &&
        (!noise.power || random.next() < detection(range, incidence, reflectivity, model.maxRange));
      if (kept) {
        measured = noise.range > 0 ? range + noise.range * random.normal() : range;
        intensities[at] = Math.round(255 * reflectivity * incidence);
      }
    }
    if (!organised && Number.isNaN(measured)) return;
    if (column !== current) {
      const a = azimuth(model, column);
      [ca, sa, current] = [Math.cos(a), Math.sin(a), column];
    }
    positions[3 * at] = measured * cosE[ring]! * ca;
    positions[3 * at + 1] = measured * cosE[ring]! * sa;
    positions[3 * at + 2] = measured * sinE[ring]!;
    times[at] = columnTime(model, column) - options.stampOffset;
    ringOf[at] = ring;
    count++;
  });
  return {
    stampNs: options.stampNs,
    frameId: options.frameId,
    count,
    positions: organised ? positions : positions.slice(0, 3 * count),
    times: organised ? times : times.slice(0, count),
    intensities: organised ? intensities : intensities.slice(0, count),
    rings: organised ? ringOf : ringOf.slice(0, count),
    ...(organised ? { height: rings, width: model.columns } : {}),
    timing: 'field',
  };
}

/**
 * Probability of a return. The received power of a diffuse surface falls as ρ·cos θ / r²; here with √cos θ, since
 * rough surfaces stay visible at grazing angles. Scaled so that ρ = 0.8 head-on is seen half the time at maxRange.
 */
export function detection(range: number, incidence: number, reflectivity: number, maxRange: number): number {
  const reach = maxRange * Math.sqrt((reflectivity * Math.sqrt(incidence)) / 0.8);
  return 1 / (1 + Math.exp((range / reach - 1) / 0.06));
}
