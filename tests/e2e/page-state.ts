import type { Page } from 'playwright-core';
import type { FeltmapState } from '../../src/viewer/client/test-state.js';

declare const window: { feltmap?: FeltmapState };

/** Waits until the viewer's page is in a state. */
export async function untilState(page: Page, wanted: (s: FeltmapState) => boolean): Promise<FeltmapState> {
  for (const end = Date.now() + 60_000; ;) {
    const now = await page.evaluate(() => ({ ...window.feltmap! })).catch(() => undefined);
    if (now && wanted(now)) return now;
    if (Date.now() > end) throw new Error(`not within a minute; last ${JSON.stringify(now)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Colour in the middle of a page of 400 × 300, once its picture has settled. */
export async function middleOf(page: Page): Promise<[number, number, number]> {
  await untilState(page, (s) => s.settled);
  const png = (await page.screenshot({ clip: { x: 200, y: 150, width: 1, height: 1 } })).toString('base64');
  return page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const context = new OffscreenCanvas(1, 1).getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    return [r!, g!, b!];
  }, png);
}
