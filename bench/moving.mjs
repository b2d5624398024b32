// What moves must not stay in the mesh, what stands must: node bench/moving.mjs [--seeds 1,2,3] [--scans N]
// Measures of the KTH DynamicMap Benchmark (Zhang et al. 2023), taken at a mesh: every return of the sensor is labelled by
// the simulation as one of a moving car or of what stands, and is "in the map" where the mesh passes within NEAR of it.
import { configSchema } from '../dist/config/schema.js';
import { transformPoint } from '../dist/geometry/se3.js';
import { castSweep } from '../dist/sim/lidar.js';
import { simulate } from '../dist/sim/simulate.js';
import { createSlam } from '../dist/slam/create.js';
import { MovingPoints } from '../dist/slam/mapping/moving-points.js';
import { NearMesh } from './lib/near-mesh.mjs';
import { benchOptions } from './lib/options.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable, mean } from './lib/tables.mjs';

const SCANS = 160; // 16 s, about 115 m of street
const SENSORS = [
  { name: '64 beams', beams: 64 },
  { name: '32 beams', beams: 32, columns: 720 },
];
const NEAR = 0.15; // m, one voxel
const RANGE = 60; // m, map.maxRange
/** Returns of cars this near to what stands cannot be told from it (m). */
const APART = NEAR + 0.1;
const EVERY = 17; // of the static returns one of so many is asked for
const LATE = 10; // scans at the end, after which nobody looks through what stood there

const options = benchOptions();
const scans = Math.min(SCANS, options.scans);
const settings = { map: { memoryMiB: 1024 }, threads: 1, mesh: { blocksPerScan: 0 } };
const rows = [];
for (const { name, ...sensor } of SENSORS) {
  if (options.only !== undefined && !name.includes(options.only)) continue;
  const results = [];
  for (const seed of options.seeds) {
    const sim = simulate({ world: 'street', seed, length: 320, ...sensor });
    const returns = labelled(sim);
    const cleaned = await map(sim, settings);
    const kept = await withoutRemoval(() =>
      map(sim, { ...settings, map: { ...settings.map, carveEvery: 0 } }),
    );
    const result = measure(returns, new NearMesh(cleaned, NEAR), new NearMesh(kept, NEAR));
    results.push(result);
    rows.push(row(`${name}, seed ${seed}`, result));
    console.log(rows.at(-1).join(' | '));
  }
  if (results.length > 1)
    rows.push(
      row(
        `**${name}, mean**`,
        Object.fromEntries(Object.keys(results[0]).map((key) => [key, mean(results.map((r) => r[key]))])),
      ),
    );
}
const header = [
  'street',
  'moving returns',
  'out of the mesh %',
  'before the last second %',
  'without removal %',
  'static returns',
  'in the mesh %',
  'without removal %',
  'lost by removal %',
  'associated accuracy %',
];
const body = [
  `${scans} scans, own poses. Returns within ${RANGE} m; of cars, those more than ${APART} m from what stands. A return is in the mesh where that passes within ${NEAR} m. "Without removal": nothing cleared (\`map.carveEvery: 0\`) and moving points mapped. "Lost": of the static returns in the mesh without removal, those that are not in the cleaned one. "Before the last second": without the returns of the last ten scans, after which nobody looks through the places they came from. Associated accuracy: √(static in × moving out).`,
  markdownTable(header, rows),
].join('\n\n');
publish('moving', 'node bench/moving.mjs', body, options.write && options.only === undefined);
process.exit(0);

/** Exact ends of beams in the frame of the first pose, split by what they met: 3·N each; `early`: of cars, before the last second. */
function labelled(sim) {
  const T = sim.odomFromWorld();
  const moving = [];
  const fixedOnes = [];
  let [n, early] = [0, 0];
  for (let k = 0; k < scans; k++) {
    if (k === scans - LATE) early = moving.length;
    castSweep(
      sim.world,
      sim.trajectory,
      sim.model,
      sim.sweepStart(k),
      (_column, _ring, range, ox, oy, oz, dx, dy, dz) => {
        if (!(range >= sim.model.minRange && range <= RANGE)) return;
        const moves = sim.world.hitMoving;
        if (!moves && n++ % EVERY !== 0) return;
        const at = [ox + range * dx, oy + range * dy, oz + range * dz];
        if (moves && Math.abs(sim.world.staticSdf(...at)) < APART) return;
        (moves ? moving : fixedOnes).push(...transformPoint(T, ...at));
      },
    );
  }
  return { moving, early: moving.slice(0, early), fixed: fixedOnes };
}

/** The final mesh of a run. */
async function map(sim, config) {
  const slam = await createSlam(configSchema.parse(config));
  for (let k = 0; k < scans; k++) {
    const { state } = slam.process(sim.scan(k));
    if (state === 'lost') throw new Error(`scan ${k} is lost: its mesh would tell nothing`);
  }
  const mesh = slam.mesh();
  const copy = { positions: mesh.positions.slice(), indices: mesh.indices.slice() };
  await slam.close();
  return copy;
}

async function withoutRemoval(work) {
  const { mark } = MovingPoints.prototype;
  MovingPoints.prototype.mark = () => 0;
  try {
    return await work();
  } finally {
    MovingPoints.prototype.mark = mark;
  }
}

function measure({ moving, early, fixed: standing }, cleaned, kept) {
  const share = (points, test) => {
    let [hits, count] = [0, points.length / 3];
    for (let i = 0; i < points.length; i += 3) if (test(points[i], points[i + 1], points[i + 2])) hits++;
    return (100 * hits) / count;
  };
  const inCleaned = share(standing, (...p) => cleaned.has(...p));
  const inKept = share(standing, (...p) => kept.has(...p));
  const lost = share(standing, (...p) => kept.has(...p) && !cleaned.has(...p));
  const out = share(moving, (...p) => !cleaned.has(...p));
  return {
    moving: moving.length / 3,
    out,
    outEarly: share(early, (...p) => !cleaned.has(...p)),
    outKept: share(moving, (...p) => !kept.has(...p)),
    standing: standing.length / 3,
    inCleaned,
    inKept,
    lost: (100 * lost) / inKept,
    accuracy: Math.sqrt(inCleaned * out),
  };
}

function row(name, r) {
  return [
    name,
    fixed(r.moving, 0),
    fixed(r.out, 2),
    fixed(r.outEarly, 2),
    fixed(r.outKept, 2),
    fixed(r.standing, 0),
    fixed(r.inCleaned, 2),
    fixed(r.inKept, 2),
    fixed(r.lost, 2),
    fixed(r.accuracy, 2),
  ];
}
