// One run of Feltmap on a scan folder, in a process of its own; see runFeltmap in lib/run.mjs for the request.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema } from '../dist/config/schema.js';
import { setByPath } from '../dist/config/set-path.js';
import { createSlam } from '../dist/slam/create.js';
import { readIndex, readScan } from './lib/scan-folder.mjs';

const request = JSON.parse(process.argv[2]);
const { folder, out, config = {}, scans = Infinity, known = false, mesh: withMesh, save } = request;
const raw = {};
for (const [path, value] of Object.entries(config)) setByPath(raw, path, value);
const slam = await createSlam(configSchema.parse(raw));
const index = readIndex(folder);
const count = Math.min(scans ?? Infinity, index.stamps.length);
const at = known ? index.truth.offsets.indexOf(0) : -1;
const results = [];
for (let k = 0; k < count; k++) {
  const scan = readScan(folder, index, k);
  const pose = known
    ? { pose: Float64Array.from(index.truth.poses[at][k]), twist: Float64Array.from(index.twists[k]) }
    : undefined;
  const { pose: estimate, state, times, points } = slam.process(scan, pose);
  results.push({ pose: [...estimate], state, times: { ...times }, points: { ...points } });
}
const start = performance.now();
const mesh = slam.mesh();
const flushMs = performance.now() - start;
if (withMesh) {
  writeFileSync(join(out, 'positions.f32'), mesh.positions);
  writeFileSync(join(out, 'indices.u32'), mesh.indices);
}
const bytes = save ? Object.fromEntries([...slam.save()].map(([name, data]) => [name, data.length])) : {};
const result = {
  poses: results.map((r) => r.pose),
  states: results.map((r) => r.state),
  times: results.map((r) => r.times),
  points: results.map((r) => r.points),
  flushMs,
  statistics: slam.statistics(),
  bytes,
};
writeFileSync(join(out, 'result.json'), JSON.stringify(result));
await slam.close();
process.exit(0);
