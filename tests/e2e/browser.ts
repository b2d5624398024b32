import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

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
