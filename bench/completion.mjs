// Objects completed from touches, beside other methods: npm run build && node bench/completion.mjs [--set valid] [--each 3] [--families unseen] [--write]; --meshes FOLDER: on scanned objects instead
import { parseArgs } from 'node:util';
import { loadShapePrior } from '../dist/completion/load-prior.js';
import { transformEvidence } from '../dist/completion/evidence.js';
import { sweptSpace } from '../dist/completion/free-space.js';
import { nextTouch } from '../dist/completion/next-touch.js';
import { vertexBounds } from '../dist/completion/completion-mesh.js';
import { KernelPool } from '../dist/compute/pool.js';
import { Random } from '../dist/geometry/random.js';
import { inverse, transformPoint } from '../dist/geometry/se3.js';
import { TRAINED_FAMILIES, UNSEEN_FAMILIES } from '../dist/sim/objects/object.js';
import {
  completionCases,
  evidenceOf,
  pressAt,
  scannedCases,
  score,
  touchesOf,
  touchPlaces,
} from './lib/completion-cases.mjs';
import { Completer, NOISY, Others, processorMs } from './lib/completion-methods.mjs';
import { publish } from './lib/section.mjs';
import { markdownTable } from './lib/tables.mjs';
import { viewEvidence } from './lib/completion-evidence.mjs';

const { values: options } = parseArgs({
  options: {
    set: { type: 'string', default: 'test' },
    each: { type: 'string', default: '3' },
    families: { type: 'string', default: '' }, // 'unseen', 'trained' or names: mug,bowl
    meshes: { type: 'string', default: '' },
    methods: { type: 'string', default: 'sphere,hull,Poisson,GPIS,ours' },
    parts: { type: 'string', default: 'methods,view,next' },
    write: { type: 'boolean', default: false },
  },
});
const parts = new Set(options.parts.split(','));
const methods = options.methods.split(',');
const RUNS = [
  { name: '5 spread', count: 5, how: 'spread', noise: false },
  { name: '10 spread', count: 10, how: 'spread', noise: false },
  { name: '20 spread', count: 20, how: 'spread', noise: false },
  { name: '20 random', count: 20, how: 'random', noise: false },
  { name: '20 spread, 2 mm/1°', count: 20, how: 'spread', noise: true },
];
/** Numbers of touches that policies are compared at; random ones also at more. */
const STEPS = [3, 5, 8, 10, 12];
const MORE = [14, 16, 20];
const pool = await KernelPool.create({ threads: 1, memoryMiB: 128 });
const prior = await loadShapePrior();
const ours = new Completer(prior, pool);
const ridge = new Completer({ ...prior, mixture: undefined }, pool);
const others = new Others(pool);

/** Scores by row and column, trained and unseen families apart. */
class Table {
  cells = new Map();
  rows = [];
  add(row, column, test, value) {
    if (!this.rows.includes(row)) this.rows.push(row);
    for (const key of [`${row}|${column}|${test.known}`, `${row}|${column}|${test.family}`]) {
      if (!this.cells.has(key)) this.cells.set(key, []);
      this.cells.get(key).push(value);
    }
  }
  mean(row, column, of) {
    const values = this.cells.get(`${row}|${column}|${of}`);
    return values ? values.reduce((a, b) => a + b, 0) / values.length : NaN;
  }
  pair(row, column, digits = 3) {
    return [true, false]
      .map((known) => this.mean(row, column, known))
      .map((mean) => (Number.isNaN(mean) ? '–' : mean.toFixed(digits).replace(/^0/, '')))
      .join(' / ');
  }
}

const f = new Table();
const chamfer = new Table();
const coverage = { inside68: new Table(), inside95: new Table() };
const times = { solve: [], surface: [], sigma: [], next: [], view: [] };

const began = performance.now();
const families = { '': undefined, trained: TRAINED_FAMILIES, unseen: UNSEEN_FAMILIES };
const looked = options.families in families ? families[options.families] : options.families.split(',');
const cases = options.meshes
  ? scannedCases(options.meshes)
  : completionCases(options.set, Number(options.each), looked);
for (const test of cases) {
  if (parts.has('methods')) compareMethods(test);
  if (parts.has('view')) compareView(test);
  if (parts.has('next')) comparePolicies(test);
  console.log(
    `${((performance.now() - began) / 1000).toFixed(0)} s: ${test.family} ${test.seed}: ` +
      [...RUNS.map(({ name }) => name)]
        .map((name) => f.mean('completion', name, test.family).toFixed(3))
        .join(' '),
  );
}
report();
await pool.close();

function compareMethods(test) {
  for (const { name, count, how, noise } of RUNS) {
    const touches = touchesOf(test, touchPlaces(test, count, how), noise);
    const evidence = evidenceOf(touches);
    const add = (method, mesh) => {
      const { f: value, chamfer: c } = score(test, mesh);
      f.add(method, name, test, value);
      chamfer.add(method, name, test, 1000 * c);
    };
    for (const method of methods) if (method !== 'ours') add(method, others[method](test, touches));
    if (!methods.includes('ours')) continue;
    add('components alone', ridge.complete(evidence, noise ? NOISY : {}).mesh);
    const done = ours.complete(evidence, noise ? NOISY : {});
    add('completion', done.mesh);
    covered(test, done, name);
    if (name === '20 spread') {
      const from = processorMs();
      vertexBounds(done.shape, done.local.positions);
      times.sigma.push(processorMs() - from);
      times.solve.push(done.solve);
      times.surface.push(done.surface);
    }
  }
}

/** Share of vertices whose true distance to the surface is within the 68 % and the 95 % bound. */
function covered(test, { shape, local, mesh }, column) {
  const { sigmas, bounds } = vertexBounds(shape, local.positions);
  let [one, two] = [0, 0];
  for (let v = 0; v < sigmas.length; v++) {
    const d = Math.abs(
      test.distance(mesh.positions[3 * v], mesh.positions[3 * v + 1], mesh.positions[3 * v + 2]),
    );
    if (d < sigmas[v]) one++;
    if (d < bounds[v]) two++;
  }
  coverage.inside68.add('completion', column, test, (100 * one) / sigmas.length);
  coverage.inside95.add('completion', column, test, (100 * two) / sigmas.length);
}

function compareView(test) {
  for (const [name, touches] of [
    ['view', 0],
    ['view + 5 touches', 5],
  ]) {
    const { free, ...gathered } = viewEvidence(test, touches);
    const done = ours.complete({ ...gathered, free });
    f.add('completion', name, test, score(test, done.mesh).f);
    times.view.push(done.solve + done.surface);
    f.add('without free space', name, test, score(test, ours.complete(gathered).mesh).f);
    covered(test, done, name);
  }
}

/**
 * Touches one after the other where the completion expects most; a gel that meets nothing counts as a touch. Where it went is
 * free of the object, as in the live map.
 */
function comparePolicies(test) {
  const random = new Random(`policy ${test.family} ${test.seed}`);
  const touches = touchesOf(test, touchPlaces(test, 1, 'spread'));
  const [sweeps, misses] = [[], []];
  const known = () => ({ ...evidenceOf(touches), free: sweptSpace(sweeps) });
  for (let n = 1; n <= STEPS.at(-1); n++) {
    const { shape, local, T, mesh } = ours.complete(known());
    if (STEPS.includes(n)) f.add('chosen', `${n}`, test, score(test, mesh).f);
    if (n === 10) f.add('missed', '10', test, misses.length);
    if (n === STEPS.at(-1)) break;
    const from = processorMs();
    const { free: passed } = transformEvidence(inverse(T), { ...evidenceOf([]), free: sweptSpace(sweeps) });
    const next = nextTouch(shape, local, { passed });
    times.next.push(processorMs() - from);
    const target = transformPoint(T, ...next.point);
    const way = transformPoint(
      [...T.slice(0, 3), 0, ...T.slice(4, 7), 0, ...T.slice(8, 11), 0],
      ...next.approach,
    );
    const met = pressAt(test, target, way, random);
    sweeps.push(met.sweep);
    if (met.touch) touches.push(met.touch);
    else misses.push(met.sweep);
  }
  for (const how of ['spread', 'grid', 'random'])
    for (const count of how === 'random' ? [...STEPS, ...MORE] : STEPS) {
      const at = touchesOf(test, touchPlaces(test, count, how));
      f.add(how, `${count}`, test, score(test, ours.complete(evidenceOf(at)).mesh).f);
    }
}

function report() {
  const lines = [];
  if (parts.has('methods')) {
    const columns = RUNS.map(({ name }) => name);
    const names = { sphere: 'sphere', hull: 'convex hull', Poisson: 'Poisson, 5 mm', GPIS: 'GPIS, Matérn 3/2, 60 mm',
      'components alone': 'components alone (one ridge solve) + residual process', completion: '**completion**' }; // prettier-ignore
    lines.push(
      'F-score within 5 mm over the whole surface, trained / unseen families:',
      markdownTable(['Method', ...columns], Object.entries(names).map(([key, name]) => [name, ...columns.map((c) => f.pair(key, c))])),
      `Mean Chamfer distance of the completion, mm: ${columns.map((c) => `${c} ${chamfer.pair('completion', c, 1)}`).join(', ')}; of the hull: ${columns.map((c) => `${c} ${chamfer.pair('hull', c, 1)}`).join(', ')}.`,
      `F-score by family, 20 spread touches: ${[...new Set([...f.cells.keys()].map((k) => k.split('|')[2]))].filter((k) => k !== 'true' && k !== 'false').map((k) => `${k} ${f.mean('completion', '20 spread', k).toFixed(2)}`).join(', ')}.`,
      `Median processor time of an update with 20 touches, one thread: solving ${median(times.solve)} ms, surface ${median(times.surface)} ms, standard deviations of all vertices ${median(times.sigma)} ms.`,
    ); // prettier-ignore
  }
  const covers = [...(parts.has('methods') ? RUNS.map(({ name }) => name) : []), ...(parts.has('view') ? ['view', 'view + 5 touches'] : [])];
  if (covers.length > 0)
    lines.push(
      'Share of surface vertices whose true error is within the 68 % and the 95 % bound (%), trained / unseen:',
      markdownTable(['Bound', ...covers], [
        ['68 %', ...covers.map((c) => coverage.inside68.pair('completion', c, 0))],
        ['95 %', ...covers.map((c) => coverage.inside95.pair('completion', c, 0))],
      ]),
    ); // prettier-ignore
  if (parts.has('view')) lines.push(`One view alone ${f.pair('completion', 'view')}, with 5 touches ${f.pair('completion', 'view + 5 touches')}; without the free space that it shows ${f.pair('without free space', 'view')} and ${f.pair('without free space', 'view + 5 touches')}. Median processor time with a view, surface included: ${median(times.view)} ms.`);
  const command = `node bench/completion.mjs --parts`;
  if (lines.length > 0) publish('completion', `${command} ${[...parts].filter((part) => part !== 'next')}`, lines.join('\n\n'), options.write);
  if (parts.has('next')) {
    const next = [
      'F-score by the number of touches and how they are placed, trained / unseen:',
      markdownTable(['Touches', ...STEPS.map(String)], ['chosen', 'spread', 'grid', 'random'].map((how) => [how, ...STEPS.map((n) => f.pair(how, `${n}`))])),
      `More random ones: ${MORE.map((n) => `${n} ${f.pair('random', `${n}`)}`).join(', ')}. Of 10 chosen touches ${f.pair('missed', '10', 1)} met nothing. Choosing takes ${median(times.next)} ms of processor time.`,
    ];
    publish('completion-next', `${command} next`, next.join('\n\n'), options.write);
  }
} // prettier-ignore

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[sorted.length >> 1] ?? NaN).toFixed(0);
}
