// Trajectories beside KISS-ICP's on the same scans: npm run bench:odometry -- [KITTI_FOLDER]
// Parts for --only: kitti, street, yaw, quad. With --old CHECKOUT an older build runs on the same scans.
import { rmSync } from 'node:fs';
import { bestFigures, figures } from './lib/compare.mjs';
import { benchOptions, workFolder } from './lib/options.mjs';
import { kittiRecording, simulatedFolder } from './lib/recordings.mjs';
import { runFeltmap, runKiss } from './lib/run.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable, mean } from './lib/tables.mjs';

const options = benchOptions();
const work = workFolder(options.keep);
const parts = {
  kitti: { title: 'KITTI 0005', run: kittiRows },
  street: { title: 'Simulated street, 320 m, motion distortion', run: () => simulated('street', 0, STREET) },
  yaw: { title: 'The same with the sensor turned by 20°', run: () => simulated('street', 20, STREET) },
  quad: { title: 'Simulated quad, hand-held, up to 150°/s, 40 s', run: () => simulated('quad', 0, QUAD) },
};
const KISS = { name: 'KISS-ICP, deskewing', kiss: {} };
const OLD = options.old === undefined ? [] : [{ name: 'Feltmap, older', checkout: options.old }];
const STREET = [{ name: 'Feltmap' }, ...OLD, KISS];
const QUAD = STREET;
const HEADER = [
  '',
  'seed',
  'ATE m',
  'step mm',
  'step °',
  'drift 50 m %',
  'drift 100 m %',
  'lost scans',
  'poses at',
];

for (const [name, part] of Object.entries(parts)) {
  if (options.only !== undefined && options.only !== name) continue;
  const { note, rows } = await part.run();
  const section = [note, markdownTable(HEADER, rows)].filter(Boolean).join('\n\n');
  console.log(section);
  publish(`odometry-${name}`, `npm run bench:odometry -- --only ${name}`, section, options.write);
}

async function kittiRows() {
  const { folder, label } = await kittiRecording(work, options.input, options.scans);
  const ours = await evaluate(folder, { name: 'Feltmap' });
  const deskewed = await evaluate(folder, KISS);
  const plain = await evaluate(folder, { name: 'KISS-ICP, deskewing off', kiss: { deskew: false } });
  return { note: `${label}.`, rows: [ours, deskewed, plain].map((r) => row(r, '–')) };
}

async function simulated(world, yaw, contenders) {
  const all = contenders.map(() => []);
  for (const seed of options.seeds) {
    const folder = await simulatedFolder(work, world, seed, { yaw, scans: options.scans });
    for (const [i, contender] of contenders.entries()) {
      all[i].push({ seed, ...(await evaluate(folder, contender)) });
      console.log(row(all[i].at(-1), seed).join('  '));
    }
    if (options.keep === undefined) rmSync(folder, { recursive: true }); // half a gigabyte each
  }
  const rows = all.flatMap((runs) => [
    ...runs.map((r) => row(r, String(r.seed))),
    row(average(runs), '**mean**'),
  ]);
  return { rows };
}

async function evaluate(folder, { name, kiss, checkout }) {
  const { scans } = options;
  const limit = Number.isFinite(scans) ? { scans } : {};
  if (kiss) return { name, ...bestFigures(folder, (await runKiss(folder, { ...kiss, ...limit })).poses) };
  const { poses, states } = await runFeltmap(folder, { ...limit, ...(checkout && { checkout }) });
  const lost = states.filter((s) => s === 'lost').length;
  return { name, ...figures(folder, poses), instant: 'stamp', lost };
}

function average(runs) {
  const of = (key) => mean(runs.map((r) => r[key]));
  const lost = runs[0].lost === undefined ? undefined : runs.reduce((n, r) => n + r.lost, 0);
  return {
    name: runs[0].name,
    ate: of('ate'),
    step: of('step'),
    stepDegrees: of('stepDegrees'),
    drift50: of('drift50'),
    drift100: of('drift100'),
    lost,
    instant: '',
  };
}

function row({ name, ate, step, stepDegrees, drift50, drift100, lost, instant }, seed) {
  return [
    name,
    String(seed),
    fixed(ate, 4),
    fixed(1000 * step, 1),
    fixed(stepDegrees, 4),
    fixed(drift50, 3),
    fixed(drift100, 3),
    fixed(lost, 0),
    instant,
  ];
}
