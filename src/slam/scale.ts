import type { Config } from '../config/schema.js';
import type { SensorKind } from '../config/sensors.js';
import type { LidarRangeSetting } from '../config/touch.js';
import type { Field } from '../field/field.js';
import type { MapMesher } from '../mesh/map-mesher.js';
import type { Observation } from '../sensors/observation.js';
import type { LocalMap } from './mapping/local-map.js';
import type { Mapper } from './mapping/mapper.js';
import type { Painter } from './mapping/painter.js';
import type { LookAround } from './places/look-around.js';
import type { Relocaliser } from './places/relocalise.js';
import type { Registration } from './tracking/registration.js';

/** One grid of the map with what builds it and what finds poses in it: sensors of a kind share one. */
export interface Scale {
  readonly kind: SensorKind;
  /** As {@link configOf} has it for the kind. */
  readonly config: Config;
  readonly field: Field;
  readonly map: LocalMap;
  readonly mapper: Mapper;
  readonly mesher: MapMesher;
  /** Colours of its surface by the pictures of finer sensors. */
  readonly painter?: Painter;
  readonly registration: Registration;
  /** Against the next coarser grid: where the own one has never been. */
  readonly joining?: Registration;
  readonly lookAround: LookAround;
  /** Only with a loaded map. */
  readonly relocaliser?: Relocaliser;
  /** Standard deviation (m) that an unconstrained direction gathers with each observation. */
  readonly slideSigma: number;
}

/**
 * The grids of the map, coarsest first: a sensor is tracked against its own and fused into it.
 *
 * @example
 * const scales = new Scales([lidar, rgbd]);
 * scales.of(observation).map.integrate(observation, T_submap_sensor, scan);
 */
export class Scales {
  /** @param lidarRange the setting that drops far points of LiDARs */
  constructor(
    readonly all: readonly [Scale, ...Scale[]],
    readonly lidarRange: LidarRangeSetting = 'sensor.maxRange',
  ) {}

  /** The coarsest grid: it holds the most of the world. */
  get first(): Scale {
    return this.all[0];
  }

  /** Those whose sensors are tracked: touches are not. */
  get tracked(): readonly Scale[] {
    return this.all.filter(({ kind }) => kind !== 'touch');
  }

  /** Whether several kinds of sensors are tracked. */
  get several(): boolean {
    return this.tracked.length > 1;
  }

  /** The grid of an observation's sensor; the coarsest for a kind that has none of its own. */
  of({ kind }: Pick<Observation, 'kind'>): Scale {
    return this.all.find((scale) => scale.kind === kind) ?? this.first;
  }

  /** Forgets everything. */
  clear(): void {
    for (const { map } of this.all) map.clear();
  }
}
