import type { SurfaceSamples } from '../../sensors/observation.js';
import type { FieldEngine, NormalSums, RegisterOptions } from '../../field/engine.js';
import type { Pose } from '../../geometry/se3.js';
import type { Track } from '../tracking/tracker.js';
import { better, type Candidate } from './certainty.js';

/**
 * Finds where a scan fits a map best: scores many poses cheaply, registers from the best of them, and measures the fits.
 *
 * @example
 * const search = new PlaceSearch(field, [0.15, 0.6, 1.2], config.tracking);
 * const guesses = search.rank(surface, turned([pose], yawFan(180, 20)), 6);
 * const candidate = search.best(surface, guesses, (guess) => register(guess));
 */
export class PlaceSearch {
  readonly #engine: FieldEngine;
  readonly #wide: RegisterOptions;
  readonly #tight: RegisterOptions;

  /**
   * @param voxels distances between the corners of the scalar levels, finest first (m)
   * @param limits the tracker's trust in gradients and corners
   */
  constructor(
    engine: FieldEngine,
    voxels: readonly number[],
    limits: { readonly gradientScale: number; readonly minWeight: number },
  ) {
    this.#engine = engine;
    this.#wide = {
      // The coarse levels' wide truncation sees a wall from metres away: they count nearly as much as the fine one.
      kernels: [...voxels.map((voxel, i) => voxel * (i === 0 ? 4 : 1)), 0, 0, 0].slice(0, 4),
      levelWeights: [1, 0.6, 0.3, 0],
      gradientScale: limits.gradientScale,
      minWeight: limits.minWeight,
      timeScale: 10,
      twist: new Float64Array(6),
    };
    this.#tight = {
      ...this.#wide,
      kernels: [voxels[0]!, 0, 0, 0],
      levelWeights: [1, 0, 0, 0],
      gradientScale: 100, // distance alone counts
    };
  }

  /** The `count` poses that fit best, best first. */
  rank(surface: SurfaceSamples, poses: readonly Pose[], count: number): Pose[] {
    const many = this.#engine.registerMany?.(surface, poses, this.#wide);
    return poses
      .map((pose, i) => ({
        pose,
        score: meanWeight(many ? many[i]! : this.#engine.register(surface, pose, this.#wide)),
      }))
      .sort((a, b) => b.score - a.score)
      .slice(0, count)
      .map(({ pose }) => pose);
  }

  /**
   * The registration that fits best among those from several first guesses.
   *
   * @param track registers the scan from a first guess, T_map_sensor
   */
  best(surface: SurfaceSamples, poses: readonly Pose[], track: (pose: Pose) => Track): Candidate | undefined {
    return poses
      .map((pose) => this.measure(surface, track(pose)))
      .reduce<Candidate | undefined>(better, undefined);
  }

  /** How well the scan fits the map at a registered pose. The points must be undistorted as they were for it. */
  measure(surface: SurfaceSamples, track: Track): Candidate {
    const [other] = this.#engine.register(surface, track.pose, this.#tight);
    return {
      track,
      fit: other.valued > 0 ? other.weight / other.valued : 0,
      valued: other.points > 0 ? other.valued / other.points : 0,
    };
  }
}

/** Mean robust weight, 1 = fits perfectly. Ground fits almost anywhere on the path and counts a quarter. */
function meanWeight([other, ground]: readonly [NormalSums, NormalSums]): number {
  const all = other.points + ground.points / 4;
  return all > 0 ? (other.weight + ground.weight / 4) / all : 0;
}
