import { join } from 'node:path';
import { hideHome } from '../cli/describe-error.js';
import { writeFileAtomic } from '../export/atomic-file.js';
import { ofMap } from '../export/map-names.js';
import { readMap, writeMap } from './map-files.js';
import type { TriggerResult } from './port.js';
import type { SlamService } from '../host/client.js';
import type { LogSink } from './throttle.js';
import { done, refused, sentence } from './trigger.js';

export interface MapServicesOptions {
  readonly slam: () => SlamService | undefined;
  /** What the node does, in a word. */
  readonly activity: () => string;
  /** Where maps and meshes go. */
  readonly directory: () => string;
  /** Whether anything is mapped. */
  readonly started: () => boolean;
  readonly odomFrame: string;
  /** Starts a new map, or continues the given one. */
  readonly restart: (map?: ReadonlyMap<string, Uint8Array>) => Promise<void>;
  readonly log: LogSink;
}

/** Between maps of a run that was lost on its way. */
const UNCONNECTED = ' and, not connected to it, ';

/**
 * The Trigger services that are about the map; each answers with what it did, or why not.
 *
 * @example
 * const services = new MapServices({ slam, activity, directory, started, odomFrame: 'odom', restart, log });
 * const { success, message } = await services.saveMap();
 */
export class MapServices {
  constructor(private readonly options: MapServicesOptions) {}

  saveMap(): Promise<TriggerResult> {
    return this.#serve(async (slam) => {
      if (!this.options.started()) return refused('nothing is mapped yet');
      const maps = await slam.call({ type: 'save-map' });
      const directory = this.options.directory();
      const saved: string[] = [];
      for (const { submap, files } of maps) {
        const name = ofMap('map', submap);
        const bytes = await writeMap(directory, files, name);
        saved.push(`${join(directory, name)} (${(bytes / 1e6).toFixed(1)} MB)`);
      }
      return done(`map saved to ${saved.join(UNCONNECTED)}`);
    });
  }

  saveMesh(): Promise<TriggerResult> {
    return this.#serve(async (slam) => {
      if (!this.options.started()) return refused('nothing is mapped yet');
      const meshes = await slam.call({ type: 'save-mesh', frame: this.options.odomFrame });
      const saved: string[] = [];
      for (const { submap, ply, triangles } of meshes) {
        const path = join(this.options.directory(), `${ofMap('mesh', submap)}.ply`);
        await writeFileAtomic(path, ply);
        saved.push(`${path} (${triangles} triangles)`);
      }
      return done(`mesh saved to ${saved.join(UNCONNECTED)}`);
    });
  }

  loadMap(): Promise<TriggerResult> {
    return this.#serve(async () => {
      const directory = this.options.directory();
      await this.options.restart(await readMap(directory));
      return done(`map loaded from ${join(directory, 'map')}; odometry starts where it is recognised`);
    });
  }

  /** Gels take their references anew, as after their light has changed. */
  retakeReference(): Promise<TriggerResult> {
    return this.#serve(async (slam) => {
      const gels = await slam.call({ type: 'retake-references' });
      if (gels === 0) return refused('there is no gel with a reference (only images of gels have one)');
      return done(
        `${gels === 1 ? 'the gel takes its reference' : `${gels} gels take their references`} anew, from the next images that are alike: nothing may touch them meanwhile`,
      );
    });
  }

  reset(): Promise<TriggerResult> {
    return this.#serve(async () => {
      await this.options.restart();
      return done('map, odometry and path start anew');
    });
  }

  async #serve(work: (slam: SlamService) => Promise<TriggerResult>): Promise<TriggerResult> {
    const { slam: service, activity, log } = this.options;
    const slam = service();
    if (!slam)
      return refused(
        activity() === 'active' ? 'still starting; nothing is mapped yet' : `the node is ${activity()}`,
      );
    try {
      const result = await work(slam);
      log(result.success ? 'info' : 'warn', hideHome(result.message));
      return result;
    } catch (error) {
      log('error', hideHome(sentence(error)));
      return refused(sentence(error));
    }
  }
}
