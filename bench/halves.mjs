// What keeping features as halves costs in accuracy: npm run bench:halves [-- --scans N]
import { absoluteError } from '../dist/eval/trajectory.js';
import { MeshJudge } from './lib/mesh-score.mjs';
import { benchOptions, workFolder } from './lib/options.mjs';
import { simulatedFolder, simulation } from './lib/recordings.mjs';
import { runFeltmap } from './lib/run.mjs';
import { readIndex } from './lib/scan-folder.mjs';
import { publish } from './lib/section.mjs';
import { withAnyAdapter } from './lib/software-adapter.mjs';
import { fixed, markdownTable } from './lib/tables.mjs';

const SCANS = 20;
const SEEN = 0.1; // metres

await withAnyAdapter();
const options = benchOptions();
const count = Math.min(SCANS, options.scans);
const folder = await simulatedFolder(workFolder(options.keep), 'street', 1, { scans: count });
const judge = new MeshJudge(simulation('street', 1), folder, count);
const index = readIndex(folder);
const at = index.truth.offsets.indexOf(0);
const truth = index.truth.poses[at].slice(0, count).map((pose) => Float64Array.from(pose));

const rows = [];
for (const [name, config] of [
  ['wasm, in full', { engine: 'wasm' }],
  ['webgpu, in full', { engine: 'webgpu' }],
  ['webgpu, halves', { engine: 'webgpu', 'map.halfFeatures': true }],
]) {
  const { poses, mesh } = await runFeltmap(folder, { config, scans: count, mesh: true });
  const { translation } = absoluteError(poses, truth);
  const score = judge.score(mesh, SEEN);
  rows.push([
    name,
    fixed(1000 * translation.rmse, 2),
    fixed(score.f10, 2),
    fixed(score.f5, 2),
    fixed(score.accuracy, 3),
    fixed(score.completion, 3),
  ]);
  console.log(rows.at(-1).join(' | '));
}
const body = [
  `Simulated street, seed 1, ${count} scans, own poses; features take 16 instead of 32 bytes a row.`,
  markdownTable(['features', 'ATE mm', 'F@10', 'F@5', 'accuracy cm', 'completion cm'], rows),
].join('\n\n');
publish('halves', 'npm run bench:halves', body, options.write);
process.exit();
