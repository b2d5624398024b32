// Scans left out, and sensors carried off: from the first wrong pose on nothing may claim to be tracked.
// npm run bench:outages -- --only PART[:KIND] [RECORDING]: bag, street, street16, quad, sparse, office, floor, or file (the recording given);
// KIND: words of a kind of trial. --rounds N: trials of each kind.
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openScanSource } from '../dist/bags/source.js';
import { configSchema } from '../dist/config/schema.js';
import { Random } from '../dist/geometry/random.js';
import { compose, exp, inverse, rotationAngle, translationNorm } from '../dist/geometry/se3.js';
import { simulate } from '../dist/sim/simulate.js';
import { officeScene } from '../dist/sim/worlds/office.js';
import { createSlam } from '../dist/slam/create.js';
import { officeFloor } from './lib/office-floor.mjs';
import { benchOptions, ROOT } from './lib/options.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable, quantile } from './lib/tables.mjs';

const TRIALS = 30;
const OUTAGES = [1, 2, 3, 5, 10]; // seconds
const PERIOD = 100_000_000n; // ns from scan to scan
const BEFORE = 25; // scans that are tracked before it
const AFTER = 24; // and after it
const SETTLED = 8; // scans in a row that are right end a trial
const NEW_MAP_AFTER = 1.5; // s
const FAR = [12, 100]; // m, how far a sensor is carried
const FAR_INDOORS = [3.5, 20]; // and in a flat of 10 m
const OFF = { metres: 1, radians: Math.PI / 18 }; // farther than this a pose is wrong
const LOST_WITHIN = 3; // scans
// What the documentation promises to search (how-it-works.md): ahead, where the sensor was.
const REACH = { ahead: 8, seconds: 3, turn: (40 * Math.PI) / 180, near: 3 };

const options = benchOptions({ seeds: [1] });
const trials = options.rounds === 3 ? TRIALS : options.rounds; // --rounds N: trials of each kind
const [only, wanted] = options.only?.split(':') ?? [];
const config = configSchema.parse({
  map: { memoryMiB: 768 },
  threads: 1,
  mesh: { blocksPerScan: 0 },
  tracking: { newMapAfter: NEW_MAP_AFTER },
});
const parts = {
  bag: {
    title: 'Shipped recording',
    open: () => recorded(fileURLToPath(new URL('bags/kitti_0005.mcap', ROOT))),
  },
  street: { title: 'Street, 64 beams', open: (seed) => simulated({ world: 'street', seed, length: 320 }) },
  street16: {
    title: 'Street, 16 beams',
    open: (seed) => simulated({ world: 'street', seed, length: 320, beams: 16 }),
  },
  sparse: {
    title: 'Quad, hand-held, 16 beams and 180 columns',
    open: (seed) => simulated({ world: 'quad', seed, duration: 40, beams: 16, columns: 180 }),
  },
  quad: {
    title: 'Quad, hand-held',
    open: (seed) => simulated({ world: 'quad', seed, duration: 40, beams: 32, columns: 720 }),
  },
  office: {
    title: 'Office of two rooms and a corridor, two laps, on a robot',
    far: FAR_INDOORS,
    open: (seed) => simulated({ world: officeScene(seed).world, seed, length: 28, beams: 32, columns: 720 }),
  },
  floor: {
    title: 'Floor of an office building, rooms that look much alike, one lap, on a robot',
    open: (seed) => simulated({ world: officeFloor(seed), seed, length: 80, beams: 32, columns: 720 }),
  },
};
if (options.input !== undefined)
  parts.file = { title: basename(options.input), open: () => recorded(options.input) };

for (const [name, { title, far = FAR, open }] of Object.entries(parts)) {
  if (only === undefined ? name === 'file' : only !== name) continue;
  const rows = [];
  const violations = [];
  for (const seed of name === 'bag' || name === 'file' ? [1] : options.seeds) {
    const recording = await open(seed);
    const kinds = [
      ...OUTAGES.map((s) => ({ kind: `outage of ${s} s`, gap: s * 10 })),
      { kind: 'carried off', gap: 0 },
      { kind: 'carried off during an outage', gap: 30 },
    ];
    for (const { kind, gap } of kinds) {
      if (wanted !== undefined && !kind.includes(wanted)) continue;
      const results = [];
      let unstarted = 0;
      for (let i = 0; i < trials; i++) {
        const random = new Random(`${name} ${seed} ${kind} ${i}`);
        const plan = kind.startsWith('outage')
          ? outage(recording, gap, random)
          : abduction(recording, gap, far, random);
        if (!plan) continue;
        const { before, steps } = await trial(recording, plan);
        if (before !== 'tracking') {
          unstarted++;
          continue; // that is another trial's matter
        }
        const result = judge(steps, plan);
        results.push(result);
        for (const what of result.violations) {
          violations.push(`${title}, seed ${seed}, ${kind}, ${describe(plan)}: ${what}`);
          console.log(violations.at(-1));
        }
      }
      if (results.length + unstarted === 0) continue;
      rows.push(
        row(
          kind + (options.seeds.length > 1 && recording.simulated ? `, seed ${seed}` : ''),
          results,
          unstarted,
        ),
      );
      console.log(rows.at(-1).join(' | '));
    }
  }
  const body = [
    `${title}: up to ${trials} trials each, ${BEFORE} scans before and ${AFTER} after; \`newMapAfter\` ${NEW_MAP_AFTER} s.`,
    markdownTable(HEADER(), rows),
    violations.length === 0
      ? 'No violation.'
      : ['Violations:', ...violations.map((v) => `- ${v}`)].join('\n'),
  ].join('\n\n');
  publish(
    `outages-${name}`,
    `npm run bench:outages -- --only ${name}`,
    body,
    options.write && name !== 'file' && wanted === undefined,
  );
}
process.exit(0);

function HEADER() {
  return [
    '',
    'trials',
    'not tracked before: left out',
    'tracking while wrong',
    'not lost within 3',
    'wrong, degraded',
    'went on or found again',
    'median scans until then',
    'within reach',
    'of these not found',
    'stayed lost',
    'new map',
    'largest error while tracking m',
  ];
}

/** @returns scan(k), truth (T_first_sensor by scan), count */
async function recorded(path) {
  const source = await openScanSource(path);
  const scans = [];
  for await (const scan of source.scans()) scans.push(scan);
  await source.close();
  // The truth of a drive that is known too roughly: what an undisturbed run says.
  const slam = await createSlam(config);
  const truth = scans.map((scan) => slam.process(scan).pose.slice());
  await slam.close();
  return { scan: (k) => scans[k], truth, count: scans.length, simulated: false };
}

function simulated(how) {
  const sim = simulate(how);
  const T = sim.odomFromWorld();
  const truth = Array.from({ length: sim.scanCount }, (_, k) =>
    compose(T, sim.trajectory.pose(sim.stampTime(k))),
  );
  const cache = new Map();
  const scan = (k) => {
    if (!cache.has(k)) cache.set(k, sim.scan(k));
    return cache.get(k);
  };
  return { scan, truth, count: sim.scanCount, simulated: true };
}

/** Where a trial starts, and where it goes on after `gap` scans are missing; undefined if the recording is too short. */
function outage({ count, truth }, gap, random) {
  const last = count - BEFORE - gap - 8;
  if (last < 0) return undefined;
  const start = Math.floor(random.range(0, last + 1));
  const to = start + BEFORE + gap;
  return plan(truth, { start, to, gap, yaw: 0 });
}

function abduction({ count, truth }, gap, [least, most], random) {
  for (let tries = 0; tries < 1000; tries++) {
    const start = Math.floor(random.range(0, count - BEFORE));
    const to = Math.floor(random.range(0, count - 8));
    const yaw = random.range(-Math.PI, Math.PI);
    const chosen = plan(truth, { start, to, gap, yaw });
    if (chosen.distance >= least && chosen.distance <= most) return chosen;
  }
  return undefined;
}

function plan(truth, { start, to, gap, yaw }) {
  const last = truth[start + BEFORE - 1];
  const there = compose(truth[to], turn(yaw));
  const before = truth[start + BEFORE - 2];
  const step = compose(inverse(before), last);
  let ahead = last;
  const steps = Math.min(gap + 1, REACH.seconds * 10);
  for (let i = 0; i < steps; i++) ahead = compose(ahead, step);
  const fromAhead = compose(inverse(ahead), there);
  const distance = translationNorm(compose(inverse(last), there));
  const reachable =
    (translationNorm(fromAhead) <= REACH.ahead && rotationAngle(fromAhead) <= REACH.turn) ||
    distance <= REACH.near;
  return { start, to, gap, yaw, distance, reachable };
}

function turn(yaw) {
  return exp([0, 0, 0, 0, 0, yaw]);
}

async function trial({ scan, truth, count }, { start, to, gap, yaw }) {
  const slam = await createSlam(config);
  let submap = 0;
  slam.listen((event) => {
    if (event.type === 'pose') submap = event.submap;
  });
  const stamp0 = scan(start).stampNs;
  const at = (k, pose) => compose(inverse(truth[start]), pose ?? truth[k]);
  let before = 'tracking';
  for (let k = 0; k < BEFORE; k++) {
    const { pose, state } = slam.process({ ...scan(start + k), stampNs: stamp0 + BigInt(k) * PERIOD });
    if (state === 'lost' || apart(at(start + k), pose).metres > OFF.metres) before = 'wrong before';
  }
  const steps = [];
  let anchor;
  for (let i = 0; i < AFTER && to + i < count; i++) {
    const stampNs = stamp0 + BigInt(BEFORE + gap + i) * PERIOD;
    const { pose, state, reason } = slam.process({ ...turned(scan(to + i), yaw), stampNs });
    const there = at(to + i, compose(truth[to + i], turn(yaw)));
    // A new map is connected to nothing: its own motion counts, from where it begins, and begins anew after scans that were lost.
    if (submap > 0 && (!anchor || reason.includes('starts anew'))) anchor = compose(pose, inverse(there));
    const error = apart(anchor ? compose(anchor, there) : there, pose);
    steps.push({ state, reason, submap, ...error });
    if (isSettled(steps)) break;
  }
  await slam.close();
  return { before, steps };
}

/** What comes now would tell nothing more: on the right way again for long, or in a new map. */
function isSettled(steps) {
  const latest = steps.slice(-SETTLED);
  return (
    latest.length === SETTLED &&
    latest.every((s) => s.state === 'tracking' && s.metres < OFF.metres && s.submap === latest[0].submap)
  );
}

function judge(steps, { reachable }) {
  const violations = [];
  const wrong = (s) => s.metres > OFF.metres || s.radians > OFF.radians;
  const off = steps.findIndex(wrong);
  const claims = steps.filter((s) => wrong(s) && s.state === 'tracking');
  const degraded = steps.filter((s) => wrong(s) && s.state === 'degraded');
  if (claims.length > 0) {
    const worst = Math.max(...claims.map((s) => s.metres));
    violations.push(
      `${claims.length} scans "tracking" while up to ${worst.toFixed(1)} m off, first at ${steps.indexOf(claims[0])} (${trace(steps)})`,
    );
  }
  const lost = steps.findIndex((s) => s.state === 'lost');
  const late = off >= 0 && steps.length > off + LOST_WITHIN && (lost < 0 || lost > off + LOST_WITHIN - 1);
  if (late) violations.push(`not lost within ${LOST_WITHIN} scans (${trace(steps)})`);
  else if (degraded.length > 0)
    violations.push(`${degraded.length} scans "degraded" while wrong (${trace(steps)})`);
  const found = steps.findIndex((s) => s.state !== 'lost' && s.submap === 0 && !wrong(s));
  const missed = reachable && found < 0;
  if (missed) violations.push(`within reach, not found again (${trace(steps)})`);
  const good = steps.filter((s) => s.state === 'tracking' && !wrong(s) && s.submap === 0);
  return {
    violations,
    claims: claims.length > 0,
    late,
    degraded: degraded.length > 0,
    found,
    reachable,
    missed,
    newMap: steps.some((s) => s.submap > 0),
    stayed: found < 0 && !steps.some((s) => s.submap > 0),
    largest: Math.max(0, ...good.map((s) => s.metres)),
  };
}

/** States by a letter, errors in metres where they change much. */
function trace(steps) {
  return steps.map((s) => `${s.state[0]}${s.submap > 0 ? "'" : ''}${s.metres.toFixed(1)}`).join(' ');
}

function describe({ start, to, distance, yaw, reachable }) {
  return `scans ${start}–${start + BEFORE - 1} → ${to} (${distance.toFixed(0)} m, ${((yaw * 180) / Math.PI).toFixed(0)}°${reachable ? ', within reach' : ''})`;
}

function row(name, results, unstarted) {
  const count = (key) => String(results.filter((r) => r[key]).length);
  const found = results.filter((r) => r.found >= 0);
  return [
    name,
    String(results.length),
    String(unstarted),
    count('claims'),
    count('late'),
    count('degraded'),
    String(found.length),
    fixed(
      quantile(
        found.map((r) => r.found),
        0.5,
      ),
      0,
    ),
    count('reachable'),
    count('missed'),
    count('stayed'),
    count('newMap'),
    fixed(Math.max(0, ...results.map((r) => r.largest)), 2),
  ];
}

/** The scan as a sensor turned by `yaw` on its own axis would have taken it. */
function turned(scan, yaw) {
  if (yaw === 0) return scan;
  const positions = scan.positions.slice();
  const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
  for (let i = 0; i < positions.length; i += 3) {
    const [x, y] = [positions[i], positions[i + 1]];
    positions[i] = c * x + s * y;
    positions[i + 1] = c * y - s * x;
  }
  return { ...scan, positions };
}

function apart(a, b) {
  const difference = compose(inverse(a), b);
  return { metres: translationNorm(difference), radians: rotationAngle(difference) };
}
