import { FeltmapError } from '../geometry/errors.js';
import { completeRegion, type Box, type CompletedObject } from '../completion/complete-region.js';
import { moveMesh } from '../completion/completion-mesh.js';
import { loadShapePrior } from '../completion/load-prior.js';
import { nextTouch } from '../completion/next-touch.js';
import type { TablePlane } from '../completion/object-frame.js';
import { sigmaColors } from '../completion/sigma-colors.js';
import { KernelPool } from '../compute/pool.js';
import { toIoError, writeFileAtomic } from '../export/atomic-file.js';
import { encodeGlb } from '../export/glb.js';
import { encodePly } from '../export/ply.js';
import { inverse, transformPoint, type Pose } from '../geometry/se3.js';
import { surfaceCloud } from '../mesh/surface-cloud.js';
import type { CompleteOptions } from './command-options.js';
import { EXIT, inStage } from './exit-codes.js';
import { printableLines } from './printable.js';
import { readViewInput } from './view-input.js';

/** Standard deviations are coloured up to this (m). */
const COLOUR_RANGE = 0.01;
/** Surface of a map is about this share of a voxel off. */
const SIGMA_VOXELS = 0.3;
const UNKNOWN_VOXEL = 0.01;

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
  const box = boxOf(options.box);
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
    const coloured = { ...object.mesh, colors: sigmaColors(object.mesh.sigmas, COLOUR_RANGE) };
    const note = `completed by feltmap: blue is sure, red is a standard deviation of ${COLOUR_RANGE} m or more`;
    const bytes = /\.glb$/i.test(out) ? await encodeGlb(coloured) : encodePly(coloured, [note]);
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

function boxOf(numbers: readonly number[]): Box {
  const [x0, y0, z0, x1, y1, z1] = numbers;
  if (numbers.length !== 6 || !(x0! < x1!) || !(y0! < y1!) || !(z0! < z1!))
    throw new FeltmapError(
      'bad-config',
      `--box takes six numbers, the smallest x,y,z and the largest x,y,z in metres, not ${numbers.join(',')}.`,
    );
  return numbers as unknown as Box;
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

function summarise({ shape, mesh, T_map_object, table, seen }: CompletedObject, out: string) {
  const sorted = mesh.sigmas.slice().sort();
  const next = nextTouch(shape, toObject(mesh, T_map_object));
  const turn = (v: readonly [number, number, number]): number[] =>
    [0, 4, 8].map((r) => T_map_object[r]! * v[0] + T_map_object[r + 1]! * v[1] + T_map_object[r + 2]! * v[2]);
  return {
    output: out,
    points: seen,
    table: { normal: [...table.normal], offset: table.offset },
    triangles: mesh.indices.length / 3,
    sigma: {
      median: sorted[sorted.length >> 1] ?? 0,
      most: sorted[sorted.length - 1] ?? 0,
    },
    ...(next
      ? {
          nextTouch: {
            point: transformPoint(T_map_object, ...next.point),
            approach: turn(next.approach),
            sigma: next.sigma,
          },
        }
      : {}),
  };
}

/** The mesh in the object frame again, where next touches are looked for. */
function toObject(mesh: CompletedObject['mesh'], T: Pose): CompletedObject['mesh'] {
  return moveMesh(mesh, inverse(T));
}

function describe(summary: ReturnType<typeof summarise>): string {
  const mm = (v: number): string => `${(1000 * v).toFixed(1)} mm`;
  const { sigma, nextTouch: next, table } = summary;
  const vector = (v: readonly number[]): string => v.map((x) => x.toFixed(3)).join(', ');
  return [
    `${summary.output}: ${summary.triangles} triangles from ${summary.points} points`,
    `  table: normal ${vector(table.normal)}, offset ${table.offset.toFixed(3)} m`,
    `  standard deviation: median ${mm(sigma.median)}, most ${mm(sigma.most)}`,
    ...(next
      ? [`  touch next: ${vector(next.point)} m, moving along ${vector(next.approach)} (${mm(next.sigma)})`]
      : []),
  ].join('\n');
}
