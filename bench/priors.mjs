// IMU and wheels: what they are good for where scans do not determine the motion. npm run bench:priors
// Parts for --only: corridor, turning, pitch, room, outage.
import { configSchema } from '../dist/config/schema.js';
import { compose, identity, inverse } from '../dist/geometry/se3.js';
import { RgbdSimulation } from '../dist/sim/camera/rgbd-simulation.js';
import { simulate } from '../dist/sim/simulate.js';
import { createSlam } from '../dist/slam/create.js';
import { benchOptions } from './lib/options.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable } from './lib/tables.mjs';

const options = benchOptions();
const config = configSchema.parse({ engine: 'wasm', map: { memoryMiB: 1024 } });
const SWEEP_NS = 100_000_000n;

const parts = {
  corridor: {
    title: 'A corridor without doors, 16 beams, 10 s; wheels measure 1 % too long',
    world: { world: 'corridor', beams: 16, duration: 10.1 },
    variants: {
      nothing: {},
      IMU: { imu: true },
      wheels: { wheels: true },
      'IMU and wheels': { imu: true, wheels: true },
    },
    header: ['slide at the end % of the way', 'lost scans'],
    row: ({ sim, results }) => [fixed((100 * errorAt(sim, results, 100)) / way(sim, 100), 2), lost(results)],
  },
  turning: {
    title: 'Quad, hand-held, up to 300°/s, 64 beams, 20 s',
    world: { world: 'quad', maxRate: 300, duration: 20 },
    variants: { nothing: {}, IMU: { imu: true } },
    header: ['largest error m', 'lost scans'],
    row: ({ sim, results }) => [
      fixed(Math.max(...results.map((_, k) => errorAt(sim, results, k))), 3),
      lost(results),
    ],
  },
  pitch: {
    title: 'Street, 32 beams, all of them 0.2° higher than they say, 200 m',
    world: { world: 'street', beams: 32, elevationOffset: 0.2, length: 200 },
    variants: { nothing: {}, IMU: { imu: true } },
    header: ['tilt at the end °', 'tilt °/m', 'lost scans'],
    row: ({ sim, results }) => {
      const last = results.length - 1;
      const tilt = tiltAt(sim, results, last);
      return [fixed(tilt, 3), fixed(tilt / way(sim, last), 5), lost(results)];
    },
  },
};

// A map of coarse voxels leans from its first scans on, and an IMU must not take that for a bias.
for (const range of [100, 30])
  parts[`room${range}`] = {
    title: `A room, hand-held, 32 beams, 12 s, \`sensor.maxRange\` ${range}`,
    world: { room: true, duration: 12 },
    settings: { sensor: { maxRange: range } },
    variants: { nothing: {}, IMU: { imu: true } },
    header: ['tilt rms °', 'at the end °', 'lost scans'],
    row: ({ sim, results }) => {
      const tilts = results.map((_, k) => tiltAt(sim, results, k));
      const rms = Math.sqrt(tilts.reduce((sum, t) => sum + t * t, 0) / tilts.length);
      return [fixed(rms, 3), fixed(tilts.at(-1), 3), lost(results)];
    },
  };

// 3 s of driving, an outage, and what comes after it; the IMU goes on through it.
const BEFORE = 30;
const AFTER = 10;
for (const seconds of [2, 3])
  parts[`outage${seconds}`] = {
    title: `Street, 16 beams: an outage of ${seconds} s after 3 s; the second after it`,
    world: { world: 'street', beams: 16, from: 30, duration: BEFORE / 10 + seconds + AFTER / 10 },
    without: [BEFORE, BEFORE + 10 * seconds],
    variants: { nothing: {}, IMU: { imu: true } },
    header: ['scans lost', 'scans until found', 'largest error while not lost m'],
    row: ({ sim, results }) => {
      const after = results.filter(({ k }) => k >= BEFORE);
      const found = after.findIndex(({ state }) => state !== 'lost');
      const right = after.filter(({ state }) => state !== 'lost');
      const worst = right.length ? Math.max(...right.map(({ k, pose }) => errorOf(sim, k, pose))) : NaN;
      return [lost(after), found < 0 ? '–' : String(found), fixed(worst, 3)];
    },
  };

for (const [name, { title, world, settings, variants, header, row, without }] of Object.entries(parts)) {
  if (options.only !== undefined && !name.startsWith(options.only)) continue;
  const rows = [];
  for (const seed of options.seeds) {
    const sim = world.room ? carried({ ...world, seed }) : simulate({ ...world, seed });
    const missing = (k) => without !== undefined && k >= without[0] && k < without[1];
    const scans = [];
    for (let k = 0; k < Math.min(sim.scanCount, options.scans); k++)
      if (!missing(k)) scans.push({ k, scan: sim.scan(k) });
    for (const [label, sensors] of Object.entries(variants)) {
      const results = await run(sim, scans, sensors, settings);
      rows.push([label, String(seed), ...row({ sim, results })]);
      console.log(name, rows.at(-1).join('  '));
    }
  }
  rows.sort((a, b) => Object.keys(variants).indexOf(a[0]) - Object.keys(variants).indexOf(b[0]));
  const body = [`${title}.`, markdownTable(['with', 'seed', ...header], rows)].join('\n\n');
  publish(`priors-${name}`, `npm run bench:priors -- --only ${name}`, body, options.write);
}
process.exit(0);

/** What was measured up to the end of each sweep comes before its scan, as a driver delivers it. */
async function run(sim, scans, { imu, wheels }, settings = {}) {
  const slam = await createSlam({ ...config, ...settings, sensor: { ...config.sensor, ...settings.sensor } });
  const readings = imu ? sim.imu() : [].values();
  const poses = wheels ? sim.odometry() : [].values();
  let [reading, pose] = [readings.next(), poses.next()];
  const results = [];
  for (const { k, scan } of scans) {
    const end = scan.stampNs + SWEEP_NS;
    const [seen, moved] = [[], []];
    for (; !reading.done && reading.value.stampNs <= end; reading = readings.next()) seen.push(reading.value);
    for (; !pose.done && pose.value.stampNs <= end; pose = poses.next()) moved.push(pose.value);
    if (seen.length > 0) slam.imu(imuBatch(seen, sim.T_body_imu));
    if (moved.length > 0) slam.odometry(odometryBatch(moved));
    const { pose: estimate, state } = slam.process(scan);
    results.push({ k, pose: estimate, state });
  }
  await slam.close();
  return results;
}

/** A LiDAR that is carried through a room, as a recording of `simulate`. */
function carried({ seed, duration }) {
  const recording = new RgbdSimulation({ scene: 'room', seed, duration, width: 64, rate: 10 });
  const { carrier } = recording;
  const scans = [...recording.scans()];
  const lidarPose = (k) => compose(carrier.pose(recording.time(k)), carrier.lidarMount);
  return {
    scanCount: scans.length,
    scan: (k) => scans[k],
    imu: () => recording.imu(),
    T_body_imu: compose(inverse(carrier.lidarMount), carrier.mount),
    odomPose: (k) => compose(inverse(lidarPose(0)), lidarPose(k)),
    odomFromWorld: () => inverse(lidarPose(0)),
  };
}

function imuBatch(samples, T_body_imu = identity()) {
  return {
    stampsNs: BigInt64Array.from(samples, (s) => s.stampNs),
    rates: Float64Array.from(samples.flatMap((s) => [...s.gyro])),
    accelerations: Float64Array.from(samples.flatMap((s) => [...s.accel])),
    T_body_imu,
  };
}

function odometryBatch(samples) {
  return {
    stampsNs: BigInt64Array.from(samples, (s) => s.stampNs),
    poses: Float64Array.from(samples.flatMap((s) => [...s.pose])),
    poseCovariances: Float64Array.from(samples.flatMap((s) => [...s.poseCovariance])),
    twistCovariances: Float64Array.from(samples.flatMap((s) => [...s.twistCovariance])),
    T_body_child: identity(),
  };
}

function lost(results) {
  return String(results.filter(({ state }) => state === 'lost').length);
}

function errorAt(sim, results, k) {
  return errorOf(sim, k, results[k].pose);
}

function errorOf(sim, k, pose) {
  const off = compose(inverse(sim.odomPose(k)), pose);
  return Math.hypot(off[3], off[7], off[11]);
}

function way(sim, last) {
  const { trajectory } = sim;
  return trajectory.distanceAt(sim.stampTime(last)) - trajectory.distanceAt(sim.stampTime(0));
}

/** Error of the direction of up, degrees: roll and pitch together, whatever the heading. */
function tiltAt(sim, results, k) {
  const [T, truth] = [sim.odomFromWorld(), sim.odomPose(k)];
  const up = [T[2], T[6], T[10]]; // in odom
  const inBody = (P) => [0, 1, 2].map((c) => P[c] * up[0] + P[4 + c] * up[1] + P[8 + c] * up[2]);
  const [a, b] = [inBody(truth), inBody(results[k].pose)];
  const cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  return (Math.asin(Math.min(1, Math.hypot(...cross))) * 180) / Math.PI;
}
