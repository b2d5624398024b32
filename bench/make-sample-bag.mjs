// Makes bags/kitti_0005.mcap and .tum from a KITTI raw drive folder (velodyne_points/ and ground_truth.tum.txt).
// Run: npm run build && node bench/make-sample-bag.mjs KITTI_RAW_FOLDER [OUT_DIR]
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { McapBagWriter, openScanSource, readGroundTruth } from '../dist/bags/index.js';
import { toQuaternion } from '../dist/geometry/se3.js';

const EVERY = 3; // keep each laser's every third return: 0.52° along the sweep, as fine as the lasers lie apart
const GRID = 2 ** -6; // metres; the sensor's own noise is 20 mm
const TIME_GRID = 2 ** -14; // seconds; one firing takes 48 µs

const [folder, out = 'bags'] = process.argv.slice(2);
if (!folder) throw new Error('usage: node bench/make-sample-bag.mjs KITTI_RAW_FOLDER [OUT_DIR]');

/** Every third return of each laser, starting at another one for each laser; coordinates rounded to the grid. */
function thin(scan) {
  const kept = [];
  for (let i = 0, inRing = 0; i < scan.count; i++, inRing++) {
    if (i > 0 && scan.rings[i] !== scan.rings[i - 1]) inRing = 0;
    if (inRing % EVERY === scan.rings[i] % EVERY) kept.push(i);
  }
  const positions = new Float32Array(3 * kept.length);
  kept.forEach((k, i) => {
    for (let j = 0; j < 3; j++) positions[3 * i + j] = Math.round(scan.positions[3 * k + j] / GRID) * GRID;
  });
  return {
    ...scan,
    count: kept.length,
    positions,
    intensities: Float32Array.from(kept, (k) => Math.round(scan.intensities[k] * 255)),
    times: Float32Array.from(kept, (k) => Math.round(scan.times[k] / TIME_GRID) * TIME_GRID),
    rings: Uint16Array.from(kept, (k) => scan.rings[k]),
  };
}

const source = await openScanSource(folder);
const truth = await readGroundTruth(join(folder, 'ground_truth.kitti.txt'), {
  scanStampsNs: await stampsOf(source),
});
const writer = await McapBagWriter.create(join(out, 'kitti_0005.mcap'), {
  level: 19,
  chunkSize: 8 * 1024 * 1024,
});
let index = 0;
let points = 0;
for await (const full of source.scans()) {
  const scan = thin(full);
  await writer.writeScan('/velodyne_points', scan, { compact: true });
  const pose = truth.poses[index];
  await writer.writePose('/ground_truth', { stampNs: scan.stampNs, frameId: 'map', pose });
  points += scan.count;
  index++;
}
await writer.close();
await writeFile(
  join(out, 'kitti_0005.tum'),
  truth.stampsNs.map((t, i) => tumLine(t, truth.poses[i])).join(''),
);
console.log(`${index} scans, ${Math.round(points / index)} points each`);

async function stampsOf(scans) {
  const stamps = [];
  for await (const scan of scans.scans()) stamps.push(scan.stampNs);
  return stamps;
}

function tumLine(stampNs, pose) {
  const seconds = `${stampNs / 1000000000n}.${String(stampNs % 1000000000n).padStart(9, '0')}`;
  const numbers = [pose[3], pose[7], pose[11], ...toQuaternion(pose)].map((v) => v.toFixed(9));
  return `${seconds} ${numbers.join(' ')}\n`;
}
