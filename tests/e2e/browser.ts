import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const PLACES = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** A Chromium of this machine; undefined without one. */
export const CHROMIUM = PLACES.find((path) => path !== undefined && existsSync(path));

if (CHROMIUM === undefined)
  console.warn(
    'Viewer tests skipped: no Chromium; install Debian\'s with "apt-get install chromium" or set CHROMIUM.',
  );

const QUIET = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** WebGL by SwiftShader, a software renderer: slow, but the same everywhere. */
export const SOFTWARE_GL = [
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
];

export function launchChromium(args: readonly string[] = SOFTWARE_GL): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM!, args: [...QUIET, ...args] });
}

/** A page of 400 × 300 pixels, so that a cube fills its middle. @param problems get what goes wrong in it */
export async function smallPage(browser: Browser, problems: string[]): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 400, height: 300 } })).newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  return page;
}
