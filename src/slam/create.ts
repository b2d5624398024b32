import { availableParallelism } from 'node:os';
import type { Config } from '../config/schema.js';
import { KernelPool } from '../field/engines/wasm/pool.js';
import { WasmField } from '../field/engines/wasm/field.js';
import { MapMesher } from '../mesh/map-mesher.js';
import { LidarPreparer } from '../sensors/lidar/preparer.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { Mapper } from './mapper.js';
import { Pipeline, type KnownPose } from './pipeline.js';
import { Tracker } from './tracker.js';
import type { MapStatistics, Mesh, ScanResult, Slam } from './types.js';

const SLABS = 512;
const BAND_VOXELS = 1.7; // largest offset of a training sample, within the fused band

/** Builds the system that `config` describes. */
export async function createSlam(config: Config): Promise<Slam> {
  const pool = await KernelPool.create({
    threads: config.threads || availableParallelism(),
    memoryMiB: config.map.memoryMiB,
  });
  return new LidarSlam(config, pool);
}

class LidarSlam implements Slam {
  readonly #pool: KernelPool;
  readonly #field: WasmField;
  readonly #mesher: MapMesher;
  readonly #mapper: Mapper;
  readonly #pipeline: Pipeline;

  constructor(config: Config, pool: KernelPool) {
    const scale = config.sensor.maxRange / 100;
    const { map, prepare, tracking, training, sensor, mesh, seed } = config;
    this.#pool = pool;
    const voxel = map.voxel * scale;
    const maxFineBlocks = map.memoryMiB * 80; // about half of the memory in fine blocks; the rest follows
    const preparer = new LidarPreparer(pool, {
      maxPoints: sensor.maxPoints,
      minRange: sensor.minRange,
      maxRange: sensor.maxRange,
      mapVoxel: prepare.mapVoxel * scale,
      trackVoxel: prepare.trackVoxel * scale,
      maxMapPoints: prepare.maxMapPoints,
      maxTrackPoints: prepare.maxTrackPoints,
    });
    this.#field = new WasmField(pool, {
      voxel,
      truncation: voxel * map.truncation,
      pyramid: [4, 8],
      featureCell: map.featureCell,
      outputScale: training.outputScale * scale,
      maxWeight: map.maxWeight,
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
    });
    this.#mapper = new Mapper(
      this.#field,
      {
        ...training,
        replayRadius: training.replayRadius * scale,
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
      features: training.iterations > 0,
    });
    this.#pipeline = new Pipeline({
      config,
      field: this.#field,
      preparer,
      tracker,
      mapper: this.#mapper,
      mesher: this.#mesher,
    });
  }

  process(scan: LidarScan, known?: KnownPose): ScanResult {
    return this.#pipeline.process(scan, known);
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
    };
  }

  cloud(): Float32Array {
    return this.mesh().positions;
  }

  save(): Map<string, Uint8Array> {
    return new Map();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
