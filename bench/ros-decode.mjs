// The way of ROS messages into Feltmap, without a ROS graph: 10 Hz of 2 MB clouds and 30 Hz of VGA colour, depth and
// camera_info, as the bytes that rclnodejs hands out. CPU time per message, copies, and how long the main thread is held
// up: npm run bench:ros -- [--seconds 20] [--no-write]
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { identity } from '../dist/geometry/se3.js';
import { SlamClient } from '../dist/host/client.js';
import {
  decodeCameraInfo,
  decodeImage,
  decodePointCloud2,
  encodeCameraInfo,
  encodeImage,
  encodePointCloud2,
  encodeTFMessage,
} from '../dist/messages/index.js';
import { MappingNode } from '../dist/ros/mapping-node.js';
import { ParameterStore } from '../dist/ros/parameter-check.js';
import { shortPauses } from '../dist/cli/short-pauses.js';
import { TimeSync } from '../dist/ros/sync.js';
import { scanFromPointCloud2 } from '../dist/sensors/lidar/pointcloud2.js';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable, quantile } from './lib/tables.mjs';

const { values: options } = parseArgs({
  strict: false, // npm run bench passes the options of the others, too
  options: { seconds: { type: 'string', default: '20' }, 'no-write': { type: 'boolean', default: false } },
});
shortPauses(); // as the node does
const SECONDS = Number(options.seconds);
const START = 1_700_000_000_000_000_000n;

/** 2 MB: 83 333 points of x, y, z, intensity, ring, time as Velodyne's driver lays them out (24 bytes with padding). */
function cloud(stampNs) {
  const [count, step] = [83_333, 24];
  const data = new Uint8Array(count * step);
  const view = new DataView(data.buffer);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < 3; k++) view.setFloat32(i * step + 4 * k, Math.sin(i * (k + 1)) * 50, true);
    view.setFloat32(i * step + 12, i % 256, true);
    view.setUint16(i * step + 16, i % 64, true);
    view.setFloat32(i * step + 20, (i / count) * 0.1, true);
  }
  const field = (name, offset, datatype) => ({ name, offset, datatype, count: 1 });
  const fields = [
    ...['x', 'y', 'z'].map((name, k) => field(name, 4 * k, 7)),
    field('intensity', 12, 7),
    field('ring', 16, 4),
    field('time', 20, 7),
  ];
  const shape = { height: 1, width: count, fields, bigEndian: false, pointStep: step, rowStep: count * step };
  return encodePointCloud2({ stampNs, frameId: 'lidar', ...shape, data, isDense: true });
}

function image(stampNs, encoding, bytesPerPixel) {
  const data = new Uint8Array(640 * 480 * bytesPerPixel).fill(90);
  const shape = { height: 480, width: 640, step: 640 * bytesPerPixel, bigEndian: false };
  return encodeImage({ stampNs, frameId: 'camera', ...shape, encoding, data });
}

function cameraInfo(stampNs) {
  return encodeCameraInfo({
    stampNs,
    frameId: 'camera',
    height: 480,
    width: 640,
    distortionModel: 'plumb_bob',
    d: new Float64Array(5),
    k: Float64Array.of(525, 0, 320, 0, 525, 240, 0, 0, 1),
    r: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
    p: Float64Array.of(525, 0, 320, 0, 0, 525, 240, 0, 0, 0, 1, 0),
    binningX: 0,
    binningY: 0,
    roi: { x: 0, y: 0, height: 0, width: 0, rectify: false },
  });
}

const TEMPLATES = {
  cloud: cloud(START),
  color: image(START, 'rgb8', 3),
  depth: image(START, '16UC1', 2),
  camera_info: cameraInfo(START),
};

/** A message of its own, as rclTakeRaw makes it: the one copy that there is. The stamp lies at bytes 4 to 12. */
function message(name, stampNs) {
  const bytes = new Uint8Array(TEMPLATES[name]);
  const view = new DataView(bytes.buffer);
  view.setInt32(4, Number(stampNs / 1_000_000_000n), true);
  view.setUint32(8, Number(stampNs % 1_000_000_000n), true);
  return bytes;
}

/** Milliseconds of CPU per call, the median of rounds. */
function cpuPerCall(call, calls, rounds = 9) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < calls; i++) call();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000 / calls);
  }
  return quantile(times.slice(1), 0.5);
}

const copies = [];
const isView = (bytes, data) => data.buffer === bytes.buffer;
function decodeRow(name, decode, dataOf, calls) {
  const bytes = TEMPLATES[name];
  if (dataOf) copies.push(`${name} ${isView(bytes, dataOf(decode(bytes))) ? 'is a view' : 'IS A COPY'}`);
  return [
    name,
    fixed(bytes.length / 1e6, 2),
    fixed(
      cpuPerCall(() => decode(bytes), calls),
      4,
    ),
  ];
}
const decoding = [
  decodeRow('cloud', decodePointCloud2, (m) => m.data, 2000),
  [
    'cloud → columns (SLAM thread)',
    '',
    fixed(
      cpuPerCall(() => scanFromPointCloud2(decodePointCloud2(TEMPLATES.cloud)), 20),
      2,
    ),
  ],
  decodeRow('color', decodeImage, (m) => m.data, 2000),
  decodeRow('depth', decodeImage, (m) => m.data, 2000),
  decodeRow('camera_info', decodeCameraInfo, undefined, 2000),
];

// The node itself at sensor rate, with a SLAM system that does nothing.
const store = new ParameterStore();
const sent = { odometry: 0 };
const errors = [];
const node = new MappingNode({
  name: 'bench',
  parameters: store,
  port: {
    publish: (output) => (sent[output] = (sent[output] ?? 0) + 1),
    listeners: () => 0,
    subscribers: () => [],
    publishers: () => ({ count: 1, problems: [] }),
    now: () => START,
    log: (level, text) => level !== 'info' && errors.push(text),
  },
  startSlam: (config) =>
    SlamClient.start({ config, factoryUrl: new URL('./lib/decode-only-slam.mjs', import.meta.url).href }),
  onFatal: (error) => errors.push(String(error)),
});
await node.configure();
node.activate();
const still = { stampNs: 0n, frameId: 'base_link', childFrameId: 'lidar', transform: identity() };
node.onTf(encodeTFMessage([still]), true);
const sync = new TimeSync(['color', 'depth', 'camera_info'], {
  toleranceSeconds: 0.02,
  queue: 5,
  sticky: ['camera_info'],
});

const handling = { cloud: [], color: [], depth: [], camera_info: [] };
let [sets, detached] = [0, 0];
function deliver(name, stampNs) {
  const bytes = message(name, stampNs);
  const begin = performance.now();
  if (name === 'cloud') {
    node.onCloud('lidar', bytes);
    if (bytes.byteLength === 0) detached++;
  } else {
    const decoded = name === 'camera_info' ? decodeCameraInfo(bytes) : decodeImage(bytes);
    sets += sync.add(name, decoded).length;
  }
  handling[name].push(performance.now() - begin);
}

// What the machine itself does to an event loop with nothing to do: the measure of all that follows.
const POLL = 2; // milliseconds
const idle = monitorEventLoopDelay({ resolution: 1 });
const poll = setInterval(() => undefined, POLL);
await sleep(200);
idle.enable();
await sleep(SECONDS * 500);
idle.disable();
clearInterval(poll);

const collections = [];
const collector = new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collections.push(duration);
});

const ticks = { cloud: 0, image: 0 };
const delay = monitorEventLoopDelay({ resolution: 1 });
const WARM_UP = 1; // seconds in which code is compiled; not counted
let cpuBefore;
const begin = performance.now();
await new Promise((resolve) => {
  const timer = setInterval(() => {
    const elapsed = (performance.now() - begin) / 1000;
    if (!cpuBefore && elapsed >= WARM_UP) {
      for (const times of Object.values(handling)) times.length = 0;
      delay.enable();
      collector.observe({ entryTypes: ['gc'] });
      cpuBefore = process.cpuUsage();
    }
    if (elapsed >= SECONDS + WARM_UP) {
      clearInterval(timer);
      resolve();
      return;
    }
    // One message per turn of the event loop, as rclnodejs takes them.
    if (elapsed * 10 > ticks.cloud) deliver('cloud', START + BigInt(ticks.cloud++) * 100_000_000n);
    if (elapsed * 30 > ticks.image) {
      const stamp = START + BigInt(ticks.image++) * 33_333_333n;
      setImmediate(() => deliver('color', stamp));
      setImmediate(() => deliver('depth', stamp));
      setImmediate(() => deliver('camera_info', stamp));
    }
  }, POLL);
});
delay.disable();
const cpu = process.cpuUsage(cpuBefore);
const seconds = (performance.now() - begin) / 1000 - WARM_UP;
await node.cleanup();
collector.disconnect();
if (errors.length > 0) console.log(`Not as it should be: ${errors.join('; ')}`);

const stall = (ns) => fixed(Math.max(0, ns / 1e6 - 1), 2); // the histogram counts its own period of 1 ms
const stalls = (name, of) => [name, ...[50, 99, 99.9].map((p) => stall(of.percentile(p))), stall(of.max)];
const rows = Object.entries(handling).map(([name, times]) => [
  name,
  String(times.length),
  fixed(quantile(times, 0.5), 3),
  fixed(quantile(times, 0.99), 3),
  fixed(Math.max(...times), 3),
]);
const body = [
  'Decoding alone, CPU time per message (median of 8 rounds):',
  markdownTable(['message', 'MB', 'ms CPU'], decoding),
  `No copy beyond the first: ${copies.join(', ')}; the cloud's buffer goes to the SLAM thread by transfer (${detached} of ${ticks.cloud} at once, others that had to wait when their turn came).`,
  `The node at 10 Hz clouds and 30 Hz RGB-D for ${fixed(seconds, 0)} s after ${WARM_UP} s of warming up (${sent.odometry} odometry messages, ${sets} RGB-D sets matched). Time of a message on the main thread:`,
  markdownTable(['message', 'count', 'median ms', '99 % ms', 'max ms'], rows),
  'Stalls of the main thread (delay of the event loop), beside an event loop with nothing to do in the same process, which shows what the machine itself adds:',
  markdownTable(
    ['stall', 'median ms', '99 % ms', '99.9 % ms', 'max ms'],
    [stalls('with messages', delay), stalls('nothing to do', idle)],
  ),
  `Garbage collection on the main thread: ${collections.length} times, the longest pause ${fixed(Math.max(0, ...collections), 2)} ms.`,
  `All threads together: ${fixed(((cpu.user + cpu.system) / 1e6 / seconds) * 100, 1)} % of one core, copying the test messages included.`,
].join('\n\n');
publish('ros-decode', 'npm run bench:ros', body, !options['no-write']);
