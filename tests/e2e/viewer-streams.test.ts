import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exp } from '../../src/geometry/se3.js';
import type { FeltmapState } from '../../src/viewer/client/test-state.js';
import { ViewerServer } from '../../src/viewer/server/index.js';
import { CHROMIUM, launchChromium } from './browser.js';
import { middleOf, untilState } from './page-state.js';

/** Grey, 8×8. */
const JPEG = Buffer.from(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////////////////////////////////////wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z',
  'base64',
);

/** What no LiDAR recording has: pictures, touches, colours, submaps that move. Made by hand, so that the truth is known. */
describe.skipIf(CHROMIUM === undefined)('the viewer with other sensors', () => {
  let server: ViewerServer;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  const until = (wanted: (s: FeltmapState) => boolean): Promise<FeltmapState> => untilState(page, wanted);

  /** A coloured square of 2 m in submap 1. */
  function square(version: number): void {
    const positions = Float32Array.of(-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0);
    const normals = Float32Array.of(0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1);
    const colors = Uint8Array.of(255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0);
    const indices = Uint16Array.of(0, 1, 2, 0, 2, 3);
    server.blocks([{ submap: 1, key: 7, version, positions, normals, colors, indices }], 0);
  }

  /** Colour in the middle of the canvas. */
  const middle = (): Promise<[number, number, number]> => middleOf(page);

  beforeAll(async () => {
    const can = { pause: false, speed: false, mesh: false, trajectory: false };
    const streams = [{ stream: 3, name: 'finger', kind: 'tactile' as const }];
    server = new ViewerServer({
      port: 0,
      hello: { version: 'test', mode: 'live', title: '<b>robot</b>', voxel: 0.05, can, streams },
      clientDir: fileURLToPath(new URL('../../dist/viewer/client', import.meta.url)),
    });
    const [url] = await server.start();
    square(1);
    browser = await launchChromium();
    page = await (await browser.newContext({ viewport: { width: 400, height: 300 } })).newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(`${url}#shading=colour&panel=0&grid=0&camera=top&theme=dark`);
    await until((s) => s.triangles === 2);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('shows the colours of the map', async () => {
    const [r, g, b] = await middle();
    expect(r).toBeGreaterThan(120);
    expect(Math.max(g, b)).toBeLessThan(60);
  }, 90_000);

  it('a slicing plane takes away what lies beyond it', async () => {
    // At 70 % of the square's x: the middle stays, until the other side is kept.
    await page.keyboard.press('c');
    await page.keyboard.press('i');
    await page.locator('.segmented label', { hasText: /^x$/ }).click();
    await page.keyboard.press('i');
    expect((await middle())[0]).toBeGreaterThan(120);
    await page.keyboard.press('i');
    await page.getByText('Keep the other side').click();
    await page.keyboard.press('i');
    const [r, g, b] = await middle();
    expect(r - Math.max(g, b)).toBeLessThan(30);
    await page.keyboard.press('c');
    const back = await middle();
    expect(back[0]).toBeGreaterThan(120);
  }, 120_000);

  it('moves geometry with its submap, and removes it', async () => {
    // A camera that the user has touched stays where it is.
    await page.mouse.move(200, 150);
    await page.mouse.wheel(0, 10);
    server.submapPose(1, exp([40, 0, 0, 0, 0, 0]));
    await expect.poll(async () => (await middle())[0], { timeout: 30_000 }).toBeLessThan(80);
    await page.keyboard.press('r');
    expect((await middle())[0]).toBeGreaterThan(120);
    server.removeBlocks([{ submap: 1, key: 7, version: 2 }]);
    await until((s) => s.triangles === 0 && s.blocks === 0);
    // What is older than the removal does not come back.
    square(2);
    square(3);
    await until((s) => s.triangles === 2);
  }, 120_000);

  it('shows pictures with their name, and touches', async () => {
    server.image({ stream: 3, stampNs: 1n, width: 8, height: 8, jpeg: JPEG });
    server.touch({
      id: 1,
      submap: 1,
      stampNs: 1n,
      center: [0, 0, 0],
      normal: [0, 0, 1],
      radius: 0.5,
      positions: Float32Array.of(0, 0, 0),
    });
    await until((s) => s.images === 1 && s.touches === 1);
    const width = page.locator('.images img');
    await expect.poll(() => width.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(8);
    expect(await page.locator('.images figcaption').textContent()).toBe('finger');
    const [r, g, b] = await middle();
    // Pink over red.
    expect(b).toBeGreaterThan(30);
    expect(r).toBeGreaterThan(g);
  }, 90_000);

  it('takes names as text, never as markup, and reports nothing wrong', async () => {
    expect(await page.locator('.recording').textContent()).toBe('<b>robot</b>');
    expect(await page.locator('.recording b').count()).toBe(0);
    expect(problems).toEqual([]);
  });
});
