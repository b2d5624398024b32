// How right the colours are that a camera without depth gives a LiDAR's mesh, on a simulated car with KITTI's geometry:
// node bench/painted.mjs [--seeds 1,2] [--scans N]
import { createSlam } from '../dist/slam/create.js';
import { configSchema } from '../dist/config/schema.js';
import { compose, exp, inverse, transformPoint } from '../dist/geometry/se3.js';
import { hasColor } from '../dist/mesh/vertex-colors.js';
import { CarCamera } from '../dist/sim/camera/car-camera.js';
import { toSrgb } from '../dist/sim/looks/scene.js';
import { simulate } from '../dist/sim/simulate.js';
import { benchOptions } from './lib/options.mjs';
import { fixed, markdownTable } from './lib/tables.mjs';

const options = benchOptions({ seeds: [1] });
const SCANS = Math.min(options.scans, 60);
const WIDTH = 621;
/** Farther from the true surface (m) a vertex has no true colour. */
const NEAR = 0.1;
/** How a camera is wrong that is not where it is said to be: about its own up axis, radians. */
const OFF = (2 * Math.PI) / 180;

const rows = [];
for (const seed of options.seeds)
  for (const [name, wrong] of [['as it is', 0], ['control: turned by 2°', OFF]]) rows.push(await run(seed, name, wrong)); // prettier-ignore
const header = ['camera', 'seed', 'coloured, % of what it saw', 'mean error', 'median', 'control: truth 0.5 m beside', 'ms an image']; // prettier-ignore
console.log(markdownTable(header, rows));
process.exit(0);

async function run(seed, name, wrong) {
  const simulation = simulate({ world: 'street', seed, beams: 64, duration: SCANS / 10 });
  const camera = new CarCamera(simulation, { width: WIDTH });
  const slam = await createSlam(configSchema.parse({ map: { memoryMiB: 768 } }));
  const mount = compose(camera.mount, exp([0, 0, 0, 0, wrong, 0]));
  // The exposure has settled in the middle.
  const gain = camera.gain(SCANS >> 1);
  let ms = 0;
  for (let k = 0; k < SCANS; k++) {
    const start = performance.now();
    const { times } = slam.process(simulation.scan(k));
    const staged = Object.values(times).reduce((a, b) => a + b, 0);
    ms += (performance.now() - start - staged) / SCANS;
    const image = { width: camera.camera.width, height: camera.camera.height, data: camera.image(k) };
    slam.picture({ kind: 'color', stampNs: camera.stampNs(k), frameId: 'camera', image, camera: camera.camera, mount }); // prettier-ignore
  }
  const mesh = slam.mesh();
  await slam.close();
  const T_world_odom = inverse(simulation.odomFromWorld());
  const seen = visibleIn(camera, T_world_odom);
  const errors = [];
  let control = 0;
  let visible = 0;
  let coloured = 0;
  for (let i = 0; i < mesh.positions.length; i += 3) {
    const p = [0, 1, 2].map((k) => mesh.positions[i + k]);
    const known = mesh.colors !== undefined && hasColor(mesh.colors, i / 3);
    const normal = [0, 1, 2].map((k) => mesh.normals[i + k]);
    if (seen(p, normal)) {
      visible++;
      if (known) coloured++;
    }
    if (!known) continue;
    const here = [0, 1, 2].map((k) => mesh.colors[i + k]);
    const truth = colourAt(camera.scene, transformPoint(T_world_odom, ...p), gain);
    const beside = colourAt(camera.scene, transformPoint(T_world_odom, p[0] + 0.5, p[1] + 0.5, p[2] + 0.5), gain, Infinity); // prettier-ignore
    if (!truth) continue;
    errors.push(difference(here, truth));
    control += difference(here, beside);
  }
  errors.sort((a, b) => a - b);
  const mean = errors.reduce((a, b) => a + b, 0) / errors.length;
  return [name, String(seed), fixed((100 * coloured) / visible, 1), fixed(mean, 1), fixed(errors[errors.length >> 1], 1), fixed(control / errors.length, 1), fixed(ms, 1)]; // prettier-ignore
}

function difference(a, b) {
  return a.reduce((sum, v, k) => sum + Math.abs(v - b[k]) / 3, 0);
}

function colourAt(scene, p, gain, near = NEAR) {
  const linear = new Float64Array(3);
  const distance = scene.colourAt(...p, linear);
  return Math.abs(distance) > near ? undefined : Array.from(linear, (v) => toSrgb(gain * v));
}

/** Whether any image shows a point (odom frame) from 30 m or less, not at a grazing angle, with nothing in between. */
function visibleIn(camera, T_world_odom) {
  const poses = Array.from({ length: SCANS }, (_, k) => camera.pose(k));
  const { width, height, fx, fy, cx, cy } = camera.camera;
  const { world } = camera.scene;
  return (p, normal) =>
    poses.some((pose, k) => {
      if (k % 3 !== 0 || k === SCANS - 1) return false;
      const [x, y, z] = transformPoint(inverse(pose), ...p);
      if (!(z > 1 && z < 30)) return false;
      const [u, v] = [fx * (x / z) + cx, fy * (y / z) + cy];
      if (!(u >= 0 && v >= 0 && u < width && v < height)) return false;
      const from = [pose[3], pose[7], pose[11]];
      const way = p.map((c, i) => c - from[i]);
      const range = Math.hypot(...way);
      if (-way.reduce((sum, d, i) => sum + d * normal[i], 0) / range < 0.15) return false;
      const o = transformPoint(T_world_odom, ...from);
      const tip = transformPoint(T_world_odom, ...p);
      const d = tip.map((c, i) => (c - o[i]) / range);
      return world.raycast(...o, ...d, range, 0) > range - 0.3;
    });
}
