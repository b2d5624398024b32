// Says how far off completions are: fits the shape prior's bounds on simulated objects and writes them into its file. Needs a build.
// node scripts/calibrate-completion.mjs --gather PLACES.json --prior FILE --families mug,ring [--each 4]: completes objects of these families
// node scripts/calibrate-completion.mjs --fit TRAINED.json=0.5 --fit A.json=0.25 --fit B.json=0.25: writes the bounds into the prior, each file by its share
// A prior is overconfident about families that it was trained on; so the places of unseen ones come from priors made without them
// (train-completion.mjs --without ...). docs/completion.md has the commands of the shipped file.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { completionCases } from '../bench/lib/completion-cases.mjs';
import { touchEvidence, viewEvidence } from '../bench/lib/completion-evidence.mjs';
import { Completer, NOISY } from '../bench/lib/completion-methods.mjs';
import { BOUND_TERMS } from '../dist/completion/error-bounds.js';
import { decodeShapePrior, withBounds } from '../dist/completion/prior-file.js';
import { fitQuantile } from '../dist/completion/training/quantile-fit.js';
import { KernelPool } from '../dist/compute/pool.js';

const { values: options } = parseArgs({
  options: {
    gather: { type: 'string' },
    fit: { type: 'string', multiple: true, default: [] },
    prior: { type: 'string', default: new URL('../assets/shape.prior', import.meta.url).pathname },
    families: { type: 'string', default: '' },
    each: { type: 'string', default: '4' },
    seed: { type: 'string', default: 'sigma' },
  },
});
const SETUPS = {
  '5 spread': (test) => touchEvidence(test, 5),
  '10 spread': (test) => touchEvidence(test, 10),
  '20 spread': (test) => touchEvidence(test, 20),
  '20 random': (test) => touchEvidence(test, 20, 'random'),
  '20 spread, 2 mm/1°': (test) => touchEvidence(test, 20, 'spread', true),
  view: (test) => viewEvidence(test),
  'view + 5 touches': (test) => viewEvidence(test, 5),
  '8 random': (test) => touchEvidence(test, 8, 'random'),
};
/** Vertices of a completion that count. */
const VERTICES = 250;
/** Errors below this count as this (m). */
const LEAST_ERROR = 1e-4;
const [SIGMA, MOST] = [0.683, 0.95];

if (options.gather) await gather(options.gather);
else if (options.fit.length > 0) fit();
else throw new Error('Give --gather or --fit.');

/** Completes objects and notes what is known, and how far off the surface is, at vertices. */
async function gather(out) {
  const pool = await KernelPool.create({ threads: 1, memoryMiB: 128 });
  const ours = new Completer(decodeShapePrior(readFileSync(options.prior), options.prior), pool);
  const cases = [];
  for (const test of completionCases(options.seed, Number(options.each), options.families.split(','))) {
    for (const [setup, evidenceFor] of Object.entries(SETUPS)) {
      const { shape, local, mesh } = ours.complete(evidenceFor(test), setup.includes('mm') ? NOISY : {});
      const count = mesh.positions.length / 3;
      const places = Array.from({ length: Math.min(VERTICES, count) }, (_, i) => {
        const v = 3 * Math.floor((i * count) / Math.min(VERTICES, count));
        const error = Math.abs(test.distance(...mesh.positions.subarray(v, v + 3)));
        return { error, ...shape.known(...local.positions.subarray(v, v + 3)) };
      });
      cases.push({ family: test.family, seed: test.seed, setup, places });
    }
    console.log(`${test.family} ${test.seed}`);
  }
  writeFileSync(out, JSON.stringify(cases));
  await pool.close();
}

function fit() {
  const terms = Object.keys(BOUND_TERMS);
  const rows = options.fit.flatMap((part) => {
    const [file, share] = part.split('=');
    const cases = JSON.parse(readFileSync(file, 'utf8'));
    return rowsOf(cases, terms, Number(share) / cases.length);
  });
  const data = {
    terms: Float64Array.from(rows.flatMap(({ values }) => values)),
    targets: Float64Array.from(rows, ({ target }) => target),
    weights: Float64Array.from(rows, ({ weight }) => weight),
  };
  const rounded = (quantile) => Array.from(fitQuantile(data, quantile), (v) => Number(v.toFixed(4)));
  const bounds = { terms, sigma: rounded(SIGMA), most: rounded(MOST) };
  console.log(JSON.stringify(bounds));
  writeFileSync(options.prior, withBounds(readFileSync(options.prior), bounds));
}

/** Each case counts as much as any other of its file. */
function rowsOf(cases, terms, weight) {
  return cases.flatMap(({ places }) =>
    places.map((place) => ({
      values: terms.map((term) => BOUND_TERMS[term](place)),
      target: Math.log(Math.max(LEAST_ERROR, place.error)),
      weight: weight / places.length,
    })),
  );
}
