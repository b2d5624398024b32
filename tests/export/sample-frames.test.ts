import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { sampleFrames } from '../../src/export/sample-frames.js';

/** The pixels of a page's pictures by their captions. */
async function pictures(html: string): Promise<Map<string, { data: Buffer; width: number; height: number }>> {
  const out = new Map<string, { data: Buffer; width: number; height: number }>();
  for (const [, base64, label] of html.matchAll(/base64,([^"]+)"><figcaption>([^<]+)</g)) {
    const { data, info } = await sharp(Buffer.from(base64!, 'base64'))
      .raw()
      .toBuffer({ resolveWithObject: true });
    out.set(label!, { data, width: info.width, height: info.height });
  }
  return out;
}

describe('sample frames', () => {
  it('are thinned to a width that fits, with the image as it is', async () => {
    const [width, height] = [640, 480];
    const image = new Uint8Array(3 * width * height).map((_, i) => (Math.floor(i / 3) % width) / 3);
    const depth = new Float32Array(width * height).fill(2);
    const shown = await pictures(
      sampleFrames([{ title: 'a', width, height, depth, image, rendered: { depth } }]),
    );
    expect([...shown.keys()]).toEqual(['Image', 'Depth', 'Mesh, depth', 'Error']);
    const picture = shown.get('Image')!;
    expect([picture.width, picture.height]).toEqual([320, 240]);
    for (let x = 0; x < 320; x++) expect(picture.data[3 * (100 * 320 + x)]).toBe(Math.floor((2 * x) / 3));
  });

  it('show depth from dark to light, and errors by their size', async () => {
    const depth = Float32Array.of(1, 1.5, 2, 2.5, 3, 0);
    const rendered = Float32Array.of(1, 1.45, 2.1, 3.5, NaN, 3);
    const html = sampleFrames([{ title: 'a', width: 6, height: 1, depth, rendered: { depth: rendered } }]);
    const shown = await pictures(html);
    const pixel = (label: string, i: number): number[] => [
      ...shown.get(label)!.data.subarray(3 * i, 3 * i + 3),
    ];
    const light = (rgb: readonly number[]): number => rgb[0]! + rgb[1]! + rgb[2]!;
    expect(light(pixel('Depth', 3))).toBeGreaterThan(light(pixel('Depth', 0)) + 50);
    expect(light(pixel('Depth', 5))).toBeLessThan(120); // unknown
    const [exact, five, ten, more, hole, unknown] = [0, 1, 2, 3, 4, 5].map((i) => pixel('Error', i));
    expect(exact![2]).toBeGreaterThan(exact![0]!);
    expect(five![1]).toBeGreaterThan(150); // yellow
    expect(ten![0]! - ten![1]!).toBeGreaterThan(150); // red
    expect(more).toEqual(ten);
    expect(Math.min(hole![0]!, hole![2]!) - hole![1]!).toBeGreaterThan(100); // violet
    expect(light(unknown!)).toBeLessThan(120);
  });
});
