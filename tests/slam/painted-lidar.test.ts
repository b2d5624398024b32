import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { compose, exp, type Pose } from '../../src/geometry/se3.js';
import type { Mesh } from '../../src/mesh/mesh.js';
import { hasColor } from '../../src/mesh/vertex-colors.js';
import { CAMERA_ON_BODY, type ColorFrame, type RgbdFrame } from '../../src/sensors/camera/frame.js';
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

/** What a camera without depth sees at time `k` of the path, in its own stamp. */
function colourFrame(k: number, mount: Pose = CAMERA_ON_BODY): ColorFrame {
  const { color, frameId } = frameAt(k, 0);
  const stampNs = BigInt(Math.round(k * 1000)) * 100_000n;
  return { kind: 'color', stampNs, frameId, image: color!.image, camera: color!.camera, mount };
}

const config = (kind: string) =>
  loadConfig({
    set: [
      'engine=wasm',
      'threads=1',
      'map.memoryMiB=1100',
      `sensor.kind=${kind}`,
      'sensor.maxRange=20',
      'sensor.minRange=0.1',
      'training.samplePoints=512',
    ],
  });

/** Share of what lies ahead that is coloured, and mean errors of the colours and of a truth from 10 cm beside, grey levels. */
function compare({ positions, colors }: Mesh): { share: number; off: number; control: number } {
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
  return { share: coloured / beyond, off: off / coloured, control: control / coloured };
}

it('The mesh of a LiDAR is coloured where a camera looked, beyond the reach of its depth', async () => {
  const slam = await createSlam(await config('lidar+rgbd'));
  for (let k = 0; k < STEPS; k++) {
    slam.process(scanAt(k));
    slam.process(shortSighted(k));
  }
  const { share, off, control } = compare(slam.mesh());
  await slam.close();
  expect(share).toBeGreaterThan(0.75);
  expect(off).toBeLessThan(12);
  // Colours from 10 cm beside would be far off.
  expect(control).toBeGreaterThan(2 * off);
}, 60_000);

it('A camera without depth colours it, too, from where it was between two scans, and changes no pose', async () => {
  const run = async (picture?: (k: number) => ColorFrame) => {
    const slam = await createSlam(await config('lidar'));
    const poses = [];
    for (let k = 0; k < STEPS; k++) {
      poses.push(slam.process(scanAt(k)).pose);
      if (picture) slam.picture!(picture(k + 0.6));
    }
    const mesh = slam.mesh();
    await slam.close();
    return { poses, mesh };
  };
  const plain = await run();
  expect(plain.mesh.colors).toBeUndefined();
  const painted = await run(colourFrame);
  expect(painted.poses).toEqual(plain.poses);
  const right = compare(painted.mesh);
  expect(right.share).toBeGreaterThan(0.75);
  expect(right.off).toBeLessThan(12);
  expect(right.control).toBeGreaterThan(2 * right.off);
  // A camera that is 6° from where it is said to be.
  const wrong = await run((k) => colourFrame(k, compose(exp([0, 0, 0, 0, 0, 0.1]), CAMERA_ON_BODY)));
  expect(compare(wrong.mesh).off).toBeGreaterThan(2 * right.off);
}, 60_000);
