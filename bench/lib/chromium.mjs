// A headless Chromium of this machine with WebGL in software, for benchmarks and pictures of the viewer.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Whether frames are drawn by the processor: there is no GPU where this says so. */
export const RENDERER = 'SwiftShader (WebGL in software, no GPU)';

export function launchChromium() {
  const executablePath = PLACES.find((path) => path && existsSync(path));
  if (!executablePath)
    throw new Error('No Chromium here; install Debian\'s with "apt-get install chromium".');
  const args = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'];
  args.push('--disable-component-update', '--disable-sync', '--use-angle=swiftshader');
  args.push('--enable-unsafe-swiftshader', '--ignore-gpu-blocklist');
  return chromium.launch({ executablePath, args });
}

/** The page's state once `wanted` holds. */
export async function until(page, wanted, seconds = 300) {
  const end = Date.now() + 1000 * seconds;
  for (;;) {
    const state = await page.evaluate(() => window.feltmap && { ...window.feltmap });
    if (state && wanted(state)) return state;
    if (Date.now() > end) throw new Error(`The page did not get there: ${JSON.stringify(state)}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
