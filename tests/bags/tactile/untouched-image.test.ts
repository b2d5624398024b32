import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findUntouched } from '../../../src/bags/tactile/untouched-image.js';
import { encodePng } from '../../../src/export/png.js';
import type { TouchCalibration } from '../../../src/sensors/tactile/calibration.js';
import { lookOf } from '../../../src/sensors/tactile/gel-look.js';
import { renderGel, scatter, type GelScene } from '../../sensors/tactile/scene.js';

const SCENE: GelScene = { width: 160, height: 120 };
const folder = mkdtempSync(join(tmpdir(), 'feltmap-untouched-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function save(name: string, { data }: ReturnType<typeof renderGel>): string {
  const rgba = new Uint8Array(4 * 160 * 120).fill(255);
  for (let i = 0; i < 160 * 120; i++) rgba.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
  const path = join(folder, name);
  writeFileSync(path, encodePng(rgba, 160, 120));
  return path;
}

const calibration = {
  ...SCENE,
  look: lookOf(renderGel(SCENE).data, 160, 120),
} as unknown as TouchCalibration;
const pressed = scatter(4, SCENE, 7).map((ball, i) =>
  save(`${i}.png`, renderGel({ ...SCENE, seed: i + 2 }, ball)),
);

describe('the image in which nothing touches the gel', () => {
  it('is found among others, darker by a tenth as it is', async () => {
    const untouched = save('dark.png', renderGel({ ...SCENE, gain: 0.9, seed: 9 }));
    const broken = join(folder, 'broken.png');
    writeFileSync(broken, 'nothing');
    expect(await findUntouched([broken, ...pressed, untouched], calibration)).toEqual({
      path: untouched,
      certain: true,
    });
  });

  it('is not certain where all are pressed, or where nobody knows what the gel looked like', async () => {
    expect((await findUntouched(pressed, calibration)).certain).toBe(false);
    const { look, ...older } = calibration;
    expect(look).toBeDefined();
    expect(await findUntouched(pressed, older as TouchCalibration)).toEqual({
      path: pressed[0],
      certain: false,
    });
  });
});
