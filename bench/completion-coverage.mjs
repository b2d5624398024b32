// Draws how often the completion's standard deviations hold: npm run build && node bench/completion-coverage.mjs [--set valid] [--each 3] [--out FILE.svg]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gatherEvidence } from '../dist/completion/evidence.js';
import { loadShapePrior } from '../dist/completion/load-prior.js';
import { vertexSigmas } from '../dist/completion/completion-mesh.js';
import { KernelPool } from '../dist/compute/pool.js';
import { Random } from '../dist/geometry/random.js';
import { completionCases, evidenceOf, touchesOf, touchPlaces } from './lib/completion-cases.mjs';
import { Completer } from './lib/completion-methods.mjs';
import { viewOf } from './lib/touching.mjs';

const { values: options } = parseArgs({
  options: {
    set: { type: 'string', default: 'test' },
    each: { type: 'string', default: '3' },
    out: {
      type: 'string',
      default: new URL('../docs/images/completion-coverage.svg', import.meta.url).pathname,
    },
  },
});
/** Standard deviations, and the share of a normal distribution within each. */
const BOUNDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.96, 2.5, 3];
const EXPECTED = [0.197, 0.383, 0.547, 0.683, 0.789, 0.866, 0.95, 0.988, 0.997];
const SETUPS = ['5 touches', '10 touches', '20 touches', 'one view', 'view + 5 touches'];
const COLOURS = ['#c0392b', '#e08e0b', '#27894a', '#2267b5', '#7b3fa0'];

const pool = await KernelPool.create({ threads: 1, memoryMiB: 128 });
const ours = new Completer(await loadShapePrior(), pool);
/** Sums of the shares within each bound, by setup and whether the family was trained on. */
const sums = new Map();
let objects = { true: 0, false: 0 };
for (const test of completionCases(options.set, Number(options.each))) {
  const felt = (count) => touchesOf(test, touchPlaces(test, count, 'spread'));
  const view = {
    ...viewOf(test, new Random(`view ${test.family} ${test.seed}`)),
    sigma: 0.002,
    touched: false,
  };
  const five = felt(5).map(({ points, normals }) => ({ points, normals, sigma: 0.0005, touched: true }));
  objects[test.known]++;
  const evidence = [evidenceOf(felt(5)), evidenceOf(felt(10)), evidenceOf(felt(20)), gatherEvidence([view]), gatherEvidence([view, ...five])]; // prettier-ignore
  evidence.forEach((each, s) => {
    const { shape, local, mesh } = ours.complete(each);
    const sigmas = vertexSigmas(shape, local.positions);
    const within = BOUNDS.map(() => 0);
    for (let v = 0; v < sigmas.length; v++) {
      const error = Math.abs(test.distance(...mesh.positions.subarray(3 * v, 3 * v + 3)));
      BOUNDS.forEach((bound, b) => (within[b] += error < bound * sigmas[v] ? 1 / sigmas.length : 0));
    }
    const key = `${SETUPS[s]} ${test.known}`;
    const sum = sums.get(key) ?? BOUNDS.map(() => 0);
    sums.set(key, sum.map((value, b) => value + within[b])); // prettier-ignore
  });
}
await pool.close();

const share = (setup, known) => sums.get(`${setup} ${known}`).map((value) => value / objects[known]);
for (const setup of SETUPS)
  console.log(setup.padEnd(18), [true, false].map((known) => `${known ? 'trained' : 'unseen'} 68 %: ${(100 * share(setup, known)[3]).toFixed(0)}, 95 %: ${(100 * share(setup, known)[6]).toFixed(0)}`).join('; ')); // prettier-ignore
writeFileSync(options.out, drawing());
console.log(options.out);

/** Two squares side by side: expected share to the right, found one upwards. */
function drawing() {
  const [side, gap, top] = [260, 60, 34];
  const parts = [true, false].map((known, panel) => {
    const x0 = 46 + panel * (side + gap);
    const at = (e, f) => `${(x0 + side * e).toFixed(1)},${(top + side * (1 - f)).toFixed(1)}`;
    const band = `<polygon points="${at(0, 0)} ${at(0, 0.07)} ${at(0.93, 1)} ${at(1, 1)} ${at(1, 0.93)} ${at(0.07, 0)}" fill="#e8e8e8"/>`;
    const frame = `<rect x="${x0}" y="${top}" width="${side}" height="${side}" fill="none" stroke="#555"/><line x1="${x0}" y1="${top + side}" x2="${x0 + side}" y2="${top}" stroke="#555" stroke-dasharray="4 3"/>`;
    const curves = SETUPS.map((setup, s) => {
      const points = [at(0, 0), ...share(setup, known).map((f, b) => at(EXPECTED[b], f))].join(' ');
      return `<polyline points="${points}" fill="none" stroke="${COLOURS[s]}" stroke-width="1.8"/>`;
    });
    const ticks = [0, 0.5, 1].map((t) => `<text x="${x0 + side * t}" y="${top + side + 15}" text-anchor="middle">${100 * t}</text><text x="${x0 - 5}" y="${top + side * (1 - t) + 4}" text-anchor="end">${100 * t}</text>`); // prettier-ignore
    const title = `<text x="${x0 + side / 2}" y="${top - 8}" text-anchor="middle">${known ? 'trained' : 'unseen'} families (${objects[known]} objects)</text>`;
    const axis = `<text x="${x0 + side / 2}" y="${top + side + 30}" text-anchor="middle">expected share, %; upwards: found</text>`;
    return [band, frame, ...curves, ...ticks, title, axis].join('\n');
  });
  const legend = SETUPS.map((setup, s) => `<rect x="${46 + 116 * s}" y="${top + side + 44}" width="12" height="4" fill="${COLOURS[s]}"/><text x="${62 + 116 * s}" y="${top + side + 50}">${setup}</text>`); // prettier-ignore
  return `<svg xmlns="http://www.w3.org/2000/svg" width="650" height="${top + side + 62}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>\n${[...parts, ...legend].join('\n')}\n</svg>\n`;
}
