// Scans on disk that every program reads alike: NNNNN.f32 (x y z t, float32 each, t in seconds from the stamp),
// NNNNN.u16 (laser of each point, where known) and index.json.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const name = (folder, k, ending) => join(folder, `${String(k).padStart(5, '0')}.${ending}`);

/**
 * Writes a folder once: index.json comes last, so that a folder that holds it is complete.
 *
 * @param {AsyncIterable<object> | Iterable<object>} scans LidarScans
 * @param {(stampsNs: bigint[]) => object} describe index entries that need the stamps: `truth`, `twists`
 */
export async function writeScanFolder(folder, scans, limit, describe) {
  if (existsSync(join(folder, 'index.json'))) return;
  mkdirSync(folder, { recursive: true });
  const stamps = [];
  let timing = 'none';
  for await (const scan of scans) {
    if (stamps.length >= limit) break;
    const rows = new Float32Array(4 * scan.count);
    for (let i = 0; i < scan.count; i++) {
      rows.set(scan.positions.subarray(3 * i, 3 * i + 3), 4 * i);
      rows[4 * i + 3] = scan.times ? scan.times[i] : 0;
    }
    writeFileSync(name(folder, stamps.length, 'f32'), rows);
    if (scan.rings) writeFileSync(name(folder, stamps.length, 'u16'), scan.rings.subarray(0, scan.count));
    stamps.push(scan.stampNs);
    timing = scan.timing;
  }
  const index = { stamps: stamps.map(String), timing, ...(await describe(stamps)) };
  const partial = join(folder, 'index.json.tmp');
  writeFileSync(partial, JSON.stringify(index));
  renameSync(partial, join(folder, 'index.json'));
}

/**
 * @returns stamps (strings), timing, `truth`: { offsets: seconds from the stamp, poses: per offset one T_truth_sensor
 *   (12 numbers) or null per scan }, and, where simulated, `twists` at mid-sweep
 */
export function readIndex(folder) {
  return JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
}

/** Scan k as a LidarScan. */
export function readScan(folder, index, k) {
  const rows = typed(Float32Array, readFileSync(name(folder, k, 'f32')));
  const count = rows.length / 4;
  const positions = new Float32Array(3 * count);
  const times = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    positions[3 * i] = rows[4 * i];
    positions[3 * i + 1] = rows[4 * i + 1];
    positions[3 * i + 2] = rows[4 * i + 2];
    times[i] = rows[4 * i + 3];
  }
  const scan = { stampNs: BigInt(index.stamps[k]), frameId: 'lidar', count, positions, timing: index.timing };
  if (index.timing !== 'none') scan.times = times;
  const rings = name(folder, k, 'u16');
  if (existsSync(rings)) scan.rings = typed(Uint16Array, readFileSync(rings));
  return scan;
}

function typed(Kind, buffer) {
  return new Kind(buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength));
}
