import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { decodeCalibration } from '../../src/calibration/tactile/file.js';
import { calibrateTouch } from '../../src/cli/calibrate-touch.js';
import { encodePng } from '../../src/export/png.js';
import { encodeImage } from '../../src/messages/images.js';
import { ROS_TYPES } from '../../src/messages/types.js';
import { pictureSize } from '../../src/images/pictures.js';
import { writeBag, type Written } from '../bags/camera/helpers.js';
import { renderGel, scatter, type Ball } from '../sensors/tactile/scene.js';

const root = mkdtempSync(join(tmpdir(), 'feltmap-calibrate-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const SCENE = { width: 96, height: 72 };

function save(file: string, seed: number, ball?: Ball): void {
  const { width, height, data } = renderGel({ ...SCENE, seed }, ball);
  const rgba = new Uint8Array(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
  writeFileSync(file, encodePng(rgba, width, height));
}

describe('feltmap calibrate-touch', () => {
  it('writes a calibration and a picture, and says how good it is', async () => {
    const folder = join(root, 'presses');
    mkdirSync(folder);
    save(join(folder, 'reference.png'), 1);
    const balls = scatter(8, SCENE, 4);
    balls.forEach((ball, i) => save(join(folder, `${i}.png`), i + 2, ball));
    save(join(folder, '99.png'), 50); // nothing in it
    const out = join(root, 'gel.json');
    let printed = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((printed += String(text)), true));
    const status = await calibrateTouch(folder, {
      ballDiameter: 2 * balls[0]!.radius * 0.1,
      pixel: 0.1,
      steps: 150,
      out,
      json: true,
    });
    vi.restoreAllMocks();
    expect(status).toBe(0);
    const report = JSON.parse(printed) as { meanRms: number; leftOut: string[]; heldOut: number };
    expect(report).toMatchObject({ presses: 8, heldOut: 2, leftOut: ['99.png'], out });
    expect(report.meanRms).toBeLessThan(0.1); // a pixel
    const calibration = decodeCalibration(readFileSync(out, 'utf8'), out);
    expect(calibration).toMatchObject({ kind: 'network', width: 96, height: 72, pitch: 1e-4 });
    expect(calibration.sigma).toBeCloseTo(report.meanRms / 1000, 9);
    const picture = readFileSync(join(root, 'gel.png'));
    expect(await pictureSize(picture, 'gel.png')).toEqual({ width: 4 * 96 + 12, height: 72 });
  }, 60_000);

  it('does as well with a recording: a press is where the gel changed most between lifting off and lifting off', async () => {
    const balls = scatter(8, SCENE, 4);
    let k = 0;
    const shown = (ball?: Ball): Written => {
      const { width, height, data } = renderGel({ ...SCENE, seed: ++k }, ball);
      const stampNs = BigInt(k) * 100_000_000n;
      const about = { width, height, encoding: 'rgb8', step: 3 * width, bigEndian: false, data };
      return ['/gelsight', ROS_TYPES.image, stampNs, encodeImage({ stampNs, frameId: 'gel', ...about })];
    };
    const messages = [shown(), shown(), shown()];
    for (const ball of balls) messages.push(shown(ball), shown(ball), shown());
    const bag = await writeBag(root, 'balls.mcap', messages);
    const [how, out] = [{ pixel: 0.1, steps: 150, json: true }, join(root, 'bag.json')];
    let printed = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((printed += String(text)), true));
    expect(await calibrateTouch(bag, { ...how, ballDiameter: 2 * balls[0]!.radius * 0.1, out })).toBe(0);
    vi.restoreAllMocks();
    const report = JSON.parse(printed) as { meanRms: number };
    expect(report).toMatchObject({ presses: 8, heldOut: 2, leftOut: [] });
    expect(report.meanRms).toBeLessThan(0.1);
    await expect(calibrateTouch(bag, how)).rejects.toThrow(/how large the ball was/);
    const other = { ...how, ballDiameter: 6, topic: '/elsewhere' };
    await expect(calibrateTouch(bag, other)).rejects.toThrow(/no image or cloud topic \/elsewhere/);
    const touched = await writeBag(
      root,
      'never.mcap',
      balls.slice(0, 5).map((ball) => shown(ball)),
    );
    await expect(calibrateTouch(touched, { ...how, ballDiameter: 6 })).rejects.toThrow(
      /hang free at the start/,
    );
    const untouched = await writeBag(root, 'untouched.mcap', messages.slice(0, 3));
    await expect(calibrateTouch(untouched, { ...how, ballDiameter: 6 })).rejects.toThrow(
      /nothing touches the gel/,
    );
  }, 60_000);

  it('asks for the size of a pixel, and writes nothing when the folder does not do', async () => {
    await expect(calibrateTouch(root, { ballDiameter: 6 })).rejects.toThrow(/in millimetres with --pixel/);
    await expect(calibrateTouch(root, { ballDiameter: 6, sensor: 'gelsite' })).rejects.toThrow(
      /no gel sensor 'gelsite'/,
    );
    const out = join(root, 'nothing.json');
    const missing = join(root, 'missing');
    await expect(calibrateTouch(missing, { ballDiameter: 6, pixel: 0.06, out })).rejects.toThrow(
      /does not exist/,
    );
    expect(existsSync(out)).toBe(false);
  });
});
