import { availableParallelism } from 'node:os';
import type { Config } from '../config/schema.js';
import { KernelPool } from '../compute/pool.js';
import type { FieldBackend } from '../field/backend.js';
import { createBackend, type FirstField, type Makers } from '../field/backends/select.js';
import type { Field } from '../field/field.js';
import type { GridSpec } from '../field/grid-spec.js';
import { encodeSavedMap, openSavedMap } from '../field/saved/saved-map.js';
import { identity, type Pose } from '../geometry/se3.js';
import { MapMesher } from '../mesh/map-mesher.js';
import { surfaceCloud } from '../mesh/surface-cloud.js';
import { LidarPreparer } from '../sensors/lidar/preparer.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { Mapper } from './mapping/mapper.js';
import { mapLayout, savedPart, type MapLayout, type SavedPart } from './map-layout.js';
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
 * @param makers how backends are made, in the place of the usual ways
 * @throws FeltmapError when the saved map is incomplete, damaged, of a newer version or too large
 */
export async function createSlam(
  config: Config,
  map?: ReadonlyMap<string, Uint8Array>,
  makers?: Makers,
): Promise<Slam> {
  const saved = map && savedPart(openSavedMap(map));
  const pool = await KernelPool.create({
    threads: config.threads || availableParallelism(),
    memoryMiB: config.map.memoryMiB,
  });
  let backend: FieldBackend | undefined;
  try {
    const parts = makeParts(config, pool, mapLayout(config, saved));
    const chosen = await backendOf(config, pool, parts.first, makers);
    backend = chosen.backend;
    return new LidarSlam(config, pool, { ...parts, ...chosen }, saved);
  } catch (error) {
    await backend?.close();
    await pool.close();
    throw error;
  }
}

/** The engine of the configuration with a field, and what to say about it: which was taken where it was not named. */
async function backendOf(
  config: Config,
  pool: KernelPool,
  first: FirstField,
  makers?: Makers,
): Promise<Chosen> {
  const { batch, samplePoints } = config.training;
  const { backend, field, device, reasons } = await createBackend(config.engine, pool, first, {
    half: config.map.halfFeatures,
    batchSamples: Math.max(batch, samplePoints),
    ...(makers ? { makers } : {}),
  });
  const { name } = backend;
  const full =
    config.map.halfFeatures && name !== 'webgpu'
      ? [`The setting map.halfFeatures is for engine webgpu only: engine ${name} keeps features in full.`]
      : [];
  // That a machine without a GPU runs on its processor is nothing to warn of.
  if (name === 'wasm') return { backend, field, notes: full };
  return { backend, field, notes: [...reasons, `Engine ${name} runs on ${device}.`, ...full] };
}

interface Chosen {
  readonly backend: FieldBackend;
  readonly field: Field;
  readonly notes: readonly string[];
}

interface Parts {
  readonly layout: MapLayout;
  readonly preparer: LidarPreparer;
  readonly first: FirstField;
}

/** What takes its memory from the arena first. */
function makeParts(config: Config, pool: KernelPool, layout: MapLayout): Parts {
  const scale = config.sensor.maxRange / 100;
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
  const spec: GridSpec = {
    voxel: layout.voxel,
    truncation: layout.truncation,
    pyramid: [4, 8],
    seed,
    layers: [
      {
        name: 'distance',
        wordsPerCorner: 2,
        stride: 1,
        maxWeight: map.maxWeight,
        saturation: map.saturation,
        maxRange: map.maxRange * scale,
        bareRange: 30 * scale,
        bareQuality: 0.5,
      },
      {
        name: 'features',
        wordsPerCorner: 1,
        stride: layout.featureCell,
        outputScale: training.outputScale * scale,
      },
    ],
  };
  const room = {
    fineBlocks: maxFineBlocks,
    featureRows: maxFineBlocks * 6,
    samples: SLABS * training.samplePoints * 4,
  };
  const limits = {
    scanPoints: Math.max(prepare.maxMapPoints, prepare.maxTrackPoints),
    batchChunks: 1024,
  };
  return { layout, preparer, first: { spec, room, limits } };
}

class LidarSlam implements Slam {
  readonly #pool: KernelPool;
  readonly #backend: FieldBackend;
  readonly #field: Field;
  readonly #mesher: MapMesher;
  readonly #mapper: Mapper;
  readonly #pipeline: Pipeline;
  readonly #places: Places;
  readonly #notes: readonly string[];
  readonly view: SlamView;
  #frame = '';
  #scans = 0;
  #lastPose: Pose = identity();

  constructor(
    config: Config,
    pool: KernelPool,
    { layout, preparer, backend, field, notes }: Parts & Chosen,
    saved?: SavedPart,
  ) {
    const scale = config.sensor.maxRange / 100;
    const { map, tracking, training, mesh, seed } = config;
    this.#pool = pool;
    this.#backend = backend;
    this.#field = field;
    const { voxel } = layout;
    this.#notes = [...layout.warnings, ...notes];
    const tracker = new Tracker(backend, field, {
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
      backend,
      field,
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
    this.#mesher = new MapMesher(pool, backend, field, {
      minWeight: mesh.minWeight,
      minComponentTriangles: mesh.minComponentTriangles,
      features: training.iterations > 0 || Boolean(saved?.grid.sizes.features),
    });
    if (saved) this.#field.restore(saved.grid);
    const places = saved ? saved.submap.places() : [];
    this.#places = new Places(2 * training.keyframeDistance * scale, places);
    if (saved) {
      this.#frame = saved.map.frame;
      this.#scans = saved.map.scans;
      this.#lastPose = saved.map.last.T_submap_sensor;
    }
    this.view = new SystemView(this.#mesher.store, voxel, this.#mapper.keyframes, preparer);
    this.#pipeline = new Pipeline({
      config,
      field: this.#field,
      preparer,
      tracker,
      mapper: this.#mapper,
      mesher: this.#mesher,
      search: new PlaceSearch(backend, field, tracking),
      ...(saved
        ? {
            localiser: new Localiser(backend, field, {
              limits: tracking,
              places,
              lastPose: this.#lastPose,
              scans: Math.max(1, this.#scans),
            }),
          }
        : {}),
    });
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
    return [...this.#notes, ...this.#backend.notices];
  }

  mesh(): Mesh {
    return this.#mesher.weld();
  }

  statistics(): MapStatistics {
    return {
      blocks: this.#field.levels[0]!.count - 1,
      featureRows: this.#field.featureRows,
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
    return encodeSavedMap({
      sensor: 'lidar',
      frame: this.#frame,
      scans: this.#scans,
      last: { submap: 0, T_submap_sensor: this.#lastPose },
      submaps: [
        {
          id: 0,
          T_world_submap: identity(),
          places: this.#places.poses,
          grids: [this.#field.content()],
        },
      ],
    });
  }

  async close(): Promise<void> {
    await this.#backend.close();
    await this.#pool.close();
  }
}
