// Runs Feltmap and its peers on a scan folder, each in a process of its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './options.mjs';

const file = (path) => fileURLToPath(new URL(path, ROOT));

/**
 * Feltmap on a scan folder.
 *
 * @param {object} options config: settings by dotted name; scans: at most; known: map at true poses; mesh: return it;
 *   save: measure the saved map; checkout: path of another built checkout to run
 * @returns poses, states, times (per scan, ms by stage), flushMs, statistics, bytes (saved map by file), mesh
 */
export async function runFeltmap(folder, options = {}) {
  return withFolder(async (out) => {
    const { mesh = false, checkout, ...rest } = options;
    const request = { folder, out, mesh, ...rest };
    const script =
      checkout === undefined ? file('bench/feltmap-run.mjs') : join(checkout, 'bench/feltmap-run.mjs');
    await run(process.execPath, [script, JSON.stringify(request)]);
    const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
    result.poses = result.poses.map((pose) => Float64Array.from(pose));
    if (mesh) {
      const array = (Kind, name) => new Kind(new Uint8Array(readFileSync(join(out, name))).buffer);
      result.mesh = {
        positions: array(Float32Array, 'positions.f32'),
        indices: array(Uint32Array, 'indices.u32'),
      };
    }
    return result;
  });
}

/** Time from a cloud's bytes to its pose on a scan folder; see latency-run.mjs. @returns ms, stages, states by scan */
export function runLatency(folder) {
  return runScript(process.execPath, 'bench/latency-run.mjs', { folder });
}

/**
 * KISS-ICP on a scan folder: poses and milliseconds per register_frame.
 *
 * @param {object} options deskew, maxRange, minRange, threads (its defaults unless given), scans
 */
export async function runKiss(folder, options = {}) {
  return withPoses(await runScript('python3', 'bench/kiss_icp_run.py', { folder, ...options }));
}

/**
 * small_gicp's VGICP odometry on a scan folder: poses and milliseconds per scan.
 *
 * @param {object} options threads (all cores unless given), scans
 */
export async function runSmallGicp(folder, options = {}) {
  return withPoses(await runScript('python3', 'bench/small_gicp_run.py', { folder, ...options }));
}

/** What a script writes to the file `out` of its request. */
async function runScript(program, script, request) {
  return withFolder(async (folder) => {
    const out = join(folder, 'result.json');
    await run(program, [file(script), JSON.stringify({ ...request, out })]);
    return JSON.parse(readFileSync(out, 'utf8'));
  });
}

function withPoses(result) {
  return { ...result, poses: result.poses.map((pose) => Float64Array.from(pose)) };
}

/** Wall and processor seconds of `feltmap` with these arguments, children and threads included (bash's `time`). */
export async function timeCli(args) {
  const stderr = await run('bash', [
    '-c',
    'TIMEFORMAT="%R %U %S"; time "$@" 2>/dev/null',
    'bash',
    process.execPath,
    file('dist/cli/main.js'),
    ...args,
  ]);
  const [wall, user, system] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return { wall, cpu: user + system };
}

/** Resolves to stderr. @throws Error with what the program said */
export function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(stderr);
      else reject(new Error(`${command} ${args[0]} ended with code ${code}:\n${stderr.slice(-2000)}`));
    });
  });
}

async function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'feltmap-run-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
