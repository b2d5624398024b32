// Trains the shape prior of the completion on generated objects and writes it: node scripts/train-completion.mjs [options]
// Needs a build (npm run build). The same options give the same file, byte for byte.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeShapePrior } from '../dist/completion/prior-file.js';
import { priorFrom } from '../dist/completion/training/fit-prior.js';
import { fitMixture } from '../dist/completion/training/fit-mixture.js';
import { principalComponents } from '../dist/completion/training/principal-components.js';
import { SampledShape, SAMPLE_UNIT } from '../dist/completion/training/shape-samples.js';
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
    jitter: { type: 'string', default: '0.005' }, // of the centre, per axis (m)
    step: { type: 'string', default: '0.0001' }, // unit of the components (m)
    kinds: { type: 'string', default: '0' },
    'kind-rank': { type: 'string', default: '16' },
    other: { type: 'string', default: '0.1' },
    out: { type: 'string', default: new URL('../assets/shape.prior', import.meta.url).pathname },
  },
});
const number = (name) => Number(options[name]);
const TRUNCATION = 0.04;
const OWN_CELL = 0.005;

const cell = number('cell');
const across = Math.ceil(0.225 / cell);
const up = Math.ceil(0.205 / cell);
const grid = {
  nx: across,
  ny: across,
  nz: up,
  cell,
  origin: [(-(across - 1) * cell) / 2, (-(across - 1) * cell) / 2, -2 * cell],
};
const random = new Random(`completion ${options.seed}`);
const shapes = number('shapes');
const yaws = number('yaws');
const columns = cornerCount(grid);
const began = performance.now();
const note = (text) => console.log(`${((performance.now() - began) / 1000).toFixed(0)} s: ${text}`);

const table = { rows: shapes * yaws, columns, values: new Int16Array(shapes * yaws * columns) };
for (let shape = 0; shape < shapes; shape++) {
  const family = TRAINED_FAMILIES[shape % TRAINED_FAMILIES.length];
  const object = makeObject(family, `train ${options.seed} ${shape}`);
  const sampled = new SampledShape(
    (x, y, z) => object.distance(x, y, z),
    object.bounds,
    OWN_CELL,
    TRUNCATION,
  );
  for (let turn = 0; turn < yaws; turn++) {
    const row = shape * yaws + turn;
    const yaw = 2 * Math.PI * random.next();
    const [dx, dy] = [number('jitter') * random.normal(), number('jitter') * random.normal()];
    sampled.sample(grid, yaw, dx, dy, table.values.subarray(row * columns, (row + 1) * columns));
  }
  if (shape % 100 === 99) note(`${shape + 1} of ${shapes} shapes`);
}
const components = principalComponents(table, number('rank'), random.fork('components'), await fastProduct());
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
