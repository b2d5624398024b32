import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTum } from '../../src/export/tum.js';
import type { FeltmapState } from '../../src/viewer/client/test-state.js';
import { CHROMIUM, launchChromium } from './browser.js';
import { BAG } from './feltmap.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** Ambient occlusion costs a software renderer the most, and no test looks at it. */
const LOOK = '#ambient=0';

declare const window: { feltmap?: FeltmapState };

/** One server for all steps: they follow each other as a visit does. */
describe.skipIf(CHROMIUM === undefined)('the viewer in Chromium', () => {
  let dir = '';
  let port = 0;
  let server: ChildProcess;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  const foreign: string[] = [];

  const url = (): string => `http://127.0.0.1:${port}/${LOOK}`;
  const state = (): Promise<FeltmapState> => page.evaluate(() => ({ ...window.feltmap! }));

  /** Waits until the page's state is as wanted. */
  async function until(
    what: string,
    wanted: (s: FeltmapState) => boolean,
    seconds = 120,
  ): Promise<FeltmapState> {
    const end = Date.now() + 1000 * seconds;
    for (;;) {
      const now = await state().catch(() => undefined);
      if (now && wanted(now)) return now;
      if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s; last ${JSON.stringify(now)}`);
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  async function startReplay(out: string): Promise<ChildProcess> {
    const args = [MAIN, 'replay', BAG, '--view', String(port), '--out', join(dir, out), '--quiet'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      if (/^feltmap:/m.test(text)) problems.push(text);
    });
    child.stdout!.resume();
    await answers(port);
    return child;
  }

  async function newPage(width: number, height: number, touch = false): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width, height },
      hasTouch: touch,
      isMobile: touch,
    });
    const created = await context.newPage();
    created.on('pageerror', (error) => problems.push(error.message));
    created.on('console', (message) => {
      // A server that was killed refuses connections: that is what the test is about.
      if (message.type() === 'error' && !/ERR_CONNECTION_REFUSED/.test(message.text()))
        problems.push(message.text());
    });
    created.on('request', (request) => {
      if (!/^(blob:)?http:\/\/127\.0\.0\.1:/.test(request.url())) foreign.push(request.url());
    });
    return created;
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'feltmap-viewer-'));
    port = await freePort();
    browser = await launchChromium();
    server = await startReplay('first');
    page = await newPage(800, 500);
    await page.goto(url());
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    if (server && server.exitCode === null && server.signalCode === null) {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
    if (dir) await rm(dir, { recursive: true });
  });

  it('connects, and triangles appear and grow', async () => {
    const first = await until('triangles', (s) => s.link === 'open' && s.triangles > 0);
    expect(first.mode).toBe('replay');
    const later = await until(
      'growth',
      (s) => s.triangles > first.triangles && s.trajectory > first.trajectory,
    );
    expect(later.blocks).toBeGreaterThan(0);
  }, 130_000);

  it('pauses and goes on by keyboard and button', async () => {
    await page.locator('canvas.map').focus();
    await page.keyboard.press('Space');
    await until('pause', (s) => s.paused && s.phase === 'paused');
    // Scans under way may still end, the more slowly the busier the machine is; then nothing moves.
    let still = await state();
    for (let k = 0; k < 10; k++) {
      await new Promise((done) => setTimeout(done, 1500));
      const now = await state();
      if (now.trajectory === still.trajectory) break;
      still = now;
    }
    await new Promise((done) => setTimeout(done, 3000));
    expect((await state()).trajectory).toBe(still.trajectory);
    await page.getByRole('button', { name: 'Go on' }).click();
    const going = await until('resume', (s) => !s.paused && s.trajectory > still.trajectory);
    expect(going.phase).toBe('running');
  }, 130_000);

  let done: FeltmapState;
  it('ends with the trajectory of the replay', async () => {
    done = await until('end', (s) => s.phase === 'finished', 280);
    const truth = parseTum(await readFile(join(dir, 'first', 'trajectory.tum'), 'utf8'));
    expect(done.trajectory).toBe(truth.poses.length);
    expect(done.keyframes).toBeGreaterThan(3);
    expect(done.triangles).toBeGreaterThan(100_000);
  }, 290_000);

  it('downloads mesh and trajectory', async () => {
    const fetched = async (item: string): Promise<Buffer> => {
      await page.getByRole('button', { name: 'Download' }).click();
      const download = page.waitForEvent('download', { timeout: 90_000 });
      await page.getByRole('button', { name: item }).click();
      return readFile(await (await download).path());
    };
    const tum = parseTum((await fetched('Trajectory')).toString());
    expect(tum.poses).toHaveLength(done.trajectory);
    const glb = await fetched('Mesh');
    expect(glb.subarray(0, 4).toString()).toBe('glTF');
    expect(glb.readUInt32LE(8)).toBe(glb.length);
  }, 200_000);

  it('shades in four ways, and each looks different', async () => {
    const pictures: Buffer[] = [];
    for (const [key, name] of [
      ['1', 'normal'],
      ['2', 'height'],
      ['3', 'colour'],
      ['4', 'age'],
    ] as const) {
      await page.keyboard.press(key);
      await until(name, (s) => s.shading === name && s.settled);
      pictures.push(await page.locator('canvas.map').screenshot({ timeout: 60_000 }));
    }
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < i; j++) expect(pictures[i]!.equals(pictures[j]!)).toBe(false);
    // A picture of one colour packs into a few kilobytes.
    for (const picture of pictures) expect(picture.length).toBeGreaterThan(30_000);
  }, 300_000);

  it('measures between two clicked points, and cuts', async () => {
    await page.keyboard.press('p');
    await until('view from above', (s) => s.camera === 'top' && s.settled);
    await page.keyboard.press('m');
    // Not every place has a surface: the first pair of places 15 pixels apart that both have one.
    let measured: number | undefined;
    for (let y = 150; y < 300 && measured === undefined; y += 20) {
      await page.mouse.click(230, y);
      await page.mouse.click(242, y + 9);
      ({ measured } = await state());
    }
    const scale = Number(/[\d.]+/.exec(await page.locator('.scale').innerText())![0]);
    const bar = (await page.locator('.scale .bar').boundingBox())!.width;
    // 15 pixels as the scale bar counts them; the two points' heights may differ a little.
    expect(measured! / ((15 * scale) / bar)).toBeGreaterThan(0.9);
    expect(measured! / ((15 * scale) / bar)).toBeLessThan(1.6);
    await page.keyboard.press('Escape');
    expect((await state()).measured).toBeUndefined();
    const before = (await until('settled', (s) => s.settled)).drawCalls;
    expect(before).toBeGreaterThan(3);
    await page.keyboard.press('o');
  }, 120_000);

  it('a reload restores everything', async () => {
    await page.reload();
    const back = await until('reload', (s) => s.snapshots > 0 && s.triangles >= done.triangles);
    for (const name of [
      'session',
      'blocks',
      'triangles',
      'trajectory',
      'keyframes',
      'scans',
      'phase',
    ] as const)
      expect(back[name], name).toBe(done[name]);
    // The choice of shading survives as well.
    expect(back.shading).toBe('age');
  }, 130_000);

  it('works at the size of a phone: nothing runs over, targets are large, the sheet opens', async () => {
    const desktop = page;
    page = await newPage(390, 844, true);
    await page.goto(url());
    await until('phone', (s) => s.triangles > 0);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    for (const button of await page.locator('.rail button.icon').all()) {
      const box = (await button.boundingBox())!;
      expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(44);
      expect(box.x + box.width).toBeLessThanOrEqual(390);
      expect(await button.getAttribute('aria-label')).toBeTruthy();
    }
    await page.getByRole('button', { name: 'Panel' }).tap();
    await page.getByText('Triangles').waitFor({ state: 'visible' });
    await page.context().close();
    page = desktop;
  }, 130_000);

  it('comes back after the server was killed and started again', async () => {
    server.kill('SIGKILL');
    await once(server, 'exit');
    await until('loss', (s) => s.link === 'waiting');
    await page.getByText(/Connection lost.*next attempt in \d+ s/).waitFor();
    // The last state stays on the screen meanwhile.
    expect((await state()).triangles).toBe(done.triangles);
    server = await startReplay('second');
    const again = await until(
      'return',
      (s) => s.link === 'open' && s.session !== done.session && s.triangles > 0,
    );
    expect(again.trajectory).toBeLessThan(done.trajectory);
    await page.locator('.banner').waitFor({ state: 'hidden' });
  }, 200_000);

  it('says in a sentence that there is no WebGL', async () => {
    const plain = await launchChromium(['--disable-gpu', '--disable-3d-apis']);
    try {
      const noWebGl = await plain.newPage();
      await noWebGl.goto(url());
      const sentence = noWebGl.getByRole('alert');
      await sentence.waitFor();
      expect(await sentence.innerText()).toMatch(/WebGL 2.*(browser|hardware acceleration)/);
      expect(await noWebGl.locator('canvas').count()).toBe(0);
    } finally {
      await plain.close();
    }
  }, 60_000);

  it('asked nobody else for anything, and nothing went wrong on the way', () => {
    expect(foreign).toEqual([]);
    expect(problems).toEqual([]);
  });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Waits until a server answers on the port. */
async function answers(port: number): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (
      await fetch(`http://127.0.0.1:${port}/`).then(
        (r) => r.ok,
        () => false,
      )
    )
      return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`nothing answers on port ${port}`);
}
