import { readText, readWhole } from '../bags/files.js';
import { readFolderTruth } from '../bags/camera/folder-truth.js';
import { readGroundTruth } from '../bags/ground-truth.js';
import { pairByIndex, associate, type Matched, type Trajectory } from '../eval/associate.js';
import type { AssociateOptions } from '../eval/associate.js';
import { decodePly } from '../export/ply-reader.js';
import { parseKitti } from '../export/kitti.js';
import { parseTum } from '../export/tum.js';
import type { Mesh } from '../mesh/mesh.js';

/** A trajectory from a file; KITTI pose files hold no stamps. */
export interface TrajectoryFile extends Trajectory {
  readonly stamped: boolean;
}

/**
 * Reads a TUM (`t x y z qx qy qz qw`) or KITTI (twelve numbers a line) file, told apart by the numbers of its first
 * line; the true poses of a folder of colour and depth images; or with `bag` a topic of it.
 *
 * @throws FeltmapError not-found, bad-input
 */
export async function readTrajectory(path: string, bag?: string): Promise<TrajectoryFile> {
  if (bag !== undefined && path.startsWith('/')) {
    const { stampsNs, poses } = await readGroundTruth(path, { bagPath: bag });
    return { stampsNs, poses, stamped: true };
  }
  const own = await readFolderTruth(path);
  if (own) return { stampsNs: own.stampsNs, poses: own.poses, stamped: true };
  const text = await readText(path);
  const first = /^[ \t]*([^#\s].*)$/m.exec(text)?.[1] ?? '';
  if (first.trim().split(/[\s,]+/).length !== 12) return { ...parseTum(text, path), stamped: true };
  const poses = parseKitti(text, path);
  return { poses, stampsNs: poses.map((_, i) => BigInt(i)), stamped: false };
}

/** By stamp where both have stamps, else by order. */
export function pair(
  estimate: TrajectoryFile,
  truth: TrajectoryFile,
  options: AssociateOptions = {},
): Matched {
  return estimate.stamped && truth.stamped
    ? associate(estimate, truth, options)
    : pairByIndex(estimate, truth);
}

/** Mesh or points of a PLY file. */
export async function readPly(path: string): Promise<Mesh> {
  return decodePly(await readInput(path), path);
}

/** Larger meshes and trajectories than anybody compares are not read, bytes. */
const LARGEST = 2 * 1024 ** 3 - 1;

/** @throws FeltmapError not-found, io, unsupported for a pipe, bad-input for a file that is too large */
export async function readInput(path: string): Promise<Uint8Array> {
  return readWhole(path, LARGEST);
}
