import { Random } from '../../geometry/random.js';
import { transformPoint, type Pose } from '../../geometry/se3.js';
import { toSrgb } from '../looks/scene.js';
import { sampleSurface, type SampleVisitor } from '../samples.js';
import { SeenSurface } from '../seen.js';
import type { RgbdSimulation } from './rgbd-simulation.js';

export interface SeenPointsOptions {
  /** One point per spacing² on average, metres. Default 0.01. */
  readonly spacing?: number;
  /** Only every n-th frame is looked at. Default 5. */
  readonly every?: number;
  /** Only so many frames from the beginning. Default: all. */
  readonly frames?: number;
  /** How near a measured pixel must lie for a point to count as seen, metres. Default 0.02. */
  readonly radius?: number;
  /** T_out_world applied to the points. Default: into the odom frame, the body's at the first depth stamp. */
  readonly frame?: Pose;
}

/** Points of a surface with their exact colours. */
export interface ColoredPoints {
  /** 3·N coordinates, metres. */
  readonly points: Float32Array;
  /** 3·N sRGB bytes, at a gain of 1. */
  readonly colors: Uint8Array;
}

/** A pixel further off its exact ray than this saw another surface: an edge that grew, metres. */
const OFF = 0.1;
/** A point deeper than this under another solid's surface is not on the union's surface, metres. */
const EXPOSED = 1e-4;

/**
 * Points spread uniformly by area over the surface that the depth camera saw, with colour: the truth for completion
 * and for colour. Seen is what a depth image had a value for: holes, shadows and ranges beyond the camera's do not
 * count. A point's accuracy is best taken from {@link RgbdSimulation.distanceToSurface}.
 *
 * @example
 * const { points, colors } = seenPoints(recording, { spacing: 0.01 });
 */
export function seenPoints(simulation: RgbdSimulation, options: SeenPointsOptions = {}): ColoredPoints {
  const { spacing = 0.01, every = 5, radius = 0.02, frame = simulation.odomFromWorld() } = options;
  const { world } = simulation.scene;
  const seen = new SeenSurface(radius, radius / 2);
  const frames = Math.min(options.frames ?? Infinity, simulation.frameCount);
  for (let k = 0; k < frames; k += every) {
    simulation.eachMeasured(k, (x, y, z, id, error) => {
      if (Math.abs(error) > OFF) return;
      simulation.scene.normalOf(id, x, y, z, normal);
      seen.mark(x, y, z, normal[0]!, normal[1]!, normal[2]!);
    });
  }
  const points: number[] = [];
  const colors: number[] = [];
  const color = new Float64Array(3);
  let owner = 0;
  const visit: SampleVisitor = (x, y, z, nx, ny, nz) => {
    if (!seen.has(x, y, z, nx, ny, nz)) return;
    if (Math.abs(world.staticSdf(x, y, z)) > EXPOSED || world.nearest !== owner) return;
    points.push(...transformPoint(frame, x, y, z));
    simulation.scene.radiance(owner, x, y, z, color);
    for (const c of color) colors.push(Math.round(toSrgb(c)));
  };
  const random = new Random('surface');
  const all = (): boolean => true;
  world.statics.primitives.forEach((primitive, i) => {
    owner = i;
    sampleSurface(primitive, spacing, random.fork(i), all, visit);
  });
  return { points: Float32Array.from(points), colors: Uint8Array.from(colors) };
}

const normal = new Float64Array(3);
