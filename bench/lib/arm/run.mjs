// A replay of the recording of a mobile arm in this process: path, touches, and the mesh with the grid of each triangle.
import { openScanSource } from '../../../dist/bags/source.js';
import { loadConfig } from '../../../dist/config/load.js';
import { isFrame, isPosed, isTouch } from '../../../dist/sensors/measurement.js';
import { patchOf } from '../../../dist/sensors/tactile/patch.js';
import { compose } from '../../../dist/geometry/se3.js';
import { sensorTwist } from '../../../dist/slam/body-frame.js';
import { createSlam } from '../../../dist/slam/create.js';

/** What a mesh of all three sensors is made of, coarsest grid first. */
export const GRIDS = ['lidar', 'rgbd', 'touch'];

/**
 * @param set settings, KEY=VALUE
 * @param known true pose and velocity of the body at a stamp: scans and images are mapped there and not tracked, and
 *   touches left out
 */
export async function replayArm(bag, { set, log, known }) {
  const config = await loadConfig({
    set: ['sensor.kind=lidar+rgbd+touch', 'engine=wasm', ...set],
    flags: {},
  });
  const slam = await createSlam(config);
  const source = await openScanSource(bag, {
    sensor: 'lidar+rgbd+touch',
    touch: ['/tactile/depth'],
    touchPitch: config.touch.pitch,
  });
  const path = { stampsNs: [], poses: [] };
  const touches = [];
  const states = {};
  let busy = 0;
  slam.listen((event) => {
    if (event.type !== 'pose') return;
    path.stampsNs.push(event.stampNs);
    path.poses.push(event.pose);
  });
  for await (const one of source.measurements({})) {
    if (!isPosed(one)) {
      if ('rates' in one) slam.imu(one);
      continue;
    }
    if (known && isTouch(one)) continue;
    const begin = performance.now();
    const result = slam.process(one, known && knownPose(known(one.stampNs), one));
    busy += performance.now() - begin;
    if (isTouch(one)) {
      const { index, stampNs, pose, touch } = result;
      const { predicted, state } = touch;
      touches.push({ index, stampNs, pose, live: pose, predicted, state, patch: thinned(patchOf(one)) });
    } else {
      const key = `${isFrame(one) ? 'rgbd' : 'lidar'} ${result.state}`;
      states[key] = (states[key] ?? 0) + 1;
    }
  }
  await source.close();
  const begin = performance.now();
  const moved = slam.settle();
  const settledMs = performance.now() - begin;
  const byIndex = new Map(touches.map((touch) => [touch.index, touch]));
  for (const { index, pose } of moved) byIndex.get(index).pose = pose;
  const mesh = slam.mesh();
  const { parts, touched } = partsOf(mesh, slam.view.meshChanges(0).blocks);
  const { warnings } = slam;
  const { memoryBytes } = slam.statistics();
  await slam.close();
  log?.(JSON.stringify({ states, moved: moved.length, settledMs: Math.round(settledMs), busyS: Math.round(busy / 1000), memoryMiB: Math.round(memoryBytes / 2 ** 20) })); // prettier-ignore
  for (const warning of warnings) log?.(warning);
  return { path, touches, moved: moved.length, mesh, parts, touched, states, config };
}

/** Of a sensor that is fixed on the body. */
function knownPose({ pose, twist }, { mount }) {
  return { pose: compose(pose, mount), twist: sensorTwist(twist, { T_body_sensor: mount }) };
}

/** A sixteenth of its pixels says as much of how it lies. */
function thinned({ width, pitch, cx, cy, z, samples }) {
  return { width, pitch, cx, cy, z: z.slice(), samples: samples.filter((_, k) => k % 16 === 0) };
}

/** The mesh as one per grid, by the blocks that its vertices are of. */
function partsOf(mesh, blocks) {
  const scales = new Map();
  const key = (p, i) => `${p[i]},${p[i + 1]},${p[i + 2]}`;
  for (const { positions, scale } of blocks)
    for (let i = 0; i < positions.length; i += 3) scales.set(key(positions, i), scale);
  const { positions, indices } = mesh;
  const scaleOf = Int8Array.from(
    { length: positions.length / 3 },
    (_, v) => scales.get(key(positions, 3 * v)) ?? -1,
  );
  const touched = [];
  for (let v = 0; v < scaleOf.length; v++) if (scaleOf[v] === GRIDS.indexOf('touch')) touched.push(v);
  const parts = GRIDS.map((_, scale) => {
    const own = [];
    for (let i = 0; i < indices.length; i += 3)
      if (scaleOf[indices[i]] === scale) own.push(indices[i], indices[i + 1], indices[i + 2]);
    const used = new Map();
    const picked = [];
    const renumbered = own.map((v) => {
      if (!used.has(v)) {
        used.set(v, picked.length / 3);
        picked.push(positions[3 * v], positions[3 * v + 1], positions[3 * v + 2]);
      }
      return used.get(v);
    });
    return { positions: Float32Array.from(picked), indices: Uint32Array.from(renumbered) };
  });
  return { parts, touched };
}
