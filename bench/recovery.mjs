// Starts at speed, and blackouts: is the pose right, wrong, or honestly lost? npm run bench:recovery
import { configSchema } from '../dist/config/schema.js';
import { compose, inverse } from '../dist/geometry/se3.js';
import { createSlam } from '../dist/slam/create.js';
import { benchOptions, workFolder } from './lib/options.mjs';
import { simulatedFolder } from './lib/recordings.mjs';
import { readIndex, readScan } from './lib/scan-folder.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable } from './lib/tables.mjs';

const EVERY = 40; // scans from one trial to the next
const JUMPS = [1, 2, 3, 4]; // scans from the first to the second, as if they were 0.1 s apart
const BLACKOUTS = [5, 10, 20, 30]; // scans
const WORLDS = [
  ['street', 'Street, car, 5–10 m/s'],
  ['quad', 'Quad, hand-held, up to 150°/s'],
];
const BEAMS = [64, 16];

const options = benchOptions();
const work = workFolder(options.keep);
const config = configSchema.parse({ map: { memoryMiB: 1024 } });
const starts = [];
const blackouts = [];

for (const [world, title] of WORLDS) {
  const folder = await simulatedFolder(work, world, 1, { scans: options.scans });
  const index = readIndex(folder);
  const truth = index.truth.poses[index.truth.offsets.indexOf(0)].map((pose) => Float64Array.from(pose));
  const scan = (k, beams) => thin(readScan(folder, index, k), 64 / beams);
  for (const beams of BEAMS) {
    if (world === 'street') for (const jump of JUMPS) starts.push(await startRow(truth, scan, beams, jump));
    for (const length of BLACKOUTS) blackouts.push(await blackoutRow(title, truth, scan, beams, length));
  }
}

const body = [
  '### A recording that starts at speed',
  `Street, seed 1: two scans ${JUMPS.join(', ')} scans apart are given as consecutive ones (10 Hz), a trial every ${EVERY} scans. Right: within 5 cm and 2 % of the motion.`,
  markdownTable(['beams', 'speed m/s', 'right', 'wrong', 'lost, said so'], starts),
  '### A covered sensor',
  `Empty scans for a while, a trial every ${EVERY} scans; after that the map is looked up again. Right: the first pose that is not \`lost\` is within 0.2 m.`,
  markdownTable(
    ['', 'beams', 'blackout s', 'right', 'wrong', 'lost for 3 s more', 'median s until found'],
    blackouts,
  ),
].join('\n\n');
console.log(body);
publish('recovery', 'npm run bench:recovery', body, options.write);
process.exit(0);

async function startRow(truth, scan, beams, jump) {
  const counts = { right: 0, wrong: 0, lost: 0 };
  let distance = 0;
  let trials = 0;
  for (let k = 0; k + jump < truth.length; k += EVERY) {
    const slam = await createSlam(config);
    const first = scan(k, beams);
    slam.process(first);
    const second = slam.process({ ...scan(k + jump, beams), stampNs: first.stampNs + 100_000_000n });
    const motion = relative(truth[k], truth[k + jump]);
    const error = apart(motion, second.pose);
    counts[second.state === 'lost' ? 'lost' : error < 0.05 + 0.02 * length3(motion) ? 'right' : 'wrong']++;
    distance += length3(motion);
    trials++;
    await slam.close();
  }
  return [String(beams), fixed((10 * distance) / trials, 0), ...Object.values(counts).map(String)];
}

async function blackoutRow(title, truth, scan, beams, length) {
  const counts = { right: 0, wrong: 0, lost: 0 };
  const seconds = [];
  for (let k = 0; k + 15 + length + 30 < truth.length; k += 2 * EVERY) {
    const slam = await createSlam(config);
    let found;
    for (let i = 0; i < 15 + length + 30 && !found; i++) {
      const covered = i >= 15 && i < 15 + length;
      const data = scan(k + i, beams);
      const result = slam.process(covered ? { ...data, count: 0 } : data);
      if (i >= 15 + length && result.state !== 'lost')
        found = { after: i - 15 - length, error: apart(relative(truth[k], truth[k + i]), result.pose) };
    }
    counts[!found ? 'lost' : found.error < 0.2 ? 'right' : 'wrong']++;
    if (found) seconds.push(found.after / 10);
    await slam.close();
  }
  seconds.sort((a, b) => a - b);
  const median = seconds.length ? fixed(seconds[seconds.length >> 1], 1) : '–';
  return [title, String(beams), fixed(length / 10, 1), ...Object.values(counts).map(String), median];
}

/** Every `n`-th laser. */
function thin(scan, n) {
  if (n === 1) return scan;
  const keep = [];
  for (let i = 0; i < scan.count; i++) if (scan.rings[i] % n === 0) keep.push(i);
  const positions = new Float32Array(keep.length * 3);
  keep.forEach((i, j) => positions.set(scan.positions.subarray(i * 3, i * 3 + 3), j * 3));
  return {
    stampNs: scan.stampNs,
    frameId: scan.frameId,
    timing: scan.timing,
    count: keep.length,
    positions,
    times: Float32Array.from(keep, (i) => scan.times[i]),
    rings: Uint16Array.from(keep, (i) => scan.rings[i] / n),
  };
}

function relative(a, b) {
  return compose(inverse(a), b);
}

function length3(pose) {
  return Math.hypot(pose[3], pose[7], pose[11]);
}

function apart(a, b) {
  return length3(relative(a, b));
}
