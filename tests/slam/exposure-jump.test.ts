import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { RgbdFrame } from '../../src/sensors/camera/frame.js';
import { createSlam } from '../../src/slam/create.js';
import { frameAt, trueColour } from './camera-room.js';

/** The frame as taken with so many times the light. */
function exposed(k: number, gain: number): RgbdFrame {
  const frame = frameAt(k);
  const { data } = frame.color!.image;
  data.forEach((level, i) => (data[i] = Math.min(255, gain * level)));
  return frame;
}

/** Median and 95th percentile of how far the map's colours are from the true ones (grey levels), and what is told. */
async function mapped(
  gainAt: (k: number) => number,
): Promise<{ median: number; most: number; told: string }> {
  const config = await loadConfig({
    set: ['engine=wasm', 'threads=1', 'map.memoryMiB=700', 'sensor.kind=rgbd', 'rgbd.fuseEvery=1'],
  });
  const slam = await createSlam(config);
  for (let k = 0; k < 32; k++) expect(slam.process(exposed(k, gainAt(k))).state, `${k}`).not.toBe('lost');
  const { positions, colors } = slam.mesh();
  const told = slam.warnings!.join('\n');
  await slam.close();
  const off: number[] = [];
  for (let i = 0; i < positions.length; i += 3) {
    const truth = trueColour([positions[i]!, positions[i + 1]!, positions[i + 2]!]);
    off.push(truth.reduce((sum, level, c) => sum + Math.abs(level - colors![i + c]!) / 3, 0));
  }
  off.sort((a, b) => a - b);
  const at = (share: number): number => off[Math.floor(share * (off.length - 1))]!;
  return { median: at(0.5), most: at(0.95), told };
}

describe('a camera whose exposure jumps in mid-run', () => {
  it('maps the same colours as before, none while it jumps, and says so', async () => {
    const steady = await mapped(() => 1);
    expect(steady.told).toBe('');
    const darker = await mapped((k) => (k < 12 ? 1 : 0.35));
    expect(darker.told).toMatch(/exposure of camera 'camera' jumps .* colours are not mapped/);
    expect(darker.median).toBeLessThan(steady.median + 4);
    expect(darker.most).toBeLessThan(steady.most + 15);
  });

  it('maps no colours of frames that it overexposes', async () => {
    const white = await mapped((k) => (k < 12 ? 1 : 2.2));
    expect(white.told).toMatch(/overexposed are not used/);
    expect(white.median).toBeLessThan(4);
  });
});
