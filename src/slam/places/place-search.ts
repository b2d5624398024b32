import type { SurfaceSamples } from '../../sensors/observation.js';
import type { FieldBackend } from '../../field/backend.js';
import type { Field } from '../../field/field.js';
import { LinearSystem, unknownsAt, type NormalSums } from '../../field/linear-system.js';
import type { GeometricOptions, GeometricTerm } from '../../field/terms/geometric.js';
import { separation, type Pose } from '../../geometry/se3.js';
import type { Track } from '../tracking/tracker.js';
import { better, type Candidate } from './certainty.js';

/** Registrations from where the one before ended. */
const SETTLE_TRIES = 3;
/** What moves by no more than this in another registration has settled, in fine voxels: 3 cm at 0.15 m. */
const STAYS = 0.2;

/**
 * Finds where a scan fits a map best: scores many poses cheaply, registers from the best of them, and measures the fits.
 *
 * @example
 * const search = new PlaceSearch(backend, field, config.tracking);
 * const guesses = search.rank(surface, turned([pose], yawFan(180, 20)), 6);
 * const candidate = search.best(surface, guesses, (guess) => registration.from(observation, guess));
 */
export class PlaceSearch {
  readonly #backend: FieldBackend;
  readonly #field: Field;
  readonly #wide: GeometricOptions;
  readonly #tight: GeometricOptions;
  /** As many as poses were ever scored at once. */
  readonly #systems: LinearSystem[] = [];

  /**
   * @param limits the tracker's trust in gradients and corners
   */
  constructor(
    backend: FieldBackend,
    field: Field,
    limits: { readonly gradientScale: number; readonly minWeight: number },
  ) {
    this.#backend = backend;
    this.#field = field;
    const voxels = field.levels.map((level) => level.voxel);
    this.#wide = {
      // The coarse levels' wide truncation sees a wall from metres away: they count nearly as much as the fine one.
      kernels: [...voxels.map((voxel, i) => voxel * (i === 0 ? 4 : 1)), 0, 0, 0].slice(0, 4),
      levelWeights: [1, 0.6, 0.3, 0],
      gradientScale: limits.gradientScale,
      minWeight: limits.minWeight,
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
    while (this.#systems.length < poses.length) this.#systems.push(new LinearSystem());
    this.#backend.linearise([this.#term(surface, this.#wide)], poses.map(unknownsAt), this.#systems);
    return poses
      .map((pose, i) => ({ pose, score: meanWeight(this.#systems[i]!.sums[0]) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, count)
      .map(({ pose }) => pose);
  }

  /**
   * The registration that fits best among those from several first guesses.
   *
   * @param track registers the scan from a first guess, T_map_sensor
   * @param isOpen whether what was registered just now counts; all do unless given
   */
  best(
    surface: SurfaceSamples,
    poses: readonly Pose[],
    track: (pose: Pose) => Track,
    isOpen: (track: Track) => boolean = () => true,
  ): Candidate | undefined {
    return poses
      .flatMap((pose) => {
        const found = this.measure(surface, track(pose));
        return isOpen(found.track) ? found : [];
      })
      .reduce<Candidate | undefined>(better, undefined);
  }

  /**
   * A candidate, registered on where it was not converged: that ends after some iterations, which may be a few short. One that then
   * stays where it was has settled.
   */
  settle(surface: SurfaceSamples, candidate: Candidate, track: (pose: Pose) => Track): Candidate {
    let settled = candidate;
    const stays = STAYS * this.#field.levels[0]!.voxel;
    for (let i = 0; i < SETTLE_TRIES && !settled.track.converged; i++) {
      const again = track(settled.track.pose);
      const converged = again.converged || separation(again.pose, settled.track.pose) < stays;
      settled = this.measure(surface, { ...again, converged });
    }
    return settled;
  }

  /** How well the scan fits the map at a registered pose. The points must be deskewed as they were for it. */
  measure(surface: SurfaceSamples, track: Track): Candidate {
    this.#systems[0] ??= new LinearSystem();
    this.#backend.linearise([this.#term(surface, this.#tight)], [unknownsAt(track.pose)], this.#systems);
    const [other] = this.#systems[0].sums;
    return {
      track,
      fit: other.valued > 0 ? other.weight / (surface.information ? other.information : other.valued) : 0,
      valued: other.points > 0 ? other.valued / other.points : 0,
    };
  }

  #term(surface: SurfaceSamples, options: GeometricOptions): GeometricTerm {
    return { ...options, kind: 'geometric', field: this.#field, surface, groundWeight: 1 };
  }
}

/**
 * Mean weight of the points that are not on the ground. Ground fits almost anywhere on the path: with a quarter of its weight, places farther
 * back, where more of it was mapped, outdid right guesses (rank 26 to 46 of 441 for 0 to 4).
 */
function meanWeight({ points, weight }: NormalSums): number {
  return points > 0 ? weight / points : 0;
}
