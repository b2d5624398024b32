// A mobile arm that maps a room by LiDAR, a table by a depth camera and an object by touch, in one run: each part of the one
// mesh against the exact surface of the simulated room, within what its sensor saw.
// Usage: node bench/three-sensors.mjs BAG [--object mug] [--touches 30] [--seed 3] [--duration 10] [--rate R] [--probing P]
//   [--touch-rate R] [--known: control, scans and images at their true poses, no touches] [--set key=value]… [--mesh OUT.ply] [--picture OUT.jpg] [--only touched] [--keep FILE: what the replay made, to be judged again]
// make BAG by: feltmap sim room --lidar --object mug --touches 30 --duration 10 --seed 3 --out BAG
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { lengthScale } from '../dist/config/lengths.js';
import { configOf } from '../dist/config/sensors.js';
import { evaluateMesh } from '../dist/eval/mesh.js';
import { absoluteError } from '../dist/eval/trajectory.js';
import { associate } from '../dist/eval/associate.js';
import { encodePly } from '../dist/export/ply.js';
import { compose, identity, inverse, transformPoint } from '../dist/geometry/se3.js';
import { threeScales } from './lib/arm/pictures.mjs';
import { GRIDS, replayArm } from './lib/arm/run.mjs';
import { ArmTruth } from './lib/arm/truth.mjs';
import { surfaceError } from './lib/touch/alone.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    object: { type: 'string', default: 'mug' },
    touches: { type: 'string', default: '30' },
    probing: { type: 'string' },
    'touch-rate': { type: 'string' },
    rate: { type: 'string' },
    seed: { type: 'string', default: '3' },
    duration: { type: 'string', default: '10' },
    set: { type: 'string', multiple: true, default: [] },
    mesh: { type: 'string' },
    picture: { type: 'string' },
    only: { type: 'string' },
    keep: { type: 'string' },
    known: { type: 'boolean', default: false },
  },
});
const [bag] = positionals;
const PITCH = 0.0000625;
/** Of a control that a threshold of 10 cm must see (m). */
const FAR = 0.15;
const truth = new ArmTruth({
  object: values.object,
  touches: Number(values.touches),
  seed: Number(values.seed),
  duration: Number(values.duration),
  ...(values.rate && { rate: Number(values.rate) }),
  ...(values.probing && { probing: values.probing }),
  ...(values['touch-rate'] && { touchRate: Number(values['touch-rate']) }),
});
const log = (text) => console.error(text);
const set = [`touch.pitch=${PITCH}`, ...values.set];
const mm = (metres) => (1e3 * metres).toFixed(2);

/** True pose and velocity of the body. */
function bodyAt(stampNs) {
  const { camera } = truth;
  const t = camera.time(0) + Number(stampNs - camera.startNs) * 1e-9;
  return { pose: compose(camera.odomFromWorld(), camera.carrier.pose(t)), twist: camera.carrier.twist(t) };
}

/** T_truth_odom of a run: of its path, without scale. */
function alignment({ path }) {
  const { camera } = truth;
  const stampsNs = camera.stamps();
  const poses = stampsNs.map((_, k) => camera.odomPose(k));
  const matched = associate(path, { stampsNs, poses });
  const { transform, translation } = absoluteError(matched.estimate, matched.truth);
  return { T: transform, ate: translation };
}

function moved(mesh, T) {
  const positions = mesh.positions.slice();
  for (let i = 0; i < positions.length; i += 3)
    positions.set(transformPoint(T, positions[i], positions[i + 1], positions[i + 2]), i);
  return { ...mesh, positions };
}

/** Where the truth is moved along all axes alike: what a figure says of a map that is off by so much. */
function shifted(distance, by) {
  const d = by / Math.sqrt(3);
  return (x, y, z) => distance(x + d, y + d, z + d);
}

const distanceToObject = (x, y, z) => truth.objectDistance(x, y, z);

const kept = values.keep && existsSync(values.keep) ? readFileSync(values.keep) : undefined;
const run = kept
  ? deserialize(kept)
  : await replayArm(bag, { set, log, ...(values.known && { known: bodyAt }) });
if (values.keep && !kept) writeFileSync(values.keep, serialize(run));
const number = new Map(truth.touch.touches.map((_, i) => [truth.touch.stampNs(i), i]));
const felt = run.touches
  .filter(({ stampNs, patch }) => number.has(stampNs) && patch.samples.length > 0)
  .map(({ stampNs, patch }) => ({ stampNs, patch, pose: truth.arm.truePose(number.get(stampNs)) }));

/** Of touches at poses: how far these are off, and what was felt from the object after rigid alignment (rms / median). */
function feltAt(poses) {
  const { rms, median, T } = surfaceError(distanceToObject, felt, poses);
  const squares = poses.map((P, k) => [3, 7, 11].reduce((sum, i) => sum + (P[i] - felt[k].pose[i]) ** 2, 0));
  return { posesMm: mm(rootMean(squares)), feltMm: `${mm(rms)} / ${mm(median)}`, T };
}

const rootMean = (squares) => Math.sqrt(squares.reduce((sum, v) => sum + v, 0) / squares.length);

/** The vertices that the grid made by touch has in the mesh: as they are, and moved as the touches fit best. */
function touchedMesh(part, T_felt_truth) {
  const off = (T) => {
    const squares = [];
    for (let i = 0; i < part.positions.length; i += 3)
      squares.push(distanceToObject(...transformPoint(T, ...part.positions.subarray(i, i + 3))) ** 2);
    return mm(rootMean(squares));
  };
  return { meshMm: off(identity()), meshAlignedMm: off(inverse(T_felt_truth)) };
}

function touched(run, T) {
  const at = new Map(run.touches.map((touch) => [touch.stampNs, touch]));
  const by = (of) => felt.map(({ stampNs }) => compose(T, of(at.get(stampNs))));
  const found = feltAt(by(({ pose }) => pose));
  const rows = {
    arm: feltAt(by(({ predicted }) => predicted)),
    live: feltAt(by(({ live }) => live)),
    found,
    truth: feltAt(felt.map(({ pose }) => pose)),
  };
  const { T: T_felt_truth } = found;
  for (const row of Object.values(rows)) delete row.T;
  return { touches: felt.length, ...rows, ...touchedMesh(moved(run.parts[2], T), T_felt_truth) };
}

function large(run, T, voxels) {
  const all = moved(run.mesh, T);
  const [lidar, rgbd] = run.parts.map((part) => moved(part, T));
  const exact = (x, y, z) => truth.distance(x, y, z);
  const seen = { lidar: truth.seenByLidar(), rgbd: truth.seenByCamera() };
  const atTable = keep(seen.rgbd, (x, y, z) => truth.atTable(x, y, z));
  const most = { maxQueries: 100_000 };
  const score = (part, points, distance) => {
    const own = evaluateMesh(part, points, { distance, ...most });
    const whole = evaluateMesh(all, points, { distance, ...most });
    // What the grid says is right by itself; what was seen may be in the mesh by a finer one.
    const f = own.scores.map(({ threshold, strictPrecision, precision }, k) => {
      const { recall } = whole.scores[k];
      const harmonic = (p) => (2 * p * recall) / (p + recall);
      return {
        threshold,
        f: harmonic(precision),
        strictF: harmonic(strictPrecision),
        precision: strictPrecision,
        recall,
      };
    });
    return { accuracyMm: mm(own.accuracy), outliers: own.outliers.toFixed(2), f5: f[0], f10: f[1] };
  };
  const table = cut(rgbd, (x, y, z) => truth.atTable(x, y, z));
  return {
    lidar: score(lidar, seen.lidar, exact),
    lidarShifted: score(lidar, seen.lidar, shifted(exact, voxels.lidar)),
    lidarFarShifted: score(lidar, seen.lidar, shifted(exact, FAR)),
    rgbd: score(rgbd, seen.rgbd, exact),
    rgbdShifted: score(rgbd, seen.rgbd, shifted(exact, voxels.rgbd)),
    table: score(table, atTable, exact),
    tableShifted: score(table, atTable, shifted(exact, voxels.rgbd)),
  };
}

function keep(points, inside) {
  const out = [];
  for (let i = 0; i < points.length; i += 3)
    if (inside(points[i], points[i + 1], points[i + 2])) out.push(points[i], points[i + 1], points[i + 2]);
  return Float32Array.from(out);
}

function cut({ positions, indices }, inside) {
  const out = [];
  for (let i = 0; i < indices.length; i += 3) {
    const a = 3 * indices[i];
    if (inside(positions[a], positions[a + 1], positions[a + 2]))
      out.push(indices[i], indices[i + 1], indices[i + 2]);
  }
  return { positions, indices: Uint32Array.from(out) };
}

const { T, ate } = values.known ? { T: identity(), ate: { rmse: 0 } } : alignment(run);
const touchStates = {};
for (const { state } of run.touches) touchStates[state] = (touchStates[state] ?? 0) + 1;
const { rgbd } = run.config;
const result = {
  ateMm: mm(ate.rmse),
  states: run.states,
  touchStates,
  together: run.moved,
  triangles: Object.fromEntries(GRIDS.map((name, i) => [name, run.parts[i].indices.length / 3])),
  voxels: { lidar: lengthScale(configOf(run.config, 'lidar')) * run.config.map.voxel, rgbd: rgbd.voxel },
  ...(!values.known && { touched: touched(run, T) }),
};
console.log(JSON.stringify(result));
if (values.mesh) writeFileSync(values.mesh, encodePly(moved(run.mesh, T), ['frame of the true path']));
if (values.picture) {
  const poses = run.path.poses.map((pose) => compose(T, pose));
  await threeScales(values.picture, moved(run.mesh, T), run.touched, truth.arm.T_odom_object, poses);
}
if (values.only !== 'touched') console.log(JSON.stringify(large(run, T, result.voxels), null, 1));
