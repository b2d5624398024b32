// Mesh quality on the simulated street, beside a plain TSDF of the same bytes: npm run bench:mesh
import { averageScore, mapBytes, MeshJudge, RADIUS } from './lib/mesh-score.mjs';
import { benchOptions, workFolder } from './lib/options.mjs';
import { simulatedFolder, simulation } from './lib/recordings.mjs';
import { runFeltmap } from './lib/run.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable, mean, solveFalling } from './lib/tables.mjs';

const SCANS = 50;
const SEEN = [0.2, 0.1];
const VOXEL = 0.15;

const options = benchOptions();
const work = workFolder(options.keep);
const count = Math.min(SCANS, options.scans);
// Where a map may weigh less, training and features matter more: 0.15 m is the default.
const SETTINGS = [
  { note: '', voxel: VOXEL },
  { note: ', voxels of 0.20 m', voxel: 0.2 },
  { note: ', voxels of 0.30 m', voxel: 0.3 },
];
const methods = new Map();
let estimated = false;

for (const seed of options.seeds) {
  const folder = await simulatedFolder(work, 'street', seed, { scans: count });
  const judge = new MeshJudge(simulation('street', seed), folder, count);
  const record = (name, run, voxel) => {
    const scores = Object.fromEntries(SEEN.map((radius) => [radius, judge.score(run.mesh, radius)]));
    const size = mapBytes(run);
    estimated ||= size.estimated;
    if (!methods.has(name)) methods.set(name, []);
    methods.get(name).push({ seed, voxel, bytes: size.bytes, scores });
    console.log(
      `street ${seed}: ${name}: voxel ${fixed(voxel, 3)} m, ${kilobytes(size.bytes)} kB,`,
      SEEN.map((r) => `seen ${r}: F@10 ${fixed(scores[r].f10, 2)} F@5 ${fixed(scores[r].f5, 2)}`).join('; '),
    );
    return size.bytes;
  };
  const map = (config, known = true) =>
    runFeltmap(folder, { config, scans: count, known, mesh: true, save: true });

  for (const { note, voxel } of SETTINGS) {
    const config = { 'map.voxel': voxel };
    const wanted = record(`Feltmap${note}`, await map(config), voxel);
    record(
      `Scalars trained, features not${note}`,
      await map({ ...config, 'training.learningRate': 1e-9 }),
      voxel,
    );
    record(`Fused distances only${note}`, await map({ ...config, 'training.iterations': 0 }), voxel);
    await sameBytes(`TSDF${note}`, voxel, wanted, map, record);
  }
  record('Feltmap, own poses', await map({}, false), VOXEL);
}

const gains = markdownTable(
  ['Feltmap against the TSDF of the same bytes', 'F@10', 'F@5'],
  SETTINGS.map(({ note }) => [note.slice(2) || 'default settings', ...gain(`Feltmap${note}`, `TSDF${note}`)]),
);
const header = ['mean of seeds', 'voxel m', 'map kB', 'F@10', 'F@5', 'strict F@10', 'strict F@5'];
header.push('strict precision@10', 'recall@10', 'accuracy cm', 'completion cm', 'outliers %');
const tables = SEEN.map((radius) =>
  [
    `### Surfaces seen: a beam ended within ${radius} m`,
    markdownTable(
      header,
      [...methods.keys()].map((name) => row(name, radius)),
    ),
  ].join('\n\n'),
);
const perSeed = markdownTable(
  ['F@10 / F@5, seen within 0.2 m', ...options.seeds.map((seed) => `seed ${seed}`)],
  [...methods].map(([name, runs]) => [
    name,
    ...runs.map(({ scores }) => `${fixed(scores[0.2].f10, 2)} / ${fixed(scores[0.2].f5, 2)}`),
  ]),
);
const body = [
  `Street worlds, seeds ${options.seeds.join(', ')}, ${count} scans, surfaces within ${RADIUS} m of the path; true poses unless the row says otherwise.`,
  ...tables,
  '### What the network earns',
  gains,
  perSeed,
  [
    'TSDF: the same program without features and training, its voxel chosen so that the map takes the bytes (± 1 %) of Feltmap’s with the same settings.',
    estimated
      ? 'Bytes are an estimate (2 per corner of the blocks, 8 per row of features): this version saves no map.'
      : 'Bytes are those of the saved map.',
    'Accuracy by exact distance to the static surface, completion by points on it, 2 cm apart. "Strict" counts mesh farther than 20 cm from any surface as wrong, which SHINE’s protocol leaves out: what moving cars leave behind is there.',
  ].join(' '),
].join('\n\n');
publish('mesh', 'npm run bench:mesh', body, options.write);

/** Maps with voxels such that the map takes the wanted bytes, and records the run that came nearest. */
async function sameBytes(name, start, wanted, map, record) {
  const runs = new Map();
  const { x } = await solveFalling(
    async (voxel) => {
      // The thinning keeps its metres; the other lengths that follow the voxel are meant to.
      const run = await map({ 'training.iterations': 0, 'map.voxel': voxel });
      runs.set(voxel, run);
      return mapBytes(run).bytes;
    },
    wanted,
    start * 0.9,
  );
  record(name, runs.get(x), x);
}

function average(name, radius) {
  return averageScore(methods.get(name).map(({ scores }) => scores[radius]));
}

function row(name, radius) {
  const s = average(name, radius);
  const runs = methods.get(name);
  return [
    name,
    fixed(mean(runs.map((r) => r.voxel)), 3),
    kilobytes(mean(runs.map((r) => r.bytes))),
    ...[
      s.f10,
      s.f5,
      s.strictF10,
      s.strictF5,
      s.precision10,
      s.recall10,
      s.accuracy,
      s.completion,
      s.outliers,
    ].map((v) => fixed(v, 2)),
  ];
}

function kilobytes(bytes) {
  return fixed(bytes / 1000, 0);
}

/** Points of F by which one method is ahead of another, surfaces seen within 0.2 m. */
function gain(ours, theirs) {
  return ['f10', 'f5'].map((key) => {
    const points = average(ours, 0.2)[key] - average(theirs, 0.2)[key];
    return `${points < 0 ? '−' : '+'}${fixed(Math.abs(points), 2)}`;
  });
}
