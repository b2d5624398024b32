import type { SensorKind } from '../config/sensors.js';
import { PosePrior } from '../field/terms/pose-prior.js';
import type { PoseTerm } from '../field/terms/pose-term.js';
import { invertSpd } from '../geometry/linear.js';
import { compose, inverse, rotationAngle, translationNorm, type Pose } from '../geometry/se3.js';
import type { Observation, SensorId } from '../sensors/observation.js';
import { bodyPose, sensorPose } from './body-frame.js';
import { widened } from './covariance.js';
import {
  asCarried,
  asWaiting,
  MIN_SAMPLES,
  type Estimate,
  type Prediction,
  type Carrier,
} from './estimate.js';
import type { Bootstrapping, Phase, Tracking } from './phases.js';
import type { Scales } from './scale.js';
import type { Extrinsics } from './tracking/extrinsics.js';
import { GridDrift } from './tracking/grid-drift.js';
import { judge, type Verdict } from './tracking/judge.js';
import type { Track } from './tracking/tracker.js';

/** Seconds for which a pose of another sensor, carried on by the motion, is as good as one. */
const CARRIES_SECONDS = 0.5;
/** Seconds after a first observation of one kind of sensor for which others wait for its second. */
const LONGEST_WAIT = 1;
/** Seconds for which sweeps wait for a camera to begin the map. */
const LONGEST_START = 0.4;
/** With fewer samples where the own grid knows anything, it is the grid that has never been there. */
const UNSEEN_BELOW = 0.3;
/**
 * Standard deviations of how two sensors lie to each other within a map (m, rad), and of what the velocity changes by between
 * their observations (m/s², rad/s²).
 */
const MOUNTED = { linear: [0.002, 2], angular: [0.001, 3] } as const;
/** Farther from the prediction (m and rad) a coarser grid is not believed. */
const JOINS_METRES = 0.15;
const JOINS_RADIANS = Math.PI / 36;

/**
 * What several sensors on one body do for each other: one that sees nothing, or whose grid has never been here, is carried by one of
 * another kind that knows where the body is. One that looks elsewhere than others of its kind is so until it has joined their map.
 *
 * @example
 * const others = new OtherSensors(scales, extrinsics);
 * others.tracked(scan, track, predicted); // a LiDAR's
 * const estimate = others.carry(phase, frame, predicted, track, verdict); // of a camera that is covered
 */
export class OtherSensors {
  /** Of each sensor that was tracked in this map, its latest pose. */
  readonly #latest = new Map<SensorId, Carrier>();
  /** Stamp of each sensor's latest observation that was tracked, or should have been. */
  readonly #looked = new Map<SensorId, bigint>();
  /** Of the tracked grids that are finer than the first one. */
  readonly #drifts: ReadonlyMap<SensorKind, GridDrift>;
  /** The kind that was tracked last. */
  #newest: SensorKind | undefined;
  /** Stamp of the first sweep that could have begun a map. */
  #begun: bigint | undefined;

  constructor(
    private readonly scales: Scales,
    private readonly extrinsics: Extrinsics,
  ) {
    this.#drifts = new Map(scales.tracked.slice(1).map(({ kind }) => [kind, new GridDrift()]));
  }

  /** What there is to do with an observation whose own grid cannot say anything yet; undefined: the same as with any other. */
  waitOrCarry(
    phase: Phase,
    observation: Observation,
    predicted: Prediction,
  ): Estimate | 'start-anew' | undefined {
    const { scales } = this;
    const own = scales.of(observation);
    if (!scales.several) return undefined;
    switch (phase.kind) {
      case 'starting': {
        // Two frames of a camera show the velocity that undistorts a sweep: better that the map begins with them.
        if (own !== scales.first || observation.motion !== 'sweep') return undefined;
        this.#begun ??= observation.stampNs;
        const seconds = Number(observation.stampNs - this.#begun) * 1e-9;
        if (!(seconds >= 0 && seconds < LONGEST_START)) return undefined;
        return asWaiting(observation, phase, phase.origin, waitsFor(`the kind ${scales.tracked[1]!.kind}`));
      }
      case 'bootstrapping': {
        const first = scales.of(phase.first);
        if (own === first) return undefined;
        const seconds = Number(observation.stampNs - phase.first.stampNs) * 1e-9;
        if (seconds < LONGEST_WAIT)
          return asWaiting(observation, phase, phase.origin, waitsFor(`the kind ${first.kind}`));
        first.map.clear();
        return 'start-anew';
      }
      case 'relocalising':
      case 'settling':
        if (own === scales.first) return undefined;
        return asWaiting(observation, phase, predicted.pose, waitsFor(`the kind ${scales.first.kind}`));
      case 'tracking':
        return own.map.age === 0 ? this.carry(phase, observation, predicted, { valuedRatio: 0 }) : undefined;
      default:
        return undefined;
    }
  }

  /**
   * What there is to do with an observation that is not tracked: the pose that another sensor carries on, or to wait for the second
   * observation of the sensor that the map begins with, where this one looks elsewhere; undefined where nothing helps.
   *
   * @param valuedRatio share of the samples where the own grid knows anything
   * @param reason why the observation is not tracked itself; empty where that is no fault
   * @param contradicted whether it is seen to be another place than expected
   */
  carry(
    phase: Tracking | Bootstrapping,
    observation: Observation,
    predicted: Prediction,
    { valuedRatio }: Pick<Track, 'valuedRatio'>,
    { reason = '', contradicted = false }: Partial<Verdict> = {},
  ): Estimate | undefined {
    const { sensor, stampNs, surface } = observation;
    const before = this.#looked.get(sensor);
    this.#looked.set(sensor, stampNs);
    if (phase.kind === 'bootstrapping') {
      const { first } = phase;
      const seconds = Number(stampNs - first.stampNs) * 1e-9;
      const waits = sensor !== first.sensor && seconds >= 0 && seconds < LONGEST_WAIT;
      return waits ? asWaiting(observation, phase, phase.origin, waitsFor(`'${first.sensor}'`)) : undefined;
    }
    const unseen = valuedRatio < UNSEEN_BELOW && surface.keypoints.length >= MIN_SAMPLES;
    const { kind } = this.scales.of(observation);
    const other = this.carrier(kind, stampNs);
    // What is seen to be another place, the body is not where others of the kind have it either.
    const carrier = other ?? (contradicted ? undefined : this.#alike(stampNs, before));
    if (!carrier) return undefined;
    let { pose } = predicted;
    // Once it has been tracked itself, what it sees must fit: else a robot that was carried off would map where it is.
    const maps = unseen && (other !== undefined || !this.#latest.has(sensor));
    if (maps) {
      observation.undistort(predicted.twist);
      pose = this.#joined(observation, predicted) ?? pose;
    }
    return asCarried(observation, carrier, { phase, pose, unseen: maps, reason });
  }

  /** What is predicted, as the observation's own grid has it: a finer one may have drifted. */
  inOwnGrid(observation: Observation, predicted: Prediction): Prediction {
    const drift = this.#drifts.get(this.scales.of(observation).kind);
    return drift ? { ...predicted, pose: drift.intoGrid(predicted.pose) } : predicted;
  }

  /** A track against the observation's own grid, where the body is. */
  inCommonFrame(observation: Observation, track: Track): Track {
    const drift = this.#drifts.get(this.scales.of(observation).kind);
    if (!drift) return track;
    const { T_body_sensor } = observation;
    const body = drift.fromGrid(bodyPose(track.pose, T_body_sensor));
    return { ...track, pose: sensorPose(body, T_body_sensor) };
  }

  /**
   * What another kind of sensor says about an observation's pose: where it saw the body shortly before, and the motion since.
   *
   * @param predicted as the observation's own grid has it
   */
  priors(observation: Observation, { pose }: Prediction): readonly PoseTerm[] {
    if (!this.scales.several) return [];
    const { kind } = this.scales.of(observation);
    const carrier = this.carrier(kind, observation.stampNs);
    if (!carrier) return [];
    const covariance = carried(carrier, observation.stampNs);
    const drift = this.#drifts.get(kind) ?? this.#drifts.get(carrier.kind);
    if (drift) for (let i = 0; i < 6; i++) covariance[i * 7]! += drift.variance[i]!;
    const information = invertSpd(covariance, 6);
    return information ? [new PosePrior(sensorPose(pose, observation.T_body_sensor), information)] : [];
  }

  /**
   * An observation was tracked: it can carry others. The first of its kind after one of the coarsest grid is registered with
   * that as well, which shows where its sensor is on the body.
   *
   * @returns whether its mount was corrected: its own grid is empty now, and the pose nothing to begin a new one with
   */
  tracked(observation: Observation, { pose, covariance }: Track, predicted: Prediction): boolean {
    const { scales } = this;
    const { sensor, stampNs } = observation;
    const { kind } = scales.of(observation);
    const first = scales.first.kind;
    if (kind === first) this.#measureDrift(observation, { pose, covariance }, predicted);
    else this.#drifts.get(kind)?.followed();
    this.#looked.set(sensor, stampNs);
    this.#latest.set(sensor, { sensor, kind, stampNs, covariance });
    if (!scales.several) return false;
    const due = kind !== first && this.#newest === first;
    this.#newest = kind;
    return due && this.#measureMount(observation, pose, predicted);
  }

  /** A sensor of the coarsest grid found the body beside where the one that carries it has it. */
  #measureDrift(
    { stampNs, T_body_sensor }: Observation,
    { pose, covariance }: Pick<Track, 'pose' | 'covariance'>,
    predicted: Prediction,
  ): void {
    const carrier = this.carrier(this.scales.first.kind, stampNs);
    const drift = carrier && this.#drifts.get(carrier.kind);
    const found = bodyPose(pose, T_body_sensor);
    const prior = carrier && diagonal(carried(carrier, stampNs));
    if (drift && prior) drift.measured({ predicted: predicted.pose, found, prior, covariance });
  }

  #measureMount(observation: Observation, T_odom_sensor: Pose, predicted: Prediction): boolean {
    const { sensor, T_body_sensor } = observation;
    const { joining, config, map } = this.scales.of(observation);
    if (!joining || !this.extrinsics.isDue(sensor, T_odom_sensor)) return false;
    const guess = { pose: T_odom_sensor, twist: predicted.twist, hold: false };
    const track = joining.register(observation, guess);
    if (judge(track, { ...config.tracking, minConditioning: 0 }, map.age).state !== 'tracking') return false;
    const found = compose(inverse(predicted.pose), track.pose);
    // What was mapped with the wrong mount lies beside the coarser grid: it is made anew.
    const corrected = this.extrinsics.measured({
      sensor,
      used: T_body_sensor,
      found,
      body: predicted.pose,
      // A view of one wall tells the other directions.
      covariance: widened(track.covariance, track.unconstrained),
      voxel: this.scales.first.field.levels[0]!.voxel,
    });
    if (corrected) {
      map.clear();
      this.#drifts.get(this.scales.of(observation).kind)?.clear();
    }
    return corrected;
  }

  /** A new map begins. */
  clear(): void {
    this.#latest.clear();
    this.#looked.clear();
    for (const drift of this.#drifts.values()) drift.clear();
    this.#begun = this.#newest = undefined;
  }

  /** Another kind of sensor that was tracked shortly before, the newest one. @param kind that looks for one */
  carrier(kind: SensorKind, stampNs: bigint): Carrier | undefined {
    return this.#newestOf(stampNs, kind);
  }

  /** Another sensor, of the same kind, that was tracked since this one looked last: of two that were carried off none is. */
  #alike(stampNs: bigint, before: bigint | undefined): Carrier | undefined {
    const newest = this.#newestOf(stampNs);
    return newest && before !== undefined && newest.stampNs <= before ? undefined : newest;
  }

  #newestOf(stampNs: bigint, except?: SensorKind): Carrier | undefined {
    let best: Carrier | undefined;
    for (const one of this.#latest.values()) {
      const seconds = Math.abs(Number(stampNs - one.stampNs)) * 1e-9;
      if (one.kind === except || seconds > CARRIES_SECONDS) continue;
      if (!best || one.stampNs > best.stampNs) best = one;
    }
    return best;
  }

  /** T_odom_body by the next coarser grid; undefined where that does not say, or something else than the motion. */
  #joined(observation: Observation, predicted: Prediction): Pose | undefined {
    const { joining, config, map } = this.scales.of(observation);
    if (!joining) return undefined;
    const { T_body_sensor } = observation;
    const pose = sensorPose(predicted.pose, T_body_sensor);
    const track = joining.register(observation, { pose, twist: predicted.twist, hold: true });
    if (judge(track, config.tracking, map.age).state !== 'tracking') return undefined;
    const away = compose(inverse(pose), track.pose);
    if (translationNorm(away) > JOINS_METRES || rotationAngle(away) > JOINS_RADIANS) return undefined;
    return bodyPose(track.pose, T_body_sensor);
  }
}

/** Covariance of a pose that was carried on to a stamp, by how the sensors lie to each other and by motion. */
function carried({ stampNs, covariance }: Carrier, toNs: bigint): Float64Array {
  const seconds = Math.abs(Number(toNs - stampNs)) * 1e-9;
  const out = covariance.slice();
  for (let i = 0; i < 6; i++) {
    const [floor, acceleration] = i < 3 ? MOUNTED.linear : MOUNTED.angular;
    out[i * 7]! += floor ** 2 + ((acceleration * seconds ** 2) / 2) ** 2;
  }
  return out;
}

const diagonal = (covariance: Float64Array): Float64Array =>
  Float64Array.from({ length: 6 }, (_, i) => covariance[i * 7]!);

const waitsFor = (which: string): string =>
  `Waits for the next measurement of ${which}, which shows where the body is.`;
