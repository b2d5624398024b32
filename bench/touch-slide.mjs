// What it is worth to follow contacts that slide, on simulated objects: presses spread over them, then slides.
// Usage: node bench/touch-slide.mjs [--objects mug,superquadric] [--seeds 1,2,3] [--presses 40] [--touches 96] [--length 12]
// Control: the same touches, of which nobody knows that one goes on from another.
import { parseArgs } from 'node:util';
import { compose, separation } from '../dist/geometry/se3.js';
import { patchOf } from '../dist/sensors/tactile/patch.js';
import { TouchSimulation } from '../dist/sim/touch/index.js';
import { optimiseTouches } from '../dist/slam/touch/bundle.js';
import { bundleTouches } from '../dist/slam/touch/felt-gels.js';
import { kinematicInformation } from '../dist/slam/touch/kinematics.js';
import { NearbyTouches } from '../dist/slam/touch/nearby.js';
import { alignPoints, samplesAt } from './lib/touch/alone.mjs';
import { fixed, markdownTable } from './lib/tables.mjs';

const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: 'mug,superquadric' },
    seeds: { type: 'string', default: '1,2,3' },
    presses: { type: 'string', default: '40' },
    touches: { type: 'string', default: '96' },
    length: { type: 'string', default: '12' },
  },
});
const KINEMATICS = { translation: 0.002, rotation: Math.PI / 180 };
const information = kinematicInformation(KINEMATICS);
const GEL = { width: 80, height: 60, pitch: 0.02 / 80 };
const COLUMNS = ['arm', 'live, control', 'live', 'later, control', 'later', 'together, control', 'together'];

/** Presses and slides, one after the other; each with its stamp in ns, the arm's pose, the true one, and its contact. */
function touchesOf(object, seed) {
  const felt = [];
  let shape;
  for (const [probing, touches] of [
    ['spread', Number(values.presses)],
    ['sliding', Number(values.touches)],
  ]) {
    const slideLength = Number(values.length);
    const kinematics = { handEyePosition: 0, handEyeRotation: 0 };
    const simulation = new TouchSimulation({
      object,
      seed,
      touches,
      probing,
      slideLength,
      gel: GEL,
      kinematics,
    });
    shape = simulation.object;
    const later = BigInt(felt.length) * 1_000_000_000n;
    simulation.touches.forEach(({ contact }, i) => {
      const image = simulation.depthImage(i);
      const patch = patchOf(image);
      if (patch.samples.length === 0) return;
      const about = { contact: `${probing} ${contact}`, stampNs: image.stampNs + later };
      felt.push({ ...about, patch, mount: image.T_map_sensor, pose: simulation.truePose(i) });
    });
  }
  return { felt, shape };
}

/** After rigid alignment: distance of what was felt from the surface, and of the poses from where they were, rms (mm). */
function errorOf({ felt, shape }, poses) {
  const few = felt.map(({ patch }) => ({ ...patch, samples: patch.samples.filter((_, k) => k % 8 === 0) }));
  const at = (where) => few.flatMap((patch, i) => samplesAt(patch, where[i]));
  const T = alignPoints(at(poses), at(felt.map(({ pose }) => pose))); // prettier-ignore
  const moved = poses.map((pose) => compose(T, pose));
  const places = at(moved);
  let sum = 0;
  for (let i = 0; i < places.length; i += 3)
    sum += shape.distance(places[i], places[i + 1], places[i + 2]) ** 2;
  const off = felt.reduce((total, { pose }, i) => total + separation(moved[i], pose) ** 2, 0);
  return [Math.sqrt((3 * sum) / places.length), Math.sqrt(off / felt.length)].map((v) => 1e3 * v);
}

function found({ felt }, follow) {
  const nearby = new NearbyTouches(KINEMATICS);
  const begin = process.cpuUsage();
  const live = [];
  const gels = felt.map(({ patch, mount, stampNs, contact }, i) => {
    if (felt[i - 1]?.contact !== contact) nearby.lift('gel');
    const { gel } = nearby.register({
      patch,
      predicted: mount,
      kinematics: KINEMATICS,
      prior: { pose: mount, information },
      ...(follow && { contact: { sensor: 'gel', stampNs, mount } }),
    });
    nearby.add(gel);
    live.push(gel.pose);
    return gel;
  });
  const { user, system } = process.cpuUsage(begin);
  const later = gels.map(({ pose }) => pose);
  const { poses } = optimiseTouches(bundleTouches(gels, { anew: true }), { kinematics: KINEMATICS });
  return { live, later, together: poses, ms: (user + system) / 1e3 / felt.length };
}

const rows = [];
const all = [];
for (const object of values.objects.split(','))
  for (const seed of values.seeds.split(',')) {
    const touches = touchesOf(object, seed);
    const [control, slid] = [found(touches, false), found(touches, true)];
    const { felt } = touches;
    const errors = [
      felt.map(({ mount }) => mount),
      ...['live', 'later', 'together'].flatMap((when) => [control[when], slid[when]]),
    ].map((poses) => errorOf(touches, poses));
    all.push(errors);
    const cells = errors.map(([surface, pose]) => `${fixed(surface, 2)} / ${fixed(pose, 2)}`);
    rows.push([`${object}, seed ${seed}`, ...cells, `${fixed(control.ms, 0)} / ${fixed(slid.ms, 0)}`]);
    console.error(rows.at(-1).join('  '));
  }
const rms = (column, k) => Math.sqrt(all.reduce((sum, e) => sum + e[column][k] ** 2, 0) / all.length);
rows.push(['all', ...COLUMNS.map((_, c) => `${fixed(rms(c, 0), 2)} / ${fixed(rms(c, 1), 2)}`), '']);
console.log(
  `After rigid alignment, rms mm: distance of what was felt from the true surface / of poses from the true ones.\n\n${markdownTable(['', ...COLUMNS, 'processor ms each, control / slides'], rows)}`,
);
