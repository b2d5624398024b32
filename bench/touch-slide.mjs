// What it is worth to follow contacts that slide, on simulated objects: live and when all touches are found together.
// Usage: node bench/touch-slide.mjs [--objects mug,superquadric] [--touches 60,240] [--length 15] [--step 1.5] [--seeds 1,2] [--rate 1]
// Control: the same touches, each said to be of a sensor of its own, so that none goes on from another.
import { parseArgs } from 'node:util';
import { KernelPool } from '../dist/compute/pool.js';
import { patchOf } from '../dist/sensors/tactile/patch.js';
import { TouchSimulation } from '../dist/sim/touch/index.js';
import { TouchMap } from '../dist/slam/touch/touch-map.js';
import { surfaceError } from './lib/touch/alone.mjs';
import { fixed, markdownTable } from './lib/tables.mjs';

const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: 'mug,superquadric' },
    touches: { type: 'string', default: '60,240' },
    length: { type: 'string', default: '15' },
    step: { type: 'string', default: '1.5' },
    seeds: { type: 'string', default: '1' },
    rate: { type: 'string', default: '1' },
    probing: { type: 'string', default: 'sliding' },
  },
});
const rows = [];
for (const object of values.objects.split(','))
  for (const touches of values.touches.split(',').map(Number))
    for (const seed of values.seeds.split(',')) await compare(object, touches, seed);

async function compare(object, touches, seed) {
  const simulation = new TouchSimulation({
    object,
    seed,
    touches,
    probing: values.probing,
    slideLength: Number(values.length),
    slideStep: Number(values.step) / 1000,
    rate: Number(values.rate),
    gel: { width: 96, height: 72, pitch: 0.02 / 96 },
    kinematics: { handEyePosition: 0, handEyeRotation: 0 },
  });
  const images = simulation.touches.map((_, i) => simulation.depthImage(i));
  const contacts = new Set(simulation.touches.map(({ contact }) => contact)).size;
  const felt = images
    .map((image, i) => ({ image, i, patch: patchOf(image), pose: simulation.truePose(i) }))
    .filter(({ patch }) => patch.samples.length > 0);
  const shape = (x, y, z) => simulation.object.distance(x, y, z);
  const cell = (poses) => {
    const { rms } = surfaceError(shape, felt, poses);
    return `${fixed(1e3 * rms, 2)} / ${fixed(1e3 * within(simulation, felt, shape, poses), 2)}`;
  };
  const run = async (frame) => {
    const pool = await KernelPool.create({ threads: 1, memoryMiB: 900 });
    const map = await TouchMap.create(pool);
    const before = process.cpuUsage();
    const live = images.map((image, i) => map.add({ ...image, frameId: frame(i) }));
    const between = process.cpuUsage();
    map.optimise();
    const after = process.cpuUsage();
    const seconds = (a, b) => (b.user + b.system - a.user - a.system) / 1e6;
    const cells = [live, map.results].map((results) => cell(felt.map(({ i }) => results[i].pose)));
    await pool.close();
    return [
      ...cells,
      `${fixed((1e3 * seconds(before, between)) / images.length, 0)} / ${fixed(seconds(between, after), 1)}`,
    ];
  };
  const slid = await run(() => 'gel');
  const control = await run((i) => `gel ${i}`);
  rows.push([
    `${object}, ${felt.length} touches in ${contacts} contacts, seed ${seed}`,
    cell(felt.map(({ i }) => simulation.kinematicPose(i))),
    control[0], slid[0], control[1], slid[1],
    cell(felt.map(({ pose }) => pose)),
    control[2], slid[2],
  ]); // prettier-ignore
  console.error(rows.at(-1).join('  '));
}

/** Rms distance of what was felt from the surface after each contact was aligned by itself (m). */
function within({ touches }, felt, shape, poses) {
  const contacts = Map.groupBy
    ? Map.groupBy(felt.keys(), (k) => touches[felt[k].i].contact)
    : felt.reduce(
        (map, { i }, k) => map.set(touches[i].contact, [...(map.get(touches[i].contact) ?? []), k]),
        new Map(),
      );
  let [sum, count] = [0, 0];
  for (const members of contacts.values()) {
    const own = members.map((k) => felt[k]);
    const { rms } = surfaceError(shape, own, members.map((k) => poses[k])); // prettier-ignore
    const samples = own.reduce((n, { patch }) => n + patch.samples.length, 0);
    sum += samples * rms ** 2;
    count += samples;
  }
  return Math.sqrt(sum / count);
}

const header = ['', 'as the arm says', 'live, control', 'live', 'together, control', 'together', 'true poses', 'ms each / s together, control', 'ms / s']; // prettier-ignore
console.log(
  `Distance from the true surface after rigid alignment of all / of each contact by itself, rms mm.\n\n${markdownTable(header, rows)}`,
);
