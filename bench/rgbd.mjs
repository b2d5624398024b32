// A recording of a depth camera through the whole system: error of the path, and how well the mesh explains frames that
// were tracked but never mapped.
// Usage: node bench/rgbd.mjs RECORDING [--frames 400] [--every 1] [--hold-out 20] [--truth PATH] [--set key=value]… [--ply FILE] [--json]
// --wrong FX,FY,CX,CY gives intrinsics that are wrong: factors of the focal lengths, shifts of the centre in widths.
// --control tells what the figures are worth; --given maps at the true poses; --export FOLDER writes frames and poses as open3d_run.py reads them; --mesh FILE.ply judges another mesh by the same frames.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openScanSource } from '../dist/bags/source.js';
import { readGroundTruth } from '../dist/bags/ground-truth.js';
import { loadConfig } from '../dist/config/load.js';
import { colourPsnr, depthResiduals, summariseDepth } from '../dist/eval/depth.js';
import { decodePly } from '../dist/export/ply-reader.js';
import { renderDepth } from '../dist/eval/render-depth.js';
import { evaluateTrajectory } from '../dist/eval/trajectory.js';
import { compose, inverse } from '../dist/geometry/se3.js';
import { CAMERA_ON_BODY } from '../dist/sensors/camera/frame.js';
import { isFrame } from '../dist/sensors/measurement.js';
import { createSlam } from '../dist/slam/create.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: 'string', default: 'Infinity' },
    every: { type: 'string', default: '1' },
    'hold-out': { type: 'string', default: '20' },
    truth: { type: 'string' },
    given: { type: 'boolean', default: false },
    wrong: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    ply: { type: 'string' },
    export: { type: 'string' },
    control: { type: 'boolean', default: false },
    mesh: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
  },
});
const [recording] = positionals;
const [frames, every, holdOut] = ['frames', 'every', 'hold-out'].map((name) => Number(values[name]));

const config = await loadConfig({ set: ['sensor.kind=rgbd', 'engine=wasm', ...values.set], flags: {} });
const slam = await createSlam(config);
const source = await openScanSource(recording, { sensor: 'rgbd' });
const truth =
  values.truth === undefined ? undefined : await readGroundTruth(values.truth, { bagPath: recording });

const held = [];
const path = { stampsNs: [], poses: [] };
const states = {};
const times = [];
let [index, busy] = [0, 0];
const exported = [];

/** The true pose of a frame's camera. */
function givenPose({ stampNs, mount = CAMERA_ON_BODY }) {
  const i = truth.stampsNs.findIndex((ns) => ns >= stampNs - 1_000_000n);
  return { pose: compose(truth.poses[i], mount), twist: new Float64Array(6) };
}

/** Depth in millimetres and colours as raw files, with what belongs to them. */
function exportFrame({ depth, camera, color }, pose, out) {
  const name = String(exported.length).padStart(5, '0');
  mkdirSync(values.export, { recursive: true });
  const millimetres = Uint16Array.from(depth.data, (v) =>
    v > 0 ? Math.min(65535, v * depth.scale * 1000 + 0.5) : 0,
  );
  writeFileSync(`${values.export}/${name}.depth`, millimetres);
  if (color) writeFileSync(`${values.export}/${name}.rgb`, color.image.data);
  exported.push({
    name,
    out,
    pose: [...pose],
    camera,
    ...(color && { color: { camera: color.camera, T_depth_color: [...color.T_depth_color] } }),
  });
}

/** A frame whose intrinsics are wrong as `--wrong` says; those of a colour camera of its own stay. */
function misread(frame) {
  const [byFx, byFy, x, y] = values.wrong.split(',').map(Number);
  const wrong = (c) => ({
    ...c,
    fx: byFx * c.fx,
    fy: byFy * c.fy,
    cx: c.cx + x * c.width,
    cy: c.cy + y * c.width,
  });
  const { color, camera } = frame;
  const shared = color && color.camera.fx === camera.fx;
  return {
    ...frame,
    camera: wrong(camera),
    ...(shared && { color: { ...color, camera: wrong(color.camera) } }),
  };
}
const begin = performance.now();
for await (const one of source.measurements()) {
  if (!isFrame(one)) {
    if ('rates' in one) slam.imu(one);
    continue;
  }
  if (index >= frames) break;
  const number = index++;
  if (number % every !== 0) continue;
  const out = holdOut > 0 && number % holdOut === holdOut >> 1;
  const start = performance.now();
  const known = values.given ? givenPose(one) : undefined;
  const result = slam.process(values.wrong ? misread(one) : one, known, !out);
  busy += performance.now() - start;
  states[result.state] = (states[result.state] ?? 0) + 1;
  times.push(result.times);
  const T_body_camera = one.mount ?? CAMERA_ON_BODY;
  path.stampsNs.push(one.stampNs);
  path.poses.push(compose(result.pose, inverse(T_body_camera)));
  if (out) held.push({ frame: one, pose: result.pose });
  if (values.export) exportFrame(one, result.pose, out);
}
const wall = performance.now() - begin;
const mesh = slam.mesh();
if (values.export) writeFileSync(`${values.export}/frames.json`, JSON.stringify(exported));
if (values.ply) {
  const { encodePly } = await import('../dist/export/ply.js');
  writeFileSync(values.ply, encodePly(mesh));
}

/** Depth and colours of a mesh against the frames that were held out. */
function meshFigures(judged) {
  const all = [];
  const psnrs = [];
  for (const { frame, pose } of held) {
    const { depth, camera, color } = frame;
    const measured = Float32Array.from(depth.data, (v) => (v > 0 ? v * depth.scale : 0));
    // Beyond the range of the map nothing is asked.
    for (let i = 0; i < measured.length; i++) if (measured[i] > config.rgbd.maxRange) measured[i] = 0;
    all.push(depthResiduals(renderDepth(judged, camera, pose).depth, measured));
    if (!color) continue;
    const seen = renderDepth(judged, color.camera, compose(pose, color.T_depth_color)).color;
    if (seen) psnrs.push(colourPsnr(seen, color.image.data).psnr);
  }
  const residuals = new Float32Array(all.reduce((n, r) => n + r.length, 0));
  let at = 0;
  for (const r of all) {
    residuals.set(r, at);
    at += r.length;
  }
  const figures = summariseDepth(residuals);
  const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
  return { ...figures, psnr: psnrs.length ? mean(psnrs) : undefined };
}

const others = values.mesh.map((file) => {
  const other = decodePly(readFileSync(file));
  return { file, triangles: other.indices.length / 3, ...meshFigures(other) };
});
// What the figures are worth: the same mesh, moved by one voxel, and the truth of one frame later.
if (values.control) {
  const { voxel } = config.rgbd;
  others.push({
    file: 'the mesh moved by a voxel',
    ...meshFigures({ ...mesh, positions: mesh.positions.map((v, i) => (i % 3 === 0 ? v + voxel : v)) }),
  });
}
const later =
  values.control &&
  truth &&
  evaluateTrajectory(path, { ...truth, stampsNs: truth.stampsNs.map((ns) => ns - 33_333_333n) });
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const out = {
  frames: path.poses.length,
  states,
  ...(truth && { ate: evaluateTrajectory(path, truth).ate.translation }),
  ...(later && { ateOfTruthAFrameLater: later.ate.translation }),
  mesh: { triangles: mesh.indices.length / 3, heldOut: held.length, ...meshFigures(mesh) },
  stages: Object.fromEntries(Object.keys(times[0]).map((key) => [key, median(times.map((t) => t[key]))])),
  others,
  framesPerSecond: (path.poses.length / wall) * 1000,
  slamFramesPerSecond: (path.poses.length / busy) * 1000,
  warnings: [...source.warnings, ...slam.warnings],
};
await slam.close();
await source.close();
if (values.json) console.log(JSON.stringify(out));
else {
  const cm = (v) => (100 * v).toFixed(2);
  console.log(`${out.frames} frames: ${JSON.stringify(states)}`);
  if (out.ate) console.log(`ATE ${cm(out.ate.rmse)} cm rms, ${cm(out.ate.max)} at most`);
  if (later) console.log(`control, truth of a frame later: ATE ${cm(later.ate.translation.rmse)} cm`);
  for (const m of [out.mesh, ...others])
    console.log(
      `${m.file ?? 'mesh'}: ${m.triangles ?? mesh.indices.length / 3} triangles; ${held.length} frames held out: depth L1 ${cm(m.l1)} cm (median ${cm(m.median)}), ` +
        `completion ${cm(m.completion)} %, hit ${cm(m.hitRatio)} %, PSNR ${m.psnr?.toFixed(2)} dB`,
    );
  const stages = Object.entries(out.stages).map(([k, v]) => `${k} ${v.toFixed(1)}`);
  console.log(
    `median ms: ${stages.join(', ')}; ${out.framesPerSecond.toFixed(1)} frames/s with decoding, ${out.slamFramesPerSecond.toFixed(1)} without`,
  );
  for (const warning of out.warnings) console.log(`! ${warning}`);
}
