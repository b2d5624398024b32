import { describe, expect, it } from 'vitest';
import { type Paired, Pairing } from '../../../src/sensors/camera/pairing.js';
import { random } from '../../bags/helpers.js';

interface Stream {
  readonly period: number;
  readonly offset?: number;
  readonly jitter?: number;
  readonly drops?: number;
}

/** Stamps (s) of a stream over a time. */
function stamps(
  { period, offset = 0, jitter = 0, drops = 0 }: Stream,
  seconds: number,
  r: () => number,
): number[] {
  const out: number[] = [];
  for (let t = 1000; t < 1000 + seconds; t += period) {
    const stamp = t + offset + jitter * (2 * r() - 1);
    if (r() >= drops) out.push(stamp);
  }
  return out;
}

/** Feeds both in order of arrival, colour `late` seconds after its stamp. The images are the stamps. */
function run(depths: number[], colors: number[], late = 0, pairing = new Pairing<number, number>()) {
  const events = [
    ...depths.map((t) => ({ t, at: t, depth: true })),
    ...colors.map((t) => ({ t, at: t + late, depth: false })),
  ].sort((a, b) => a.at - b.at);
  const pairs: Paired<number, number>[] = [];
  const ns = (t: number): bigint => BigInt(Math.round(t * 1e9));
  for (const { t, depth } of events)
    pairs.push(...(depth ? pairing.addDepth(ns(t), t) : pairing.addColor(ns(t), t)));
  pairs.push(...pairing.end());
  return { pairs, pairing };
}

/** What must hold whatever comes. */
function sane(pairs: readonly Paired<number, number>[], depths: readonly number[]): void {
  expect(pairs.map((p) => p.depth)).toEqual([...depths].sort((a, b) => a - b));
  const used = pairs.flatMap((p) => (p.color === undefined ? [] : [p.color]));
  expect(new Set(used).size).toBe(used.length);
  expect(used).toEqual([...used].sort((a, b) => a - b));
  for (const { depth, color, delay } of pairs)
    if (color !== undefined) expect(delay).toBeCloseTo(color - depth, 6);
}

const share = (pairs: readonly Paired<number, number>[]): number =>
  pairs.filter((p) => p.color !== undefined).length / pairs.length;

describe('Pairing', () => {
  it('pairs every image of two streams of one rate, whatever their offset', () => {
    for (const offset of [0, 0.004, -0.006, 0.012, -0.012]) {
      const r = random(1);
      const depths = stamps({ period: 1 / 30, jitter: 0.002 }, 10, r);
      const colors = stamps({ period: 1 / 30, offset, jitter: 0.002 }, 10, r);
      const { pairs, pairing } = run(depths, colors);
      sane(pairs, depths);
      expect(share(pairs)).toBeGreaterThan(0.98);
      expect(pairing.meanDelay).toBeCloseTo(offset, 3);
      expect(pairing.notes.length).toBe(offset === 0 ? 0 : 1);
      if (offset !== 0)
        expect(pairing.notes[0]).toMatch(offset > 0 ? /ms after the depth/ : /ms before the depth/);
    }
  });

  it('goes on across drops: each depth image with its own colour or none', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const r = random(seed);
      const depths = stamps({ period: 1 / 30, drops: 0.2, jitter: 0.001 }, 8, r);
      const colors = stamps({ period: 1 / 30, drops: 0.2, jitter: 0.001, offset: 0.003 }, 8, r);
      const { pairs } = run(depths, colors, 0.05 * r());
      sane(pairs, depths);
      for (const { depth, color } of pairs) {
        const own = colors.find((t) => Math.abs(t - depth - 0.003) < 0.005);
        expect(color).toBe(own);
      }
    }
  });

  it('other rates: the nearest image of the faster one', () => {
    for (const [depth, color, least] of [
      [1 / 30, 1 / 60, 0.97],
      [1 / 30, 1 / 15, 0.48],
      [1 / 15, 1 / 30, 0.97],
      [1 / 5, 1 / 30, 0.9],
      [1, 1 / 30, 0.9],
    ] as const) {
      const r = random(7);
      const depths = stamps({ period: depth }, 20, r);
      const colors = stamps({ period: color, offset: 0.002 }, 20, r);
      const { pairs } = run(depths, colors);
      sane(pairs, depths);
      expect(share(pairs)).toBeGreaterThan(least);
      for (const p of pairs) if (p.color !== undefined) expect(Math.abs(p.delay!)).toBeLessThan(0.02);
    }
  });

  it('never pairs beyond the window, and stays sane, with random streams', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const r = random(seed);
      const stream = (): Stream => ({
        period: 0.01 + 0.2 * r(),
        offset: 0.1 * r(),
        jitter: 0.02 * r(),
        drops: 0.5 * r(),
      });
      const depths = stamps(stream(), 5, r);
      const colors = stamps(stream(), 5, r);
      const { pairs } = run(depths, colors, 0.1 * r());
      expect(pairs.map((p) => p.depth)).toEqual([...depths].sort((a, b) => a - b));
      const used = pairs.flatMap((p) => (p.color === undefined ? [] : [p.color]));
      expect(new Set(used).size).toBe(used.length);
      for (const p of pairs) if (p.delay !== undefined) expect(Math.abs(p.delay)).toBeLessThan(0.101);
    }
  });

  it('a given window holds', () => {
    const depths = [1, 2, 3];
    const { pairs } = run(depths, [1.1, 2.3, 3.05], 0, new Pairing({ window: 0.12 }));
    expect(pairs.map((p) => p.color)).toEqual([1.1, undefined, 3.05]);
  });

  it('clocks that have nothing to do with each other: depth alone, and one clear sentence', () => {
    for (const offset of [-5000, 5000]) {
      const r = random(2);
      const depths = stamps({ period: 1 / 30 }, 4, r);
      const { pairs, pairing } = run(depths, stamps({ period: 1 / 30, offset }, 4, r), -offset);
      sane(pairs, depths);
      expect(share(pairs)).toBe(0);
      expect(pairing.notes).toEqual([expect.stringMatching(/no colour image has the time.*same clock/)]);
    }
  });

  it('without colour nothing waits longer than a second, and nothing is said', () => {
    const pairing = new Pairing<number, number>();
    let waiting = 0;
    for (let k = 0; k < 90; k++) {
      waiting += 1 - pairing.addDepth(BigInt(k) * 33_000_000n, k).length;
      if (k > 40) expect(waiting).toBeLessThan(32);
    }
    // Once it is clear that none comes, nothing waits at all.
    expect(waiting).toBe(0);
    expect(pairing.notes).toEqual([]);
  });

  it('colour that stops half-way does not hold depth up', () => {
    const r = random(4);
    const depths = stamps({ period: 1 / 30 }, 6, r);
    const colors = stamps({ period: 1 / 30 }, 3, r);
    const { pairs, pairing } = run(depths, colors);
    sane(pairs, depths);
    expect(pairing.paired).toBe(colors.length);
    expect(pairing.alone).toBe(depths.length - colors.length);
  });

  it.each([0, 0.004, -0.004, 0.012])(
    'once rates and offset (%s s) are known, a pair is out as soon as both images are there',
    (offset) => {
      const r = random(5);
      const pairing = new Pairing<number, number>();
      const ns = (t: number): bigint => BigInt(Math.round(t * 1e9));
      const events = Array.from({ length: 60 }, (_, k) => {
        const t = 1000 + k / 30;
        return [
          { k, t, depth: true },
          { k, t: t + offset + 0.002 * (2 * r() - 1), depth: false },
        ];
      });
      const paired: number[] = [];
      const come = events.map(() => 0);
      for (const { k, t, depth } of events.flat().sort((a, b) => a.t - b.t)) {
        const out = depth ? pairing.addDepth(ns(t), k) : pairing.addColor(ns(t), k);
        for (const pair of out) {
          expect(pair.color).toBe(pair.depth);
          paired.push(pair.depth);
        }
        come[k]!++;
        if (k > 10 && come[k] === 2) expect(paired.at(-1)).toBe(k);
      }
      expect(paired).toEqual(Array.from({ length: 60 }, (_, k) => k));
    },
  );
});
