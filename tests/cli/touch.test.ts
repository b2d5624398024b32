import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { calibrateTouch } from '../../src/cli/calibrate-touch.js';
import { touch } from '../../src/cli/touch.js';
import { encodePng } from '../../src/export/png.js';
import { decodePly } from '../../src/export/ply-reader.js';
import { renderGel, scatter, type Ball } from '../sensors/tactile/scene.js';

const root = mkdtempSync(join(tmpdir(), 'feltmap-touch-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const SCENE = { width: 96, height: 72 };
const PITCH = 1e-4;

function save(file: string, seed: number, ball?: Ball): void {
  const { width, height, data } = renderGel({ ...SCENE, seed }, ball);
  const rgba = new Uint8Array(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
  writeFileSync(file, encodePng(rgba, width, height));
}

it('maps what a gel felt, from a folder of images with poses', async () => {
  const folder = join(root, 'presses');
  mkdirSync(folder);
  save(join(folder, 'reference.png'), 1);
  const balls = scatter(8, SCENE, 4);
  balls.forEach((ball, i) => save(join(folder, `${i}.png`), i + 2, ball));
  const calibration = join(root, 'gel.json');
  const pixel = PITCH * 1000;
  await calibrateTouch(folder, { ballDiameter: 2 * balls[0]!.radius * pixel, pixel, steps: 150, out: calibration, quiet: true }); // prettier-ignore
  // The arm stood still: each press is mapped where it was felt, 5 cm apart.
  const poses = balls.map((_, i) => `${i} ${0.05 * i} 0 0 0 0 0 1`).join('\n');
  writeFileSync(join(folder, 'poses.txt'), poses);
  const out = join(root, 'out');
  let printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((printed += String(text)), true));
  expect(await touch(folder, { calibration, out, voxel: 0.2, json: true })).toBe(0);
  vi.restoreAllMocks();
  const report = JSON.parse(printed) as { touches: number; contacts: number; triangles: number };
  expect(report).toMatchObject({ touches: 8, contacts: 8 });
  expect(report.triangles).toBeGreaterThan(200);
  const { positions } = decodePly(readFileSync(join(out, 'mesh.ply')));
  const columns = new Set<number>();
  for (let i = 0; i < positions.length; i += 3) {
    columns.add(Math.round(positions[i]! / 0.05));
    expect(Math.abs(positions[i + 2]!)).toBeLessThan(0.003); // near the gel, pressed in by at most a ball's depth
  }
  expect(columns.size).toBeGreaterThan(5);
  expect(readFileSync(join(out, 'trajectory.tum'), 'utf8').trim().split('\n').length).toBeGreaterThanOrEqual(
    8,
  );
}, 60_000);

it('says what is missing, and writes nothing', async () => {
  const out = join(root, 'none');
  const missing = join(root, 'missing.json');
  await expect(touch(root, { calibration: missing, out })).rejects.toThrow(/missing\.json/);
  writeFileSync(missing, '{}');
  await expect(touch(root, { calibration: missing, out })).rejects.toThrow(/missing\.json/);
  expect(existsSync(out)).toBe(false);
});
