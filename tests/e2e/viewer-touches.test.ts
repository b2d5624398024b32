import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TouchEvent } from '../../src/host/protocol.js';
import { MapViewer } from '../../src/host/viewer-feed/map-viewer.js';
import { TOUCH_STREAM } from '../../src/host/viewer-feed/shown-touches.js';
import { MeshBlockStore } from '../../src/mesh/block-store.js';
import { Trajectory } from '../../src/slam/trajectory.js';
import { CHROMIUM, launchChromium, smallPage } from './browser.js';
import { changesOf, cube, SIDE } from './cube.js';
import { middleOf, untilState } from './page-state.js';

/** A touch from above on the middle of the cube, wide enough to cover the middle of the page. */
function touchEvent(): TouchEvent {
  const half = 0.15 * SIDE;
  const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]] as const; // prettier-ignore
  const points = Float32Array.from(corners.flatMap(([x, y]) => [half * x, half * y, 0]));
  const pose = Float64Array.of(1, 0, 0, 0.5 * SIDE, 0, -1, 0, 0.5 * SIDE, 0, 0, -1, 0.85 * SIDE);
  const touch = { state: 'registered', predicted: pose, points } as const;
  const times = { total: 1 };
  const result = { index: 0, stampNs: 1n, pose, touch, state: 'tracking', reason: '', times };
  const statistics = { blocks: 1, triangles: 12, keyframes: 0, memoryBytes: 1 };
  const picture = { width: 40, height: 30, data: new Uint8Array(3 * 40 * 30).fill(180) };
  const event = { type: 'touch', sensor: 'finger', submap: 0, result, statistics, picture };
  return event as unknown as TouchEvent;
}

/** The whole way of a touch: event of the SLAM thread, frames, pixels and the picture beside. */
describe.skipIf(CHROMIUM === undefined)('touches in the viewer', () => {
  let viewer: MapViewer;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  /** Red of the cube alone. */
  let bare = 0;

  beforeAll(async () => {
    const store = new MeshBlockStore();
    store.set(0, 0, 0, cube(0, [20, 220, 30]));
    const changes = changesOf(store);
    viewer = new MapViewer({
      port: 0,
      hello: {
        version: 'test',
        mode: 'live',
        title: 'touch',
        voxel: 0.1,
        can: { pause: false, speed: false, mesh: false, trajectory: false },
        streams: [TOUCH_STREAM],
      },
      trajectory: new Trajectory(),
      slam: () => undefined,
      activity: () => ({ phase: 'running', droppedScans: 0 }),
      clientDir: fileURLToPath(new URL('../../dist/viewer/client', import.meta.url)),
    });
    const [url] = await viewer.start();
    viewer.take({ type: 'view', update: structuredClone(changes.next(true)!) });
    browser = await launchChromium();
    page = await smallPage(browser, problems);
    await page.goto(`${url}#panel=0&grid=0&camera=top&theme=dark&shading=colour`);
    await untilState(page, (s) => s.triangles === 12 && s.settled);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await viewer?.close();
  });

  it('are drawn where they were felt, beside the newest picture of the sensor', async () => {
    const greener = async (): Promise<number> => {
      const [r, g] = await middleOf(page);
      return g - r;
    };
    await expect.poll(greener, { timeout: 30_000 }).toBeGreaterThan(60);
    [bare] = await middleOf(page);
    viewer.take(touchEvent());
    await untilState(page, (s) => s.touches === 1);
    // Pink over green.
    await expect.poll(async () => (await middleOf(page))[0], { timeout: 30_000 }).toBeGreaterThan(bare + 40);
    await expect
      .poll(() => page.getByAltText('Newest picture of touch').count(), { timeout: 30_000 })
      .toBe(1);
  }, 90_000);

  it('are there for who comes late, can be hidden, and go with the map', async () => {
    await page.reload();
    await untilState(page, (s) => s.touches === 1 && s.settled);
    const red = async (): Promise<number> => (await middleOf(page))[0];
    await expect.poll(red, { timeout: 30_000 }).toBeGreaterThan(bare + 40);
    await page.keyboard.press('i');
    await page.getByLabel('Touches').uncheck();
    await page.keyboard.press('i');
    await expect.poll(red, { timeout: 30_000 }).toBeLessThan(bare + 20);
    viewer.reset();
    await untilState(page, (s) => s.touches === 0);
    expect(problems).toEqual([]);
  }, 90_000);
});
