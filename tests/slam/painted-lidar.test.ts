import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { hasColor } from '../../src/mesh/vertex-colors.js';
import { CAMERA_ON_BODY, type RgbdFrame } from '../../src/sensors/camera/frame.js';
import { createSlam } from '../../src/slam/create.js';
import { frameAt, scanAt, trueColour } from './camera-room.js';

/** The camera knows no depth beyond this, metres. */
const REACH = 0.8;
const STEPS = 10;

/** A frame as a camera of short range takes it: in colour throughout. */
function shortSighted(k: number): RgbdFrame {
  const frame = frameAt(k);
  const data = (frame.depth.data as Float32Array).map((d) => (d > REACH ? 0 : d));
  return { ...frame, depth: { ...frame.depth, data }, mount: CAMERA_ON_BODY };
}

it('The mesh of a LiDAR is coloured where a camera looked, beyond the reach of its depth', async () => {
  const set = [
    'engine=wasm',
    'threads=1',
    'map.memoryMiB=1100',
    'sensor.kind=lidar+rgbd',
    'sensor.maxRange=20',
    'sensor.minRange=0.1',
    'training.samplePoints=512',
  ];
  const slam = await createSlam(await loadConfig({ set }));
  for (let k = 0; k < STEPS; k++) {
    slam.process(scanAt(k));
    slam.process(shortSighted(k));
  }
  const { positions, colors } = slam.mesh();
  await slam.close();
  // Beyond the reach from where the camera ever was (it moves 11 cm), and before it.
  let [beyond, coloured, off, control] = [0, 0, 0, 0];
  for (let i = 0; i < positions.length; i += 3) {
    const p = [positions[i]!, positions[i + 1]!, positions[i + 2]!] as const;
    if (p[0] < REACH + 0.15 || Math.abs(p[1]) > 0.3 || Math.abs(p[2]) > 0.2) continue;
    beyond++;
    if (!colors || !hasColor(colors, i / 3)) continue;
    coloured++;
    const error = (truth: number[]): number =>
      truth.reduce((sum, c, k) => sum + Math.abs(c - colors[i + k]!) / 3, 0);
    off += error(trueColour([...p]));
    control += error(trueColour([p[0], p[1] + 0.1, p[2] + 0.1]));
  }
  expect(beyond).toBeGreaterThan(100);
  expect(coloured / beyond).toBeGreaterThan(0.75);
  expect(off / coloured).toBeLessThan(12);
  // Colours from 10 cm beside would be far off.
  expect(control / coloured).toBeGreaterThan(2 * (off / coloured));
}, 60_000);
