import { describe, expect, it, vi } from 'vitest';
import { parsePcd } from '../../src/bags/pcd-file.js';
import { encodePcd } from '../../src/export/pcd.js';

describe('a cloud without points', () => {
  it('is a whole file, written without a word on stderr', async () => {
    const said = [vi.spyOn(process.stderr, 'write'), vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')];
    for (const encoding of ['ascii', 'binary', 'compressed'] as const)
      for (const colors of [undefined, new Uint8Array(3)]) {
        const bytes = await encodePcd(Float32Array.of(NaN, 1, 2), encoding, colors);
        const { width, fields } = parsePcd(bytes, 'a.pcd');
        expect([width, fields.length]).toEqual([0, colors ? 4 : 3]);
      }
    for (const one of said) expect(one).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});
