// How long a cloud waits for its pose, in a process of its own; see runLatency in lib/run.mjs. Each scan is handed to the
// SLAM thread as the CDR bytes of a PointCloud2, as the ROS node does; timed until the pose event is back.
import { writeFileSync } from 'node:fs';
import { configSchema } from '../dist/config/schema.js';
import { identity } from '../dist/geometry/se3.js';
import { SlamClient } from '../dist/host/client.js';
import { encodePointCloud2 } from '../dist/messages/index.js';
import { pointCloud2FromScan } from '../dist/sensors/lidar/to-pointcloud2.js';
import { readIndex, readScan } from './lib/scan-folder.mjs';

const { folder, out } = JSON.parse(process.argv[2]);
const factoryUrl = new URL('../dist/slam/create.js', import.meta.url).href;
const slam = await SlamClient.start({ config: configSchema.parse({}), factoryUrl });
const index = readIndex(folder);
const [ms, stages, states] = [[], [], []];
let sent = 0;
slam.listen((event) => {
  if (event.type === 'pose') ms.push(performance.now() - sent);
  if (event.type !== 'result') return;
  const { times, state } = event.result;
  stages.push({ decode: event.decodeMs, prepare: times.prepare, track: times.track });
  states.push(state);
});
for (let k = 0; k < index.stamps.length; k++) {
  const bytes = encodePointCloud2(pointCloud2FromScan(readScan(folder, index, k)));
  sent = performance.now();
  await slam.call({ type: 'cloud', bytes, mount: identity(), undistorted: false }, [bytes.buffer]);
}
writeFileSync(out, JSON.stringify({ ms, stages, states }));
await slam.terminate();
process.exit(0);
