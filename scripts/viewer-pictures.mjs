// Makes docs/images/viewer-*.png: replays the shipped recording and photographs the viewer. Needs a build, Chromium, and
// pngquant (Debian package) to make the files small.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchChromium, until } from '../bench/lib/chromium.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'feltmap-pictures-'));
const args = ['dist/cli/main.js', 'replay', 'bags/kitti_0005.mcap', '--view', '0', '--out', out];
const replay = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
const url = await new Promise((found, failed) => {
  let text = '';
  const look = (piece) => {
    text += piece;
    const match = /http:\/\/127\.0\.0\.1:\d+\//.exec(text);
    if (match) found(match[0]);
  };
  replay.stdout.on('data', look);
  replay.stderr.on('data', look);
  replay.on('exit', (code) => failed(new Error(`feltmap ended with ${code}: ${text}`)));
});

const browser = await launchChromium();
try {
  const sizes = [
    { name: 'desktop', viewport: { width: 1600, height: 900 } },
    { name: 'phone', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  ];
  for (const { name, ...size } of sizes) {
    const context = await browser.newContext({ ...size, colorScheme: 'dark' });
    const page = await context.newPage();
    await page.goto(url);
    // The desktop watches from the first scan on, so that its panel shows the run's history.
    await until(page, (s) => s.phase === 'finished' && s.triangles > 100_000);
    for (const [i, shading] of ['normal', 'height', 'colour', 'age'].entries()) {
      await page.keyboard.press(String(i + 1));
      await until(page, (s) => s.shading === shading);
      await page.waitForTimeout(300);
      await until(page, (s) => s.settled);
      const path = join(root, 'docs', 'images', `viewer-${name}-${shading}.png`);
      await page.screenshot({ path, timeout: 120_000 });
      shrink(path);
      console.log(path, statSync(path).size);
    }
    await context.close();
  }
} finally {
  await browser.close();
  replay.removeAllListeners('exit');
  replay.kill('SIGKILL');
  rmSync(out, { recursive: true });
}

/** As many colours as 400 kB allow. */
function shrink(path) {
  for (const colors of [256, 192, 128, 96, 64]) {
    const small = `${path}.small`;
    const { error } = spawnSync('pngquant', [
      '--nofs',
      '--speed',
      '1',
      '--force',
      '-o',
      small,
      String(colors),
      path,
    ]);
    if (error) {
      console.warn('pngquant is not installed: the pictures stay large.');
      return;
    }
    if (statSync(small).size < 400_000 || colors === 64) {
      renameSync(small, path);
      return;
    }
  }
}
