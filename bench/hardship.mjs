// Rain, covered sectors, missing points and scans, standing, violent turns, beside an older checkout:
// node bench/hardship.mjs --old CHECKOUT [--only CONDITION] [--scans N] [--seeds 1,2]
import { join } from 'node:path';
import { absoluteError } from '../dist/eval/trajectory.js';
import { Random } from '../dist/geometry/random.js';
import { compose, inverse } from '../dist/geometry/se3.js';
import { simulate } from '../dist/sim/simulate.js';
import { benchOptions, workFolder } from './lib/options.mjs';
import { runFeltmap } from './lib/run.mjs';
import { readIndex, writeScanFolder } from './lib/scan-folder.mjs';
import { somePoints } from './lib/scan-points.mjs';
import { fixed, markdownTable } from './lib/tables.mjs';

const SCANS = 60;
const STANDING = 600; // scans
const SENSOR = { beams: 32, columns: 720 };
const RAIN_REACH = 15; // m, farthest drop
const RANGE_NOISE = 0.02; // m
/** A bus that overtakes: its side (m) to the left, how long it is, and how much faster. */
const BUS = { away: 1.8, front: -4, length: 12, height: 2, speed: 1.5 };

const CONDITIONS = {
  none: { change: (scan) => scan },
  'rain 5 %': { change: (scan, k, random) => rain(scan, 0.05, random) },
  'rain 20 %': { change: (scan, k, random) => rain(scan, 0.2, random) },
  'sector of 120° covered': {
    change: (scan) => filter(scan, (x, y) => Math.abs(Math.atan2(y, x) - 1) > Math.PI / 3),
  },
  bus: { change: bus },
  '30 % of points gone': { change: (scan, k, random) => filter(scan, () => !random.chance(0.3)) },
  'every 2nd scan': { every: 2 },
  'every 3rd scan': { every: 3 },
  '60 s standing': { world: 'quad', standing: STANDING },
  '250°/s': { world: 'quad', maxRate: 250, duration: 20, scans: 200 },
};

const options = benchOptions({ seeds: [1, 2] });
if (options.old === undefined) throw new Error('Which older checkout? --old DIR');
const work = workFolder(options.keep);
const config = { threads: 1, 'mesh.blocksPerScan': 0, 'map.memoryMiB': 768 };
const rows = [];
for (const [name, condition] of Object.entries(CONDITIONS)) {
  if (options.only !== undefined && !name.includes(options.only)) continue;
  for (const seed of options.seeds) {
    const folder = await make(name, condition, seed);
    const ours = await measure(folder, {});
    const old = await measure(folder, { checkout: options.old });
    rows.push([
      `${name}, seed ${seed}`,
      ...[ours, old].flatMap((r) => [fixed(r.ate, 3), fixed(1000 * r.step, 1), String(r.lost), r.second]),
      fixed(ours.ate / old.ate, 2),
      fixed(ours.step / old.step, 2),
    ]);
    console.log(rows.at(-1).join(' | '));
  }
}
const header = [
  '',
  'ATE m',
  'step mm',
  'lost',
  '2nd scan',
  'old: ATE m',
  'step mm',
  'lost',
  '2nd scan',
  'ATE ÷',
  'step ÷',
];
console.log(`\n${markdownTable(header, rows)}`);
process.exit(0);

async function make(name, condition, seed) {
  const {
    world = 'street',
    every = 1,
    standing = 0,
    change = (scan) => scan,
    scans = SCANS,
    ...motion
  } = condition;
  const sim = simulate({
    world,
    seed,
    ...SENSOR,
    ...(world === 'street' ? { length: 300 } : { duration: 20 }),
    ...motion,
  });
  const still =
    standing > 0 ? simulate({ world, seed, ...SENSOR, duration: 1, noise: false }).scan(0) : undefined;
  const moving = Math.min(options.scans, scans);
  const random = new Random(`${name} ${seed}`);
  const T = sim.odomFromWorld();
  const times = []; // s of the truth, by scan
  const made = function* () {
    for (let k = 0; k < standing; k++) {
      times.push(0);
      yield { ...noisy(still, random), stampNs: sim.stampNs(k) };
    }
    for (let k = 0; k < moving; k++) {
      times.push(sim.stampTime(k * every));
      yield { ...change(sim.scan(k * every), k, random), stampNs: sim.stampNs(standing + k * every) };
    }
  };
  const folder = join(work, `hard-${name.replace(/\W+/g, '-')}-${seed}-${moving}`);
  await writeScanFolder(folder, made(), Infinity, () => ({
    truth: { offsets: [0], poses: [times.map((t) => [...compose(T, sim.trajectory.pose(t))])] },
  }));
  return folder;
}

async function measure(folder, how) {
  const { poses, states } = await runFeltmap(folder, { config, ...how });
  const truth = readIndex(folder).truth.poses[0].map((pose) => Float64Array.from(pose));
  let squares = 0;
  for (let k = 1; k < poses.length; k++) {
    const step = compose(inverse(truth[k - 1]), truth[k]);
    const off = compose(inverse(step), compose(inverse(poses[k - 1]), poses[k]));
    squares += off[3] ** 2 + off[7] ** 2 + off[11] ** 2;
  }
  return {
    ate: absoluteError(poses, truth).translation.rmse,
    step: Math.sqrt(squares / (poses.length - 1)),
    lost: states.filter((s) => s === 'lost').length,
    second: states[1],
  };
}

/** Drops between the sensor and what is behind, along the same rays. */
function rain(scan, share, random) {
  return moved(scan, (range) =>
    random.chance(share) ? random.range(1, Math.min(range, RAIN_REACH)) : range,
  );
}

function noisy(scan, random) {
  return moved(scan, (range) => range + RANGE_NOISE * random.normal());
}

function bus(scan, k) {
  const front = BUS.front + BUS.speed * 0.1 * k;
  const { positions } = scan;
  let i = -1;
  return moved(scan, (range) => {
    i++;
    const [x, y, z] = positions.subarray(3 * i, 3 * i + 3);
    if (y <= 0) return range;
    const t = BUS.away / y; // where the ray meets the side
    const hit = t < 1 && t * x < front && t * x > front - BUS.length && t * z < BUS.height - 1.7;
    return hit ? range * t : range;
  });
}

/** @param range new range of each point from its range (m), in the order of the points */
function moved(scan, range) {
  const positions = scan.positions.slice(0, 3 * scan.count);
  for (let i = 0; i < positions.length; i += 3) {
    const far = Math.hypot(positions[i], positions[i + 1], positions[i + 2]);
    const scale = range(far) / far;
    for (let c = 0; c < 3; c++) positions[i + c] *= scale;
  }
  return { ...scan, positions };
}

function filter(scan, keeps) {
  const keep = [];
  for (let i = 0; i < scan.count; i++)
    if (keeps(scan.positions[3 * i], scan.positions[3 * i + 1])) keep.push(i);
  return somePoints(scan, keep);
}
