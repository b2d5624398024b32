// Draws how often the completion's bounds hold: npm run build && node bench/completion-coverage.mjs [--set valid] [--each 3] [--out FILE.svg]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadShapePrior } from '../dist/completion/load-prior.js';
import { vertexBounds } from '../dist/completion/completion-mesh.js';
import { KernelPool } from '../dist/compute/pool.js';
import { completionCases } from './lib/completion-cases.mjs';
import { touchEvidence, viewEvidence } from './lib/completion-evidence.mjs';
import { Completer } from './lib/completion-methods.mjs';

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
const SETUPS = {
  '5 touches': (test) => touchEvidence(test, 5),
  '10 touches': (test) => touchEvidence(test, 10),
  '20 touches': (test) => touchEvidence(test, 20),
  view: (test) => viewEvidence(test),
  'view + 5': (test) => viewEvidence(test, 5),
};
const BOUNDS = [68.3, 95];
const COLOURS = ['#2267b5', '#c0392b'];

const pool = await KernelPool.create({ threads: 1, memoryMiB: 128 });
const ours = new Completer(await loadShapePrior(), pool);
/** Shares of each object's surface within both bounds (%), by setup and whether the family was trained on. */
const shares = new Map();
for (const test of completionCases(options.set, Number(options.each)))
  for (const [setup, evidenceFor] of Object.entries(SETUPS)) {
    const { shape, local, mesh } = ours.complete(evidenceFor(test));
    const { sigmas, bounds } = vertexBounds(shape, local.positions);
    const within = [0, 0];
    for (let v = 0; v < sigmas.length; v++) {
      const error = Math.abs(test.distance(...mesh.positions.subarray(3 * v, 3 * v + 3)));
      [sigmas[v], bounds[v]].forEach((bound, b) => (within[b] += error < bound ? 100 / sigmas.length : 0));
    }
    const key = `${setup} ${test.known}`;
    shares.set(key, [...(shares.get(key) ?? []), within]);
  }
await pool.close();

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const found = (setup, known) =>
  BOUNDS.map((_, b) => mean(shares.get(`${setup} ${known}`).map((each) => each[b])));
for (const setup of Object.keys(SETUPS))
  console.log(setup.padEnd(18), [true, false].map((known) => `${known ? 'trained' : 'unseen'} ${found(setup, known).map((v, b) => `${BOUNDS[b]} %: ${v.toFixed(0)}`).join(', ')}`).join('; ')); // prettier-ignore
writeFileSync(options.out, drawing());
console.log(options.out);

/** Trained families to the left, unseen ones to the right: a dot an object, a bar their mean; grey is within 7 points. */
function drawing() {
  const [side, gap, top, left] = [290, 40, 34, 46];
  const parts = [true, false].map((known, panel) => {
    const x0 = left + panel * (side + gap);
    const y = (share) => (top + side * (1 - share / 100)).toFixed(1);
    const bands = BOUNDS.map((bound) => `<rect x="${x0}" y="${y(Math.min(100, bound + 7))}" width="${side}" height="${(side * (Math.min(100, bound + 7) - bound + 7)) / 100}" fill="#e8e8e8"/><line x1="${x0}" y1="${y(bound)}" x2="${x0 + side}" y2="${y(bound)}" stroke="#555" stroke-dasharray="4 3"/>`);
    const frame = `<rect x="${x0}" y="${top}" width="${side}" height="${side}" fill="none" stroke="#555"/>`;
    const columns = Object.keys(SETUPS).map((setup, s) => {
      const x = x0 + (side * (s + 0.5)) / Object.keys(SETUPS).length;
      const each = shares.get(`${setup} ${known}`);
      const dots = each.flatMap((within, o) => within.map((share, b) => `<circle cx="${(x - 14 + (28 * (o + 0.5)) / each.length).toFixed(1)}" cy="${y(share)}" r="1.6" fill="${COLOURS[b]}" fill-opacity="0.4"/>`));
      const bars = found(setup, known).map((share, b) => `<line x1="${x - 18}" y1="${y(share)}" x2="${x + 18}" y2="${y(share)}" stroke="${COLOURS[b]}" stroke-width="2.5"/>`);
      return [...dots, ...bars, `<text x="${x}" y="${top + side + 15}" text-anchor="middle" font-size="10">${setup}</text>`].join('');
    });
    const ticks = [0, 50, 100].map((t) => `<text x="${x0 - 5}" y="${Number(y(t)) + 4}" text-anchor="end">${t}</text>`);
    const title = `<text x="${x0 + side / 2}" y="${top - 8}" text-anchor="middle">${known ? 'trained' : 'unseen'} families (${shares.get(`5 touches ${known}`).length} objects), %</text>`;
    return [...bands, frame, ...columns, ...ticks, title].join('\n');
  });
  const legend = BOUNDS.map((bound, b) => `<rect x="${left + 230 * b}" y="${top + side + 30}" width="12" height="4" fill="${COLOURS[b]}"/><text x="${left + 16 + 230 * b}" y="${top + side + 36}">within the ${Math.floor(bound)} % bound (dots: objects)</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + 2 * side + gap + 20}" height="${top + side + 48}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>\n${[...parts, ...legend].join('\n')}\n</svg>\n`;
} // prettier-ignore
