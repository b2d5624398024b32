// Time per scan on KITTI 0005 beside KISS-ICP's, in one run: npm run bench:speed -- [KITTI_FOLDER]
import { join } from 'node:path';
import { benchOptions, workFolder } from './lib/options.mjs';
import { kittiRecording } from './lib/recordings.mjs';
import { runFeltmap, runKiss, timeCli } from './lib/run.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable, mean, quantile } from './lib/tables.mjs';

const options = benchOptions();
const work = workFolder(options.keep);
const kitti = await kittiRecording(work, options.input, options.scans);
const STAGES = ['prepare', 'track', 'map', 'optimise', 'mesh'];

const contenders = [
  { name: 'Feltmap', run: () => runFeltmap(kitti.folder) },
  { name: 'Feltmap, 1 thread', run: () => runFeltmap(kitti.folder, { config: { threads: 1 } }) },
  { name: 'KISS-ICP', run: () => runKiss(kitti.folder) },
];
for (const c of contenders) c.runs = [];
for (let round = 1; round <= options.rounds; round++) {
  for (const c of contenders) {
    const result = await c.run();
    c.runs.push(result);
    console.log(`round ${round}: ${c.name}: ${fixed(mean(scanTimes(result)), 1)} ms a scan`);
  }
}

const [ours, , kiss] = contenders;
const scans = ours.runs[0].poses.length;
const reference = mean(kiss.runs.flatMap(scanTimes));
const rows = contenders.map(({ name, runs }) => {
  const all = runs.flatMap(scanTimes);
  const stages = STAGES.map((stage) =>
    runs[0].times ? fixed(mean(runs.flatMap((r) => r.times.map((t) => t[stage]))), 1) : '–',
  );
  const flush = runs[0].times ? fixed(mean(runs.map((r) => r.flushMs / r.poses.length)), 1) : '–';
  const spread = runs.map((r) => mean(scanTimes(r)));
  return [
    name,
    fixed(mean(all), 1),
    `${fixed(Math.min(...spread), 1)}–${fixed(Math.max(...spread), 1)}`,
    fixed(quantile(all, 0.5), 1),
    fixed(quantile(all, 0.95), 1),
    ...stages,
    flush,
    fixed(mean(all) / reference, 2),
  ];
});
const table = markdownTable(
  ['ms per scan', 'mean', 'means of rounds', 'median', '95 %', ...STAGES, 'final mesh', '÷ KISS-ICP'],
  rows,
);

const cliArgs = ['replay', kitti.path, '--out', join(work, 'replay'), '--quiet'];
if (Number.isFinite(options.scans)) cliArgs.push('--duration', String(options.scans / 10));
const cli = await timeCli(cliArgs);
const points = mean(ours.runs[0].points.map((p) => p.input));
const body = [
  `KITTI 0005 (${kitti.label}), ${scans} scans, ${fixed(points, 0)} points on average; ${options.rounds} rounds, programs in turn.`,
  table,
  `Feltmap: SLAM thread, tracking + mapping + meshing; each scan bears its share of the final mesh. KISS-ICP: \`register_frame\` (odometry alone) with its default configuration and all cores.`,
  `The whole of \`feltmap replay\`, with start, reading, mesh, map, pictures and report: ${fixed((1e3 * cli.wall) / scans, 0)} ms wall and ${fixed((1e3 * cli.cpu) / scans, 0)} ms of processor time per scan.`,
].join('\n\n');
publish('speed', `npm run bench:speed${options.input ? ' -- KITTI_FOLDER' : ''}`, body, options.write);

/** Milliseconds of every scan of a run, for ours with its share of the final mesh. */
function scanTimes(result) {
  return result.ms ?? result.times.map((t) => t.total + result.flushMs / result.times.length);
}
