// LiDARs of few points that begin in the middle of the way: node bench/sparse.mjs [--seeds 2] [--keep FOLDER]
// FOLDER: that of `node bench/drives.mjs --keep FOLDER`; its scans of KITTI 0005 are thinned to sensors of few points.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema } from '../dist/config/schema.js';
import { compose, inverse, translationNorm } from '../dist/geometry/se3.js';
import { ScanGatherer } from '../dist/sensors/lidar/gather.js';
import { simulate } from '../dist/sim/simulate.js';
import { createSlam } from '../dist/slam/create.js';
import { benchOptions } from './lib/options.mjs';
import { readIndex, readScan } from './lib/scan-folder.mjs';
import { somePoints } from './lib/scan-points.mjs';
import { fixed, markdownTable } from './lib/tables.mjs';

const options = benchOptions({ seeds: [2] });
const config = configSchema.parse({ map: { memoryMiB: 768 }, threads: 1, mesh: { blocksPerScan: 0 } });
const SCANS = 60;
const STARTS = { simulated: [20, 100, 180, 260], real: [0, 30, 80] };
const SENSORS = [
  ['quad', 16, 180],
  ['quad', 16, 120],
  ['quad', 16, 90],
  ['quad', 16, 60],
  ['street', 16, 180],
  ['street', 16, 90],
  ['street', 16, 60],
];
const THINNED = [
  [4, 1],
  [4, 5],
  [4, 10],
  [8, 1],
  [8, 5],
  [16, 1],
];

const rows = [];
for (const seed of options.seeds)
  for (const [world, beams, columns] of SENSORS) {
    const extent = world === 'street' ? { length: 320 } : { duration: 40 };
    const sim = simulate({ world, seed, beams, columns, ...extent });
    const truth = (k) => sim.trajectory.pose(sim.stampTime(k));
    await row(
      `${world}, ${beams} × ${columns}, seed ${seed}`,
      STARTS.simulated,
      (k) => sim.scan(k),
      truth,
      sim.scanCount,
    );
  }
const folder = options.keep && join(options.keep, 'kitti-corrected');
if (folder && existsSync(folder)) {
  const index = readIndex(folder);
  const scan = (k) => readScan(folder, index, k);
  const count = index.stamps.length;
  const slam = await createSlam(config);
  const whole = Array.from({ length: count }, (_, k) => slam.process(scan(k)).pose.slice());
  await slam.close();
  for (const [ring, point] of THINNED)
    await row(
      `KITTI 0005, rings / ${ring}, points / ${point}`,
      STARTS.real,
      (k) => thinned(scan(k), ring, point),
      (k) => whole[k],
      count,
    );
} else console.log('KITTI 0005 is left out: no scans of it (--keep FOLDER).');
console.log(
  markdownTable(
    ['', 'scans lost', 'degraded', 'of', 'tracked, but over 1 m off', 'error of the last ones, m'],
    rows,
  ),
);
process.exit(0);

/** Runs from each start; errors from where the map begins, or begins anew. */
async function row(name, starts, scanAt, truthAt, count) {
  const sums = { lost: 0, degraded: 0, of: 0, wrong: 0 };
  const last = [];
  for (const start of starts) {
    const slam = await createSlam(config);
    let submap = 0;
    slam.listen((event) => {
      if (event.type === 'pose') submap = event.submap;
    });
    const gatherer = new ScanGatherer();
    const numbers = new Map();
    const gathered = (k) => {
      const scan = scanAt(k);
      numbers.set(scan.stampNs, k);
      return gatherer.add(scan);
    };
    let origin;
    let map = -1;
    let latest;
    for (let k = start; k < Math.min(count, start + SCANS); k++)
      for (const whole of gathered(k)) {
        const truth = truthAt(numbers.get(whole.stampNs)); // what is gathered may be older
        const { pose, state, reason } = slam.process(whole);
        if (submap !== map || reason.includes('starts anew')) origin = compose(pose, inverse(truth));
        map = submap;
        const error = translationNorm(compose(inverse(compose(origin, truth)), pose));
        sums.of++;
        if (state === 'lost' || state === 'degraded') sums[state]++;
        if (state === 'tracking' && error > 1) sums.wrong++;
        latest = state === 'lost' ? 'lost' : fixed(error, 2);
      }
    last.push(latest);
    await slam.close();
  }
  rows.push([name, ...[sums.lost, sums.degraded, sums.of, sums.wrong].map(String), last.join(', ')]);
  console.log(rows.at(-1).join(' | '));
}

/** Every n-th laser, and of each every n-th point. */
function thinned(scan, ring, point) {
  const seen = new Map();
  const keep = [];
  for (let i = 0; i < scan.count; i++) {
    if (scan.rings[i] % ring !== 0) continue;
    const n = seen.get(scan.rings[i]) ?? 0;
    seen.set(scan.rings[i], n + 1);
    if (n % point === 0) keep.push(i);
  }
  return somePoints(scan, keep);
}
