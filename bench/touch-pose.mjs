// Where touches were, and what comes of it: registered to a field, fused, and found from touches alone.
// npm run bench:touch-pose. Parts for --only: register, fused, alone. --scans N: N touches of each shape (19).
import { KernelPool } from '../dist/compute/pool.js';
import { Random } from '../dist/geometry/random.js';
import { TouchFrontEnd } from '../dist/sensors/tactile/front-end.js';
import { patchOf } from '../dist/sensors/tactile/patch.js';
import { optimiseTouches } from '../dist/slam/touch/bundle.js';
import { contactsOf, MOST_CONTACTS } from '../dist/sensors/tactile/contacts.js';
import { MOST_ALIKE, TouchRegistration } from '../dist/slam/touch/registration.js';
import { benchOptions } from './lib/options.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable, quantile } from './lib/tables.mjs';
import { surfaceError } from './lib/touch/alone.mjs';
import { backendFor, fieldOf, ROOM, smoothError, specOf } from './lib/touch/fields.mjs';
import { errorOf, spreadOf } from './lib/touch/measure.mjs';
import { press, wrong } from './lib/touch/press.mjs';
import { normalAt, SHAPES } from './lib/touch/shapes.mjs';

const options = benchOptions({ seeds: [1] });
const KINEMATICS = { translation: 0.002, rotation: Math.PI / 180 };
const EACH = Number.isFinite(options.scans) ? options.scans : 19;
const FIELDS = {
  'exact, 1 mm voxels': { voxel: 1e-3, truncation: 8e-3, quality: { sigma: 1e-4 } },
  'exact, 2 mm voxels': { voxel: 2e-3, truncation: 0.01, quality: { sigma: 1.5e-4 } },
  'RGB-D-like, 3 mm voxels, 0.5 mm rms over 10 mm': {
    voxel: 3e-3, truncation: 0.012, rms: 5e-4, quality: { sigma: 5e-4, correlation: 0.01 },
  },
  'RGB-D-like, 3 mm voxels, 1 mm rms over 10 mm': {
    voxel: 3e-3, truncation: 0.012, rms: 1e-3, quality: { sigma: 1e-3, correlation: 0.01 },
  },
  'control: exact, 1 mm voxels, shifted by one voxel': {
    voxel: 1e-3, truncation: 8e-3, shift: [1e-3, 0, 0], quality: { sigma: 1e-4 },
  },
}; // prettier-ignore
const pool = await KernelPool.create({ threads: 1, memoryMiB: 1024 });
const backend = backendFor(pool);
const touches = new TouchFrontEnd(pool);
const registration = new TouchRegistration(backend);

const rms = (errors) => 1e3 * Math.sqrt(errors.reduce((s, v) => s + v * v, 0) / errors.length);
const wanted = (part) => options.only === undefined || options.only === part;
const [seed] = options.seeds;
const parts = { register: registerPart, fused: fusedPart, alone: alonePart };
for (const [part, run] of Object.entries(parts))
  if (wanted(part))
    publish(`touch-pose-${part}`, `npm run bench:touch-pose -- --only ${part}`, run(seed), options.write);
await pool.close();

/** Touches of a shape, every other one laid onto it and pushed from anywhere towards its middle. */
function pressesOf(name, shape, count, seed) {
  const random = new Random(`${name} ${count} ${seed}`);
  return Array.from({ length: count }, (_, i) => {
    const touch = press(shape, random, i % 2 === 0 ? 'normal' : 'probe');
    return { ...touch, patch: patchOf(touch.image), guess: wrong(touch.pose, random) };
  });
}

function registered(field, quality, { patch, guess }) {
  const contacts = contactsOf(patch, quality.correlation ? MOST_ALIKE : MOST_CONTACTS);
  return registration.register({ field, contacts, predicted: guess, kinematics: KINEMATICS, quality });
}

function registerPart(seed) {
  const presses = Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape]) => [name, pressesOf(name, shape, EACH, seed)]),
  );
  const header = [
    'field',
    'touches',
    'point error removed %',
    'normal part %',
    'left mm',
    'tangential %',
    'turn %',
    'ms',
  ];
  const rows = [];
  const bySpread = new Map();
  const byShape = new Map();
  const states = [];
  for (const [title, how] of Object.entries(FIELDS)) {
    const all = tally();
    const counts = {};
    let ms = 0;
    for (const [name, shape] of Object.entries(SHAPES)) {
      const error = how.rms && smoothError(new Random(`error ${name} ${seed}`), how.rms, 0.01);
      const field = fieldOf(backend, shape, { ...how, ...(error && { error }) });
      for (const touch of presses[name]) {
        const start = performance.now();
        const { pose, state } = registered(field, how.quality, touch);
        ms += performance.now() - start;
        counts[state] = (counts[state] ?? 0) + 1;
        const [before, after] = [touch.guess, pose].map((T) => errorOf(touch.patch, T, touch.pose));
        all.add(before, after);
        const spread = spreadOf(touch.patch);
        const kind = spread < 3 ? '0–3°' : spread < 8 ? '3–8°' : spread < 15 ? '8–15°' : 'over 15°';
        for (const [map, key] of [
          [bySpread, kind],
          [byShape, name],
        ]) {
          if (!map.has(key)) map.set(key, new Map());
          if (!map.get(key).has(title)) map.get(key).set(title, tally());
          map.get(key).get(title).add(before, after);
        }
      }
      field.free();
    }
    rows.push([title, ...all.row(), fixed(ms / all.n, 1)]);
    states.push(
      `${title}: ${Object.entries(counts)
        .map(([k, n]) => `${n} ${k}`)
        .join(', ')}`,
    );
    console.log(rows.at(-1).join('  '));
  }
  const titles = Object.keys(FIELDS).filter((title) => !title.startsWith('control'));
  const split = (map) =>
    [...map]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, fields]) => [
        `${key} (${fields.get(titles[0]).n})`,
        ...titles.map((title) => {
          const t = fields.get(title);
          return `${t.removed('point')} / ${t.removed('normal')}`;
        }),
      ]);
  return [
    'Each touch registered to a field of the shape. No registration removes 0 % by definition.',
    markdownTable(header, rows),
    states.join('; ') + '.',
    'By the spread of the normals in the patch, point error and normal part removed, %:',
    markdownTable(['spread (touches)', ...titles], split(bySpread)),
    'By shape:',
    markdownTable(['shape (touches)', ...titles], split(byShape)),
  ].join('\n\n');
}

/** Sums of errors before and after. */
function tally() {
  const [before, after] = [{}, {}];
  const removed = (key) => fixed(100 * (1 - after[key] / before[key]), 0);
  return {
    n: 0,
    add(e0, e1) {
      this.n++;
      for (const key in e0) {
        before[key] = (before[key] ?? 0) + e0[key];
        after[key] = (after[key] ?? 0) + e1[key];
      }
    },
    removed,
    row() {
      const left = fixed((1e3 * after.normal) / this.n, 2);
      return [
        String(this.n),
        removed('point'),
        removed('normal'),
        left,
        removed('tangential'),
        removed('turn'),
      ];
    },
  };
}

function fusedPart(seed) {
  const rows = [];
  const sums = {};
  for (const name of ['superquadric', 'mug', 'bracket', 'box']) {
    const shape = SHAPES[name];
    const presses = pressesOf(name, shape, 20, `fused ${seed}`);
    const good = fieldOf(backend, shape, FIELDS['exact, 1 mm voxels']);
    const off = fieldOf(backend, shape, { ...FIELDS['exact, 1 mm voxels'], shift: [1e-3, 0, 0] });
    const { quality } = FIELDS['exact, 1 mm voxels'];
    const poses = {
      'true poses': presses.map(({ pose }) => pose),
      'registered to the exact field': presses.map((touch) => registered(good, quality, touch).pose),
      'control: as the arm says': presses.map(({ guess }) => guess),
      'control: registered to it shifted by one voxel': presses.map((touch) => registered(off, quality, touch).pose),
    }; // prettier-ignore
    good.free();
    off.free();
    for (const [how, where] of Object.entries(poses)) {
      const field = backend.createField(specOf(1e-3, 4e-3), ROOM);
      presses.forEach(({ image }, i) => {
        const o = touches.observe(image);
        backend.integrate(field, o.surface, where[i], { scan: i, grid: o.grid });
        o.release();
      });
      (sums[how] ??= []).push({ name, ...fusedError(field, shape, presses) });
      field.free();
    }
  }
  for (const [how, found] of Object.entries(sums)) {
    const all = found.flatMap(({ errors }) => errors);
    const cell = (errors) => `${fixed(rms(errors), 3)} / ${fixed(1e3 * quantile(errors, 0.5), 3)}`;
    const known = found.reduce((s, f) => s + f.errors.length, 0) / found.reduce((s, f) => s + f.points, 0);
    rows.push([how, cell(all), ...found.map(({ errors }) => cell(errors)), fixed(100 * known, 0)]);
    console.log(rows.at(-1).join('  '));
  }
  return [
    'Fused where touched: 20 touches of each of four shapes into 1 mm voxels, distance of the true surface, rms / median mm.',
    markdownTable(['poses', 'all', 'superquadric', 'mug', 'bracket', 'box', 'of it mapped %'], rows),
  ].join('\n\n');
}

/** |distance| of the field at the places of the true surface that were touched. */
function fusedError(field, shape, presses) {
  const places = [];
  for (const { patch, pose: T } of presses)
    for (const at of patch.samples) {
      const x = ((at % patch.width) - patch.cx) * patch.pitch;
      const y = (Math.floor(at / patch.width) - patch.cy) * patch.pitch;
      const p = [0, 1, 2].map(
        (r) => T[4 * r] * x + T[4 * r + 1] * y + T[4 * r + 2] * patch.z[at] + T[4 * r + 3],
      );
      const [d, n] = [shape(...p), normalAt(shape, ...p)];
      places.push(...p.map((v, r) => v - d * n[r]));
    }
  const values = backend.sample(field, 'distance', Float32Array.from(places));
  const errors = [];
  for (let i = 0; i < values.length; i += 5) if (values[i + 4] > 0) errors.push(Math.abs(values[i]));
  return { errors, points: values.length / 5 };
}

function alonePart(seed) {
  const rows = [];
  for (const name of ['mug', 'superquadric'])
    for (const count of [30, 60, 240]) {
      const shape = SHAPES[name];
      const presses = pressesOf(name, shape, count, `alone ${seed}`);
      const input = presses.map(({ patch, guess }) => ({ patch, predicted: guess }));
      const start = performance.now();
      const { poses, overlaps, residual } = optimiseTouches(input, { kinematics: KINEMATICS });
      const seconds = (performance.now() - start) / 1e3;
      const cell = (where) => {
        const e = surfaceError(shape, presses, where);
        return `${fixed(1e3 * e.rms, 2)} / ${fixed(1e3 * e.median, 2)}`;
      };
      rows.push([
        `${name}, ${count} touches`, cell(presses.map(({ guess }) => guess)), cell(poses), cell(presses.map(({ pose }) => pose)),
        fixed(overlaps.reduce((s, v) => s + v, 0) / count, 1), fixed(1e3 * residual, 3), fixed(seconds, 1),
      ]); // prettier-ignore
      console.log(rows.at(-1).join('  '));
    }
  return [
    'Touches alone, no map: distance of what was felt from the true surface after rigid alignment, rms / median mm.',
    markdownTable(
      ['', 'control: as the arm says', 'optimised together', 'true poses', 'overlaps', 'residual mm', 's'],
      rows,
    ),
  ].join('\n\n');
}
