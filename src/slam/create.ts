import { availableParallelism } from 'node:os';
import { lengthScale } from '../config/lengths.js';
import type { Config } from '../config/schema.js';
import { KernelPool } from '../compute/pool.js';
import { WasmField } from '../field/backends/wasm/field.js';
import { openEngine } from '../field/backends/select.js';
import type { MapField } from '../field/map-field.js';
import { fieldContent } from '../field/backends/wasm/restore.js';
import { readManifest } from '../field/saved/manifest.js';
import { encodeSavedField, readPlaces } from '../field/saved/saved-field.js';
import { identity, orthonormalise, type Pose } from '../geometry/se3.js';
import { MapMesher } from '../mesh/map-mesher.js';
import { surfaceCloud } from '../mesh/surface-cloud.js';
import { LidarFrontEnd } from '../sensors/lidar/front-end.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { Mapper } from './mapping/mapper.js';
import { mapLayout, type MapLayout, type SavedMap } from './map-layout.js';
import { Pipeline } from './pipeline.js';
import { PlaceSearch } from './places/place-search.js';
import { Places } from './places/places.js';
import { Localiser } from './places/relocalise.js';
import { Tracker } from './tracking/tracker.js';
import type { KnownPose, MapStatistics, ScanResult, Slam, SlamView } from './types.js';
import type { Mesh } from '../mesh/mesh.js';
import { SystemView } from './view.js';

const SLABS = 512;
/** What the field and the mesher need whatever the size of the map, and what a fine block takes with its share of the rest. */
const FIXED_BYTES = 240 * 2 ** 20;
const BYTES_PER_BLOCK = 7000;
const BAND_VOXELS = 1.7; // largest offset of a training sample, within the fused band

/**
 * Builds the system that `config` describes.
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
    return new LidarSlam(config, pool, { ...parts, ...chosen }, saved);
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
  readonly lidar: LidarFrontEnd;
  /** The field in shared memory. */
  readonly wasm: WasmField;
}

/** What takes its memory from the arena first. */
function makeParts(config: Config, pool: KernelPool, layout: MapLayout): Parts {
  const scale = lengthScale(config);
  const { map, prepare, training, sensor, seed } = config;
  const lidar = new LidarFrontEnd(pool, {
    deskew: sensor.deskew,
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
  return { layout, lidar, wasm };
}

class LidarSlam implements Slam {
  readonly #pool: KernelPool;
  readonly #field: MapField;
  readonly #mesher: MapMesher;
  readonly #mapper: Mapper;
  readonly #pipeline: Pipeline;
  readonly #places: Places;
  readonly #featureCell: number;
  readonly #notes: readonly string[];
  readonly view: SlamView;
  #frame = '';
  #scans = 0;
  #lastPose: Pose = identity();

  constructor(
    config: Config,
    pool: KernelPool,
    { layout, lidar, field, notes }: Parts & { field: MapField; notes: readonly string[] },
    saved?: SavedMap,
  ) {
    const scale = lengthScale(config);
    const { map, tracking, training, mesh, seed } = config;
    this.#pool = pool;
    this.#field = field;
    const { voxel, featureCell } = layout;
    this.#notes = [...layout.warnings, ...notes];
    this.#featureCell = featureCell;
    const tracker = new Tracker(this.#field, {
      maxIterations: tracking.maxIterations,
      kernelStart: tracking.kernelStart * scale,
      kernelEnd: tracking.kernelEnd * scale,
      anneal: tracking.anneal,
      gradientScale: tracking.gradientScale,
      minWeight: tracking.minWeight,
      levelWeights: [1, 0.05, 0.01, 0],
      coarseKernels: [voxel * 4, voxel * 8, 0],
      translationTolerance: 1e-3 * scale,
      rotationTolerance: 1e-4,
      twistSigmaLinear: tracking.twistSigmaLinear,
      twistSigmaAngular: tracking.twistSigmaAngular,
      groundWeight: tracking.groundWeight,
      minConditioning: tracking.minConditioning,
    });
    this.#mapper = new Mapper(
      this.#field,
      {
        ...training,
        replayRadius: training.replayRadius * scale,
        freeSpaceRays: map.freeSpaceRays,
        freeSpaceRange: 40 * scale,
        keyframeDistance: training.keyframeDistance * scale,
        keyframeAngle: (training.keyframeAngle * Math.PI) / 180,
        band: voxel * BAND_VOXELS,
        seed,
      },
      SLABS,
    );
    this.#mesher = new MapMesher(pool, this.#field, {
      minWeight: mesh.minWeight,
      minComponentTriangles: mesh.minComponentTriangles,
      features: training.iterations > 0 || Boolean(saved?.manifest.features),
    });
    if (saved) this.#field.restore(saved.files, saved.manifest);
    const places = saved ? readPlaces(saved.files, saved.manifest) : [];
    this.#places = new Places(2 * training.keyframeDistance * scale, places);
    if (saved) {
      this.#frame = saved.manifest.frame;
      this.#scans = saved.manifest.scans;
      this.#lastPose = orthonormalise(Float64Array.from(saved.manifest.lastPose));
    }
    this.#pipeline = new Pipeline({
      config,
      field: this.#field,
      lidar,
      tracker,
      mapper: this.#mapper,
      mesher: this.#mesher,
      search: new PlaceSearch(
        this.#field,
        this.#field.levels.map((level) => level.voxel),
        tracking,
      ),
      ...(saved
        ? {
            localiser: new Localiser(this.#field, {
              voxels: this.#field.levels.map((level) => level.voxel),
              limits: tracking,
              places,
              lastPose: this.#lastPose,
              scans: Math.max(1, this.#scans),
            }),
          }
        : {}),
    });
    this.view = new SystemView(this.#mesher.store, voxel, this.#mapper.keyframes, this.#pipeline);
  }

  process(scan: LidarScan, known?: KnownPose): ScanResult {
    const result = this.#pipeline.process(scan, known);
    if (result.state === 'lost') return result;
    this.#frame ||= scan.frameId;
    this.#scans++;
    this.#lastPose = result.pose;
    this.#places.add(result.pose);
    return result;
  }

  get warnings(): readonly string[] {
    return [...this.#notes, ...(this.#field.notices ?? [])];
  }

  mesh(): Mesh {
    return this.#mesher.weld();
  }

  statistics(): MapStatistics {
    return {
      blocks: this.#field.levels[0]!.count - 1,
      featureRows: this.#field.features.count - 1,
      triangles: this.#mesher.store.triangles,
      keyframes: this.#mapper.keyframes.frames.length,
      memoryBytes: this.#field.usedBytes,
      forgottenBlocks: this.#pipeline.forgotten,
    };
  }

  cloud(): Float32Array {
    return surfaceCloud(this.mesh(), this.#field.levels[0]!.voxel).positions;
  }

  save(): Map<string, Uint8Array> {
    this.#field.sync();
    return encodeSavedField({
      ...fieldContent(this.#field, this.#featureCell),
      sensor: 'lidar',
      frame: this.#frame,
      scans: this.#scans,
      lastPose: this.#lastPose,
      places: this.#places.poses,
    });
  }

  async close(): Promise<void> {
    await this.#field.close();
    await this.#pool.close();
  }
}
