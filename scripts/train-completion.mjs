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
import { principalComponents } from '../dist/completion/training/principal-components.js';
import { sampleShape, SAMPLE_UNIT } from '../dist/completion/training/shape-samples.js';
import { cornerCount } from '../dist/completion/prior-grid.js';
import { Random } from '../dist/geometry/random.js';
import { makeObject, TRAINED_FAMILIES } from '../dist/sim/objects/object.js';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    shapes: { type: 'string', default: '1248' }, // a multiple of the 12 families
    yaws: { type: 'string', default: '8' },
    cell: { type: 'string', default: '0.0075' },
    rank: { type: 'string', default: '128' },
    jitter: { type: 'string', default: '0.004' }, // of the centre, per axis (m)
    step: { type: 'string', default: '0.0001' }, // unit of the components (m)
    threads: { type: 'string', default: '2' },
    kinds: { type: 'string', default: '96' },
    'kind-rank': { type: 'string', default: '16' },
    other: { type: 'string', default: '0.1' },
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
const random = new Random(`completion ${options.seed}`);
const shapes = number('shapes');
const yaws = number('yaws');
const columns = cornerCount(grid);
const began = performance.now();
const note = (text) => console.log(`${((performance.now() - began) / 1000).toFixed(0)} s: ${text}`);

const values = new Int16Array(
  isMainThread ? new SharedArrayBuffer(2 * shapes * yaws * columns) : workerData.buffer,
);
if (isMainThread) await train();
else samplePart(workerData);

/** Every so-manieth shape in all its yaws; each has random numbers of its own. */
function samplePart({ first, step }) {
  for (let shape = first; shape < shapes; shape += step) {
    const object = makeObject(
      TRAINED_FAMILIES[shape % TRAINED_FAMILIES.length],
      `train ${options.seed} ${shape}`,
    );
    const distance = (x, y, z) => object.distance(x, y, z);
    const own = random.fork(shape);
    for (let turn = 0; turn < yaws; turn++) {
      const row = (shape * yaws + turn) * columns;
      const jitter = number('jitter');
      const placement = {
        yaw: 2 * Math.PI * own.next(),
        dx: jitter * own.normal(),
        dy: jitter * own.normal(),
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
  note(`${shapes} shapes`);
  const table = { rows: shapes * yaws, columns, values };
  const components = principalComponents(
    table,
    number('rank'),
    random.fork('components'),
    await fastProduct(),
  );
  const explained = components.variances.reduce((a, b) => a + b, 0) / components.total;
  note(`${number('rank')} components explain ${(100 * explained).toFixed(2)} % of the variance`);
  let prior = priorFrom(table, components, grid, TRUNCATION, number('step'));
  if (number('kinds') > 0) {
    const sizes = components.variances.map((v) => Math.sqrt(v) * SAMPLE_UNIT);
    const mixture = fitMixture(
      components.scores,
      sizes,
      { kinds: number('kinds'), rank: number('kind-rank'), otherShare: number('other'), rounds: 15 },
      random.fork('mixture'),
    );
    prior = { ...prior, mixture };
    note(`${number('kinds')} kinds`);
  }
  const about = `${shapes} shapes x ${yaws} yaws, seed ${options.seed}, ${(100 * explained).toFixed(2)} % of the variance`;
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
