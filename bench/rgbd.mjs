// A recording of a depth camera through the whole system: error of the path, and how well the mesh explains frames that
// were tracked but never mapped.
// Usage: node bench/rgbd.mjs RECORDING [--frames 400] [--every 1] [--hold-out 20] [--truth PATH] [--set key=value]… [--ply FILE] [--json]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openScanSource } from '../dist/bags/source.js';
import { readGroundTruth } from '../dist/bags/ground-truth.js';
import { loadConfig } from '../dist/config/load.js';
import { colourPsnr, depthResiduals, summariseDepth } from '../dist/eval/depth.js';
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
    set: { type: 'string', multiple: true, default: [] },
    ply: { type: 'string' },
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
const begin = performance.now();
for await (const one of source.measurements()) {
  if (!isFrame(one)) {
    if ('rates' in one) slam.imu(one);
    continue;
  }
  if (index >= frames) break;
  const number = index++;
  if (number % every !== 0) continue;
  const out = holdOut > 0 && number % holdOut === holdOut - 1;
  const start = performance.now();
  const result = slam.process(one, undefined, !out);
  busy += performance.now() - start;
  states[result.state] = (states[result.state] ?? 0) + 1;
  times.push(result.times);
  const T_body_camera = one.mount ?? CAMERA_ON_BODY;
  path.stampsNs.push(one.stampNs);
  path.poses.push(compose(result.pose, inverse(T_body_camera)));
  if (out) held.push({ frame: one, pose: result.pose });
}
const wall = performance.now() - begin;
const mesh = slam.mesh();
if (values.ply) {
  const { encodePly } = await import('../dist/export/ply.js');
  writeFileSync(values.ply, encodePly(mesh));
}

/** Depth and colours of a mesh against the frames that were held out. */
function meshFigures() {
  const all = [];
  const psnrs = [];
  for (const { frame, pose } of held) {
    const { depth, camera, color } = frame;
    const measured = Float32Array.from(depth.data, (v) => (v > 0 ? v * depth.scale : 0));
    // Beyond the range of the map nothing is asked.
    for (let i = 0; i < measured.length; i++) if (measured[i] > config.rgbd.maxRange) measured[i] = 0;
    all.push(depthResiduals(renderDepth(mesh, camera, pose).depth, measured));
    if (!color) continue;
    const seen = renderDepth(mesh, color.camera, compose(pose, color.T_depth_color)).color;
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

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const out = {
  frames: path.poses.length,
  states,
  ...(truth && { ate: evaluateTrajectory(path, truth).ate.translation }),
  mesh: { triangles: mesh.indices.length / 3, heldOut: held.length, ...meshFigures() },
  stages: Object.fromEntries(Object.keys(times[0]).map((key) => [key, median(times.map((t) => t[key]))])),
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
  const m = out.mesh;
  console.log(
    `mesh ${m.triangles} triangles; ${m.heldOut} frames held out: depth L1 ${cm(m.l1)} cm (median ${cm(m.median)}), ` +
      `completion ${cm(m.completion)} %, hit ${cm(m.hitRatio)} %, PSNR ${m.psnr?.toFixed(2)} dB`,
  );
  const stages = Object.entries(out.stages).map(([k, v]) => `${k} ${v.toFixed(1)}`);
  console.log(
    `median ms: ${stages.join(', ')}; ${out.framesPerSecond.toFixed(1)} frames/s with decoding, ${out.slamFramesPerSecond.toFixed(1)} without`,
  );
  for (const warning of out.warnings) console.log(`! ${warning}`);
}
