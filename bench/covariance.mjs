// Whether covariances are honest, on simulated truth: npm run bench:covariance -- [--seeds 1,2] [--scans 150]
// A step from scan to scan is compared with the covariance of its pose in the map around it, the way since the first
// scan with that in the odom frame (NEES: 6 where it is right).
import { configSchema } from '../dist/config/schema.js';
import { compose, inverse, log } from '../dist/geometry/se3.js';
import { invertSpd } from '../dist/geometry/linear.js';
import { transformCovariance } from '../dist/geometry/covariance.js';
import { createSlam } from '../dist/slam/create.js';
import { benchOptions } from './lib/options.mjs';
import { simulation } from './lib/recordings.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable, mean } from './lib/tables.mjs';

const options = benchOptions({ seeds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] });
const scans = Number.isFinite(options.scans) ? options.scans : 150;
/** Scans until the motion is known. */
const SETTLED = 8;
const AXES = ['x', 'y', 'z', 'roll', 'pitch', 'yaw'];

const header = ['', 'seed', ...AXES.map((axis) => `${axis} within 3 σ, %`), 'not tracked', 'NEES'];
const rows = [];
for (const world of ['street', 'quad']) {
  const all = [];
  for (const seed of options.seeds) {
    all.push(await measure(world, seed));
    rows.push(row(world, String(seed), all.at(-1)));
    console.log(rows.at(-1).join('  '));
  }
  const within = AXES.map((_, i) => mean(all.map((run) => run.within[i])));
  const lost = all.reduce((n, run) => n + run.lost, 0);
  rows.push(row(world, '**mean**', { within, lost, nees: mean(all.map((run) => run.nees)) }));
}
const section = [`${scans} scans a run.`, markdownTable(header, rows)].join('\n\n');
console.log(section);
publish('covariance', 'npm run bench:covariance', section, options.write);

function row(world, seed, { within, lost, nees }) {
  return [world, seed, ...within.map((w) => fixed(100 * w, 1)), fixed(lost, 0), fixed(nees, 1)];
}

async function measure(world, seed) {
  const sim = simulation(world, seed);
  const slam = await createSlam(configSchema.parse({ mesh: { blocksPerScan: 0 } }));
  const origin = inverse(sim.trajectory.pose(sim.stampTime(0)));
  const within = AXES.map(() => 0);
  let [k, lost, steps, nees] = [0, 0, 0, NaN];
  let before;
  for await (const scan of sim.scans()) {
    const { pose, covariance, odomCovariance, state } = slam.process(scan);
    const truth = compose(origin, sim.trajectory.pose(sim.stampTime(k)));
    if (state !== 'tracking') lost++;
    else if (before && k >= SETTLED) {
      const step = (key) => compose(inverse(before[key]), { truth, pose }[key]);
      const off = log(compose(inverse(step('truth')), step('pose')));
      const sigma = deviations(covariance, pose);
      off.forEach((v, i) => (within[i] += Math.abs(v) < 3 * sigma[i] ? 1 : 0));
      steps++;
      nees = squaredError(log(compose(inverse(truth), pose)), inBody(odomCovariance, pose));
    }
    before = { truth, pose };
    if (++k === scans) break;
  }
  await slam.close();
  return { within: within.map((n) => n / steps), lost, nees };
}

/** A covariance in the body's axes. */
function inBody(covariance, pose) {
  return transformCovariance(covariance, inverse(pose), [0, 0, 0]);
}

function deviations(covariance, pose) {
  const S = inBody(covariance, pose);
  return AXES.map((_, i) => Math.sqrt(S[i * 7]));
}

function squaredError(e, S) {
  const P = invertSpd(S, 6);
  let sum = 0;
  for (let r = 0; r < 6; r++) for (let c = 0; c < 6; c++) sum += e[r] * P[r * 6 + c] * e[c];
  return sum;
}
