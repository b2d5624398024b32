// Time per scan and odometry latency on KITTI 0005 beside KISS-ICP and small_gicp, in one run: npm run bench:speed --
// [KITTI_FOLDER] [--old CHECKOUT]
import { join } from 'node:path';
import { benchOptions, workFolder } from './lib/options.mjs';
import { kittiRecording } from './lib/recordings.mjs';
import { runFeltmap, runKiss, runLatency, runSmallGicp, timeCli } from './lib/run.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable, mean, quantile } from './lib/tables.mjs';

const options = benchOptions();
const work = workFolder(options.keep);
const kitti = await kittiRecording(work, options.input, options.scans);
const STAGES = ['prepare', 'track', 'map', 'optimise', 'mesh'];
const WAITS = ['decode', 'prepare', 'track'];
/** Scans in which code is compiled; not counted in latencies. */
const WARM_UP = 5;

const ours = { name: 'Feltmap', run: () => runFeltmap(kitti.folder) };
const single = {
  name: 'Feltmap, 1 thread',
  run: () => runFeltmap(kitti.folder, { config: { threads: 1 } }),
};
const old = options.old && {
  name: 'Feltmap, old checkout',
  run: () => runFeltmap(kitti.folder, { checkout: options.old }),
};
const latency = { name: 'Feltmap, message to pose', run: () => runLatency(kitti.folder) };
const kiss = { name: 'KISS-ICP', run: () => runKiss(kitti.folder) };
const gicp = { name: 'small_gicp, VGICP', run: () => runSmallGicp(kitti.folder) };
const contenders = [ours, ...(old ? [old] : []), single, latency, kiss, gicp];
for (const c of contenders) c.runs = [];
for (let round = 1; round <= options.rounds; round++) {
  for (const c of contenders) {
    const result = await c.run();
    c.runs.push(result);
    console.log(`round ${round}: ${c.name}: median ${fixed(quantile(scanTimes(result), 0.5), 1)} ms a scan`);
  }
}

const scans = ours.runs[0].poses.length;
const reference = mean(kiss.runs.flatMap(scanTimes));
const rows = contenders
  .filter((c) => c !== latency)
  .map(({ name, runs }) => {
    const all = runs.flatMap(scanTimes);
    const stages = STAGES.map((stage) =>
      runs[0].times ? fixed(mean(runs.flatMap((r) => r.times.map((t) => t[stage]))), 1) : '–',
    );
    const flush = runs[0].times ? fixed(mean(runs.map((r) => r.flushMs / r.poses.length)), 1) : '–';
    return [
      name,
      fixed(mean(all), 1),
      range(
        runs.map((r) => mean(scanTimes(r))),
        1,
      ),
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

const warm = (c) => c.runs.flatMap((r) => r.ms.slice(WARM_UP));
const kissMedian = quantile(warm(kiss), 0.5);
const latencies = markdownTable(
  ['odometry latency, ms', 'median', 'medians of rounds', '95 %', ...WAITS, '÷ KISS-ICP', 'ratios of rounds'],
  [latency, kiss, gicp].map((c) => [
    c.name,
    fixed(quantile(warm(c), 0.5), 1),
    range(c.runs.map(warmMedian), 1),
    fixed(quantile(warm(c), 0.95), 1),
    ...WAITS.map((stage) => fixed(stageMedian(c, stage), 1)),
    fixed(quantile(warm(c), 0.5) / kissMedian, 2),
    range(
      c.runs.map((r, i) => warmMedian(r) / warmMedian(kiss.runs[i])),
      2,
    ),
  ]),
);
const untracked = latency.runs.flatMap((r) => r.states).filter((state) => state !== 'tracking').length;

const cliArgs = ['replay', kitti.path, '--out', join(work, 'replay'), '--quiet'];
if (Number.isFinite(options.scans)) cliArgs.push('--duration', String(options.scans / 10));
const cli = await timeCli(cliArgs);
const points = mean(ours.runs[0].points.map((p) => p.input));
const body = [
  `KITTI 0005 (${kitti.label}), ${scans} scans, ${fixed(points, 0)} points on average; ${options.rounds} rounds, programs in turn.`,
  table,
  `Feltmap: SLAM thread, tracking + mapping + meshing; each scan bears its share of the final mesh. KISS-ICP: \`register_frame\` (odometry alone) with its default configuration and all cores. small_gicp: VGICP scan to model (odometry alone), scans thinned to 0.25 m, voxels of 1 m, all cores, no deskewing.`,
  ...(old ? [comparison()] : []),
  latencies,
  `Odometry latency: from the bytes of a PointCloud2 on the main thread to its pose back there, the way over the SLAM thread and decoding included, without ROS's own transport (${untracked} of ${latency.runs.length * scans} poses not in state tracking). The peers start from decoded points. The first ${WARM_UP} scans of each run are not counted.`,
  `The whole of \`feltmap replay\`, with start, reading, mesh, map, pictures and report: ${fixed((1e3 * cli.wall) / scans, 0)} ms wall and ${fixed((1e3 * cli.cpu) / scans, 0)} ms of processor time per scan.`,
].join('\n\n');
publish('speed', `npm run bench:speed${options.input ? ' -- KITTI_FOLDER' : ''}`, body, options.write);

/** Milliseconds of every scan of a run, for ours with its share of the final mesh. */
function scanTimes(result) {
  return result.ms ?? result.times.map((t) => t.total + result.flushMs / result.times.length);
}

function warmMedian({ ms }) {
  return quantile(ms.slice(WARM_UP), 0.5);
}

/** Median of one stage on the way to the pose; undefined for those that do not tell. */
function stageMedian({ runs }, stage) {
  if (!runs[0].stages) return undefined;
  return quantile(
    runs.flatMap((r) => r.stages.slice(WARM_UP).map((t) => t[stage])),
    0.5,
  );
}

/** This checkout beside the old one: ratio of the medians of time per scan. */
function comparison() {
  const median = (runs) => quantile(runs.flatMap(scanTimes), 0.5);
  const rounds = ours.runs.map((r, i) => median([r]) / median([old.runs[i]]));
  const ratio = median(ours.runs) / median(old.runs);
  return `This checkout ÷ the old one, medians of time per scan: ${fixed(ratio, 3)} (rounds ${range(rounds, 3)}).`;
}

function range(values, decimals) {
  return `${fixed(Math.min(...values), decimals)}–${fixed(Math.max(...values), decimals)}`;
}
