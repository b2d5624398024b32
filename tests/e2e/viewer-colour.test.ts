import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { showUpdate } from '../../src/host/viewer-feed/show-update.js';
import type { UpdateCamera } from '../../src/host/viewer-feed/view-update.js';
import { MeshBlockStore } from '../../src/mesh/block-store.js';
import { Trajectory } from '../../src/slam/trajectory.js';
import type { FeltmapState } from '../../src/viewer/client/test-state.js';
import { ViewerServer } from '../../src/viewer/server/index.js';
import { CHROMIUM, launchChromium, smallPage } from './browser.js';
import { changesOf, cube } from './cube.js';
import { middleOf, untilState } from './page-state.js';

/** The whole way of colours and pictures: store, changes, update, server, page, pixels. */
describe.skipIf(CHROMIUM === undefined)('the viewer of a map in colour', () => {
  const store = new MeshBlockStore();
  const trajectory = new Trajectory();
  const changes = changesOf(store);
  let server: ViewerServer;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  const send = (): void => {
    for (let update = changes.next(true); update; update = changes.next(true))
      showUpdate(server, structuredClone(update), trajectory);
  };

  const until = (wanted: (s: FeltmapState) => boolean): Promise<FeltmapState> => untilState(page, wanted);

  /** Colour in the middle of the canvas, on top of the cube. */
  const middle = (): Promise<[number, number, number]> => middleOf(page);

  beforeAll(async () => {
    const can = { pause: false, speed: false, mesh: false, trajectory: false };
    const streams = [{ stream: 0, name: 'camera', kind: 'rgb' as const }];
    server = new ViewerServer({
      port: 0,
      hello: { version: 'test', mode: 'live', title: 'room', voxel: 0.1, can, streams },
      clientDir: fileURLToPath(new URL('../../dist/viewer/client', import.meta.url)),
    });
    const [url] = await server.start();
    store.set(0, 0, 0, cube(0));
    send();
    browser = await launchChromium();
    page = await smallPage(browser, problems);
    await page.goto(`${url}#panel=0&grid=0&camera=top&theme=dark`);
    await until((s) => s.triangles === 12);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('is shaded by height without colours, and the colours cannot be chosen', async () => {
    await until((s) => s.shading === 'height' && s.settled);
    await page.keyboard.press('i');
    await expect.poll(() => page.locator('input[value=colour]').isDisabled()).toBe(true);
    await page.keyboard.press('i');
  }, 90_000);

  it('goes over to colours by itself when the map has some, and shows a red cube red', async () => {
    store.set(0, 0, 0, cube(0, [230, 12, 20]));
    send();
    await until((s) => s.shading === 'colour' && s.settled);
    // A picture may be one frame older than what is known of the page.
    const isRed = async (): Promise<boolean> => {
      const [r, g, b] = await middle();
      return r > 120 && Math.max(g, b) < 60;
    };
    await expect.poll(isRed, { timeout: 30_000 }).toBe(true);
    await page.keyboard.press('i');
    await expect.poll(() => page.locator('input[value=colour]').isEnabled()).toBe(true);
    await page.keyboard.press('i');
  }, 90_000);

  it('shows what has no colour in a neutral shade, also within a block', async () => {
    store.set(0, 0, 0, cube(0, [128, 128, 128])); // unknown
    send();
    const isNeutral = async (): Promise<boolean> => {
      const seen = await middle();
      return seen[1] > 90 && Math.max(...seen) - Math.min(...seen) < 40;
    };
    await expect.poll(isNeutral, { timeout: 30_000 }).toBe(true);
    const unknown = await middle();
    store.set(0, 0, 0, cube(0));
    send();
    await until((s) => s.settled);
    const plain = await middle();
    plain.forEach((v, k) => expect(Math.abs(v - unknown[k]!)).toBeLessThan(4));
  }, 90_000);

  it('stays with what was chosen', async () => {
    await page.keyboard.press('2');
    store.set(0, 0, 0, cube(0, [20, 220, 30]));
    send();
    await until((s) => s.shading === 'height' && s.settled);
    await page.keyboard.press('3');
    await until((s) => s.shading === 'colour');
    await expect
      .poll(async () => {
        const [r, g] = await middle();
        return g - r;
      })
      .toBeGreaterThan(100);
  }, 90_000);

  it('shows the picture of a camera and draws its frustum', async () => {
    const before = await middle();
    const [width, height] = [160, 120];
    const rgb = new Uint8Array(3 * width * height);
    for (let i = 0; i < rgb.length; i += 3) rgb[i + 2] = 240;
    // Over the cube, looking down along −z with its x axis along the map's: an edge of its far side is in the middle.
    const camera: UpdateCamera = {
      stampNs: 1n,
      width,
      height,
      rgb,
      fovX: Math.PI / 2,
      fovY: Math.PI / 2,
      T_odom_camera: Float64Array.of(1, 0, 0, 0.4, 0, -1, 0, 0.4 + 1.2, 0, 0, -1, 2),
    };
    changes.pictured({ ...camera, stampNs: 0n });
    changes.pictured(camera);
    send();
    await until((s) => s.images === 1 && s.cameras === 1 && s.settled);
    const image = page.locator('.images img');
    await expect.poll(() => image.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(width);
    const color = await image.evaluate((img: HTMLImageElement) => {
      const context = new OffscreenCanvas(1, 1).getContext('2d')!;
      context.drawImage(img, 0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data];
    });
    expect(color[2]).toBeGreaterThan(220);
    expect(Math.max(color[0]!, color[1]!)).toBeLessThan(30);
    expect(await page.locator('.images figcaption').textContent()).toBe('camera');
    // A line of light blue over the green cube.
    const isDrawn = async (): Promise<boolean> => {
      const [r, g, b] = await middle();
      return b - before[2] > 100 && b > r + 50 && g > 100;
    };
    await expect.poll(isDrawn, { timeout: 30_000 }).toBe(true);
    expect(problems).toEqual([]);
  }, 90_000);
});
