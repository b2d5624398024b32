import type { Pose } from '../geometry/se3.js';
import type { Observation } from '../sensors/observation.js';
import { bodyPose } from './body-frame.js';
import type { SensorDoubts } from './doubts.js';
import { asGiven, doubted, type Estimate } from './estimate.js';
import type { Estimator } from './estimator.js';
import type { EventStream } from './event-stream.js';
import type { Submaps } from './mapping/submaps.js';
import { initialPhase, tracked, type Phase } from './phases.js';
import { PosePublisher } from './pose-publisher.js';
import type { Scales } from './scale.js';
import { scanResult } from './scan-result.js';
import { StopWatch } from './stop-watch.js';
import type { BodyMotion } from './tracking/motion.js';
import type { Trajectory } from './trajectory.js';
import type { KnownPose, ScanResult } from './types.js';

/** The parts that a pipeline drives; see create.ts for how they are made. */
export interface PipelineParts {
  readonly motion: BodyMotion;
  readonly estimator: Estimator;
  readonly scales: Scales;
  readonly trajectory: Trajectory;
  readonly events: EventStream;
  readonly submaps: Submaps;
  readonly doubts: SensorDoubts;
}

/** How an observation is processed. */
export interface ProcessOptions {
  /** A pose from elsewhere: the observation is mapped there and not tracked. */
  readonly known?: KnownPose | undefined;
  /** Whether it is mapped where its pose allows it; default: yes. */
  readonly mapping?: boolean;
  /** Started when the observation's preparation began. */
  readonly watch?: StopWatch;
}

/**
 * The loop that every observation goes through, whatever sensor it comes from.
 *
 * @example
 * const observation = frontEnd.observe(scan);
 * const { pose, state } = pipeline.process(observation); // T_odom_sensor
 */
export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #publisher: PosePublisher;
  #phase: Phase;
  #index = 0;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#publisher = new PosePublisher(parts);
    this.#phase = initialPhase(parts.scales.first.map.loadedScans > 0);
  }

  /** Processes one observation. @throws FeltmapError out-of-memory when the map is full; what was mapped stays */
  process(observation: Observation, how: ProcessOptions = {}): ScanResult {
    const { motion, estimator, scales, doubts } = this.#parts;
    const { stampNs, sensor } = observation;
    const { known, mapping = true, watch = new StopWatch() } = how;
    const index = this.#index++;

    // 1. Predict the body's pose, and undistort a sweep with the velocity that is expected.
    const velocity = known?.twist ?? motion.sweepTwist(observation);
    observation.undistort(velocity);
    watch.lap('prepare');

    // 2. Track: register with the map, as the phase asks for.
    const estimated = known
      ? asGiven(observation, known, tracked(this.#phase))
      : estimator.estimate(this.#phase, observation, { pose: motion.predict(stampNs), twist: velocity });
    this.#enter(estimated.phase);
    const estimate = doubted(estimated, doubts.of(sensor));
    watch.lap('track');

    // 3. Publish the pose: odometry does not wait for mapping. A touch beside others says nothing about it.
    const beside = estimate.touch !== undefined && scales.tracked.length > 0;
    const odomCovariance = beside
      ? estimate.covariance
      : this.#publisher.publish(index, observation, estimate);

    // 4. Complete the observation, map, optimise features and poses together, mesh.
    observation.complete();
    const { T_odom_sensor: found } = estimate;
    const T_odom_sensor = mapping ? this.#map(index, observation, estimate, watch) : found;

    // 5. The refined pose goes into the trajectory, and the next prediction starts from it.
    const refined = T_odom_sensor !== estimate.T_odom_sensor;
    const pose = refined ? bodyPose(T_odom_sensor, observation.T_body_sensor) : estimate.pose;
    if (refined) this.#refine(index, pose);
    const { state, twist, slides, stepCovariance: covariance } = estimate;
    if (estimate.continues)
      motion.update(stampNs, pose, {
        sensor,
        twist,
        covariance,
        slides,
        certain: estimated.state === 'tracking',
      });
    else if (!estimate.carried) motion.set(stampNs, pose, twist ?? motion.twist, state !== 'lost');
    if (!known) doubts.add(observation, T_odom_sensor, estimate);
    return scanResult(observation, estimate, {
      index,
      pose: T_odom_sensor,
      odomCovariance,
      twist: motion.twist,
      times: watch.times(),
    });
  }

  /** Whether an observation is needed for those that follow: it must not be released. */
  keeps(observation: Observation): boolean {
    return this.#phase.kind === 'bootstrapping' && this.#phase.first === observation;
  }

  #enter(next: Phase): void {
    const before = this.#phase;
    this.#phase = next;
    if (before.kind === 'bootstrapping' && !this.keeps(before.first)) before.first.release();
  }

  /** Returns T_odom_sensor, refined. */
  #map(index: number, observation: Observation, estimate: Estimate, watch: StopWatch): Pose {
    const { scales, events, submaps } = this.#parts;
    const { map, config } = scales.of(observation);
    const { mapping, T_odom_sensor } = estimate;
    if (mapping === 'none') return T_odom_sensor;
    const scan = index + map.loadedScans;
    const { exposure } = estimate;
    const how = { held: mapping === 'held', ...(exposure && { exposure }) };
    const mapped = map.integrate(observation, T_odom_sensor, scan, how);
    watch.lap('map');
    const refined = (mapped && map.optimise()) || T_odom_sensor;
    watch.lap('optimise');
    const before = map.meshVersion;
    map.updateMesh(config.mesh.blocksPerScan);
    watch.lap('mesh');
    if (map.meshVersion !== before)
      events.emit({ type: 'mesh', submap: submaps.current, version: map.meshVersion });
    return mapping === 'refine' ? refined : T_odom_sensor;
  }

  #refine(index: number, pose: Pose): void {
    this.#parts.trajectory.refine(index, pose);
    this.#parts.events.emit({ type: 'refined', poses: [{ index, pose }] });
  }
}
