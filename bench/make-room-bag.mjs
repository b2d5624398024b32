// Makes bags/rgbd_room.mcap and .tum: eight seconds of the simulated room through a hand-held RGB-D camera.
// Run: npm run build && node bench/make-room-bag.mjs [OUT_DIR]
import { join } from 'node:path';
import { runSimCamera } from '../dist/cli/sim-camera.js';

const [out = 'bags'] = process.argv.slice(2);
const result = await runSimCamera({
  world: 'room',
  seed: 2,
  out: join(out, 'rgbd_room.mcap'),
  duration: 8,
  rate: 15,
  width: 480,
  quality: 80,
  imu: false,
  level: 19, // depth stays raw: zstd packs its coarse steps better than PNG does
});
console.log(`${result.path}: ${result.frames} frames, ${result.metres.toFixed(1)} m`);
