import { SENSOR_SETS } from '../config/sensor-sets.js';
import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { z } from 'zod';
import { fileError, readText, readWhole } from '../bags/files.js';
import { configSchema } from '../config/schema.js';
import type { Trajectory } from '../eval/associate.js';
import { decodeGlb } from '../export/glb-reader.js';
import { LARGEST_MANIFEST, readMapFolder } from '../export/map-folder.js';
import { decodePly } from '../export/ply-reader.js';
import { finestVoxel, MANIFEST, readManifest } from '../field/saved/manifest.js';
import { FeltmapError } from '../geometry/errors.js';
import type { Mesh } from '../mesh/mesh.js';
import { readInput, readTrajectory } from './eval-files.js';
import { SlamClient } from '../host/client.js';

/** Of a run of days, bytes. */
const LARGEST_REPORT = 256 * 1024 * 1024;
/** Where a mesh does not say how fine it is (m). */
export const UNKNOWN_VOXEL = 0.01;

/** Of the report of a run. */
export interface RunFigures {
  readonly scans: number;
  readonly recordedSeconds: number;
  readonly blocks: number;
  readonly keyframes: number;
  readonly memoryBytes: number;
}

/** A finished run, or what there is of one. */
export interface ViewInput {
  readonly title: string;
  readonly mesh: Mesh;
  readonly trajectory?: Trajectory;
  /** The mesh as GLB file, where there is one. */
  readonly glb?: string;
  /** Distance of the map's fine corners, metres; 0 where unknown. */
  readonly voxel: number;
  /** Bytes of the saved map; 0 where there is none. */
  readonly mapBytes: number;
  /** What the run's report knows of the map, where there is one. */
  readonly run?: RunFigures;
}

/**
 * Reads what `feltmap view` is given: a mesh file, a saved map (its surface is extracted anew), or a run's folder (its
 * mesh where there is one, else its map; with its trajectory).
 *
 * @throws FeltmapError not-found or bad-input with what is missing
 */
export async function readViewInput(
  path: string,
  trajectory: string | undefined,
  factoryUrl: string,
): Promise<ViewInput> {
  const kind = await stat(path).catch((cause: unknown) => {
    if (!isAbsent(cause)) throw fileError(path, cause);
    throw new FeltmapError(
      'not-found',
      `There is no ${path}; give a run's folder, a map/ folder or a mesh.`,
      {
        cause,
      },
    );
  });
  const found = kind.isDirectory() ? await readFolder(path, factoryUrl) : await readMesh(path);
  const file = trajectory ?? found.trajectoryFile;
  const shown = file === undefined ? undefined : await readTrajectory(file);
  const { mesh, glb, voxel, mapBytes, run } = found;
  return {
    title: basename(resolve(path)),
    mesh,
    voxel,
    mapBytes,
    ...(glb === undefined ? {} : { glb }),
    ...(shown ? { trajectory: shown } : {}),
    ...(run && { run }),
  };
}

type Found = Omit<ViewInput, 'title' | 'trajectory'> & { readonly trajectoryFile?: string };

async function readFolder(dir: string, factoryUrl: string): Promise<Found> {
  const trajectoryIn = async (folder: string) => {
    const file = join(folder, 'trajectory.tum');
    return (await exists(file)) ? { trajectoryFile: file } : {};
  };
  const besides = async (folder: string) => ({
    ...(await trajectoryIn(folder)),
    ...(await figuresIn(folder)),
  });
  if (await exists(join(dir, MANIFEST)))
    return { ...(await readMap(dir, factoryUrl)), ...(await besides(dirname(resolve(dir)))) };
  for (const name of ['mesh.ply', 'mesh.glb'])
    if (await exists(join(dir, name))) {
      const voxel = await voxelOf(join(dir, 'map'));
      return { ...(await readMesh(join(dir, name))), voxel, ...(await besides(dir)) };
    }
  if (await exists(join(dir, 'map', MANIFEST)))
    return { ...(await readMap(join(dir, 'map'), factoryUrl)), ...(await besides(dir)) };
  throw new FeltmapError(
    'not-found',
    `${dir} holds neither a mesh nor a map; give the folder that \`feltmap replay\` wrote, its map/ folder or a mesh.`,
  );
}

async function readMesh(path: string): Promise<Found> {
  const kind = extname(path).toLowerCase();
  if (kind !== '.ply' && kind !== '.glb')
    throw new FeltmapError('unsupported', `${path} is no mesh that can be shown; give a .ply or .glb file.`);
  const bytes = await readInput(path);
  const mesh = kind === '.ply' ? decodePly(bytes, path) : await decodeGlb(bytes, path);
  if (mesh.indices.length === 0)
    throw new FeltmapError(
      'bad-input',
      `${path} holds points but no triangles; there is no surface to show.`,
    );
  return { mesh, voxel: 0, mapBytes: 0, ...(kind === '.glb' ? { glb: path } : {}) };
}

/** Extracts a saved map's surface in the SLAM thread, which ends with it. */
async function readMap(dir: string, factoryUrl: string): Promise<Found> {
  const map = await readMapFolder(dir);
  const manifest = readManifest(map);
  const voxel = finestVoxel(manifest);
  const config = configSchema.parse({
    sensor: { kind: SENSOR_SETS.find((set) => set === manifest.sensor) ?? 'lidar' },
  });
  const slam = await SlamClient.start({ config, factoryUrl, map });
  try {
    const { mesh } = await slam.finish();
    const mapBytes = [...map.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    return { mesh, voxel, mapBytes };
  } finally {
    await slam.terminate();
  }
}

/** What `report.json` says of the map; nothing where there is none that can be read. */
async function figuresIn(dir: string): Promise<{ run?: RunFigures }> {
  const number = z.number().nonnegative();
  const schema = z.object({
    summary: z.object({ scans: number, recordedSeconds: number }),
    map: z.object({ blocks: number, keyframes: number, memoryBytes: number }),
  });
  try {
    const report = schema.parse(JSON.parse(await readText(join(dir, 'report.json'), LARGEST_REPORT)));
    return { run: { ...report.summary, ...report.map } };
  } catch {
    return {};
  }
}

/** Corner distance of a map that lies beside; 0 when there is none that can be read. */
async function voxelOf(dir: string): Promise<number> {
  try {
    return finestVoxel(
      readManifest(new Map([[MANIFEST, await readWhole(join(dir, MANIFEST), LARGEST_MANIFEST)]])),
    );
  } catch {
    return 0;
  }
}

/** @throws FeltmapError io for what may be there but cannot be looked at */
async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (cause: unknown) => {
      if (isAbsent(cause)) return false;
      throw fileError(path, cause);
    },
  );
}

function isAbsent(cause: unknown): boolean {
  const code = (cause as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
