import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readCalibrationFile } from '../bags/tactile/calibration-file.js';
import { readTouchFolder } from '../bags/tactile/touch-folder.js';
import { KernelPool } from '../compute/pool.js';
import { writeFileAtomic } from '../export/atomic-file.js';
import { encodeGlb } from '../export/glb.js';
import { encodePly } from '../export/ply.js';
import { formatTum } from '../export/tum.js';
import { FeltmapError } from '../geometry/errors.js';
import { rotationAngle, translationNorm } from '../geometry/se3.js';
import { TouchMap } from '../slam/touch/touch-map.js';
import { EXIT, inStage, StageError } from './exit-codes.js';
import { printableLines } from './printable.js';
import { defaultOutput } from './replay-input.js';
import { makeFolder } from '../export/make-folder.js';

/** Options of `feltmap touch`, as commander delivers them. */
export interface TouchOptions {
  calibration: string;
  out?: string;
  /** Millimetres. */
  voxel?: number;
  sigma?: number;
  /** Degrees. */
  sigmaTurn?: number;
  /** Millimetres. */
  handEye?: number;
  optimise?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** What `--json` prints. Lengths in millimetres. */
interface Report {
  readonly touches: number;
  readonly contacts: number;
  readonly states: Readonly<Record<string, number>>;
  readonly residual?: number;
  readonly overlaps?: number;
  readonly handEye?: { readonly millimetres: number; readonly degrees: number };
  readonly triangles: number;
  readonly secondsEach: number;
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

const MEMORY_MIB = 900;
/** Images of a gel are small: more threads than this wait for one another. */
const MOST_THREADS = 4;

/** `feltmap touch`: an object's surface from what a gel felt of it. */
export async function touch(folder: string, options: TouchOptions): Promise<number> {
  const calibration = await inStage('input', () => readCalibrationFile(options.calibration));
  const out = options.out ?? defaultOutput(folder);
  const pool = await KernelPool.create({
    threads: Math.min(MOST_THREADS, availableParallelism()),
    memoryMiB: MEMORY_MIB,
  });
  try {
    const { voxel, sigma = 2, sigmaTurn = 1, handEye = 0 } = options;
    const turn = (sigmaTurn * Math.PI) / 180;
    const map = await TouchMap.create(pool, {
      ...(voxel !== undefined && { voxel: voxel / 1000 }),
      kinematics: { translation: sigma / 1000, rotation: turn },
      ...(handEye > 0 && { handEye: { translation: handEye / 1000, rotation: turn } }),
    });
    const warnings: string[] = [];
    const stampsNs: bigint[] = [];
    const started = performance.now();
    await inStage('input', async () => {
      const how = { pool, onNotice: (text: string): void => void warnings.push(text) };
      for await (const one of readTouchFolder(folder, calibration, how)) {
        map.add(one);
        stampsNs.push(one.stampNs);
      }
    });
    if (stampsNs.length === 0)
      throw new StageError(
        'input',
        new FeltmapError('bad-input', [`${folder} holds no touch that can be used.`, ...warnings].join(' ')),
      );
    const seconds = (performance.now() - started) / 1e3 / stampsNs.length;
    const bundle = options.optimise === false ? undefined : map.optimise();
    const mesh = map.mesh();
    const files = await inStage('output', async () => {
      await makeFolder(out);
      const written: string[] = [];
      const write = async (name: string, data: string | Uint8Array | Iterable<Uint8Array>): Promise<void> => {
        await writeFileAtomic(join(out, name), data);
        written.push(join(out, name));
      };
      await write('trajectory.tum', formatTum({ stampsNs, poses: map.results.map(({ pose }) => pose) }));
      await write('mesh.ply', encodePly(mesh));
      await write('mesh.glb', await encodeGlb(mesh));
      return written;
    });
    const states: Record<string, number> = {};
    for (const { state, contact, free } of map.results) {
      const name = contact ? state : free ? 'free' : 'not known';
      states[name] = (states[name] ?? 0) + 1;
    }
    const report: Report = {
      touches: map.results.length,
      contacts: map.results.filter(({ contact }) => contact).length,
      states,
      ...(bundle && {
        residual: 1e3 * bundle.residual,
        overlaps: bundle.overlaps.reduce((sum, n) => sum + n, 0) / bundle.overlaps.length,
        handEye: {
          millimetres: 1e3 * translationNorm(bundle.handEyes[0]!),
          degrees: (rotationAngle(bundle.handEyes[0]!) * 180) / Math.PI,
        },
      }),
      triangles: mesh.indices.length / 3,
      secondsEach: seconds,
      files,
      warnings: [...warnings, ...map.notices],
    };
    if (options.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    else if (!options.quiet) process.stdout.write(`${printableLines(describe(report))}\n`);
    return EXIT.ok;
  } finally {
    await pool.close();
  }
}

function describe(r: Report): string {
  const states = Object.entries(r.states).map(([state, count]) => `${count} ${state}`);
  const lines = [
    `${r.touches} touches, ${r.contacts} of something: ${states.join(', ')}; ${(1e3 * r.secondsEach).toFixed(0)} ms each`,
  ];
  if (r.residual !== undefined)
    lines.push(
      `found together: ${r.overlaps!.toFixed(1)} others overlap each touch, to ${r.residual.toFixed(3)} mm rms` +
        (r.handEye!.millimetres > 0.01
          ? `; the sensor's place on the hand was off by ${r.handEye!.millimetres.toFixed(1)} mm and ${r.handEye!.degrees.toFixed(1)}°`
          : ''),
    );
  if (r.triangles === 0) lines.push('nothing was felt often enough for a mesh');
  lines.push(`${r.triangles} triangles in ${r.files[1]!}`);
  for (const warning of r.warnings) lines.push(`Warning: ${warning}`);
  return lines.join('\n');
}
