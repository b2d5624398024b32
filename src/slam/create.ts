import { availableParallelism } from 'node:os';
import { cameraConfig } from '../config/camera.js';
import { lengthScale } from '../config/lengths.js';
import type { Config } from '../config/schema.js';
import { KernelPool } from '../compute/pool.js';
import type { FieldBackend } from '../field/backend.js';
import { createBackend, type FirstField, type Makers } from '../field/backends/select.js';
import type { Field } from '../field/field.js';
import { poolFor, type GridSpec } from '../field/grid-spec.js';
import { openSavedMap } from '../field/saved/saved-map.js';
import { CostMapper } from '../planning/cost-map.js';
import { makeFrontEnd, type FrontEnd } from './front-ends.js';
import { mapLayout, savedPart, type MapLayout, type SavedPart } from './map-layout.js';
import { makeLoop, SLABS } from './loop.js';
import { SlamSystem } from './system.js';
import type { Slam } from './types.js';

/** What the field and the mesher need whatever the size of the map, and what a fine block takes with its share of the rest. */
const FIXED_BYTES = 240 * 2 ** 20;
const BYTES_PER_BLOCK = 7000;
const BYTES_PER_COLOURED_BLOCK = 14_000;
/** Levels of a map made with cameras: the coarse ones reach far without the fine ones' blocks. */
const CAMERA_PYRAMID = [2, 4, 8, 16];
const COLOUR_LAYER = { name: 'colour', wordsPerCorner: 2, stride: 1 } as const;

/**
 * Builds the system that `config` describes.
 *
 * @example
 * const slam = await createSlam(await loadConfig({}));
 * for await (const scan of source.scans()) console.log(slam.process(scan).pose);
 * await slam.close();
 *
 * @param map files of a saved map (from {@link Slam.save}) to continue; its voxels are used, whatever `config` says
 * @param makers how backends are made, in the place of the usual ways
 * @throws FeltmapError when the saved map is incomplete, damaged, of a newer version or too large
 */
export async function createSlam(
  settings: Config,
  map?: ReadonlyMap<string, Uint8Array>,
  makers?: Makers,
): Promise<Slam> {
  const config = settings.sensor.kind === 'rgbd' ? cameraConfig(settings) : settings;
  const saved = map && savedPart(openSavedMap(map), config.sensor.kind);
  const pool = await KernelPool.create({
    threads: config.threads || availableParallelism(),
    memoryMiB: config.map.memoryMiB,
  });
  let backend: FieldBackend | undefined;
  try {
    const parts = makeParts(config, pool, mapLayout(config, saved));
    const chosen = await backendOf(config, pool, parts.first, makers);
    backend = chosen.backend;
    return assemble(config, pool, { ...parts, ...chosen }, saved);
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
  const camera =
    config.sensor.kind === 'rgbd'
      ? [
          `Maps made with cameras are worked on by the processor alone: engine ${name} does nothing for them yet.`,
        ]
      : [];
  return { backend, field, notes: [...reasons, `Engine ${name} runs on ${device}.`, ...full, ...camera] };
}

interface Chosen {
  readonly backend: FieldBackend;
  readonly field: Field;
  readonly notes: readonly string[];
}

interface Parts {
  readonly layout: MapLayout;
  readonly frontEnd: FrontEnd;
  readonly first: FirstField;
}

/** What takes its memory from the arena first. */
function makeParts(config: Config, pool: KernelPool, layout: MapLayout): Parts {
  const scale = lengthScale(config);
  const { map, prepare, training, sensor, seed } = config;
  const camera = sensor.kind === 'rgbd';
  const frontEnd = makeFrontEnd(config, pool);
  const blockBytes = camera ? BYTES_PER_COLOURED_BLOCK : BYTES_PER_BLOCK;
  const maxFineBlocks = Math.max(1024, Math.floor((pool.memory.freeBytes - FIXED_BYTES) / blockBytes));
  const spec: GridSpec = {
    voxel: layout.voxel,
    truncation: layout.truncation,
    pyramid: camera ? CAMERA_PYRAMID : [4, 8],
    ...(camera && { pyramidTruncation: layout.truncation / layout.voxel }),
    seed,
    layers: [
      {
        name: 'distance',
        wordsPerCorner: 2,
        stride: 1,
        maxWeight: map.maxWeight,
        saturation: map.saturation,
        maxRange: map.maxRange * scale,
        unorientedRange: 30 * scale,
        unorientedQuality: 0.5,
      },
      {
        name: 'features',
        wordsPerCorner: 1,
        stride: layout.featureCell,
        outputScale: training.outputScale * scale,
      },
      ...(camera ? [COLOUR_LAYER] : []),
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
    pool: poolFor(spec, room),
  };
  return { layout, frontEnd, first: { spec, room, limits } };
}

/** Puts the system together. The only place that decides which sensor's preparation is used. */
function assemble(
  config: Config,
  pool: KernelPool,
  { layout, frontEnd, backend, field, notes }: Parts & Chosen,
  saved?: SavedPart,
): SlamSystem {
  if (saved) field.restore(saved.grid);
  const before = saved && {
    frame: saved.map.frame,
    scans: saved.map.scans,
    lastPose: saved.map.last.T_submap_sensor,
    features: Boolean(saved.grid.sizes.features),
    places: saved.submap.places(),
  };
  return new SlamSystem({
    pool,
    backend,
    field,
    loop: makeLoop(config, pool, backend, field, before),
    frontEnd,
    planner: new CostMapper(pool, backend, field, config.mesh.minWeight),
    planning: config.costmap,
    notes: [...layout.warnings, ...notes],
  });
}
