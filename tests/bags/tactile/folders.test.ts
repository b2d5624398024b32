import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readPressFolder } from '../../../src/bags/tactile/press-folder.js';
import { readTouchFolder } from '../../../src/bags/tactile/touch-folder.js';
import { encodeCalibration } from '../../../src/calibration/tactile/file.js';
import { medianImage } from '../../../src/calibration/tactile/untouched.js';
import { encodePng } from '../../../src/export/png.js';
import type { ColorImage } from '../../../src/sensors/camera/frame.js';
import type { TableCalibration } from '../../../src/sensors/tactile/calibration.js';
import type { PosedTouch } from '../../../src/sensors/tactile/touch.js';
import { renderGel } from '../../sensors/tactile/scene.js';

const root = mkdtempSync(join(tmpdir(), 'feltmap-tactile-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const SCENE = { width: 48, height: 32 };

function png({ width, height, data }: ColorImage): Uint8Array {
  const rgba = new Uint8Array(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
  return encodePng(rgba, width, height);
}

function folder(name: string, files: Record<string, string | Uint8Array>): string {
  const path = join(root, name);
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(join(path, file, '..'), { recursive: true });
    writeFileSync(join(path, file), content);
  }
  return path;
}

const image = (seed: number): Uint8Array => png(renderGel({ ...SCENE, seed }));

describe('a folder of presses', () => {
  it('is read with the folders in it: reference by its name, diameters and depths', async () => {
    const path = folder('presses', {
      'background.png': image(1),
      '6.310mm/2/gelsight.png': image(2),
      '6.310mm/10/gelsight.png': image(3),
      '9.5mm/a.png': image(4),
      'notes.txt': 'nothing',
      'depths.csv': 'file,depth_mm\n9.5mm/a.png,0.5\n',
    });
    const { reference, presses } = await readPressFolder(path);
    expect(reference).toEqual(renderGel({ ...SCENE, seed: 1 }));
    expect(presses.map(({ name, ballDiameter, depth }) => [name, ballDiameter, depth])).toEqual([
      ['6.310mm/2/gelsight.png', expect.closeTo(0.00631, 9), undefined],
      ['6.310mm/10/gelsight.png', expect.closeTo(0.00631, 9), undefined],
      ['9.5mm/a.png', expect.closeTo(0.0095, 9), 0.0005],
    ]);
    const given = await readPressFolder(path, { ballDiameter: 0.008, reference: join(path, '9.5mm/a.png') });
    expect(given.reference).toEqual(renderGel({ ...SCENE, seed: 4 }));
    expect(given.presses.map(({ ballDiameter }) => ballDiameter)).toEqual([0.008, 0.008]);
  });

  it('without a reference is read with the median of eight images or more', async () => {
    const files = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`${i}.png`, image(i + 1)]));
    const { reference, referencePath, presses } = await readPressFolder(folder('eight', files), {
      ballDiameter: 0.006,
    });
    expect(referencePath).toBe('the median of 8 images (none is named reference)');
    expect(presses).toHaveLength(8);
    expect(reference).toEqual(medianImage(presses.map((press) => press.image)));
    const odd = folder('odd', { ...files, '8.png': png(renderGel({ width: 32, height: 32 })) });
    await expect(readPressFolder(odd, { ballDiameter: 0.006 })).rejects.toThrow(
      /8.png has 32×32 pixels, but 0.png has 48×32/,
    );
  });

  it('says size of ball and pixels in ball.json', async () => {
    const files = { 'reference.png': image(1), '000.png': image(2) };
    const simulated = folder('simulated', {
      ...files,
      'ball.json': '{"diameter": 0.006, "pitch": 0.0000625, "width": 320, "height": 240}',
    });
    const read = await readPressFolder(simulated);
    expect(read.presses.map(({ ballDiameter }) => ballDiameter)).toEqual([0.006]);
    expect(read.pitch).toBe(0.0000625);
    expect((await readPressFolder(simulated, { ballDiameter: 0.004 })).presses[0]!.ballDiameter).toBe(0.004);
    for (const [i, text] of ['{"diameter": 6}', '{"diameter": "6"}', '[', 'null'].entries())
      await expect(readPressFolder(folder(`ball${i}`, { ...files, 'ball.json': text }))).rejects.toThrow(
        /ball\.json holds no diameter .* in metres/,
      );
  });

  it('that cannot be is told in one sentence', async () => {
    await expect(readPressFolder(join(root, 'none'))).rejects.toThrow(/does not exist/);
    const bare = folder('bare', { 'a.png': image(1) });
    await expect(readPressFolder(bare)).rejects.toThrow(
      /no image of the untouched gel .* give one with --reference/,
    );
    const empty = folder('empty', { 'ref.png': image(1) });
    await expect(readPressFolder(empty)).rejects.toThrow(/holds no images of presses/);
    const sizeless = folder('sizeless', { 'ref.png': image(1), 'a.png': image(2) });
    await expect(readPressFolder(sizeless)).rejects.toThrow(/give it in millimetres with --ball-diameter/);
    const cut = folder('cut', { 'ref.png': image(1), 'a.png': image(2).subarray(0, 200) });
    await expect(readPressFolder(cut, { ballDiameter: 0.006 })).rejects.toThrow(/a\.png/);
    const depths = folder('depths', {
      'ref.png': image(1),
      'a.png': image(2),
      'depths.csv': 'a.png 0.4\na.png deep',
    });
    await expect(readPressFolder(depths, { ballDiameter: 0.006 })).rejects.toThrow(/depths.csv, line 2/);
  });
});

describe('a folder of touches', () => {
  const calibration: TableCalibration = {
    kind: 'table',
    sensor: 'test',
    ...SCENE,
    pitch: 1e-4,
    markers: false,
    sigma: 1e-5,
    depths: Float32Array.from({ length: 100 }, (_, i) => i * 1e-5),
  };
  const read = async (path: string): Promise<{ touches: PosedTouch[]; notices: string[] }> => {
    const notices: string[] = [];
    const touches: PosedTouch[] = [];
    const options = { onNotice: (text: string) => notices.push(text) };
    for await (const touch of readTouchFolder(path, calibration, options)) touches.push(touch);
    return { touches, notices };
  };
  const half = Math.SQRT1_2;

  it('gives each image the pose of its line', async () => {
    const path = folder('touches', {
      'reference.png': image(1),
      '1.png': image(2),
      '2.png': image(3),
      'poses.txt': `# t x y z qx qy qz qw\n10.5 1 2 3 0 0 0 1\n11 4 5 6 0 0 ${half} ${half}\n`,
    });
    const { touches, notices } = await read(path);
    expect(notices).toEqual([]);
    expect(touches.map(({ stampNs }) => stampNs)).toEqual([10_500_000_000n, 11_000_000_000n]);
    expect([...touches[0]!.T_map_sensor]).toEqual([1, 0, 0, 1, 0, 1, 0, 2, 0, 0, 1, 3]);
    const turned = [0, -1, 0, 4, 1, 0, 0, 5, 0, 0, 1, 6];
    touches[1]!.T_map_sensor.forEach((value, i) => expect(value).toBeCloseTo(turned[i]!, 9));
    expect(touches[0]).toMatchObject({ kind: 'touch-image', width: 48, height: 32 });
  });

  it('takes no picture of a calibration for a touch, and no image beside another JSON for such a picture', async () => {
    const poses = { 'poses.txt': '1 0 0 0 0 0 0 1\n2 0 0 0 0 0 0 1\n' };
    const path = folder('calibrated', { 'ref.png': image(1), ...poses, 'gel.png': image(9) });
    writeFileSync(join(path, 'gel.json'), encodeCalibration(calibration));
    mkdirSync(join(path, 'images'));
    for (const name of ['1.png', '2.png']) writeFileSync(join(path, 'images', name), image(2));
    const { touches, notices } = await read(path);
    expect([touches.length, notices]).toEqual([2, []]);
    const other = folder('other-json', { 'ref.png': image(1), ...poses, '1.png': image(2), '1.json': '{}' });
    writeFileSync(join(other, '2.png'), image(3));
    expect((await read(other)).touches).toHaveLength(2);
    const { presses } = await readPressFolder(path, { ballDiameter: 0.006 });
    expect(presses.map(({ name }) => name)).toEqual(['images/1.png', 'images/2.png']);
  });

  it('finds poses between lines by the stamps in the names, and leaves out what has none', async () => {
    const path = folder('stamped', {
      '1700000000.000000000.png': image(1),
      '1700000000.050000000.png': image(2),
      '1700000009.000000000.png': image(3),
      'poses.txt': '1700000000 0 0 0 0 0 0 1\n1700000000.1 1 0 0 0 0 0 1\n',
    });
    const { touches, notices } = await read(path);
    expect(touches.map(({ T_map_sensor }) => T_map_sensor[3])).toEqual([0, expect.closeTo(0.5, 6)]);
    expect(notices.join('\n')).toMatch(
      /its first image is taken for it, but something may touch the gel there/,
    );
    expect(notices.join('\n')).toMatch(
      /some of its 3 images have none of the 2 poses in poses.txt within 0.2 s of the stamp in their name; they are left out/,
    );
  });

  it('says each thing once, and that positions are hardly in metres', async () => {
    const path = folder('millimetres', {
      'reference.png': image(1),
      ...Object.fromEntries([1, 2, 3].map((i) => [`170000000${i}.png`, image(i + 1)])),
      'poses.txt': '1 100 20 30 0 0 0 1\n2 400 20 430 0 0 0 1\n',
    });
    const { touches, notices } = await read(path);
    expect(touches).toEqual([]);
    expect(notices).toEqual([
      expect.stringMatching(/positions lie 500 m apart; are they in metres\?/),
      expect.stringMatching(/some of its 3 images/),
    ]);
  });

  it('loses only the image that is bad', async () => {
    const path = folder('bad', {
      'reference.png': image(1),
      '1.png': image(2).subarray(0, 300),
      '2.png': png(renderGel({ width: 20, height: 20 })),
      '3.png': image(3),
      'poses.txt': '1 0 0 0 0 0 0 1\n2 0 0 0 0 0 0 1\n3 7 0 0 0 0 0 1\n',
    });
    const { touches, notices } = await read(path);
    expect(touches.map(({ T_map_sensor }) => T_map_sensor[3])).toEqual([7]);
    expect(notices).toHaveLength(2);
    expect(notices[1]).toMatch(/20×20 pixels, but the calibration is for 48×32/);
  });

  it('needs a calibration, images and poses', async () => {
    const path = folder('poseless', { 'reference.png': image(1), '1.png': image(2) });
    await expect(read(path)).rejects.toThrow(/holds no poses.txt/);
    await expect(readTouchFolder(path, undefined).next()).rejects.toThrow(/no calibration.*calibrate-touch/);
    await expect(read(folder('imageless', { 'poses.txt': '' }))).rejects.toThrow(/holds no images/);
    const lying = folder('lying', {
      'ref.png': image(1),
      '1.png': image(2),
      'poses.txt': '1 0 0 0 0 0 0 9\n',
    });
    await expect(read(lying)).rejects.toThrow(/poses.txt, line 1: .* unit quaternion/);
  });
});
