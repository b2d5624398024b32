// One change per row: node bench/ablation.mjs (some ten minutes). Drift with own poses, mesh with true poses.
// --only TEXT runs the rows whose name contains it, beside the base.
import { figures } from './lib/compare.mjs';
import { averageScore, mapBytes, MeshJudge } from './lib/mesh-score.mjs';
import { benchOptions, workFolder } from './lib/options.mjs';
import { simulatedFolder, simulation } from './lib/recordings.mjs';
import { runFeltmap } from './lib/run.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable, mean } from './lib/tables.mjs';

const TRACKED = 200; // scans, about 145 m of street: segments of 100 m fit
const MAPPED = 50;
const ROWS = [
  ['**base**', {}],
  ['training off: fused distances only', { 'training.iterations': 0 }],
  ['1 training step a scan', { 'training.iterations': 1 }],
  ['6 training steps', { 'training.iterations': 6 }],
  ['12 training steps', { 'training.iterations': 12 }],
  ['joint window off', { 'training.window': 0 }],
  ['window of 16 keyframes', { 'training.window': 16 }],
  ['no twist within the sweep', { 'tracking.twistSigmaLinear': 0, 'tracking.twistSigmaAngular': 0 }],
  ['no deskewing', { 'sensor.deskew': false }],
  ['kernel 1.2 → 0.2 m', { 'tracking.kernelStart': 1.2 }],
  ['kernel 0.6 → 0.1 m', { 'tracking.kernelEnd': 0.1 }],
  ['kernel 0.6 → 0.4 m', { 'tracking.kernelEnd': 0.4 }],
  ['no annealing of the kernel', { 'tracking.anneal': 1 }],
  ['gradient weight nearly off', { 'tracking.gradientScale': 10 }],
  ['ground points × 0.5', { 'tracking.groundWeight': 0.5 }],
  ['registration points 1 per 1.0 m', { 'prepare.trackVoxel': 1 }],
  ['voxels 0.10 m', { 'map.voxel': 0.1 }],
  ['voxels 0.20 m', { 'map.voxel': 0.2 }],
  ['voxels 0.30 m', { 'map.voxel': 0.3 }],
  ['truncation 3 voxels', { 'map.truncation': 3 }],
  ['features every 2 voxels', { 'map.featureCell': 2 }],
  ['features every 8 voxels', { 'map.featureCell': 8 }],
  ['decoded residual × 0.5', { 'training.outputScale': 0.05 }],
  ['decoded residual × 2', { 'training.outputScale': 0.2 }],
  ['learning rate × 0.3', { 'training.learningRate': 0.001 }],
  ['learning rate × 3', { 'training.learningRate': 0.01 }],
  ['replay within 10 m only', { 'training.replayRadius': 10 }],
];

const options = benchOptions({ seeds: [1, 2] });
const work = workFolder(options.keep);
const tracked = Math.min(TRACKED, options.scans);
const mapped = Math.min(MAPPED, options.scans);
const chosen = ROWS.filter(
  ([name], i) => i === 0 || options.only === undefined || name.includes(options.only),
);

const worlds = [];
for (const seed of options.seeds) {
  const folder = await simulatedFolder(work, 'street', seed, { scans: tracked });
  worlds.push({ folder, judge: new MeshJudge(simulation('street', seed), folder, mapped) });
}
const rows = [];
for (const [name, config] of chosen) {
  rows.push([name, ...(await measure(config))]);
  console.log(rows.at(-1).join(' | '));
}
const header = [
  'change',
  'drift 50 m %',
  'drift 100 m %',
  'ATE m',
  'lost',
  'ms/scan',
  'F@10',
  'F@5',
  'map kB',
];
const body = [
  `Streets, seeds ${options.seeds.join(', ')}: drift over the first ${tracked} scans (own poses), mesh of the first ${mapped} (true poses, seen within 0.2 m). Times are of a machine that may have been busy: compare roughly.`,
  markdownTable(header, rows),
].join('\n\n');
publish('ablation', 'node bench/ablation.mjs', body, options.write);

async function measure(config) {
  const runs = [];
  for (const { folder, judge } of worlds) {
    const own = await runFeltmap(folder, { config, scans: tracked });
    const known = await runFeltmap(folder, { config, scans: mapped, known: true, mesh: true, save: true });
    runs.push({
      ...figures(folder, own.poses),
      lost: own.states.filter((s) => s === 'lost').length,
      ms: mean(own.times.map((t) => t.total)),
      bytes: mapBytes(known).bytes,
      ...judge.score(known.mesh, 0.2),
    });
  }
  const { drift50, drift100, ate, ms, f10, f5, bytes } = averageScore(runs);
  const lost = runs.reduce((n, r) => n + r.lost, 0);
  return [
    fixed(drift50, 3),
    fixed(drift100, 3),
    fixed(ate, 3),
    String(lost),
    fixed(ms, 1),
    fixed(f10, 2),
    fixed(f5, 2),
    fixed(bytes / 1000, 0),
  ];
}
