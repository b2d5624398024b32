import { availableParallelism } from 'node:os';
import { lengthScale } from '../config/lengths.js';
import type { Config } from '../config/schema.js';
import { configOf, sensorKinds, type SensorKind } from '../config/sensors.js';
import { KernelPool } from '../compute/pool.js';
import type { FieldBackend } from '../field/backend.js';
import { createBackend, type FirstField, type Makers } from '../field/backends/select.js';
import type { Field } from '../field/field.js';
import { joinPools, poolFor, type GridSpec } from '../field/grid-spec.js';
import { openSavedMap } from '../field/saved/saved-map.js';
import { CostMapper, type PlannedGrid } from '../planning/cost-map.js';
import { makeFrontEnd, type FrontEnd } from './front-ends.js';
import { mapLayout, savedPart, type MapLayout, type SavedPart } from './map-layout.js';
import { makeLoop, SLABS } from './loop.js';
import { SlamSystem } from './system.js';
import { TOUCH_ROOM, touchGrid } from './touch/grid.js';
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
  config: Config,
  map?: ReadonlyMap<string, Uint8Array>,
  makers?: Makers,
): Promise<Slam> {
  const saved = map && savedPart(openSavedMap(map), config.sensor.kind, sensorKinds(config).length);
  const pool = await KernelPool.create({
    threads: config.threads || availableParallelism(),
    memoryMiB: config.map.memoryMiB,
  });
  let backend: FieldBackend | undefined;
  try {
    const parts = makeParts(config, pool, saved);
    const chosen = await backendOf(config, pool, parts.grids, makers);
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
  grids: readonly [FirstField, ...FirstField[]],
  makers?: Makers,
): Promise<Chosen> {
  const { batch, samplePoints } = config.training;
  const [first, ...others] = grids;
  const made = await createBackend(config.engine, pool, first, {
    half: config.map.halfFeatures,
    batchSamples: Math.max(batch, samplePoints),
    ...(makers ? { makers } : {}),
  });
  const { backend, device, reasons } = made;
  const fields = [made.field, ...others.map(({ spec, room }) => backend.createField(spec, room))];
  const { name } = backend;
  const full =
    config.map.halfFeatures && name !== 'webgpu'
      ? [`The setting map.halfFeatures is for engine webgpu only: engine ${name} keeps features in full.`]
      : [];
  // That a machine without a GPU runs on its processor is nothing to warn of.
  if (name === 'wasm') return { backend, fields, notes: full };
  const camera = sensorKinds(config).includes('rgbd')
    ? [
        `Maps made with cameras are worked on by the processor alone: engine ${name} does nothing for them yet.`,
      ]
    : [];
  return { backend, fields, notes: [...reasons, `Engine ${name} runs on ${device}.`, ...full, ...camera] };
}

interface Chosen {
  readonly backend: FieldBackend;
  /** Of each kind of sensor, coarsest first. */
  readonly fields: readonly Field[];
  readonly notes: readonly string[];
}

interface Parts {
  readonly frontEnd: FrontEnd;
  /** Of each kind of sensor, coarsest first. */
  readonly grids: readonly [FirstField, ...FirstField[]];
  /** Where a saved map is laid out in another way than the configuration. */
  readonly warnings: readonly string[];
}

/** What takes its memory from the arena first. */
function makeParts(config: Config, pool: KernelPool, saved?: SavedPart): Parts {
  const kinds = sensorKinds(config);
  const frontEnd = makeFrontEnd(config, pool);
  const coloured = kinds.includes('rgbd');
  const blockBytes = coloured ? BYTES_PER_COLOURED_BLOCK : BYTES_PER_BLOCK;
  const felt = kinds.includes('touch') ? TOUCH_ROOM.fineBlocks * blockBytes : 0;
  const free = pool.memory.freeBytes - FIXED_BYTES * kinds.length - felt;
  const large = kinds.filter((kind) => kind !== 'touch').length;
  const fineBlocks = Math.max(1024, Math.floor(free / blockBytes / Math.max(1, large)));
  const layouts = kinds.map((kind, i) => mapLayout(configOf(config, kind), saved?.grids[i]));
  const grids = kinds.map((kind, i) => gridOf(kind, configOf(config, kind), layouts[i]!, fineBlocks));
  const { prepare } = config;
  const limits = {
    scanPoints: Math.max(prepare.maxMapPoints, prepare.maxTrackPoints),
    batchChunks: 1024,
    pool: grids.map(({ spec, room }) => poolFor(spec, room)).reduce(joinPools),
  };
  const [first, ...others] = grids.map((grid) => ({ ...grid, limits }));
  const warnings = [...(saved?.map.warnings ?? []), ...layouts.flatMap((layout) => layout.warnings)];
  return { frontEnd, grids: [first!, ...others], warnings };
}

/** @param config of the kind of sensor that the grid is for */
function gridOf(
  kind: SensorKind,
  config: Config,
  layout: MapLayout,
  fineBlocks: number,
): Pick<FirstField, 'spec' | 'room'> {
  if (kind === 'touch')
    return { spec: touchGrid(layout.voxel, layout.truncation, config.seed), room: TOUCH_ROOM };
  const scale = lengthScale(config);
  const { map, training, seed } = config;
  const camera = kind === 'rgbd';
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
  const room = { fineBlocks, featureRows: fineBlocks * 6, samples: SLABS * training.samplePoints * 4 };
  return { spec, room };
}

/** Puts the system together. */
function assemble(
  config: Config,
  pool: KernelPool,
  { warnings, frontEnd, backend, fields, notes }: Parts & Chosen,
  saved?: SavedPart,
): SlamSystem {
  if (saved) fields.forEach((field, i) => field.restore(saved.grids[i]!));
  const before = saved && {
    frame: saved.map.frame,
    scans: saved.map.scans,
    lastPose: saved.map.last.T_submap_sensor,
    features: saved.grids.some(({ sizes }) => Boolean(sizes.features)),
    places: saved.submap.places(),
  };
  return new SlamSystem({
    pool,
    backend,
    loop: makeLoop(config, pool, backend, fields, before),
    frontEnd,
    planner: new CostMapper(pool, backend, plannedGrids(config, fields)),
    planning: config.costmap,
    notes: [...warnings, ...notes],
  });
}

/** What planners read, coarsest first. */
function plannedGrids(config: Config, fields: readonly Field[]): [PlannedGrid, ...PlannedGrid[]] {
  const kinds = sensorKinds(config);
  const grids = fields.map((field, i) => ({
    field,
    minWeight: configOf(config, kinds[i]!).mesh.minWeight,
  }));
  return grids as [PlannedGrid, ...PlannedGrid[]];
}
