import { encodeSavedMap } from '../../field/saved/saved-map.js';
import { identity, type Pose } from '../../geometry/se3.js';
import { joinMeshes } from '../../mesh/join.js';
import type { MapSurface } from '../../mesh/mesh.js';
import { FIRST_SUBMAP } from '../events.js';
import type { EventStream } from '../event-stream.js';
import type { Places } from '../places/places.js';
import type { Scales } from '../scale.js';

/** A map that was given up, as it was then. */
export interface FinishedMap extends MapSurface {
  readonly submap: number;
  readonly scans: number;
  /** What createSlam takes to go on in it. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Of the runs that made a loaded map. */
export interface LoadedRuns {
  readonly frame: string;
  readonly scans: number;
  /** T_map_sensor. */
  readonly lastPose: Pose;
}

export interface SubmapParts {
  /** Kind of the sensor that the map is made with. */
  readonly sensor: string;
  readonly scales: Scales;
  readonly places: Places;
  readonly events: EventStream;
}

/**
 * The map that is being made, and those before it: who is lost for long starts a new one. How they lie to each other is
 * not known, so that each is a map of its own.
 *
 * @example
 * submaps.visited('velodyne', T_odom_sensor); // with every scan
 * submaps.begin(stampNs); // lost for good: the map so far is put away
 * const [before] = submaps.earlier; // { submap: 0, mesh, files }
 */
export class Submaps {
  readonly earlier: FinishedMap[] = [];
  readonly #parts: SubmapParts;
  #current = FIRST_SUBMAP;
  #frame: string;
  #scans: number;
  #lastPose: Pose;

  /** @param before of a map that was loaded */
  constructor(parts: SubmapParts, before?: LoadedRuns) {
    this.#parts = parts;
    this.#frame = before?.frame ?? '';
    this.#scans = before?.scans ?? 0;
    this.#lastPose = before?.lastPose ?? identity();
  }

  /** Number of the map that is being made; its frame is odom. */
  get current(): number {
    return this.#current;
  }

  /** A scan was taken there. @param pose T_odom_sensor */
  visited(frame: string, pose: Pose): void {
    this.#frame ||= frame;
    this.#scans++;
    this.#lastPose = pose;
    this.#parts.places.add(pose);
  }

  /** Puts the map so far away and starts an empty one in its place. */
  begin(stampNs: bigint): void {
    const { scales, places, events } = this.#parts;
    const files = this.save();
    this.earlier.push({ submap: this.#current, scans: this.#scans, ...this.surface(), files });
    scales.clear();
    places.clear();
    this.#scans = 0;
    this.#current++;
    events.emit({ type: 'submaps', submaps: [{ id: this.#current, T_world_submap: identity() }] });
    events.emit({ type: 'new-map', stampNs, submap: this.#current });
  }

  /** The welded mesh of the map that is being made, and its grids. */
  surface(): MapSurface {
    const { all } = this.#parts.scales;
    // Finer ones are brought up to date before coarser ones are cut by them.
    const meshes = [...all].reverse().map(({ mesher }) => mesher.weld()).reverse(); // prettier-ignore
    const grids = meshes.map(({ indices }, i) => ({
      voxel: all[i]!.field.levels[0]!.voxel,
      triangles: indices.length / 3,
    }));
    return { mesh: joinMeshes(meshes), grids };
  }

  /** The map that is being made as files, by name. */
  save(): Map<string, Uint8Array> {
    const { scales, places, sensor } = this.#parts;
    return encodeSavedMap({
      sensor,
      frame: this.#frame,
      scans: this.#scans,
      last: { submap: FIRST_SUBMAP, T_submap_sensor: this.#lastPose },
      submaps: [
        {
          id: FIRST_SUBMAP,
          T_world_submap: identity(),
          places: places.poses,
          grids: scales.all.map(({ field }) => field.content()),
        },
      ],
    });
  }
}
