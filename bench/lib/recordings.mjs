// The recordings that the benchmarks run on, as scan folders (see scan-folder.mjs).
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readGroundTruth } from '../../dist/bags/ground-truth.js';
import { openScanSource } from '../../dist/bags/source.js';
import { compose, interpolate } from '../../dist/geometry/se3.js';
import { simulate } from '../../dist/sim/simulate.js';
import { ROOT } from './options.mjs';
import { writeScanFolder } from './scan-folder.mjs';

const OFFSETS_START = [0, 0.05, 0.1]; // stamp = begin of a 10 Hz sweep: begin, middle, end
const OFFSETS_MIDDLE = [-0.05, 0, 0.05]; // stamp = middle of the sweep

/** Metres covered by the simulated street: its figures need at least 300. */
const STREET_LENGTH = 320;
const QUAD_SECONDS = 40;

/** The simulation of one recording; `yaw` turns the sensor on its carrier (degrees). */
export function simulation(world, seed, yaw = 0) {
  const extent = world === 'street' ? { length: STREET_LENGTH } : { duration: QUAD_SECONDS };
  return simulate({ world, seed, mountYaw: yaw, ...extent });
}

/** Scans of a simulated recording with exact poses at begin, middle and end of every sweep, and twists. */
export async function simulatedFolder(work, world, seed, { yaw = 0, scans = Infinity } = {}) {
  const sim = simulation(world, seed, yaw);
  const count = Math.min(scans, sim.scanCount);
  const folder = join(work, `${world}${seed}-yaw${yaw}-${count}`);
  await writeScanFolder(folder, sim.scans(), count, () => {
    const T = sim.odomFromWorld();
    const each = (f) => Array.from({ length: count }, (_, k) => [...f(sim.stampTime(k))]);
    return {
      truth: {
        offsets: OFFSETS_START,
        poses: OFFSETS_START.map((offset) => each((t) => compose(T, sim.trajectory.pose(t + offset)))),
      },
      twists: each((t) => sim.trajectory.twist(t + 0.05)),
    };
  });
  return folder;
}

/**
 * KITTI 0005: the folder given, else the full scans beside the repository, else the thinned bag that it ships.
 *
 * @returns path (for `feltmap replay`), truth (file), folder (scans) and label (which of the three)
 */
export async function kittiRecording(work, input, scans = Infinity) {
  const { path, truth, label } = locate(work, input);
  const folder = join(work, `kitti-${label.replace(/\W+/g, '-')}-${scans}`);
  const source = await openScanSource(path);
  try {
    await writeScanFolder(folder, source.scans(), scans, async (stamps) => {
      const given = await readGroundTruth(truth, { scanStampsNs: await allStamps(path) });
      const at = (offset) => stamps.map((t) => poseAt(given, t + BigInt(Math.round(offset * 1e9))));
      return { truth: { offsets: OFFSETS_MIDDLE, poses: OFFSETS_MIDDLE.map(at) } };
    });
  } finally {
    await source.close();
  }
  return { path, truth, folder, label };
}

function locate(work, input) {
  if (input !== undefined) return drive(resolve(input), 'full scans');
  const unpack = fileURLToPath(new URL('../shared/data/unpack.mjs', ROOT));
  if (existsSync(unpack)) {
    const folder = join(work, 'kitti');
    if (!existsSync(join(folder, 'ground_truth.kitti.txt'))) execFileSync(process.execPath, [unpack, folder]);
    return drive(folder, 'full scans');
  }
  const bags = fileURLToPath(new URL('bags/', ROOT));
  return {
    path: join(bags, 'kitti_0005.mcap'),
    truth: join(bags, 'kitti_0005.tum'),
    label: 'the shipped bag: every third point',
  };
}

function drive(path, label) {
  return { path, truth: join(path, 'ground_truth.kitti.txt'), label };
}

async function allStamps(path) {
  const source = await openScanSource(path);
  const stamps = [];
  for await (const scan of source.scans()) stamps.push(scan.stampNs);
  await source.close();
  return stamps;
}

/** The true pose at a time, null outside the truth (half a microsecond of grace: TUM files round). */
function poseAt({ stampsNs, poses }, t) {
  const grace = 500n;
  if (t < stampsNs[0] - grace || t > stampsNs[stampsNs.length - 1] + grace) return null;
  let k = 1;
  while (k < stampsNs.length - 1 && stampsNs[k] < t) k++;
  const span = Number(stampsNs[k] - stampsNs[k - 1]);
  return [...interpolate(poses[k - 1], poses[k], Number(t - stampsNs[k - 1]) / span)];
}
