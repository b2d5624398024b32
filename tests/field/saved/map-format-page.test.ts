import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeSavedMap } from '../../../src/field/saved/saved-map.js';
import { readManifest } from '../../../src/field/saved/manifest.js';
import { content, floor, layerFile } from './content.js';

it('the reader on the page about the format reads a map', () => {
  const page = readFileSync(new URL('../../../docs/map-format.md', import.meta.url), 'utf8');
  const script = /```js\n([\s\S]*?)```/.exec(page)![1]!;
  const folder = mkdtempSync(join(tmpdir(), 'map-format-'));
  try {
    const files = encodeSavedMap(content(floor(7), true, true));
    for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
    writeFileSync(join(folder, 'read-map.mjs'), script);
    const out = execFileSync(process.execPath, [join(folder, 'read-map.mjs'), folder], { encoding: 'utf8' });
    const second = content().submaps[0]!.places[1]!;
    const size = (layer: string): number => files.get(layerFile(files, layer))!.length;
    const { parameters } = readManifest(files).submaps[0]!.grids[0]!.layers[2]!;
    const { blocks, corners } = parameters as { blocks: number; corners: number };
    expect(out.trim().split('\n')).toEqual([
      'place 0 0.00 0.00 0.00',
      `place 0 ${[3, 7, 11].map((k) => second[k]!.toFixed(2)).join(' ')}`,
      `layer 0 0.15 distance ${size('distance')}`,
      `layer 0 0.15 features ${size('features')}`,
      `layer 0 0.15 colour ${size('colour')} bytes of ${corners} colours in ${blocks} blocks`,
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
