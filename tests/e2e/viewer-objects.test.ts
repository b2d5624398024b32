import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeGlb } from '../../src/export/glb-reader.js';
import { ObjectCompleter } from '../../src/host/completion/object-completer.js';
import { MapViewer } from '../../src/host/viewer-feed/map-viewer.js';
import { MeshBlockStore } from '../../src/mesh/block-store.js';
import { Trajectory } from '../../src/slam/trajectory.js';
import type { FeltmapState } from '../../src/viewer/client/test-state.js';
import { FakeSolver, objectIn, surface } from '../host/completion/fakes.js';
import { CHROMIUM, launchChromium, smallPage } from './browser.js';
import { changesOf, cube, SIDE } from './cube.js';
import { middleOf, untilState } from './page-state.js';

/** Completes everything to a sheet over the middle of the cube, as sure as the test says. */
class SheetSolver extends FakeSolver {
  sigma = 0.02;
  override async complete(...[from, box]: Parameters<FakeSolver['complete']>) {
    await super.complete(from, box);
    const [x, y, z, half] = [0.5 * SIDE, 0.5 * SIDE, 0.85 * SIDE, 0.15 * SIDE];
    const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]] as const; // prettier-ignore
    return {
      ...objectIn(box),
      mesh: {
        positions: Float32Array.from(corners.flatMap(([u, v]) => [x + half * u, y + half * v, z])),
        normals: Float32Array.from(corners.flatMap(() => [0, 0, 1])),
        indices: Uint32Array.of(0, 1, 2, 0, 2, 3),
        sigmas: new Float32Array(4).fill(this.sigma),
        bounds: new Float32Array(4).fill(3 * this.sigma),
      },
    };
  }
}

/** The whole way: click in the page, region, completion, frame, pixels. */
describe.skipIf(CHROMIUM === undefined)('completed objects in the viewer', () => {
  const solver = new SheetSolver();
  let version = 'a';
  const completer = new ObjectCompleter({ region: async () => surface(version), solver });
  let viewer: MapViewer;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  const until = (wanted: (s: FeltmapState) => boolean): Promise<FeltmapState> => untilState(page, wanted);

  /** Colour in the middle of the canvas, on top of the cube. */
  const middle = (): Promise<[number, number, number]> => middleOf(page);

  /** How much greener it is than anything else. */
  async function greener(): Promise<number> {
    const [r, g, b] = await middle();
    return g - Math.max(r, b);
  }

  /** Opens the panel for something; it covers the middle of so small a page. */
  async function inPanel(act: () => Promise<void>): Promise<void> {
    await page.keyboard.press('i');
    await act();
    await page.keyboard.press('i');
  }

  beforeAll(async () => {
    const store = new MeshBlockStore();
    store.set(0, 0, 0, cube(0, [20, 220, 30]));
    const changes = changesOf(store);
    viewer = new MapViewer({
      port: 0,
      hello: {
        version: 'test',
        mode: 'live',
        title: 'table',
        voxel: 0.1,
        can: { pause: false, speed: false, mesh: false, trajectory: false },
        streams: [],
      },
      trajectory: new Trajectory(),
      slam: () => undefined,
      activity: () => ({ phase: 'running', droppedScans: 0 }),
      objects: { completer, size: () => 0.2 },
      clientDir: fileURLToPath(new URL('../../dist/viewer/client', import.meta.url)),
    });
    const [url] = await viewer.start();
    viewer.take({ type: 'view', update: structuredClone(changes.next(true)!) });
    browser = await launchChromium();
    page = await smallPage(browser, problems);
    await page.goto(`${url}#panel=0&grid=0&camera=top&theme=dark&shading=colour`);
    await until((s) => s.triangles === 12 && s.settled);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await viewer?.close();
  });

  it('are made where somebody clicks with the tool, and drawn through, red where unsure', async () => {
    // The first picture may come later than the mesh.
    await expect.poll(greener, { timeout: 30_000 }).toBeGreaterThan(60);
    const before = await middle();
    // Without the tool a click does nothing.
    await page.mouse.click(200, 150);
    await page.waitForTimeout(600); // two clicks in a row would be a double one
    await page.keyboard.press('e');
    await page.mouse.click(200, 150);
    await until((s) => s.objects === 1);
    expect(solver.boxes).toHaveLength(1);
    const [box] = solver.boxes;
    // The point that was clicked lies on top of the cube, in the middle.
    expect((box![0] + box![3]) / 2).toBeCloseTo(0.5 * SIDE, 1);
    expect((box![1] + box![4]) / 2).toBeCloseTo(0.5 * SIDE, 1);
    expect((box![2] + box![5]) / 2).toBeCloseTo(0.8 * SIDE, 2);
    expect(box![3] - box![0]).toBeCloseTo(0.2, 5);
    await expect.poll(async () => (await middle())[0], { timeout: 30_000 }).toBeGreaterThan(before[0] + 60);
    const [r, g] = await middle();
    expect(r).toBeGreaterThan(g);
    // The cube behind is still seen: a red of the scale alone has less green.
    expect(g).toBeGreaterThan(50);
  }, 90_000);

  it('turn blue when they become sure', async () => {
    solver.sigma = 0;
    version = 'b';
    await completer.refresh();
    await expect.poll(async () => { const [r, , b] = await middle(); return b - r; }, { timeout: 30_000 }).toBeGreaterThan(60); // prettier-ignore
  }, 90_000);

  it('can be hidden, and saved as a file', async () => {
    const blue = (await middle())[2];
    await inPanel(() => page.getByLabel('Completed objects').uncheck());
    await expect.poll(async () => blue - (await middle())[2], { timeout: 30_000 }).toBeGreaterThan(60);
    await page.keyboard.press('i');
    await page.getByLabel('Completed objects').check();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save objects (GLB)' }).click(),
    ]);
    await page.keyboard.press('i');
    expect(download.suggestedFilename()).toBe('objects.glb');
    const { positions, colors, indices } = await decodeGlb(
      await readFile(await download.path()),
      'objects.glb',
    );
    expect(indices).toHaveLength(6);
    for (let v = 0; v < 12; v += 3) {
      expect(Math.abs(positions[v]! - 0.5 * SIDE)).toBeCloseTo(0.15 * SIDE, 4);
      expect(positions[v + 2]).toBeCloseTo(0.85 * SIDE, 4);
    }
    expect(colors![2]).toBeGreaterThan(colors![0]! + 100);
  }, 90_000);

  it('are there for who comes late, and go when they are cleared', async () => {
    await page.reload();
    await until((s) => s.objects === 1 && s.settled);
    await inPanel(() => page.getByRole('button', { name: 'Clear' }).click());
    await until((s) => s.objects === 0);
    await expect.poll(greener, { timeout: 30_000 }).toBeGreaterThan(60);
  }, 90_000);

  it('say why they are not there, once', async () => {
    solver.error = new Error('There is no table');
    completer.addAround([0.4, 0.4, 0.6], 0.2);
    await expect
      .poll(() => page.locator('.toast').allTextContents())
      .toEqual([expect.stringContaining('is not completed: There is no table') as string]);
    version = 'c';
    await completer.refresh();
    await new Promise((done) => setTimeout(done, 300));
    expect(await page.locator('.toast').count()).toBe(1);
    expect(problems).toEqual([]);
  }, 90_000);
});
