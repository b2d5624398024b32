import { lengthScale } from '../config/lengths.js';
import type { Config } from '../config/schema.js';
import { configOf, sensorKinds, type SensorKind } from '../config/sensors.js';
import { handEyeSigma, lidarRangeSetting } from '../config/touch.js';
import type { KernelPool } from '../compute/pool.js';
import type { FieldBackend } from '../field/backend.js';
import type { Field } from '../field/field.js';
import type { Exposure } from '../field/terms/photometric.js';
import type { Pose } from '../geometry/se3.js';
import { MapMesher } from '../mesh/map-mesher.js';
import { InertialFilter } from '../sensors/imu/inertial-filter.js';
import { ImuTrack } from '../sensors/imu/imu-track.js';
import { LengthCheck } from '../sensors/imu/length-check.js';
import type { Observation } from '../sensors/observation.js';
import { OdometryTrack } from '../sensors/odometry/odometry-track.js';
import { SensorDoubts } from './doubts.js';
import { Estimator } from './estimator.js';
import { EventStream } from './event-stream.js';
import { FrameCadence } from './mapping/frame-cadence.js';
import { Correction } from './mapping/correction.js';
import { LocalMap } from './mapping/local-map.js';
import { Mapper, type MapperOptions } from './mapping/mapper.js';
import { Painter } from './mapping/painter.js';
import { Pictures } from './mapping/pictures.js';
import { Submaps, type LoadedRuns } from './mapping/submaps.js';
import { Pipeline } from './pipeline.js';
import { CERTAIN_VIEW } from './places/certainty.js';
import { LookAround } from './places/look-around.js';
import { PlaceSearch } from './places/place-search.js';
import { Places } from './places/places.js';
import { Relocaliser } from './places/relocalise.js';
import { ExternalOdometry } from './tracking/external-odometry.js';
import { Extrinsics } from './tracking/extrinsics.js';
import { BodyMotion } from './tracking/motion.js';
import type { KinematicSigma } from './touch/kinematics.js';
import { TouchRegistration } from './touch/registration.js';
import { TouchesTogether } from './touch/together.js';
import { Registration } from './tracking/registration.js';
import { Tracker, type TrackerOptions } from './tracking/tracker.js';
import { Scales, type Scale } from './scale.js';
import { Trajectory } from './trajectory.js';

/** Keyframes whose samples are kept. */
export const SLABS = 512;
/** What has moved is cleared away up to this range, metres at 100 m. */
const FREE_SPACE_RANGE = 40;
/** Largest offset of a training sample in voxels: within the fused band. */
const BAND_VOXELS = 1.7;
/** What is known of the runs that made a loaded map. */
export interface EarlierRuns extends LoadedRuns {
  /** T_map_sensor along their path. */
  readonly places: readonly Pose[];
  /** Whether the map has learned features. */
  readonly features: boolean;
}

/** The pipeline and the parts that others look into. */
export interface Loop {
  readonly pipeline: Pipeline;
  readonly scales: Scales;
  /** Where sensors are on the body, as far as it is known better than it was given. */
  readonly extrinsics: Extrinsics;
  readonly imu: ImuTrack;
  readonly inertial: InertialFilter;
  readonly lengths: LengthCheck;
  readonly odometry: OdometryTrack;
  /** What there is to say about the external odometry, the IMU, exposures, lengths and intrinsics, each oldest first. */
  readonly notices: readonly (readonly string[])[];
  readonly trajectory: Trajectory;
  readonly events: EventStream;
  readonly submaps: Submaps;
  /** Of colour cameras without depth; absent where nothing can be coloured. */
  readonly pictures?: Pictures;
  /** Where there is touch. */
  readonly together: TouchesTogether | undefined;
}

/**
 * Makes the loop over the fields of a submap, for observations of any sensor.
 *
 * @param fields of each kind of sensor of the configuration, coarsest first
 * @param before with fields that were loaded
 * @example
 * const { pipeline } = makeLoop(config, pool, backend, [field]);
 * pipeline.process(observation);
 */
export function makeLoop(
  config: Config,
  pool: KernelPool,
  backend: FieldBackend,
  fields: readonly Field[],
  before?: EarlierRuns,
): Loop {
  const { mountSigmaLinear: linear, mountSigmaAngular } = config.rgbd;
  const extrinsics = new Extrinsics({ linear, angular: (mountSigmaAngular * Math.PI) / 180 });
  const kinds = sensorKinds(config);
  const made: Scale[] = [];
  kinds.forEach((kind, i) =>
    made.push(
      makeScale(
        kind,
        configOf(config, kind),
        {
          pool,
          backend,
          field: fields[i]!,
          coarser: made,
          ready: () => extrinsics.settled,
        },
        before,
      ),
    ),
  );
  const [first, ...finer] = made;
  const scales = new Scales([first!, ...finer], lidarRangeSetting(config));
  const events = new EventStream();
  const spacing = 2 * first!.config.training.keyframeDistance * lengthScale(first!.config);
  const places = new Places(spacing, before?.places);
  const submaps = new Submaps({ sensor: config.sensor.kind, scales, places, events }, before);
  const imu = new ImuTrack();
  const odometry = new OdometryTrack();
  const external = new ExternalOdometry(odometry);
  const inertial = new InertialFilter(imu);
  const motion = new BodyMotion(imu, external, inertial);
  const { sigmaLinear: translation, sigmaAngular } = config.touch;
  const kinematics = { translation, rotation: (sigmaAngular * Math.PI) / 180 };
  const together = touchesTogether(pool, scales, kinematics, handEyeSigma(config));
  events.listen((event) => event.type === 'new-map' && together?.clear());
  const touch = { registration: new TouchRegistration(backend), kinematics, together };
  const estimator = new Estimator({ motion, scales, submaps, extrinsics, touch });
  const trajectory = new Trajectory();
  const lengths = new LengthCheck(imu);
  const doubts = new SensorDoubts(lengths);
  const pipeline = new Pipeline({ motion, estimator, scales, trajectory, events, submaps, doubts });
  const exposures = scales.all.map(({ registration }) => registration.exposures.notices);
  const notices = [external.notices, imu.notices, inertial.notices, ...exposures, ...doubts.notices];
  const inputs = { imu, inertial, lengths, odometry, notices };
  const canvas = first!.painter && painting(first!);
  const pictures = canvas && new Pictures((picture, pose) => canvas({ picture }, pose));
  events.listen((event) => event.type === 'new-map' && pictures?.interrupt());
  return {
    ...{ pipeline, scales, extrinsics, ...inputs, trajectory, events, submaps, together },
    ...(pictures && { pictures }),
  };
}

/** Where there is touch. @param kinematics of the arm alone @param handEye of the sensors' places on it */
function touchesTogether(
  { memory }: KernelPool,
  { all }: Scales,
  kinematics: KinematicSigma,
  handEye: KinematicSigma | undefined,
): TouchesTogether | undefined {
  const felt = all.find(({ kind }) => kind === 'touch');
  return felt && new TouchesTogether(memory, felt, kinematics, handEye);
}

/** One grid with its parts. @param config of its kind of sensor */
function makeScale(
  kind: SensorKind,
  config: Config,
  {
    pool,
    backend,
    field,
    coarser,
    ready,
  }: {
    pool: KernelPool;
    backend: FieldBackend;
    field: Field;
    coarser: readonly Scale[];
    ready: () => boolean;
  },
  before?: EarlierRuns,
): Scale {
  const { training, tracking, mesh } = config;
  const scale = lengthScale(config);
  const { voxel } = field.levels[0]!;
  const camera = kind === 'rgbd';
  const mapper = new Mapper(backend, field, mapperOptions(kind, config, voxel), SLABS);
  // Touches are not tracked, and too small to correct a coarser grid.
  const below = kind === 'touch' ? undefined : coarser.at(-1);
  // Cameras colour what LiDARs measured, beyond the reach of their depth or without any.
  const painter = kind === 'lidar' ? new Painter(voxel) : undefined;
  const canvas = camera ? coarser.find((one) => one.painter) : undefined;
  const correction =
    below &&
    new Correction(pool.memory, backend, {
      store: below.mesher.store,
      scale: coarser.length,
      coarse: below.field,
      ready,
    });
  const mesher = new MapMesher(pool, backend, field, {
    minWeight: mesh.minWeight,
    minComponentTriangles: mesh.minComponentTriangles,
    rims: camera,
    features: training.iterations > 0 || Boolean(before?.features),
    coarser: coarser.map(({ mesher }) => mesher),
    ...(painter && { colours: (points: Float32Array) => painter.colours(points) }),
    ...(correction && { updated: (coords: Int32Array) => correction.changed(coords) }),
  });
  const cadence = camera ? new FrameCadence(config.rgbd.fuseEvery, voxel) : undefined;
  const search = new PlaceSearch(backend, field, tracking);
  const tracker = new Tracker(backend, field, trackerOptions(config, voxel));
  const certainty = camera ? { ...CERTAIN_VIEW, conditioning: tracking.minConditioning } : undefined;
  return {
    kind,
    config,
    field,
    mapper,
    mesher,
    ...(painter && { painter }),
    map: new LocalMap(
      {
        pool,
        field,
        mapper,
        mesher,
        cadence,
        correction,
        ...(canvas && { paint: painting(canvas) }),
        ...((painter ?? canvas?.painter) && { forget: () => (painter ?? canvas?.painter)?.clear() }),
      },
      before ? Math.max(1, before.scans) : 0,
    ),
    registration: new Registration(tracker, tracking, tracking.kernelStart * scale),
    ...(below && {
      joining: new Registration(
        new Tracker(backend, below.field, joiningOptions(trackerOptions(config, voxel), below)),
        tracking,
        tracking.kernelStart * scale,
      ),
    }),
    lookAround: new LookAround(search, voxel, certainty ? { certainty, maxSpeed: CAMERA_SPEED } : {}),
    slideSigma: tracking.kernelEnd * scale,
    ...(before && { relocaliser: new Relocaliser(search, { limits: tracking, certainty, ...before }) }),
  };
}

/** What paints the surface of a coarser grid. */
function painting({ painter, field, mesher }: Scale) {
  const surface = { field, store: mesher.store, scale: 0 };
  return (seen: Pick<Observation, 'picture' | 'grid'>, pose: Pose, exposure?: Exposure): void =>
    painter?.paint(surface, seen, pose, exposure);
}

/** Fastest motion of a camera in a hand or on a robot indoors, m/s. */
const CAMERA_SPEED = 3;
/** Only samples so near to the surface have its colour, in voxels. */
const COLOUR_REACH = 1.5;
/** Robust scale of brightness, grey levels. */
const COLOUR_KERNEL = 20;
/** Gain and bias are held by so many times their own information: left free they swallow what the motion changes. */
const COLOUR_HOLD = 10;

/** Robust scales of a registration with the coarser grid, in its voxels. */
const JOINING_KERNELS = [3, 0.5] as const;

/** As the finer sensor's, but on a coarser grid. */
function joiningOptions(own: TrackerOptions, { field, config }: Scale): TrackerOptions {
  const { voxel } = field.levels[0]!;
  return {
    ...own,
    kernelStart: JOINING_KERNELS[0] * voxel,
    kernelEnd: JOINING_KERNELS[1] * voxel,
    minWeight: config.tracking.minWeight,
    photometric: undefined,
  };
}

function trackerOptions(config: Config, voxel: number): TrackerOptions {
  const { tracking, sensor, rgbd } = config;
  const camera = sensor.kind === 'rgbd';
  const scale = lengthScale(config);
  return {
    ...tracking,
    kernelStart: tracking.kernelStart * scale,
    kernelEnd: tracking.kernelEnd * scale,
    levelWeights: [1, 0.05, 0.01, 0],
    coarseKernels: [voxel * 4, voxel * 8, 0],
    translationTolerance: camera ? voxel / 67 : voxel / 150,
    rotationTolerance: camera ? 2e-4 : 1e-4,
    holdTurns: camera,
    ...(camera &&
      rgbd.metresPerLevel > 0 && {
        photometric: {
          metresPerLevel: rgbd.metresPerLevel,
          kernel: COLOUR_KERNEL,
          reach: COLOUR_REACH * voxel,
          hold: COLOUR_HOLD,
        },
      }),
  };
}

function mapperOptions(kind: SensorKind, config: Config, voxel: number): MapperOptions {
  const { training, map, seed } = config;
  const { poseSigma, ...options } = training;
  const scale = lengthScale(config);
  return {
    ...options,
    ...(kind === 'lidar' && { poseSigma: poseSigma * scale }),
    replayRadius: training.replayRadius * scale,
    carveEvery: map.carveEvery,
    freeSpaceRange: FREE_SPACE_RANGE * scale,
    keyframeDistance: training.keyframeDistance * scale,
    keyframeAngle: (training.keyframeAngle * Math.PI) / 180,
    band: voxel * BAND_VOXELS,
    seed,
  };
}
