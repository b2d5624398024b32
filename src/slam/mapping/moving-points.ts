import { isSeenThrough, sightOf } from '../../field/sight.js';
import { compose, inverse, separation, type Pose } from '../../geometry/se3.js';
import type { SurfaceSamples } from '../../sensors/observation.js';

/** Earlier sights that are kept, how far apart in fine voxels (4 m at 0.15 m), and how far they count (40 m). */
const MOST_SIGHTS = 8;
const SPACING = 26;
const REACH = 270;
/** How far before a surface its space counts as empty, in fine voxels. */
const CLEAR = 2;
/** Sights that must have seen a place to be empty. */
const WITNESSES = 2;
/** Bit of the flags. */
const GROUND = 2;

interface Sight {
  /** T_submap_sensor. */
  readonly pose: Pose;
  readonly cells: Float32Array;
}

/**
 * Finds points that lie where earlier scans have seen nothing but air: something moves there, such as a car that follows.
 * They are not mapped, as nobody may ever look through them again.
 *
 * @example
 * moving.mark(surface, T_submap_sensor); // quality −1: not mapped
 * moving.keep(surface, T_submap_sensor);
 */
export class MovingPoints {
  #sights: Sight[] = [];
  readonly #voxel: number;

  /** @param voxel distance between fine corners (m) */
  constructor(voxel: number) {
    this.#voxel = voxel;
  }

  /** Takes what a scan sees for the ones to come, if the sensor has moved on. */
  keep(surface: SurfaceSamples, pose: Pose): void {
    const last = this.#sights.at(-1);
    if (last && separation(last.pose, pose) < SPACING * this.#voxel) return;
    const old = this.#sights.length === MOST_SIGHTS ? this.#sights.shift() : undefined;
    this.#sights.push({ pose: pose.slice(), cells: sightOf(surface, CLEAR * this.#voxel, old?.cells) });
  }

  /** Gives points that move a quality of −1. @returns how many */
  mark({ x, y, z, quality, flags, count }: SurfaceSamples, pose: Pose): number {
    const clear = CLEAR * this.#voxel;
    const reach = REACH * this.#voxel;
    const sights = this.#sights.map(({ pose: T, cells }) => ({ cells, T: compose(inverse(T), pose) }));
    let marked = 0;
    for (let i = 0; i < count; i++) {
      if (flags[i]! & GROUND) continue;
      const px = x[i]!;
      const py = y[i]!;
      const pz = z[i]!;
      if (px * px + py * py + pz * pz > reach * reach) continue;
      let witnesses = 0;
      for (let k = sights.length - 1; k + witnesses + 1 >= WITNESSES && witnesses < WITNESSES; k--) {
        const { T, cells } = sights[k]!;
        const qx = T[0]! * px + T[1]! * py + T[2]! * pz + T[3]!;
        const qy = T[4]! * px + T[5]! * py + T[6]! * pz + T[7]!;
        const qz = T[8]! * px + T[9]! * py + T[10]! * pz + T[11]!;
        if (qx * qx + qy * qy + qz * qz < reach * reach && isSeenThrough(cells, qx, qy, qz, clear))
          witnesses++;
      }
      if (witnesses < WITNESSES) continue;
      quality[i] = -1;
      marked++;
    }
    return marked;
  }

  clear(): void {
    this.#sights = [];
  }
}
