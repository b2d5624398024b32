// Time to prepare a depth image of 640×480 with colour, kernel by kernel, on a simulated room corner with noise:
// node bench/camera.mjs [THREADS] [FRAMES]
import { KernelPool } from '../dist/compute/pool.js';
import { Random } from '../dist/geometry/random.js';
import { CameraFrontEnd } from '../dist/sensors/camera/front-end.js';

const [threads = 2, frames = 300] = process.argv.slice(2).map(Number);
const WARM_UP = 20;
const [width, height] = [640, 480];
const camera = { width, height, fx: 585, fy: 585, cx: 320, cy: 240, distortion: 'none', coefficients: [] };
const T_depth_color = Float64Array.of(1, 0, 0, 0.015, 0, 1, 0, -0.0075, 0, 0, 1, 0);

/** Two walls, a floor and a ball, with a tenth of the pixels missing. */
function makeFrame(seed) {
  const random = new Random(seed);
  const data = new Uint16Array(width * height);
  const color = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i++) {
    const [u, v] = [((i % width) - 320) / 585, (Math.floor(i / width) - 240) / 585];
    let z = Math.min(3 / (1 + 0.8 * u), 3 / (1 - 0.6 * u), v > 0 ? 1 / v : Infinity);
    const [rr, rc] = [u * u + v * v + 1, 0.2 * u + 1.2];
    const root = rc * rc - rr * (1.48 - 0.09);
    if (root > 0) z = Math.min(z, (rc - Math.sqrt(root)) / rr);
    z += (0.0012 + 0.0019 * (z - 0.4) ** 2) * random.normal();
    data[i] = random.next() < 0.1 ? 0 : 1000 * z;
    for (let c = 0; c < 3; c++) color[3 * i + c] = 128 + 60 * Math.sin(20 * u + c) + 20 * random.next();
  }
  return {
    kind: 'rgbd',
    stampNs: BigInt(seed),
    frameId: 'camera',
    depth: { width, height, data, scale: 0.001 },
    camera,
    color: { image: { width, height, data: color }, camera, T_depth_color, delay: 0 },
  };
}

const pool = await KernelPool.create({ threads, memoryMiB: 512 });
const times = new Map();
const timed = (name, work) => {
  const start = performance.now();
  const result = work();
  if (!times.has(name)) times.set(name, []);
  times.get(name).push(performance.now() - start);
  return result;
};
const run = pool.run.bind(pool);
pool.run = (name, args, chunks) => timed(`  ${name}`, () => run(name, args, chunks));
const cameras = new CameraFrontEnd(pool);
const some = Array.from({ length: 8 }, (_, seed) => makeFrame(seed));
for (let k = 0; k < frames + WARM_UP; k++) {
  if (k === WARM_UP) times.clear();
  const observation = timed('observe', () => cameras.observe(some[k % some.length]));
  timed('complete', () => observation.complete());
  observation.release();
}
console.log(`${frames} frames of ${width}×${height}, ${threads} threads: median and least, ms`);
for (const [name, all] of times) {
  all.sort((a, b) => a - b);
  console.log(`${name.padEnd(18)} ${all[all.length >> 1].toFixed(2)}  ${all[0].toFixed(2)}`);
}
await pool.close();
