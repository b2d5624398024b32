import { beforeAll, describe, expect, it } from 'vitest';
import { compressZstd, decompress, loadCompression } from '../../src/bags/compression.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { openBag } from '../../src/bags/reader.js';
import { fixture, random, readAll } from './helpers.js';

beforeAll(loadCompression);

/** Compressible, but not trivially. */
function text(size: number): Uint8Array {
  const r = random(3);
  return Uint8Array.from({ length: size }, (_, i) => (r() < 0.3 ? Math.floor(r() * 256) : i % 50));
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe('zstd', () => {
  const data = text(400_000);

  it('round trip, deterministic', () => {
    const packed = compressZstd(data, 3);
    expect(packed.length).toBeLessThan(data.length);
    expect(same(decompress('zstd', packed, data.length), data)).toBe(true);
    expect(same(compressZstd(data, 3), packed)).toBe(true);
  });

  it('a cut frame gives its leading blocks', () => {
    const packed = compressZstd(data, 3);
    const saved = decompress('zstd', packed.subarray(0, Math.floor(packed.length * 0.8)), data.length);
    expect(saved.length).toBeGreaterThan(data.length / 3);
    expect(same(saved, data.subarray(0, saved.length))).toBe(true);
  });

  it('garbage gives nothing and does not throw', () => {
    expect(decompress('zstd', text(1000), 5000).length).toBe(0);
  });
});

describe('lz4', () => {
  it("chunks of mcap's reference writer", async () => {
    const bag = await openBag(fixture('ros/lz4.mcap'));
    const messages = await readAll(bag);
    expect(messages.length).toBe(12);
    messages.forEach((m, i) => {
      expect(m.data.length).toBe(5504);
      expect(m.data[0]).toBe(i);
      expect(m.data.subarray(3004, 5004).every((b) => b === 0x7a)).toBe(true);
      expect(m.data.subarray(5004).every((b) => b === i)).toBe(true);
    });
    expect(bag.warnings).toEqual([]); // the chunks' checksums agree
    await bag.close();
  });

  it('a stored block, and garbage', () => {
    const frame = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 3, 0, 0, 0x80, 1, 2, 3, 0, 0, 0, 0);
    expect([...decompress('lz4', frame, 3)]).toEqual([1, 2, 3]);
    expect(decompress('lz4', frame.subarray(0, 13), 3).length).toBe(2);
    expect(decompress('lz4', text(1000), 5000).length).toBe(0);
    const r = random(9);
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from({ length: 60 }, () => Math.floor(r() * 256));
      bytes.set(frame.subarray(0, 7));
      bytes.set([45, 0, 0, 0], 7);
      expect(decompress('lz4', bytes, 200).length).toBeLessThanOrEqual(200);
    }
  });
});

describe('bz2', () => {
  // Compressed with Python's bz2.
  const abc = Buffer.from('QlpoOTFBWSZTWYudrqUAADGBADgAIAAwzAUppiLiLEXi7kinChIRc7XUoA==', 'base64');
  const runs = Buffer.from(
    'QlpoOTFBWSZTWc7znc4AAAp/////////////////////////////////////////////sAF6KSkv//VVUCYCYAAAAA' +
      'AAEwAAAAAAAAABMAAAA0AAAAAAAAAAAAAAAAAkwAEwABMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACv1VFNBi' +
      'ANAA0AMRoaGgaNMmgGmgaNNMGCEA0MgMgyGjJpo0MjCYhgg0GjCZMgwRhAyAaBoNMQZANqGidWCEJRCBFehSlQgRCp' +
      'EWIsZZBZFoWyylmLOWgtJai1lsRRFUWRdGEZRpG0cR1HkfSBIUiSNJElSZJ0oSlKkrSxLUuS9MExTJM00TVNk3ThOU' +
      '6TtPE9T5/yfqAoKhKGoiiqMo6kKSpSlqYpqnKeqCoqkqaqKqqyrqwrKtK2riujiOQmE4oFImE6oVCpSlRYRIhDmOg6' +
      'mjNIaU0xpzUGpHZcFxXJc10XVdl3XheV6XtfF9f+vy/sAwLBMGwjCsMw7EMSxTFsYxrHMeyDIskybKMqyzLptAIBmG' +
      'ZZpm2cZ1FnGOOcgjCNI4jyQOSco5ZzCROac4550CSOidIkyUJUljpkuTB1CZJo6p1jrnYJsnCdJ4nzsnaKAoSiKM7Z' +
      '3DuneOg6LpOm6jqus67sOy7Ttu47rvO+8DwvE8byPK8zzvQqz4nyPmfQrCtPqfY+5+D8n6P2VwrFAIRw/4Qx/T/Fef' +
      '8XckU4UJDO853OA=',
    'base64',
  );
  const two = Buffer.from(
    'QlpoOTFBWSZTWXdLsBQAAAAAgABAIAAhGEaC7kinChIO6XYCgEJaaDkxQVkmU1kZkxNEAAAAAIAAMCAAIQCCsXckU4' +
      'UJAZkxNEA=',
    'base64',
  );

  it('text, long runs, all byte values, two streams', () => {
    expect(Buffer.from(decompress('bz2', abc, 300)).toString()).toBe('abc'.repeat(100));
    const bytes = Array.from({ length: 256 }, (_, i) => i);
    const expected = [...new Uint8Array(5000), ...bytes, ...bytes, ...bytes, ...'aaaa', ...'b'.repeat(259)];
    const wanted = Uint8Array.from(expected.map((v) => (typeof v === 'string' ? v.charCodeAt(0) : v)));
    expect(same(decompress('bz2', runs, wanted.length), wanted)).toBe(true);
    expect(Buffer.from(decompress('bz2', two, 3)).toString()).toBe('xyz');
  });

  it('cut or damaged streams are refused', () => {
    for (let n = 1; n < abc.length - 4; n++) {
      expect(() => decompress('bz2', abc.subarray(0, n), 300)).toThrow(/bz2 chunk is damaged/);
    }
    const r = random(31);
    for (let i = 0; i < 1000; i++) {
      const bytes = Uint8Array.from(runs);
      bytes[4 + Math.floor(r() * (bytes.length - 4))] = Math.floor(r() * 256);
      try {
        expect(decompress('bz2', bytes, 7000).length).toBeLessThanOrEqual(7000);
      } catch (error) {
        expect(error).toBeInstanceOf(FeltmapError);
      }
    }
  });
});

describe('limits', () => {
  it('absurd sizes and unknown names are refused', () => {
    expect(() => decompress('zstd', new Uint8Array(10), 2 ** 40)).toThrow(/claims to unpack to/);
    expect(() => decompress('rar', new Uint8Array(10), 10)).toThrow(/'rar' is unknown/);
  });
});
