// The GPU engines beside what the device can do, in one run: npm run bench:gpu [-- --scans N] [--no-write]
// Needs nothing but a driver and the package webgpu; without a GPU it runs on a software adapter and says so.
import { configSchema } from '../dist/config/schema.js';
import { simulate } from '../dist/sim/index.js';
import { createSlam } from '../dist/slam/create.js';
import { affordable, openWorkload, ratesOf, thousands } from './lib/engines.mjs';
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

await withAnyAdapter();
const options = benchOptions();
const roofs = await measureRoofs(0.3);
const { name, software, limits } = roofs.report;
const seconds = software ? 1 : 3;
console.log(
  `${name}: ${giga(roofs.bytesPerSecond)} GB/s copied, ${giga(roofs.flopsPerSecond)} GFLOP/s of FMAs`,
);

const rates = new Map();
const problems = [];
for (const engine of ['webgpu', 'tfjs-node-gpu', 'tfjs-webgpu', 'wasm']) {
  try {
    const opened = await openWorkload(engine);
    const count = affordable(opened, software ? 32 : 256);
    rates.set(engine, { device: opened.device, samples: count * 256, ...ratesOf(opened, seconds, count) });
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
const perSecond = await endToEnd(scans);
const [onGpu, onCpu] = perSecond.map((value) => fixed(value, 2));
const body = [
  `${software ? '**A software adapter, no GPU: the figures show only that this runs.** ' : ''}Adapter ${name}; bindings of at most ${Math.round(limits.maxStorageBufferBindingSize / 2 ** 20)} MiB. A copy kernel moves ${giga(roofs.bytesPerSecond)} GB/s, a kernel of FMAs does ${giga(roofs.flopsPerSecond)} GFLOP/s. Batches: ${[...rates].map(([engine, { samples }]) => `${engine} ${samples}`).join(', ')} samples.`,
  table,
  `End to end, simulated street, 64 beams × 1024 columns, ${scans} scans: ${onGpu} scans/s on engine webgpu, ${onCpu} on engine wasm (all cores).`,
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
  const results = [];
  for (const engine of ['webgpu', 'wasm']) {
    const slam = await createSlam(configSchema.parse({ engine }));
    let start = 0;
    all.forEach((scan, k) => {
      if (k === 2) start = performance.now();
      slam.process(scan);
    });
    results.push((1000 * (all.length - 2)) / (performance.now() - start));
    console.log(`${engine}: ${fixed(results.at(-1), 2)} scans/s`);
    await slam.close();
  }
  return results;
}

function giga(value) {
  return String(Number((value / 1e9).toPrecision(3)));
}
