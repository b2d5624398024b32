// Trains the shape prior of the completion on generated objects and writes it: node scripts/train-completion.mjs [options]
// Needs a build (npm run build). The same options give the same file, byte for byte.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { once } from 'node:events';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { encodeShapePrior } from '../dist/completion/prior-file.js';
import { priorFrom } from '../dist/completion/training/fit-prior.js';
import { fitMixture } from '../dist/completion/training/fit-mixture.js';
import { everyFew, principalComponents, scoresOf } from '../dist/completion/training/principal-components.js';
import { sampleShape, SAMPLE_UNIT } from '../dist/completion/training/shape-samples.js';
import { cornerCount } from '../dist/completion/prior-grid.js';
import { Random } from '../dist/geometry/random.js';
import { HOUSEHOLD_FAMILIES, makeObject, TRAINED_FAMILIES } from '../dist/sim/objects/object.js';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    shapes: { type: 'string', default: '400' }, // of each family
    slow: { type: 'string', default: '133' }, // of each family whose distance takes long to compute
    repeats: { type: 'string', default: '3' }, // samples of each shape, each with another jitter
    sorted: { type: 'string', default: '4000' }, // samples that the components are found from
    yaws: { type: 'string', default: '24' }, // that a completion tries
    cell: { type: 'string', default: '0.0075' },
    rank: { type: 'string', default: '128' },
    jitter: { type: 'string', default: '0.005' }, // of the centre, per axis (m)
    step: { type: 'string', default: '0.0001' }, // unit of the components (m)
    threads: { type: 'string', default: '2' },
    kinds: { type: 'string', default: '96' },
    'kind-rank': { type: 'string', default: '16' },
    other: { type: 'string', default: '0.1' },
    without: { type: 'string', default: '' }, // families that are left out, to validate on: mug,cone
    out: { type: 'string', default: new URL('../assets/shape.prior', import.meta.url).pathname },
  },
});
const number = (name) => Number(options[name]);
const TRUNCATION = 0.04;

const cell = number('cell');
const across = Math.ceil(0.225 / cell);
const up = Math.ceil(0.205 / cell);
const grid = {
  nx: across,
  ny: across,
  nz: up,
  cell,
  origin: [(-(across - 1) * cell) / 2, (-(across - 1) * cell) / 2, -1.5 * cell],
};
/** Largest extents of things of a house (m). */
const HAND = [0.055, 0.2];
const SLOW = new Set(['superquadric', 'composite']);
const repeats = number('repeats');
const left = options.without.split(',');
const families = [...TRAINED_FAMILIES, ...HOUSEHOLD_FAMILIES].filter((family) => !left.includes(family));
/** Family and number of each shape; families take turns. */
const jobs = Array.from({ length: Math.max(number('shapes'), number('slow')) }, (_, i) =>
  families.filter((family) => i < number(SLOW.has(family) ? 'slow' : 'shapes')).map((family) => [family, i]),
).flat();
const rows = jobs.length * repeats;
const columns = cornerCount(grid);
const began = performance.now();
const note = (text) => console.log(`${((performance.now() - began) / 1000).toFixed(0)} s: ${text}`);

const values = new Int16Array(isMainThread ? new SharedArrayBuffer(2 * rows * columns) : workerData.buffer);
if (isMainThread) await train();
else samplePart(workerData);

/** Every so-manieth shape; each has random numbers of its own. */
function samplePart({ first, step }) {
  for (let job = first; job < jobs.length; job += step) {
    const [family, i] = jobs[job];
    const label = `train ${options.seed} ${i}`;
    const size = HOUSEHOLD_FAMILIES.includes(family)
      ? { size: new Random(`size ${family} ${label}`).range(...HAND) }
      : {};
    const object = makeObject(family, label, size);
    const distance = (x, y, z) => object.distance(x, y, z);
    const own = new Random(`s ${options.seed} ${family} ${i}`);
    for (let repeat = 0; repeat < repeats; repeat++) {
      const row = (job * repeats + repeat) * columns;
      const placement = {
        yaw: 0,
        dx: number('jitter') * own.normal(),
        dy: number('jitter') * own.normal(),
      };
      sampleShape(distance, grid, placement, TRUNCATION, values.subarray(row, row + columns));
    }
  }
}

async function train() {
  const step = number('threads');
  await Promise.all(
    Array.from({ length: step }, (_, first) =>
      once(
        new Worker(new URL(import.meta.url), {
          argv: process.argv.slice(2),
          workerData: { first, step, buffer: values.buffer },
        }),
        'exit',
      ),
    ),
  );
  note(`${rows} samples of ${jobs.length} shapes`);
  const product = await fastProduct();
  const whole = { rows, columns, values };
  const table = everyFew(whole, number('sorted'));
  const components = principalComponents(table, number('rank'), new Random('pca'), product);
  const explained = components.variances.reduce((a, b) => a + b, 0) / components.total;
  note(`${number('rank')} components explain ${(100 * explained).toFixed(2)} % of the variance`);
  let prior = priorFrom(table, components, grid, TRUNCATION, number('step'));
  if (number('kinds') > 0) {
    const sizes = components.variances.map((v) => Math.sqrt(v) * SAMPLE_UNIT);
    const mixture = fitMixture(
      scoresOf(whole, components, product),
      sizes,
      { kinds: number('kinds'), rank: number('kind-rank'), otherShare: number('other'), rounds: 15 },
      new Random('mixture'),
    );
    prior = { ...prior, mixture, yaws: number('yaws') };
    note(`${number('kinds')} kinds`);
  }
  const about = `${jobs.length} shapes x ${repeats}, seed ${options.seed}, ${(100 * explained).toFixed(2)} % of the variance`;
  const bytes = encodeShapePrior(prior, about);
  writeFileSync(options.out, bytes);
  note(`${options.out}: ${(bytes.length / 1e6).toFixed(2)} MB`);
}

/** Matrix products of TensorFlow.js on one thread (more would round differently from run to run). */
async function fastProduct() {
  const tf = await import('@tensorflow/tfjs-core');
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  wasm.setThreadsCount(1);
  wasm.setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  await tf.setBackend('wasm');
  await tf.ready();
  return (A, rows, inner, B, columns, transposed) => {
    const [a, b] = [tf.tensor2d(A, [rows, inner]), tf.tensor2d(B, [transposed ? rows : inner, columns])];
    const product = tf.matMul(a, b, transposed);
    const out = product.dataSync().slice();
    for (const tensor of [a, b, product]) tensor.dispose();
    return out;
  };
}
