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
import { LidarPreparer } from '../sensors/lidar/preparer.js';
import { LidarObservations } from './lidar-observations.js';
import { mapLayout, type MapLayout, type SavedMap } from './map-layout.js';
import { makeLoop, SLABS } from './loop.js';
import { Places } from './places/places.js';
import { SlamSystem } from './system.js';
import type { Slam } from './types.js';

/** What the field and the mesher need whatever the size of the map, and what a fine block takes with its share of the rest. */
const FIXED_BYTES = 240 * 2 ** 20;
const BYTES_PER_BLOCK = 7000;

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

/** Puts the system together. The only place that decides which sensor's preparation is used. */
function assemble(
  config: Config,
  pool: KernelPool,
  { layout, preparer, field, notes }: Parts & { field: MapField; notes: readonly string[] },
  saved?: SavedMap,
): SlamSystem {
  if (saved) field.restore(saved.files, saved.manifest);
  const places = saved ? readPlaces(saved.files, saved.manifest) : [];
  const before = saved && {
    frame: saved.manifest.frame,
    scans: saved.manifest.scans,
    lastPose: orthonormalise(Float64Array.from(saved.manifest.lastPose)),
    features: Boolean(saved.manifest.features),
    places,
  };
  return new SlamSystem({
    pool,
    field,
    loop: makeLoop(config, pool, field, before),
    frontEnd: new LidarObservations(preparer, config.sensor.deskew),
    places: new Places(2 * config.training.keyframeDistance * lengthScale(config), places),
    featureCell: layout.featureCell,
    notes: [...layout.warnings, ...notes],
    ...(before && { before }),
  });
}
