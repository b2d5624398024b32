import { Random } from '../geometry/random.js';
import type { Pose } from '../geometry/se3.js';
import type { Body } from './body.js';
import { castSweep, type LidarModel } from './lidar.js';
import { PathDistance } from './path-distance.js';
import { sampleHalfSpace, sampleSurface, type SampleVisitor, type TileFilter } from './samples.js';
import { SeenSurface } from './seen.js';
import type { World } from './world.js';

export interface SurfaceOptions {
  /** One point per spacing² on average, metres. Default 0.02 (the SHINE protocol). */
  readonly spacing?: number;
  /** Only surface no further than this from a sensor position at a sweep's start, metres. Default 12. */
  readonly within?: number;
  /** How near a beam must have ended for a point to count as seen, metres. Default 0.2. */
  readonly seenRadius?: number;
  /** T_out_world applied to the points; default: points in the world frame. */
  readonly frame?: Pose;
}

/** A point deeper than this under another solid's surface is not on the union's surface, metres. */
const EXPOSED = 1e-4;

/**
 * Points spread uniformly by area over the static surface that the given sweeps saw: the truth for completion.
 *
 * A point is kept if it lies on the surface of the union (not buried in another solid), within `within` of the path,
 * and was **seen**: an exact, noise-free beam of one of the sweeps ended within `seenRadius` of it on a surface
 * facing the same way (see {@link SeenSurface}; 0.2 m closes the gaps between rings at 12 m, but leaves out what no
 * beam reached: behind parked cars, roofs, reveals never looked into). Ends on moving objects count as nothing. The
 * accuracy of a point is best taken from the exact {@link distanceToSurface}.
 *
 * @param starts beginnings of the sweeps, seconds.
 * @returns 3·N coordinates.
 */
export function surfacePoints(
  world: World,
  trajectory: Body,
  model: LidarModel,
  starts: readonly number[],
  options: SurfaceOptions = {},
): Float32Array {
  const { spacing = 0.02, within = 12, seenRadius = 0.2 } = options;
  const positions = new Float64Array(3 * starts.length);
  starts.forEach((t, i) => {
    const T = trajectory.pose(t);
    positions.set([T[3]!, T[7]!, T[11]!], 3 * i);
  });
  const path = new PathDistance(positions, within + seenRadius + 2);
  const seen = new SeenSurface(seenRadius);
  const normal = new Float64Array(3);
  for (const start of starts) {
    castSweep(world, trajectory, model, start, (_column, _ring, range, ox, oy, oz, dx, dy, dz) => {
      if (range < model.minRange || range > model.maxRange || world.hitMoving) return;
      const x = ox + range * dx;
      const y = oy + range * dy;
      const z = oz + range * dz;
      if (path.distance(x, y, z) > within + seenRadius) return;
      world.hitNormal(x, y, z, normal);
      seen.mark(x, y, z, normal[0]!, normal[1]!, normal[2]!);
    });
  }
  const points = new PointList(options.frame);
  const random = new Random('surface');
  const wanted: TileFilter = (x, y, z, radius) => path.distance(x, y, z) - radius <= within + 1;
  let owner = 0;
  const visit: SampleVisitor = (x, y, z, nx, ny, nz) => {
    if (!seen.has(x, y, z, nx, ny, nz) || path.distance(x, y, z) > within) return;
    // Where two faces coincide only the one that the query names keeps its point: the density stays uniform.
    if (Math.abs(world.staticSdf(x, y, z)) < EXPOSED && world.nearest === owner) points.push(x, y, z);
  };
  world.statics.primitives.forEach((primitive, i) => {
    owner = i;
    const b = world.statics.bounds;
    const centre = [0, 1, 2].map((k) => (b[6 * i + k]! + b[6 * i + 3 + k]!) / 2) as [number, number, number];
    const radius = Math.hypot(...[0, 1, 2].map((k) => (b[6 * i + 3 + k]! - b[6 * i + k]!) / 2));
    if (radius < 2 && !wanted(...centre, radius)) return;
    sampleSurface(primitive, spacing, random.fork(i), wanted, visit);
  });
  const middle: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < positions.length; i++) middle[i % 3]! += positions[i]! / starts.length;
  let reach = within;
  for (let i = 0; i < positions.length; i += 3) {
    const away = Math.hypot(
      positions[i]! - middle[0],
      positions[i + 1]! - middle[1],
      positions[i + 2]! - middle[2],
    );
    reach = Math.max(reach, away + within);
  }
  world.planes.forEach((plane, i) => {
    owner = -1 - i;
    sampleHalfSpace(plane, middle, reach, spacing, random.fork(`plane ${i}`), wanted, visit);
  });
  return points.take();
}

/**
 * Distance of each point (3·N, world frame or, with `toWorld` = T_world_points, any other) to the static surface,
 * exact outside solids (see {@link World}).
 */
export function distanceToSurface(world: World, points: ArrayLike<number>, toWorld?: Pose): Float32Array {
  const n = Math.floor(points.length / 3);
  const out = new Float32Array(n);
  const T = toWorld ?? Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
  for (let i = 0; i < n; i++) {
    const x = points[3 * i]!;
    const y = points[3 * i + 1]!;
    const z = points[3 * i + 2]!;
    out[i] = Math.abs(
      world.staticSdf(
        T[0]! * x + T[1]! * y + T[2]! * z + T[3]!,
        T[4]! * x + T[5]! * y + T[6]! * z + T[7]!,
        T[8]! * x + T[9]! * y + T[10]! * z + T[11]!,
      ),
    );
  }
  return out;
}

/** A growing list of points, moved to another frame on the way in. */
class PointList {
  private data = new Float32Array(3 << 16);
  private used = 0;

  constructor(private readonly frame?: Pose) {}

  push(x: number, y: number, z: number): void {
    if (this.used + 3 > this.data.length) {
      const larger = new Float32Array(this.data.length * 2);
      larger.set(this.data);
      this.data = larger;
    }
    const T = this.frame;
    this.data[this.used++] = T ? T[0]! * x + T[1]! * y + T[2]! * z + T[3]! : x;
    this.data[this.used++] = T ? T[4]! * x + T[5]! * y + T[6]! * z + T[7]! : y;
    this.data[this.used++] = T ? T[8]! * x + T[9]! * y + T[10]! * z + T[11]! : z;
  }

  take(): Float32Array {
    return this.data.slice(0, this.used);
  }
}
