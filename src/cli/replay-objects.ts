import { join } from 'node:path';
import type { Box } from '../completion/complete-region.js';
import { writeFileAtomic } from '../export/atomic-file.js';
import type { SlamClient } from '../host/client.js';
import { CompletionThread, type SurfaceSolver } from '../host/completion/completion-thread.js';
import type { CompletedRegion } from '../host/completion/complete-surface.js';
import { checkBox } from '../host/completion/region-box.js';
import type { RegionSurface } from '../host/completion/region-surface.js';
import { objectFile } from './object-files.js';

/** An object of `--complete`, by its number on the command line from 1 on. */
export interface ReplayObject {
  readonly number: number;
  readonly object: CompletedRegion;
}

/** Boxes of `--complete` (m). @throws FeltmapError bad-config for one that is none, or too large */
export function boxesOf(options: readonly (readonly number[])[] = []): readonly Box[] {
  return options.map((numbers) => checkBox(numbers, '--complete'));
}

/**
 * Completes the objects in boxes of the map that was made. One that cannot be completed costs a run nothing but a warning.
 *
 * @param warnings get a sentence for each object that is missing
 */
export async function completeObjects(
  slam: Pick<SlamClient, 'call'>,
  boxes: readonly Box[],
  warnings: string[],
  solver: SurfaceSolver = new CompletionThread(),
): Promise<readonly ReplayObject[]> {
  const jobs = boxes.map((box, i) => ({
    name: `Object ${i + 1}`,
    number: i + 1,
    box,
    surface: () => slam.call({ type: 'region', box, whole: true }),
  }));
  return completeEach(jobs, warnings, solver);
}

/** An object to complete. */
export interface CompletionJob {
  /** For people. */
  readonly name: string;
  readonly number: number;
  /** In the frame of the surface (m). */
  readonly box: Box;
  surface(): RegionSurface | Promise<RegionSurface>;
}

/**
 * Completes objects one after the other, and closes the solver.
 *
 * @param warnings get a sentence for each object that is missing
 */
export async function completeEach(
  jobs: readonly CompletionJob[],
  warnings: string[],
  solver: SurfaceSolver,
): Promise<readonly ReplayObject[]> {
  const objects: ReplayObject[] = [];
  try {
    for (const { name, number, box, surface } of jobs)
      try {
        objects.push({ number, object: await solver.complete(await surface(), box) });
      } catch (error) {
        warnings.push(`${name} is not completed: ${error instanceof Error ? error.message : String(error)}`);
      }
  } finally {
    await solver.close();
  }
  return objects;
}

/** Writes object-1.ply, object-1.glb and so on. @returns path of each by what it is @throws FeltmapError io */
export async function writeObjects(dir: string, objects: readonly ReplayObject[]): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const { number, object } of objects)
    for (const kind of ['ply', 'glb'] as const) {
      const path = join(dir, `object-${number}.${kind}`);
      await writeFileAtomic(path, await objectFile(object.mesh, kind));
      files[kind === 'ply' ? `object-${number}` : `object-${number}-glb`] = path;
    }
  return files;
} // prettier-ignore
