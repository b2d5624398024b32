// A robot with a LiDAR and a depth camera: the body's path by both and by each alone, with the camera covered or the LiDAR
// unplugged in mid-run, and with the camera mounted elsewhere than the recording says.
// Usage: node bench/lidar-rgbd.mjs BAG TRUTH.tum [--only both,lidar,…] [--duration S] [--set key=value]… [--json]
// With --surface SEED, the seed of the simulated room, the LiDAR's own surface is compared with the true one as well.
// make the bag by: feltmap sim room --motion robot --lidar --duration 13 --seed 3 --out BAG
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openScanSource } from '../dist/bags/source.js';
import { cameraSimulation } from '../dist/cli/sim-camera.js';
import { loadConfig } from '../dist/config/load.js';
import { evaluateTrajectory } from '../dist/eval/trajectory.js';
import { parseTum } from '../dist/export/tum.js';
import { compose, exp, inverse, log, transformPoint, translationNorm } from '../dist/geometry/se3.js';
import { isFrame, isPosed } from '../dist/sensors/measurement.js';
import { createSlam } from '../dist/slam/create.js';
import { coarseSurface } from './lib/coarse-surface.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: 'lidar,rgbd,both,covered,unplugged,moved' },
    duration: { type: 'string', default: 'Infinity' },
    set: { type: 'string', multiple: true, default: [] },
    surface: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [bag, truthFile] = positionals;
const truth = parseTum(readFileSync(truthFile, 'utf8'));
/** How the camera of the last row lies to where it is said to be: 2 cm and 1°. */
const MOVED = exp([0.012, -0.012, 0.01, 0.006, 0.012, -0.011]);
const duration = Number(values.duration);

async function run(what) {
  const sensor = what === 'lidar' || what === 'rgbd' ? what : 'lidar+rgbd';
  const set = [`sensor.kind=${sensor}`, 'engine=wasm', 'sensor.maxRange=30', ...values.set];
  const config = await loadConfig({ set, flags: {} });
  const slam = await createSlam(config);
  const source = await openScanSource(bag, { sensor });
  const path = { stampsNs: [], poses: [] };
  const bySensor = { lidar: { stampsNs: [], poses: [] }, rgbd: { stampsNs: [], poses: [] } };
  const states = {};
  let [first, busy, count] = [undefined, 0, 0];
  const spare = Number.isFinite(duration) ? { durationS: duration } : {};
  const length = Number(truth.stampsNs.at(-1) - truth.stampsNs[0]) * 1e-9;
  const [from, to] = [Math.min(duration, length) / 3, (Math.min(duration, length) * 2) / 3];
  slam.listen((event) => {
    if (event.type !== 'pose') return;
    path.stampsNs.push(event.stampNs);
    path.poses.push(event.pose);
  });
  for await (let one of source.measurements(spare)) {
    if (!isPosed(one)) {
      if ('rates' in one) slam.imu(one);
      continue;
    }
    first ??= one.stampNs;
    const t = Number(one.stampNs - first) * 1e-9;
    if (isFrame(one)) {
      if (what === 'covered' && t > from && t < to)
        one = { ...one, depth: { ...one.depth, data: new Uint16Array(one.depth.data.length) } };
      if (what === 'moved') one = { ...one, mount: compose(MOVED, one.mount) };
    } else if (what === 'unplugged' && t > from) continue;
    const begin = performance.now();
    const result = slam.process(one);
    busy += performance.now() - begin;
    count++;
    states[result.state] = (states[result.state] ?? 0) + 1;
    const own = bySensor[isFrame(one) ? 'rgbd' : 'lidar'];
    own.stampsNs.push(one.stampNs);
    own.poses.push(path.poses.at(-1));
  }
  await source.close();
  const mm = (metres) => Number((1e3 * metres).toFixed(2));
  const { ate } = evaluateTrajectory(path, truth);
  const row = {
    run: what,
    ateMm: mm(ate.translation.rmse),
    maxMm: mm(ate.translation.max),
    ...(sensor === 'lidar+rgbd' && {
      lidarMm:
        bySensor.lidar.poses.length > 2
          ? mm(evaluateTrajectory(bySensor.lidar, truth).ate.translation.rmse)
          : null,
      rgbdMm: mm(evaluateTrajectory(bySensor.rgbd, truth).ate.translation.rmse),
    }),
    jumpMm: mm(largestJump(path)),
    states,
    msEach: Number((busy / count).toFixed(1)),
  };
  const notes = slam.warnings.filter((warning) => warning.includes('mount'));
  if (notes.length > 0) row.notes = notes;
  if (values.surface !== undefined && sensor === 'lidar+rgbd')
    row.surface = await coarseSurface(config, slam.save(), trueDistance(path));
  await slam.close();
  return row;
}

/** Of points of a map to the surface of the simulated room. */
function trueDistance({ stampsNs, poses }) {
  const simulation = cameraSimulation({
    world: 'room',
    motion: 'robot',
    lidar: true,
    seed: Number(values.surface),
    out: bag,
  });
  const i = stampsNs.findIndex((stamp) => truth.stampsNs.includes(stamp));
  const T_truth_map = compose(truth.poses[truth.stampsNs.indexOf(stampsNs[i])], inverse(poses[i]));
  return (x, y, z) => simulation.distanceToSurface(transformPoint(T_truth_map, x, y, z))[0];
}

/** Largest step from one pose to the next that the truth does not have. */
function largestJump({ stampsNs, poses }) {
  let most = 0;
  let last;
  let j = 0;
  for (let i = 0; i < poses.length; i++) {
    while (j + 1 < truth.stampsNs.length && truth.stampsNs[j + 1] <= stampsNs[i] + 1_000_000n) j++;
    const off = truth.stampsNs[j] - stampsNs[i];
    if (off > 1_500_000n || off < -1_500_000n) continue;
    if (last) {
      const moved = compose(inverse(poses[last.i]), poses[i]);
      const really = compose(inverse(truth.poses[last.j]), truth.poses[j]);
      most = Math.max(most, translationNorm(compose(inverse(really), moved)));
    }
    last = { i, j };
  }
  return most;
}

const rows = [];
for (const what of values.only.split(',')) {
  const row = await run(what);
  rows.push(row);
  if (!values.json) console.log(JSON.stringify(row));
}
if (values.json) console.log(JSON.stringify(rows, null, 2));
if (process.env.EXTRINSICS) console.log([...log(MOVED)].map((v) => v.toFixed(4)).join(' '));
