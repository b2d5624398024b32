// Frame time and draw calls of the viewer's page on a map of so many triangles: npm run bench:viewer-client [-- --triangles 5000000]
import { parseArgs } from 'node:util';
import { ViewerServer } from '../dist/viewer/server/index.js';
import { launchChromium, RENDERER, until } from './lib/chromium.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable, quantile } from './lib/tables.mjs';

const { values } = parseArgs({
  options: { triangles: { type: 'string', default: '5000000' }, 'no-write': { type: 'boolean' } },
});
const VOXEL = 0.2;
const CELLS = 8;
const SIDE = CELLS * VOXEL;
/** Triangles of one block of the hilly ground: two per cell. Real maps have about 100. */
const PER_BLOCK = 2 * CELLS * CELLS;
const across = Math.ceil(Math.sqrt(Number(values.triangles) / PER_BLOCK));

const server = new ViewerServer({
  port: 0,
  hello: {
    version: 'bench',
    mode: 'view',
    title: 'synthetic hills',
    voxel: VOXEL,
    can: { pause: false, speed: false, mesh: false, trajectory: false },
    streams: [],
  },
});
const [url] = await server.start();
server.blocks(hills(across), 0);
const browser = await launchChromium();
try {
  const page = await (await browser.newContext({ viewport: { width: 1600, height: 900 } })).newPage();
  const begin = performance.now();
  await page.goto(`${url}#panel=0`);
  const total = across * across * PER_BLOCK;
  await until(page, (s) => s.triangles >= total);
  const received = performance.now() - begin;
  await until(page, (s) => s.settled);
  const drawn = performance.now() - begin;
  const rows = [await measure(page, 'whole map in view, at rest quality', 0)];
  rows.push(await measure(page, 'the same, turning', 12));
  await page.mouse.move(800, 450);
  for (let i = 0; i < 14; i++) await page.mouse.wheel(0, -400);
  await page.waitForTimeout(3000);
  await until(page, (s) => s.settled);
  rows.push(await measure(page, 'street level, turning', 12));
  const heap = await page.evaluate(() => performance.memory?.usedJSHeapSize ?? NaN);
  const table = markdownTable(
    [
      'view',
      'draw calls',
      'triangles drawn',
      'script per frame (ms)',
      'frame, median (ms)',
      'frame, 95 % (ms)',
      'governor step',
    ],
    rows,
  );
  const body = [
    `${fixed(total / 1e6, 2)} M triangles of synthetic hills in ${across * across} blocks (one draw call each would be ${across * across}), 1600×900, ${RENDERER}: frame times are the processor's, drawing included, and an upper bound for any GPU; draw calls, triangles and script time (of the processor profile) do not depend on it.`,
    table,
    `All blocks received after ${fixed(received / 1000, 1)} s, complete picture after ${fixed(drawn / 1000, 1)} s; script heap ${fixed(heap / 1e6, 0)} MB. While the map moves, the page trades detail for speed: governor step 0 is full quality, 5 the least (half resolution, far cells up to 16 pixels, no soft shadows, no antialiasing); at rest it draws the best.`,
  ].join('\n\n');
  publish('viewer-client', 'npm run bench:viewer-client', body, !values['no-write']);
} finally {
  await browser.close();
  await server.close();
}

/** One row: turns the map for so many seconds (0: draws nothing new) and looks at the frames. */
async function measure(page, name, seconds) {
  if (seconds === 0) {
    const s = await until(page, (state) => state.settled);
    return [name, s.drawCalls, s.drawnTriangles, '–', '–', '–', s.quality];
  }
  const profiler = await page.context().newCDPSession(page);
  await profiler.send('Profiler.enable');
  await page.evaluate(() => {
    window.intervals = [];
    let last = performance.now();
    const tick = (now) => {
      window.intervals.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await page.mouse.move(500, 450);
  await page.mouse.down();
  await profiler.send('Profiler.start');
  const before = await page.evaluate(() => window.feltmap.frames);
  const end = performance.now() + 1000 * seconds;
  for (let i = 1; performance.now() < end; i++) await page.mouse.move(500 + 2 * i, 450);
  const { profile } = await profiler.send('Profiler.stop');
  const s = await page.evaluate(() => ({ ...window.feltmap, intervals: window.intervals }));
  await page.mouse.up();
  const ms = s.intervals.slice(Math.floor(s.intervals.length / 2));
  return [
    name,
    s.drawCalls,
    s.drawnTriangles,
    fixed(busy(profile) / Math.max(1, s.frames - before), 1),
    fixed(quantile(ms, 0.5), 0),
    fixed(quantile(ms, 0.95), 0),
    s.quality,
  ];
}

/** Milliseconds of script in a processor profile, garbage collection included; waiting for the GPU's process is idle. */
function busy({ nodes, samples, timeDeltas }) {
  const idle = new Set(
    nodes
      .filter(({ callFrame }) => ['(idle)', '(program)'].includes(callFrame.functionName))
      .map(({ id }) => id),
  );
  return samples.reduce((sum, id, i) => (idle.has(id) ? sum : sum + timeDeltas[i] / 1000), 0);
}

/** Blocks of a hilly ground, `n` × `n`. */
function* hills(n) {
  const height = (x, y) =>
    3 * Math.sin(x / 17) * Math.cos(y / 23) +
    0.6 * Math.sin(x / 3.1 + y / 4.7) +
    0.08 * Math.sin(7 * x) * Math.cos(6 * y);
  const indices = new Uint16Array(3 * PER_BLOCK);
  for (let j = 0, k = 0; j < CELLS; j++)
    for (let i = 0; i < CELLS; i++, k += 6) {
      const a = j * (CELLS + 1) + i;
      indices.set([a, a + 1, a + CELLS + 2, a, a + CELLS + 2, a + CELLS + 1], k);
    }
  for (let by = 0; by < n; by++)
    for (let bx = 0; bx < n; bx++) {
      const vertices = (CELLS + 1) ** 2;
      const positions = new Float32Array(3 * vertices);
      const normals = new Float32Array(3 * vertices);
      for (let v = 0; v < vertices; v++) {
        const x = (bx - n / 2) * SIDE + (v % (CELLS + 1)) * VOXEL;
        const y = (by - n / 2) * SIDE + Math.floor(v / (CELLS + 1)) * VOXEL;
        const e = 0.01;
        const dx = (height(x + e, y) - height(x - e, y)) / (2 * e);
        const dy = (height(x, y + e) - height(x, y - e)) / (2 * e);
        const l = Math.hypot(dx, dy, 1);
        positions.set([x, y, height(x, y)], 3 * v);
        normals.set([-dx / l, -dy / l, 1 / l], 3 * v);
      }
      yield { submap: 0, key: by * n + bx, version: 1, positions, normals, indices };
    }
}
