import { describe, expect, it } from 'vitest';
import { isPgm, pgmSize, readPgm } from '../../src/images/pgm.js';
import { pictureSize, readWords } from '../../src/images/pictures.js';

const pgm = (header: string, ...words: number[]): Uint8Array =>
  Uint8Array.from([...Buffer.from(header), ...words.flatMap((w) => [w >> 8, w & 255])]);

describe('PGM', () => {
  it('of 16 bits: high byte first, whatever comments and white space stand in the header', async () => {
    for (const header of ['P5\n3 2\n65535\n', 'P5 3 2 5000 ', 'P5\n# depth in mm\n3 2\n# most\n65535\n']) {
      const bytes = pgm(header, 0, 1, 258, 4096, 65535, 10);
      expect(isPgm(bytes)).toBe(true);
      expect(pgmSize(bytes, 'a.pgm')).toEqual({ width: 3, height: 2 });
      expect(await pictureSize(bytes, 'a.pgm')).toEqual({ width: 3, height: 2 });
      expect(readPgm(bytes, 'a.pgm').data).toEqual(Uint16Array.of(0, 1, 258, 4096, 65535, 10));
      expect(await readWords(bytes, 'a.pgm')).toMatchObject({ width: 3, height: 2 });
    }
  });

  it('of 8 bits, cut off, without a size or with an absurd one is named', () => {
    const messageOf = (bytes: Uint8Array): string => {
      try {
        readPgm(bytes, 'a.pgm');
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    expect(messageOf(pgm('P5\n3 2\n255\n', 1, 2, 3))).toMatch(/a\.pgm has values of 8 bits/);
    expect(messageOf(pgm('P5\n3 2\n65535\n', 1, 2, 3))).toMatch(/ends after 6 of 12 bytes/);
    expect(messageOf(pgm('P5\nthree 2\n65535\n'))).toMatch(/no size and largest value/);
    expect(messageOf(pgm('P5\n900000 900000\n65535\n'))).toMatch(/a\.pgm/);
    expect(isPgm(Uint8Array.of(0x89, 0x50, 0x4e, 0x47))).toBe(false);
  });
});
