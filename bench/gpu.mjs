// The GPU engines beside what the device can do, in one run: npm run bench:gpu [-- --scans N] [--no-write]
// Needs nothing but a driver and the package webgpu. --software runs it on a software adapter, to see that it would run.
import { configSchema } from '../dist/config/schema.js';
import { openAdapter } from '../dist/field/backends/webgpu/adapter.js';
import { simulate } from '../dist/sim/index.js';
import { createSlam } from '../dist/slam/create.js';
import { affordable, bulkRatesOf, measured, openWorkload, stepTimes, thousands } from './lib/engines.mjs';
import { benchOptions } from './lib/options.mjs';
import { measureRoofs } from './lib/roofs.mjs';
import { publish } from './lib/section.mjs';
import { withAnyAdapter } from './lib/software-adapter.mjs';
import { fixed, markdownTable } from './lib/tables.mjs';

// Work of one item, counted from src/kernels: multiplications and additions, and the bytes that must move at least
// (a corner read or added to counts once, however many items share it).
const WORK = {
  fit: { flops: 2200, bytes: 950 }, // 8 scalars, 8 rows of 8 read; gradients and scalars read, added, written
  register: { flops: 420, bytes: 130 },
  query: { flops: 1500, bytes: 380 },
};

const options = benchOptions();
if (options.software) await withAnyAdapter();
try {
  await openAdapter(options.software);
} catch (error) {
  console.error(
    `${error.message}\nThis benchmark is for a GPU; npm run bench:gpu -- --software tries it without.`,
  );
  process.exit(1);
}
const roofs = await measureRoofs(0.3);
const { name, software, limits } = roofs.report;
const seconds = software ? 1 : 3;
console.log(
  `${name}: ${giga(roofs.bytesPerSecond)} GB/s copied, ${giga(roofs.flopsPerSecond)} GFLOP/s of FMAs`,
);

const rates = new Map();
const problems = [];
let kernels;
for (const engine of ['webgpu', 'tfjs-node-gpu', 'tfjs-webgpu', 'wasm']) {
  try {
    const opened = await openWorkload(engine);
    const count = affordable(opened, software ? 32 : 256);
    const bulk = bulkRatesOf(opened, seconds, count, software ? 16384 : undefined);
    rates.set(engine, { device: opened.device, samples: count * 256, ...bulk });
    if (engine === 'webgpu') kernels = stepTimes(opened, count);
    console.log(engine, rates.get(engine));
    await opened.close();
  } catch (error) {
    problems.push(`${engine}: ${error.message}`);
    console.log(problems.at(-1));
  }
}

const table = markdownTable(
  ['operation', 'engine', 'items/s', 'GFLOP/s', 'GB/s', 'of the FMA kernel', 'of the copy kernel', '× tfjs'],
  Object.entries(WORK).flatMap(([operation, { flops, bytes }]) =>
    [...rates].map(([engine, rate]) => {
      const items = rate[operation];
      const tfjs = (rates.get('tfjs-node-gpu') ?? rates.get('tfjs-webgpu'))?.[operation];
      const onDevice = engine !== 'wasm';
      return [
        operation,
        engine,
        thousands(items),
        giga(items * flops),
        giga(items * bytes),
        onDevice ? `${fixed((100 * items * flops) / roofs.flopsPerSecond, 1)} %` : '–',
        onDevice ? `${fixed((100 * items * bytes) / roofs.bytesPerSecond, 1)} %` : '–',
        tfjs ? fixed(items / tfjs, 1) : '–',
      ];
    }),
  ),
);

const scans = Number.isFinite(options.scans) ? options.scans : software ? 4 : 100;
const { webgpu, wasm } = await endToEnd(scans);
const { roundTrips, submissions, dispatches, bytesUp, bytesDown } = webgpu.traffic;
const body = [
  `${software ? '**A software adapter, no GPU: the figures show only that this runs.** ' : ''}Adapter ${name}; bindings of at most ${Math.round(limits.maxStorageBufferBindingSize / 2 ** 20)} MiB. A copy kernel moves ${giga(roofs.bytesPerSecond)} GB/s, a kernel of FMAs does ${giga(roofs.flopsPerSecond)} GFLOP/s. Batches: ${[...rates].map(([engine, { samples }]) => `${engine} ${samples}`).join(', ')} samples.`,
  table,
  `End to end, simulated street, 64 beams × 1024 columns, ${scans} scans: ${fixed(webgpu.perSecond, 2)} scans/s on engine webgpu, ${fixed(wasm.perSecond, 2)} on engine wasm (all cores).`,
  `A scan on engine webgpu: ${fixed(roundTrips, 1)} round trips, ${fixed(submissions, 1)} submissions, ${fixed(dispatches, 0)} kernels, ${fixed(bytesUp / 1e6, 2)} MB up, ${fixed(bytesDown / 1e6, 2)} MB down.`,
  kernels
    ? `A step of \`fit\` on the device, by time stamps: ${Object.entries(kernels)
        .map(([kernel, ms]) => `${kernel} ${fixed(ms, 3)} ms`)
        .join(', ')}.`
    : 'The adapter has no time stamps: kernels are not timed by themselves.',
  'Engine webgpu is asked for 16 steps, 64 poses or 2¹⁸ points in one go, as the program asks it; the others for one batch.',
  `Work per item is counted by hand (bench/gpu.mjs): ${Object.entries(WORK)
    .map(([operation, { flops, bytes }]) => `${operation} ${flops} FLOP and ${bytes} B`)
    .join(', ')}.`,
  ...(problems.length ? [`Not measured: ${problems.join('; ')}`] : []),
].join('\n\n');
// Figures of a software adapter are no benchmark: they are printed only.
publish('gpu', 'npm run bench:gpu', body, options.write && !software);
process.exit();

/** Scans per second of the whole loop, the first two scans (compilation, bootstrap) left out. */
async function endToEnd(count) {
  const street = simulate({ world: 'street', beams: 64, columns: 1024, seed: 1, duration: (count + 2) / 10 });
  const all = [...street.scans()];
  const results = {};
  for (const engine of ['webgpu', 'wasm']) {
    const { makers, ask } = measured();
    const slam = await createSlam(configSchema.parse({ engine }), undefined, makers);
    const traffic = () => ask('traffic') ?? {};
    let start = 0;
    let before = {};
    all.forEach((scan, k) => {
      if (k === 2) {
        before = traffic();
        start = performance.now();
      }
      slam.process(scan);
    });
    const perSecond = (1000 * (all.length - 2)) / (performance.now() - start);
    const after = Object.entries(traffic());
    const perScan = Object.fromEntries(
      after.map(([name, n]) => [name, (n - before[name]) / (all.length - 2)]),
    );
    results[engine] = { perSecond, traffic: perScan };
    console.log(`${engine}: ${fixed(perSecond, 2)} scans/s`, perScan);
    await slam.close();
  }
  return results;
}

function giga(value) {
  return String(Number((value / 1e9).toPrecision(3)));
}
