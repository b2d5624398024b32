// Among traffic on a motorway, begun at speed: node bench/motorway.mjs [--seeds 1,2,3] [--scans 40] [--only SPEED]
// What moves as fast as the sensor looks as if it stood; what stands and what goes by must not be taken for another place.
import { configSchema } from '../dist/config/schema.js';
import { compose, inverse, translationNorm } from '../dist/geometry/se3.js';
import { simulate } from '../dist/sim/simulate.js';
import { createSlam } from '../dist/slam/create.js';
import { motorway } from './lib/motorway.mjs';
import { benchOptions } from './lib/options.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable } from './lib/tables.mjs';

const SPEEDS = [5, 10, 15, 25]; // m/s
const FAR = 1; // m, farther off than this a pose is wrong
const options = benchOptions();
const scans = Math.min(40, options.scans);
const config = configSchema.parse({
  map: { memoryMiB: 1024 },
  mesh: { blocksPerScan: 0 },
  tracking: { newMapAfter: 0 },
});
const rows = [];
for (const rails of [true, false])
  for (const speed of SPEEDS) {
    if (options.only !== undefined && Number(options.only) !== speed) continue;
    for (const seed of options.seeds) {
      rows.push([
        rails ? 'rails' : 'none',
        String(speed),
        String(seed),
        ...(await drive(seed, speed, rails)),
      ]);
      console.log(rows.at(-1).join(' | '));
    }
  }
const header = [
  'beside it',
  'm/s',
  'seed',
  'lost',
  'degraded',
  'wrong and tracking',
  'wrong and degraded',
  'worst of the others, m',
];
const body = `64 beams, 1024 columns, ${scans} scans, 10 a second, begun at speed; no new map. Wrong: more than ${FAR} m off.\n\n${markdownTable(header, rows)}`;
publish('motorway', 'node bench/motorway.mjs', body, options.write && options.only === undefined);
process.exit(0);

async function drive(seed, speed, rails) {
  const world = motorway(seed, { speed, length: 0.1 * speed * scans + 50, rails });
  const sim = simulate({ world, seed, duration: 0.1 * scans });
  const slam = await createSlam(config);
  const T_first_world = inverse(sim.trajectory.pose(sim.stampTime(0)));
  const counts = { lost: 0, degraded: 0, tracking: 0 };
  const wrong = { degraded: 0, tracking: 0 };
  let worst = 0;
  for (let k = 0; k < Math.min(scans, sim.scanCount); k++) {
    const { pose, state } = slam.process(sim.scan(k));
    const truth = compose(T_first_world, sim.trajectory.pose(sim.stampTime(k)));
    const error = translationNorm(compose(inverse(truth), pose));
    counts[state]++;
    if (state === 'lost') continue;
    if (error > FAR) wrong[state]++;
    else worst = Math.max(worst, error);
  }
  await slam.close();
  return [counts.lost, counts.degraded, wrong.tracking, wrong.degraded].map(String).concat(fixed(worst, 2));
}
