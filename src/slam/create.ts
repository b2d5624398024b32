import { availableParallelism } from 'node:os';
import { lengthScale } from '../config/lengths.js';
import type { Config } from '../config/schema.js';
import { KernelPool } from '../compute/pool.js';
import { WasmField } from '../field/backends/wasm/field.js';
import { openEngine } from '../field/backends/select.js';
import type { MapField } from '../field/map-field.js';
import { readManifest } from '../field/saved/manifest.js';
import { readPlaces } from '../field/saved/saved-field.js';
import { orthonormalise } from '../geometry/se3.js';
import { MapMesher } from '../mesh/map-mesher.js';
import { ImuTrack } from '../sensors/imu/imu-track.js';
import { LidarPreparer } from '../sensors/lidar/preparer.js';
import { Estimator } from './estimator.js';
import { EventStream } from './event-stream.js';
import { LidarObservations } from './lidar-observations.js';
import { mapLayout, type MapLayout, type SavedMap } from './map-layout.js';
import { LocalMap } from './mapping/local-map.js';
import { Mapper, type MapperOptions } from './mapping/mapper.js';
import { Pipeline } from './pipeline.js';
import { LookAround } from './places/look-around.js';
import { PlaceSearch } from './places/place-search.js';
import { Places } from './places/places.js';
import { Relocaliser } from './places/relocalise.js';
import { SlamSystem } from './system.js';
import { BodyMotion } from './tracking/motion.js';
import { Registration } from './tracking/registration.js';
import { Tracker, type TrackerOptions } from './tracking/tracker.js';
import { Trajectory } from './trajectory.js';
import type { Slam } from './types.js';

const SLABS = 512;
/** What the field and the mesher need whatever the size of the map, and what a fine block takes with its share of the rest. */
const FIXED_BYTES = 240 * 2 ** 20;
const BYTES_PER_BLOCK = 7000;
/** Rays clear away what has moved up to this range, metres at 100 m. */
const FREE_SPACE_RANGE = 40;
/** The submap that is built: one for now. */
const SUBMAP = 0;
const BAND_VOXELS = 1.7; // largest offset of a training sample, within the fused band

/**
 * Builds the system that `config` describes.
 *
 * @example
 * const slam = await createSlam(await loadConfig({}));
 * for await (const scan of source.scans()) console.log(slam.process(scan).pose);
 * await slam.close();
 *
 * @param map files of a saved map (from {@link Slam.save}) to continue; its voxels are used, whatever `config` says
 * @param openField puts another engine over the field in the memory of engine wasm than `config.engine` says
 * @throws FeltmapError when the saved map is incomplete, damaged, of a newer version or too large
 */
export async function createSlam(
  config: Config,
  map?: ReadonlyMap<string, Uint8Array>,
  openField?: OpenField,
): Promise<Slam> {
  const manifest = map && readManifest(map);
  const pool = await KernelPool.create({
    threads: config.threads || availableParallelism(),
    memoryMiB: config.map.memoryMiB,
  });
  let field: MapField | undefined;
  try {
    const parts = makeParts(config, pool, mapLayout(config, manifest));
    const { batch, samplePoints } = config.training;
    const batchSamples = Math.max(batch, samplePoints);
    const chosen = openField
      ? { field: await openField(pool, parts.wasm, batchSamples), notes: [] }
      : await engineOf(config, pool, parts.wasm, batchSamples);
    field = chosen.field;
    const saved = map && manifest && { files: map, manifest };
    return assemble(config, pool, { ...parts, ...chosen }, saved);
  } catch (error) {
    await field?.close();
    await pool.close();
    throw error;
  }
}

/** The engine of the configuration, and what to say about it: which one was taken where it was not named. */
async function engineOf(
  config: Config,
  pool: KernelPool,
  wasm: WasmField,
  batchSamples: number,
): Promise<{ field: MapField; notes: readonly string[] }> {
  const { field, engine, device, reasons } = await openEngine(config.engine, pool, wasm, {
    half: config.map.halfFeatures,
    batchSamples,
  });
  const full =
    config.map.halfFeatures && engine !== 'webgpu'
      ? [`The setting map.halfFeatures is for engine webgpu only: engine ${engine} keeps features in full.`]
      : [];
  // That a machine without a GPU runs on its processor is nothing to warn of.
  if (engine === 'wasm') return { field, notes: full };
  return { field, notes: [...reasons, `Engine ${engine} runs on ${device}.`, ...full] };
}

/**
 * Opens an engine on a field that is still empty.
 *
 * @param batchSamples samples of the largest batch
 */
export type OpenField = (pool: KernelPool, wasm: WasmField, batchSamples: number) => Promise<MapField>;

interface Parts {
  readonly layout: MapLayout;
  readonly preparer: LidarPreparer;
  /** The field in shared memory. */
  readonly wasm: WasmField;
}

/** What takes its memory from the arena first. */
function makeParts(config: Config, pool: KernelPool, layout: MapLayout): Parts {
  const scale = lengthScale(config);
  const { map, prepare, training, sensor, seed } = config;
  const preparer = new LidarPreparer(pool, {
    maxPoints: sensor.maxPoints,
    minRange: sensor.minRange,
    maxRange: sensor.maxRange,
    mapVoxel: prepare.mapVoxel * scale,
    trackVoxel: prepare.trackVoxel * scale,
    maxMapPoints: prepare.maxMapPoints,
    maxTrackPoints: prepare.maxTrackPoints,
  });
  const maxFineBlocks = Math.max(1024, Math.floor((pool.memory.freeBytes - FIXED_BYTES) / BYTES_PER_BLOCK));
  const wasm = new WasmField(pool, {
    voxel: layout.voxel,
    truncation: layout.truncation,
    pyramid: [4, 8],
    featureCell: layout.featureCell,
    outputScale: training.outputScale * scale,
    maxWeight: map.maxWeight,
    saturation: map.saturation,
    maxRange: map.maxRange * scale,
    bareRange: 30 * scale,
    bareQuality: 0.5,
    seed,
    maxFineBlocks,
    maxFeatureRows: maxFineBlocks * 6,
    maxBatchChunks: 1024,
    maxScanPoints: Math.max(prepare.maxMapPoints, prepare.maxTrackPoints),
    poolSamples: SLABS * training.samplePoints * 4,
  });
  return { layout, preparer, wasm };
}

/** Puts the loop together. The only place that decides which sensor's preparation is used. */
function assemble(
  config: Config,
  pool: KernelPool,
  { layout, preparer, field, notes }: Parts & { field: MapField; notes: readonly string[] },
  saved?: SavedMap,
): SlamSystem {
  const { training, tracking, mesh } = config;
  const scale = lengthScale(config);
  const { voxel } = layout;
  const tracker = new Tracker(field, trackerOptions(config, voxel));
  const mapper = new Mapper(field, mapperOptions(config, voxel), SLABS);
  const mesher = new MapMesher(pool, field, {
    minWeight: mesh.minWeight,
    minComponentTriangles: mesh.minComponentTriangles,
    features: training.iterations > 0 || Boolean(saved?.manifest.features),
  });
  if (saved) field.restore(saved.files, saved.manifest);
  const places = saved ? readPlaces(saved.files, saved.manifest) : [];
  const before = saved && {
    frame: saved.manifest.frame,
    scans: saved.manifest.scans,
    lastPose: orthonormalise(Float64Array.from(saved.manifest.lastPose)),
  };
  const voxels = field.levels.map((level) => level.voxel);
  const search = new PlaceSearch(field, voxels, tracking);
  const imu = new ImuTrack();
  const motion = new BodyMotion(imu);
  const map = new LocalMap({ field, mapper, mesher }, before ? Math.max(1, before.scans) : 0);
  const kernel = tracking.kernelStart * scale;
  const estimator = new Estimator({
    config,
    motion,
    map,
    registration: new Registration(tracker, tracking, kernel),
    lookAround: new LookAround(search, voxel),
    slideSigma: tracking.kernelEnd * scale,
    ...(before && {
      relocaliser: new Relocaliser(search, { limits: tracking, places, lastPose: before.lastPose }),
    }),
  });
  const trajectory = new Trajectory();
  const events = new EventStream();
  return new SlamSystem({
    pool,
    field,
    mapper,
    mesher,
    map,
    imu,
    trajectory,
    events,
    submap: SUBMAP,
    pipeline: new Pipeline({ config, motion, estimator, map, trajectory, events, submap: SUBMAP }),
    frontEnd: new LidarObservations(preparer, config.sensor.deskew),
    places: new Places(2 * training.keyframeDistance * scale, places),
    featureCell: layout.featureCell,
    notes: [...layout.warnings, ...notes],
    ...(before && { before }),
  });
}

function trackerOptions(config: Config, voxel: number): TrackerOptions {
  const { tracking } = config;
  const scale = lengthScale(config);
  return {
    ...tracking,
    kernelStart: tracking.kernelStart * scale,
    kernelEnd: tracking.kernelEnd * scale,
    levelWeights: [1, 0.05, 0.01, 0],
    coarseKernels: [voxel * 4, voxel * 8, 0],
    translationTolerance: voxel / 150,
    rotationTolerance: 1e-4,
  };
}

function mapperOptions(config: Config, voxel: number): MapperOptions {
  const { training, map, seed } = config;
  const scale = lengthScale(config);
  return {
    ...training,
    replayRadius: training.replayRadius * scale,
    freeSpaceRays: map.freeSpaceRays,
    freeSpaceRange: FREE_SPACE_RANGE * scale,
    keyframeDistance: training.keyframeDistance * scale,
    keyframeAngle: (training.keyframeAngle * Math.PI) / 180,
    band: voxel * BAND_VOXELS,
    seed,
  };
}
