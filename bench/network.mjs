// What training and features are worth where they should be: coarse voxels, noise, few beams. node bench/network.mjs
import { join } from 'node:path';
import { compose } from '../dist/geometry/se3.js';
import { simulate } from '../dist/sim/simulate.js';
import { averageScore, mapBytes, MeshJudge } from './lib/mesh-score.mjs';
import { benchOptions, workFolder } from './lib/options.mjs';
import { runFeltmap } from './lib/run.mjs';
import { writeScanFolder } from './lib/scan-folder.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable, mean } from './lib/tables.mjs';

const SCANS = 40;
const SEEN = 0.2; // m, how near a beam must have ended for a surface to count
const CONDITIONS = [
  { beams: 64, noise: 0.02, voxels: [0.15, 0.2, 0.3] },
  { beams: 64, noise: 0.05, voxels: [0.15, 0.3] },
  { beams: 64, noise: 0.1, voxels: [0.15, 0.3] },
  { beams: 16, noise: 0.02, voxels: [0.15, 0.3] },
];
const METHODS = {
  'with features': {},
  'scalars trained': { 'training.learningRate': 1e-9 },
  'fused only': { 'training.iterations': 0 },
};

const options = benchOptions({ seeds: [1, 2] });
const work = workFolder(options.keep);
const count = Math.min(SCANS, options.scans);
const rows = [];
for (const { beams, noise, voxels } of CONDITIONS) {
  const name = `${beams} beams, noise ${100 * noise} cm`;
  if (options.only !== undefined && !name.includes(options.only)) continue;
  const worlds = [];
  for (const seed of options.seeds) worlds.push(await make(beams, noise, seed));
  for (const voxel of voxels) {
    const scores = {};
    const cells = [];
    for (const [method, config] of Object.entries(METHODS)) {
      const runs = [];
      for (const { folder, judge } of worlds) {
        const all = { ...config, 'map.voxel': voxel, 'mesh.blocksPerScan': 0, threads: 1 };
        const run = await runFeltmap(folder, {
          config: all,
          scans: count,
          known: true,
          mesh: true,
          save: true,
        });
        const ms = mean(run.times.map((t) => t.map + t.optimise));
        runs.push({ ...judge.score(run.mesh, SEEN), kB: mapBytes(run).bytes / 1000, ms });
      }
      scores[method] = averageScore(runs);
      const { f10, f5, kB, ms } = scores[method];
      cells.push(`${fixed(f10, 1)} / ${fixed(f5, 1)}`, fixed(kB, 0), fixed(ms, 0));
    }
    const [full, scalars, fused] = Object.values(scores);
    rows.push([
      `${name}, voxels ${voxel.toFixed(2)} m`,
      ...cells,
      signed(scalars.f5 - fused.f5),
      signed(full.f5 - scalars.f5),
    ]);
    console.log(rows.at(-1).join(' | '));
  }
}
const header = [
  '',
  ...Object.keys(METHODS).flatMap((method) => [`${method}: F@10 / F@5`, 'kB', 'map ms']),
  'training, F@5',
  'features, F@5',
];
const body = [
  `Street worlds, seeds ${options.seeds.join(', ')}, ${count} scans at true poses, surfaces seen within ${SEEN} m and 12 m of the path. Last columns: what training the scalars adds to fusing alone, and what the features add to that. Times (fusing and training a scan, 1 thread) are of a machine that may have been busy.`,
  markdownTable(header, rows),
].join('\n\n');
publish('network', 'node bench/network.mjs', body, options.write && options.only === undefined);
process.exit(0);

async function make(beams, noise, seed) {
  const sim = simulate({ world: 'street', seed, beams, length: 320, noise: { range: noise } });
  const T = sim.odomFromWorld();
  const each = (f) => Array.from({ length: count }, (_, k) => [...f(sim.stampTime(k))]);
  const folder = join(work, `network-${beams}-${100 * noise}-${seed}-${count}`);
  await writeScanFolder(folder, sim.scans(), count, () => ({
    truth: { offsets: [0], poses: [each((t) => compose(T, sim.trajectory.pose(t)))] },
    twists: each((t) => sim.trajectory.twist(t + 0.05)),
  }));
  return { folder, judge: new MeshJudge(sim, folder, count) };
}

function signed(points) {
  return `${points < 0 ? '−' : '+'}${fixed(Math.abs(points), 2)}`;
}
