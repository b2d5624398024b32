import { lengthScale } from '../config/lengths.js';
import type { Config } from '../config/schema.js';
import type { MapField } from '../field/map-field.js';
import { compose, exp, identity, inverse, log, type Pose, type Twist } from '../geometry/se3.js';
import type { MapMesher } from '../mesh/map-mesher.js';
import type { LidarFrontEnd } from '../sensors/lidar/front-end.js';
import type { Observation, SurfaceSamples } from '../sensors/observation.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import type { Mapper } from './mapping/mapper.js';
import { ConstantVelocity } from './tracking/motion.js';
import { judge, type Verdict } from './tracking/judge.js';
import { beyondDoubt, findAgain, lookAround, type LookAround } from './places/look-around.js';
import type { PlaceSearch } from './places/place-search.js';
import type { Localiser } from './places/relocalise.js';
import { StopWatch } from './stop-watch.js';
import type { Track, Tracker } from './tracking/tracker.js';
import type { KnownPose, ScanResult, StageTimes, TrackingState } from './types.js';

/** The parts that a pipeline drives; see create.ts for how they are made. */
export interface PipelineParts {
  readonly config: Config;
  readonly field: MapField;
  readonly lidar: LidarFrontEnd;
  readonly tracker: Tracker;
  readonly mapper: Mapper;
  readonly mesher: MapMesher;
  readonly search: PlaceSearch;
  /** Only with a loaded map: finds the first scan's place in it. */
  readonly localiser?: Localiser;
}

/** Seconds of motion prediction after which a lost track stops pretending to know its velocity. */
const COAST_SECONDS = 1;
/** Fewer registration points cannot define a frame. */
const MIN_POINTS = 50;
/** Lost scans after which a map of a single scan is given up. */
const START_OVER = 3;
/** Shares of the map's room: beyond the first, far places are forgotten until the second is reached. */
const FULL = 0.85;
const ROOMY = 0.6;
/** Blocks before that border are meshed too: their triangles reach into what is forgotten. */
const BORDER_BLOCKS = 2;
/** Uncertainty per scan of a direction that is only predicted, metres. */
const SLIDE_SIGMA = 0.2;

/** Lost scans after which only a place beyond doubt ends it, and from one search of the surroundings to the next. */
const ASTRAY_AFTER = 3;
const SEARCH_EVERY = 5;
/** Seconds for which the last velocity tells where to look. */
const MAX_AHEAD_SECONDS = 3;

/** One LiDAR, one submap: prepare, predict, track, map, optimise, mesh. */
export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #motion = new ConstantVelocity();
  #firstScan: LidarScan | undefined;
  #newest: Observation | undefined;
  #index = 0;
  /** Scans in the map of this run. */
  #mapped = 0;
  #lostInARow = 0;
  #slidingScans = 0;
  #forgotten = 0;
  #lostSince: bigint | undefined;
  /** Before the track was lost. */
  #lastKnown: { pose: Pose; twist: Twist; stampNs: bigint } = { pose: identity(), twist: STILL, stampNs: 0n };
  #whereabouts: 'unknown' | 'found' | 'settled';

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#whereabouts = parts.localiser ? 'unknown' : 'settled';
  }

  /**
   * Processes one scan. Throws FeltmapError out-of-memory when the map is full; what was mapped stays.
   *
   * @param known a pose from elsewhere: the scan is mapped there and not tracked
   */
  process(scan: LidarScan, known?: KnownPose): ScanResult {
    const watch = new StopWatch();
    if (scan.mount) this.#motion.ride(scan.mount);
    if (known) return this.#mapKnown(scan, known, watch);
    const predicted = this.#predict(scan);
    const prepared = this.#prepare(scan, this.#motion.twist);
    watch.lap('prepare');
    if (this.#whereabouts === 'unknown') return this.#locate(scan, prepared, watch);
    if (this.#mapped === 0 && !this.#parts.localiser) return this.#start(scan, prepared, watch);

    let track = this.#track(prepared, predicted, this.#motion.twist);
    if (this.#firstScan) track = this.#bootstrap(scan, prepared, track);
    if (this.#whereabouts === 'found') track = this.#settle(scan, prepared, track);
    const astray = this.#astray(scan);
    const found = astray ? this.#findAgain(scan, prepared, track) : track;
    const verdict = found ? judge((track = found), this.#parts.config.tracking, this.#young) : ASTRAY;
    watch.lap('track');
    if (verdict.state === 'lost') return this.#lost(scan, prepared, predicted, track, verdict, watch);

    this.#lostSince = undefined;
    this.#lostInARow = 0;
    this.#slidingScans =
      verdict.state === 'degraded' && track.loose.some((v) => v !== 0) ? this.#slidingScans + 1 : 0;
    prepared.undistort(track.twist);
    const refined = this.#integrate(scan, prepared, track.pose, watch);
    const measured = prepared.motion === 'sweep' && this.#parts.config.tracking.twistSigmaLinear > 0;
    // Two sensors measure within milliseconds of each other: the difference of their poses is no velocity.
    const twist = measured ? track.twist : scan.secondary ? this.#motion.twist : undefined;
    if (astray && !measured) this.#motion.set(scan.stampNs, refined, STILL.slice());
    else this.#motion.update(scan.stampNs, refined, twist);
    return this.#result(scan, prepared, refined, track, verdict, watch.times());
  }

  /** T_odom_sensor as constant velocity and gyroscope have it; leaves the twist to deskew with in the motion model. */
  #predict(scan: LidarScan): Pose {
    if (scan.gyro) this.#motion.turn(scan.gyro.since);
    const predicted = this.#motion.predict(scan.stampNs);
    if (scan.gyro) this.#motion.turn(scan.gyro.during);
    return predicted;
  }

  #mapKnown(scan: LidarScan, { pose, twist }: KnownPose, watch: StopWatch): ScanResult {
    const prepared = this.#prepare(scan, twist);
    watch.lap('prepare');
    this.#whereabouts = 'settled';
    this.#integrate(scan, prepared, pose, watch);
    this.#motion.set(scan.stampNs, pose, twist);
    return this.#result(scan, prepared, pose, KNOWN, { state: 'tracking', reason: '' }, watch.times());
  }

  /** Map, optimise, mesh; returns the refined pose. */
  #integrate(scan: LidarScan, prepared: Observation, pose: Pose, watch: StopWatch): Pose {
    const { mapper, mesher, config, field } = this.#parts;
    if (field.fill > FULL) this.#forgetFar(pose);
    mapper.integrate(prepared.surface, pose, this.#scanNumber, !scan.secondary);
    this.#mapped++;
    watch.lap('map');
    const refined = mapper.optimise() ?? pose;
    watch.lap('optimise');
    mesher.update(config.mesh.blocksPerScan);
    watch.lap('mesh');
    return refined;
  }

  /** A full map goes on where the sensor is: far blocks are forgotten once they have been meshed. */
  #forgetFar(pose: Pose): void {
    const { field, mesher } = this.#parts;
    const here = [pose[3]!, pose[7]!, pose[11]!];
    const radius = field.radiusFor(here, ROOMY);
    mesher.finishBeyond(here, radius - BORDER_BLOCKS * 8 * field.levels[0]!.voxel);
    const forgotten = field.forgetBeyond(here, radius);
    mesher.keep(forgotten);
    this.#forgotten += forgotten.length / 3;
  }

  /** Undistorted samples of the newest scan. */
  get surface(): SurfaceSamples | undefined {
    return this.#newest?.surface;
  }

  /** Fine blocks that had to be forgotten. */
  get forgotten(): number {
    return this.#forgotten;
  }

  #prepare(scan: LidarScan, twist: Twist): Observation {
    this.#newest?.release();
    this.#newest = this.#parts.lidar.observe(scan);
    this.#newest.undistort(twist);
    return this.#newest;
  }

  /** Scans in the map, as `judge` wants them: a loaded map is not young. */
  get #young(): number {
    return this.#parts.localiser ? Infinity : this.#mapped;
  }

  /** The first scan with enough points defines the odom frame and is mapped as it is. */
  #start(scan: LidarScan, prepared: Observation, watch: StopWatch): ScanResult {
    this.#motion.set(scan.stampNs, identity(), STILL.slice());
    if (prepared.surface.keypoints.length < MIN_POINTS) {
      const reason = `Only ${prepared.surface.keypoints.length} points are left of the scan; a map cannot start from that.`;
      return this.#result(
        scan,
        prepared,
        identity(),
        { ...KNOWN, covariance: LOST_COVARIANCE },
        { state: 'lost', reason },
        watch.times(),
      );
    }
    this.#integrate(scan, prepared, identity(), watch);
    this.#firstScan = scan;
    return this.#result(scan, prepared, identity(), KNOWN, { state: 'tracking', reason: '' }, watch.times());
  }

  #register(prepared: Observation, predicted: Pose, twist: Twist, hold: boolean): Track {
    const deskew =
      prepared.motion === 'sweep' ? (corrected: Twist): void => prepared.undistort(corrected) : undefined;
    return this.#parts.tracker.track(prepared.surface, predicted, twist, deskew, hold);
  }

  #track(prepared: Observation, predicted: Pose, twist: Twist): Track {
    const { tracker, config } = this.#parts;
    const surface = prepared.surface;
    // A guess of where in a loaded map the scan lies is no prediction to hold anything to, nor is a missing velocity.
    const hold = this.#mapped !== 1 && this.#whereabouts === 'settled';
    const track = this.#register(prepared, predicted, twist, hold);
    if (judge(track, config.tracking, this.#young).state !== 'lost') return track;
    // The prediction was bad: look around in yaw and try again from the best (RECIPE: basin of 10°).
    prepared.undistort(twist);
    let best = predicted;
    let bestScore = Infinity;
    for (let degrees = -20; degrees <= 20; degrees += 2) {
      const turned = compose(predicted, exp([0, 0, 0, 0, 0, (degrees * Math.PI) / 180]));
      const score = tracker.score(surface, turned, config.tracking.kernelStart);
      if (score < bestScore) [best, bestScore] = [turned, score];
    }
    prepared.undistort(twist);
    const again = this.#register(prepared, best, twist, hold);
    return again.inlierRatio * again.valuedRatio > track.inlierRatio * track.valuedRatio ? again : track;
  }

  /**
   * The second scan is the first from which the velocity is known: map the first again without its distortion, and
   * track the second against that.
   */
  #bootstrap(scan: LidarScan, prepared: Observation, track: Track): Track {
    const first = this.#firstScan!;
    const dt = Number(scan.stampNs - first.stampNs) * 1e-9; // scans between the two may have been lost
    track = lookAround(this.#around(prepared, dt), identity(), track); // nothing tells how fast a recording starts
    if (judge(track, this.#parts.config.tracking, this.#young).state === 'lost') return track;
    if (prepared.motion !== 'sweep') {
      this.#firstScan = undefined;
      return track;
    }
    const { field, mapper, mesher } = this.#parts;
    let velocity = dt > 0 ? log(track.pose).map((v) => v / dt) : track.twist;
    let better = track;
    for (let round = 0; round < 2; round++) {
      field.clear();
      mapper.clear();
      mesher.clear();
      const again = this.#parts.lidar.observe(first);
      again.undistort(velocity);
      mapper.integrate(again.surface, identity(), 0);
      again.release();
      if (round === 1) mapper.optimise();
      prepared.undistort(velocity);
      better = this.#track(prepared, better.pose, velocity);
      velocity = dt > 0 ? log(better.pose).map((v) => v / dt) : better.twist;
    }
    // Lost after all: the first scan is kept, for the next one to try or to start over.
    if (judge(better, this.#parts.config.tracking, this.#young).state !== 'lost') this.#firstScan = undefined;
    return better;
  }

  /** Lost for long enough that the prediction is worth little: near it, wrong places fit well enough to be believed. */
  #astray(scan: LidarScan): boolean {
    if (this.#firstScan || this.#whereabouts !== 'settled') return false;
    return this.#lostInARow >= ASTRAY_AFTER || this.#motion.elapsed(scan.stampNs) > COAST_SECONDS;
  }

  /** The registration if it is beyond doubt, else a place found around, looked for now and then. */
  #findAgain(scan: LidarScan, prepared: Observation, track: Track): Track | undefined {
    if (prepared.surface.keypoints.length < MIN_POINTS) return undefined;
    const { pose, twist, stampNs } = this.#lostInARow > 0 ? this.#lastKnown : this.#motion;
    const elapsed = Number(scan.stampNs - (stampNs ?? scan.stampNs)) * 1e-9;
    const around = this.#around(prepared, elapsed);
    if (beyondDoubt(around, track)) return track;
    if (this.#lostInARow > 0 && (this.#lostInARow - ASTRAY_AFTER) % SEARCH_EVERY !== 0) return undefined;
    const ahead = Math.min(elapsed, MAX_AHEAD_SECONDS);
    return findAgain(around, pose, compose(pose, exp(twist.map((v) => v * ahead))));
  }

  /** What a search of the surroundings needs; every guess starts from the scan as it was taken. */
  #around(prepared: Observation, elapsed: number): LookAround {
    return {
      search: this.#parts.search,
      surface: prepared.surface,
      elapsed,
      scale: lengthScale(this.#parts.config),
      track: (pose) => {
        prepared.undistort(STILL);
        return this.#register(prepared, pose, STILL.slice(), false);
      },
    };
  }

  /** Finds the scan's place in the loaded map. Nothing is mapped before the next scan tells the velocity. */
  #locate(scan: LidarScan, prepared: Observation, watch: StopWatch): ScanResult {
    const localiser = this.#parts.localiser!;
    const track = localiser.locate(prepared.surface, (pose) => {
      prepared.undistort(STILL);
      return this.#track(prepared, pose, STILL.slice());
    });
    const { verdict } = localiser;
    watch.lap('track');
    if (verdict.state === 'lost') return this.#lost(scan, prepared, this.#motion.pose, track, verdict, watch);
    this.#motion.set(scan.stampNs, track.pose, STILL.slice());
    this.#whereabouts = 'found';
    return this.#result(scan, prepared, track.pose, track, verdict, watch.times());
  }

  /** The second scan in a loaded map is the first with a velocity: undo its distortion with that and track again. */
  #settle(scan: LidarScan, prepared: Observation, track: Track): Track {
    let better = track;
    const dt = this.#motion.elapsed(scan.stampNs);
    for (let round = 0; round < 2 && dt > 0 && prepared.motion === 'sweep'; round++) {
      const velocity = log(relative(this.#motion.pose, better.pose)).map((v) => v / dt);
      prepared.undistort(velocity);
      better = this.#track(prepared, better.pose, velocity);
    }
    const lost = judge(better, this.#parts.config.tracking).state === 'lost';
    this.#whereabouts = lost ? 'unknown' : 'settled';
    return better;
  }

  /** Number of this scan in the map, those of a loaded map counted. */
  get #scanNumber(): number {
    return this.#index + (this.#parts.localiser?.scans ?? 0);
  }

  /** Keeps the prediction, maps nothing, says so. */
  #lost(
    scan: LidarScan,
    prepared: Observation,
    predicted: Pose,
    track: Track,
    verdict: Verdict,
    watch: StopWatch,
  ): ScanResult {
    if (this.#lostSince === undefined) {
      this.#lostSince = scan.stampNs;
      const { pose, twist } = this.#motion;
      this.#lastKnown = { pose, twist, stampNs: this.#motion.stampNs ?? scan.stampNs };
    }
    if (++this.#lostInARow >= START_OVER && this.#firstScan) return this.#startOver(scan, prepared, watch);
    const coasting = Number(scan.stampNs - this.#lostSince) * 1e-9 < COAST_SECONDS;
    this.#motion.set(
      scan.stampNs,
      coasting ? predicted : this.#motion.pose,
      coasting ? this.#motion.twist : STILL.slice(),
    );
    return this.#result(
      scan,
      prepared,
      this.#motion.pose,
      { ...track, covariance: LOST_COVARIANCE },
      verdict,
      watch.times(),
    );
  }

  /** Nothing followed from the first scan: a map of one scan that nobody recognises is worth nothing. */
  #startOver(scan: LidarScan, prepared: Observation, watch: StopWatch): ScanResult {
    const { field, mapper, mesher } = this.#parts;
    field.clear();
    mapper.clear();
    mesher.clear();
    this.#mapped = this.#lostInARow = 0;
    this.#lostSince = undefined;
    const result = this.#start(scan, prepared, watch);
    return {
      ...result,
      state: 'degraded',
      reason: 'No scan could be tied to the first one; the map starts anew here.',
    };
  }

  /** The tracker's covariance, wider by the second in directions that slide: they rest on the prediction alone. */
  #covariance({ covariance, loose }: Track): Float64Array {
    if (this.#slidingScans === 0) return covariance;
    const wider = covariance.slice();
    for (let r = 0; r < 3; r++)
      for (let c = 0; c < 3; c++)
        wider[r * 6 + c]! += (SLIDE_SIGMA * this.#slidingScans) ** 2 * loose[r * 3 + c]!;
    return wider;
  }

  #result(
    scan: LidarScan,
    prepared: Observation,
    pose: Pose,
    track: Track,
    verdict: { state: TrackingState; reason: string },
    times: StageTimes,
  ): ScanResult {
    return {
      index: this.#index++,
      stampNs: scan.stampNs,
      pose,
      covariance: this.#covariance(track),
      twist: this.#motion.twist,
      state: verdict.state,
      reason: verdict.reason,
      points: {
        input: scan.count,
        valid: prepared.counts.valid,
        mapped: prepared.surface.count,
        registered: prepared.surface.keypoints.length,
      },
      iterations: track.iterations,
      inlierRatio: track.inlierRatio,
      times,
    };
  }
}

const STILL = new Float64Array(6);
const ASTRAY: Verdict = {
  state: 'lost',
  reason:
    'The track was lost and no place fits beyond doubt; the pose is where it was last known, nothing is mapped.',
};
/** What a pose that needs no tracking looks like. */
const KNOWN: Track = {
  pose: identity(),
  twist: STILL,
  covariance: new Float64Array(36),
  iterations: 0,
  converged: true,
  valuedRatio: 1,
  valuedPoints: Infinity,
  coarseRatio: 1,
  inlierRatio: 1,
  residual: 0,
  conditioning: 1,
  loose: new Float64Array(9),
};
/** Lost: 10 m and 1 rad. */
const LOST_COVARIANCE = Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? (i < 21 ? 100 : 1) : 0));

/** Relative motion from a to b. */
export function relative(a: Pose, b: Pose): Pose {
  return compose(inverse(a), b);
}
