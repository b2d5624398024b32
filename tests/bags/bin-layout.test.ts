import { describe, expect, it } from 'vitest';
import { parseBin, parseBinLayout } from '../../src/bags/bin-layout.js';
import { parseScanFile } from '../../src/bags/folder-source.js';

describe('layouts of .bin files', () => {
  it('columns with their types give offsets', () => {
    const { fields, pointStep } = parseBinLayout('x, y,z,_:f64,ring:u16,time:f64');
    expect(fields.map(({ name, offset }) => [name, offset])).toEqual([
      ['x', 0],
      ['y', 4],
      ['z', 8],
      ['ring', 20],
      ['time', 22],
    ]);
    expect(pointStep).toBe(30);
  });

  it('points come out as they were written', () => {
    const layout = parseBinLayout('time:f64,x,y,z,intensity:u8,ring:u16');
    const bytes = new Uint8Array(2 * layout.pointStep);
    const view = new DataView(bytes.buffer);
    [0, 1].forEach((i) => {
      const at = i * layout.pointStep;
      view.setFloat64(at, 0.05 * i, true);
      [1 + i, 2, 3].forEach((v, k) => view.setFloat32(at + 8 + 4 * k, v, true));
      view.setUint8(at + 20, 7 + i);
      view.setUint16(at + 21, 300 + i, true);
    });
    const scan = parseScanFile(bytes, 'a.bin', 5n, layout);
    expect([...scan.positions]).toEqual([1, 2, 3, 2, 2, 3]);
    expect([...scan.intensities!]).toEqual([7, 8]);
    expect([...scan.rings!]).toEqual([300, 301]);
    expect(scan.times![1]).toBeCloseTo(0.05, 7);
    expect(() => parseBin(bytes.subarray(1), layout, 'a.bin')).toThrow(/not a multiple of 23/);
  });

  it('what makes no sense is refused with what is expected', () => {
    for (const text of [
      '',
      'x,y',
      'x,y,z,ring:f16',
      'x,y,z,x',
      'x,y,z,,i',
      'x,y,z,a:f32:f32',
      'x,y,z:constructor',
    ])
      expect(() => parseBinLayout(text), text).toThrow(/--layout.*expected columns such as/);
  });
});
