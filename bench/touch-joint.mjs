// What finding all poses of touches together is worth beside registering them one after the other, on simulated objects.
// Usage: node bench/touch-joint.mjs [--objects mug,superquadric] [--touches 30,60,120,240] [--every 30] [--seed 1]
import { parseArgs } from 'node:util';
import { KernelPool } from '../dist/compute/pool.js';
import { patchOf } from '../dist/sensors/tactile/patch.js';
import { TouchSimulation } from '../dist/sim/touch/index.js';
import { TouchMap } from '../dist/slam/touch/touch-map.js';
import { surfaceError } from './lib/touch/alone.mjs';
import { fixed, markdownTable } from './lib/tables.mjs';

const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: 'mug,superquadric' },
    touches: { type: 'string', default: '30,60,120,240' },
    every: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    'hand-eye': { type: 'string', default: '0' },
  },
});
const every = Number(values.every);
const handEye = Number(values['hand-eye']) / 1000;
const rows = [];
for (const object of values.objects.split(','))
  for (const touches of values.touches.split(',').map(Number)) {
    const gel = { width: 96, height: 72, pitch: 0.02 / 96 };
    const kinematics = { handEyePosition: handEye, handEyeRotation: handEye > 0 ? Math.PI / 360 : 0 };
    const simulation = new TouchSimulation({ object, seed: values.seed, touches, gel, kinematics });
    const images = simulation.touches.map((_, i) => simulation.depthImage(i));
    const felt = images
      .map((image, i) => ({ image, i, patch: patchOf(image), pose: simulation.truePose(i) }))
      .filter(({ patch }) => patch.samples.length > 0);
    const shape = (x, y, z) => simulation.object.distance(x, y, z);
    const cell = (poses) => {
      const error = surfaceError(shape, felt, poses);
      return `${fixed(1e3 * error.rms, 2)} / ${fixed(1e3 * error.median, 2)}`;
    };
    const run = async (when) => {
      const turn = Math.PI / 180;
      const pool = await KernelPool.create({ threads: 1, memoryMiB: 900 });
      const map = await TouchMap.create(pool, {
        ...(handEye > 0 && { handEye: { translation: handEye, rotation: turn } }),
      });
      let seconds = 0;
      images.forEach((image, i) => {
        map.add(image);
        if (!when(i)) return;
        const before = process.cpuUsage();
        map.optimise();
        const { user, system } = process.cpuUsage(before);
        seconds += (user + system) / 1e6;
      });
      const poses = felt.map(({ i }) => map.results[i].pose);
      await pool.close();
      return { text: cell(poses), seconds };
    };
    const alone = await run(() => false);
    const end = await run((i) => i === images.length - 1);
    const often = await run((i) => (i + 1) % every === 0);
    rows.push([
      `${object}, ${felt.length} of ${touches} felt something`,
      cell(felt.map(({ i }) => simulation.kinematicPose(i))),
      alone.text,
      end.text,
      often.text,
      cell(felt.map(({ pose }) => pose)),
      `${fixed(end.seconds, 1)} / ${fixed(often.seconds, 1)}`,
    ]);
    console.error(rows.at(-1).join('  '));
  }
const header = ['', 'as the arm says', 'one after the other', 'together at the end', `together every ${every}`, 'true poses', 'processor s']; // prettier-ignore
console.log(
  `Distance from the true surface after rigid alignment, rms / median mm.\n\n${markdownTable(header, rows)}`,
);
