// Feltmap and Open3D in simulated rooms with exact truth:
//   npm run build && node bench/rgbd-sim.mjs [--seeds 1,2,3] [--seconds 20] [--scene room] [--keep DIR] [--python python3]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cameraSimulation, runSimCamera } from '../dist/cli/sim-camera.js';
import { associate } from '../dist/eval/associate.js';
import { evaluateMesh } from '../dist/eval/mesh.js';
import { absoluteError } from '../dist/eval/trajectory.js';
import { decodePly } from '../dist/export/ply-reader.js';
import { parseTum } from '../dist/export/tum.js';
import { compose, inverse, transformPoint } from '../dist/geometry/se3.js';
import { seenPoints } from '../dist/sim/camera/seen-points.js';
import { fixed, markdownTable } from './lib/tables.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    seconds: { type: 'string', default: '20' },
    scene: { type: 'string', default: 'room' },
    motions: { type: 'string', default: 'gentle,fast' },
    keep: { type: 'string' },
    python: { type: 'string', default: 'python3' },
  },
});
/** Truth within this of the mesh counts as found; distances of completion are clamped at CLAMP, metres. */
const [FOUND, CLAMP] = [0.05, 0.1];
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const work = values.keep ?? mkdtempSync(join(tmpdir(), 'feltmap-rgbd-sim-'));
const rows = [];

for (const seed of values.seeds.split(',').map(Number)) {
  for (const motion of values.motions.split(',')) {
    const options = { world: values.scene, seed, motion, duration: Number(values.seconds), folder: true };
    const folder = join(work, `${values.scene}-${seed}-${motion}-${values.seconds}`);
    if (!existsSync(join(folder, 'groundtruth.txt'))) await runSimCamera({ ...options, out: folder });
    const simulation = cameraSimulation({ ...options, out: folder });
    const seen = seenPoints(simulation, { spacing: 0.02 }).points;
    for (const [name, run] of [
      ['Feltmap', feltmap],
      ['Open3D', open3d],
    ]) {
      const result = run(folder, simulation);
      if (result === undefined) continue;
      rows.push([name, seed, motion, ...score(simulation, seen, result)]);
      console.log(rows.at(-1).join('  '));
    }
  }
}
const header = [
  '',
  'seed',
  'motion',
  'ATE cm',
  'max',
  'accuracy cm',
  'completion cm',
  `ratio % at ${FOUND * 100} cm`,
  'wrong %',
];
console.log(`\n${markdownTable(header, rows)}`);

/** Poses T_odom_body and mesh in the odom frame: the body's at the first depth image. */
function feltmap(folder) {
  const out = join(folder, 'feltmap');
  execFileSync(
    process.execPath,
    [join(ROOT, 'dist/cli/main.js'), 'replay', folder, '--out', out, '--quiet'],
    { stdio: 'inherit' },
  );
  const { stampsNs, poses } = parseTum(readFileSync(join(out, 'trajectory.tum'), 'utf8'));
  // Whatever part of the carrier the poses are of: at the first image the body is in the origin.
  const part = inverse(poses[0]);
  return {
    stampsNs,
    poses: poses.map((T) => compose(T, part)),
    mesh: decodePly(readFileSync(join(out, 'mesh.ply'))),
  };
}

function open3d(folder, simulation) {
  const out = join(folder, 'open3d');
  mkdirSync(out, { recursive: true });
  try {
    execFileSync(values.python, ['-c', 'import open3d'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  execFileSync(values.python, [join(ROOT, 'bench/open3d_rgbd_run.py'), JSON.stringify({ folder, out })], {
    stdio: 'inherit',
  });
  const { poses } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
  const mount = simulation.depthMount; // its poses and mesh are in optical axes
  const array = (Kind, name) => new Kind(new Uint8Array(readFileSync(join(out, name))).buffer);
  const positions = array(Float32Array, 'positions.f32');
  for (let i = 0; i < positions.length; i += 3) {
    positions.set(transformPoint(mount, positions[i], positions[i + 1], positions[i + 2]), i);
  }
  return {
    stampsNs: simulation.stamps(),
    poses: poses.map((T) => compose(compose(mount, Float64Array.from(T)), inverse(mount))),
    mesh: { positions, indices: array(Uint32Array, 'indices.u32') },
  };
}

/** ATE after alignment of the path; the mesh as it is: both begin at the true first pose. */
function score(simulation, seen, { stampsNs, poses, mesh }) {
  const truth = {
    stampsNs: simulation.stamps(),
    poses: simulation.stamps().map((_, k) => simulation.odomPose(k)),
  };
  const matched = associate({ stampsNs, poses }, truth);
  const { translation } = absoluteError(matched.estimate, matched.truth);
  const one = new Float32Array(3);
  const metrics = evaluateMesh(mesh, seen, {
    thresholds: [FOUND],
    completionTruncation: CLAMP,
    distance: (x, y, z) => {
      one.set([x, y, z]);
      return simulation.distanceToSurface(one)[0];
    },
  });
  return [
    100 * translation.rmse,
    100 * translation.max,
    100 * metrics.accuracy,
    100 * metrics.completion,
    metrics.scores[0].recall,
    metrics.outliers,
  ].map((v) => fixed(v, 2));
}
