import { FeltmapError } from '../geometry/errors.js';
import { completeRegion, type CompletedObject } from '../completion/complete-region.js';
import { loadShapePrior } from '../completion/load-prior.js';
import type { TablePlane } from '../completion/object-frame.js';
import { KernelPool } from '../compute/pool.js';
import { toIoError, writeFileAtomic } from '../export/atomic-file.js';
import { completedRegion } from '../host/completion/complete-surface.js';
import { SIGMA_VOXELS } from '../host/completion/region-surface.js';
import { checkBox } from '../host/completion/region-box.js';
import { surfaceCloud } from '../mesh/surface-cloud.js';
import type { CompleteOptions } from './command-options.js';
import { EXIT, inStage } from './exit-codes.js';
import { objectFile } from './object-files.js';
import { printableLines } from './printable.js';
import { readViewInput, UNKNOWN_VOXEL } from './view-input.js';

export interface CompleteEnvironment {
  /** Module that exports `createSlam`: extracts the surface of saved maps. */
  readonly factoryUrl: string;
  readonly stdout: { write(text: string): unknown };
}

/**
 * `feltmap complete`: writes the whole of an object that a map shows in part.
 *
 * @returns the exit status
 * @throws FeltmapError when there is no map, no object in the box, or the output cannot be written
 */
export async function completeCommand(
  path: string,
  options: CompleteOptions,
  env: CompleteEnvironment,
): Promise<number> {
  const box = checkBox(options.box, '--box', Infinity);
  const table = options.table && planeOf(options.table);
  const { out } = options;
  if (!/\.(ply|glb)$/i.test(out))
    throw new FeltmapError('bad-config', `${out} is neither .ply nor .glb; give --out a name that ends so.`);
  const { mesh, voxel } = await inStage('input', () => readViewInput(path, undefined, env.factoryUrl));
  const surface = surfaceCloud(mesh, voxel || UNKNOWN_VOXEL);
  const prior = await inStage('input', loadShapePrior);
  const pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
  try {
    const sigma = options.sigma ?? SIGMA_VOXELS * (voxel || UNKNOWN_VOXEL);
    const object = await inStage('input', async () =>
      completeRegion(prior, pool, surface, box, { sigma, ...(table ? { table } : {}) }),
    );
    const bytes = await objectFile(object.mesh, /\.glb$/i.test(out) ? 'glb' : 'ply');
    await writeFileAtomic(out, bytes).catch((error: unknown) => {
      throw toIoError(error, out);
    });
    const summary = summarise(object, out);
    env.stdout.write(
      options.json ? `${JSON.stringify(summary, null, 2)}\n` : `${printableLines(describe(summary))}\n`,
    );
    return EXIT.ok;
  } finally {
    await pool.close();
  }
}

function planeOf(numbers: readonly number[]): TablePlane {
  const [a, b, c, d] = numbers;
  const length = Math.hypot(a!, b!, c!);
  if (numbers.length !== 4 || !(length > 0))
    throw new FeltmapError(
      'bad-config',
      `--table takes four numbers: a normal and its offset along it in metres, not ${numbers.join(',')}.`,
    );
  return { normal: [a! / length, b! / length, c! / length], offset: d! / length };
}

function summarise(object: CompletedObject, out: string) {
  const { mesh, table, next, points } = completedRegion(object, { points: object.seen, touches: 0 });
  const sorted = mesh.sigmas.slice().sort();
  const bounds = mesh.bounds.slice().sort();
  return {
    output: out,
    points,
    table: { normal: [...table.normal], offset: table.offset },
    triangles: mesh.indices.length / 3,
    sigma: {
      median: sorted[sorted.length >> 1] ?? 0,
      most: sorted[sorted.length - 1] ?? 0,
    },
    bound95: {
      median: bounds[bounds.length >> 1] ?? 0,
      most: bounds[bounds.length - 1] ?? 0,
    },
    ...(next
      ? {
          nextTouch: { point: next.point, approach: next.approach, sigma: next.sigma },
        }
      : {}),
  };
}

function describe(summary: ReturnType<typeof summarise>): string {
  const mm = (v: number): string => `${(1000 * v).toFixed(1)} mm`;
  const { bound95, sigma, nextTouch: next, table } = summary;
  const vector = (v: readonly number[]): string => v.map((x) => x.toFixed(3)).join(', ');
  return [
    `${summary.output}: ${summary.triangles} triangles from ${summary.points} points`,
    `  table: normal ${vector(table.normal)}, offset ${table.offset.toFixed(3)} m`,
    `  68 % of the errors: within ${mm(sigma.median)} (median of the vertices), ${mm(sigma.most)} at most`,
    `  95 % of the errors: within ${mm(bound95.median)}, ${mm(bound95.most)} at most`,
    ...(next
      ? [`  touch next: ${vector(next.point)} m, moving along ${vector(next.approach)} (${mm(next.sigma)})`]
      : []),
  ].join('\n');
}
