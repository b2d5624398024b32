import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { Intervals } from '../../src/sensors/intervals.js';
import { Stamps } from '../../src/sensors/stamps.js';

const [PERIOD, SECOND] = [1e8, 1e9];

describe('how stamps scatter against arrivals', () => {
  it('is the standard deviation of what intervals differ by, whatever gap lies among them', () => {
    const random = new Random(3);
    for (const sigma of [2e6, 2e7]) {
      const found: number[] = [];
      const intervals = new Intervals();
      for (let k = 0; k < 400; k++) {
        const normal = random.normal() * sigma;
        // Now and then a stamp is a second ahead.
        intervals.add(PERIOD + normal + (k % 20 === 7 ? SECOND : 0), PERIOD);
        if (k > 30) found.push(intervals.scatter / sigma);
      }
      const mean = found.reduce((sum, v) => sum + v, 0) / found.length;
      expect(mean).toBeGreaterThan(0.9);
      expect(mean).toBeLessThan(1.5);
      expect(Math.max(...found)).toBeLessThan(3);
    }
  });

  it('hardly ever makes a clock that was set of stamps that scatter by a third of their interval', () => {
    let wrong = 0;
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(`scatters ${seed}`);
      const stamps = new Stamps();
      for (let k = 0; k < 300; k++) {
        const at = 1e12 + k * PERIOD;
        const stampNs = BigInt(Math.round(at + random.range(-0.03, 0.03) * SECOND));
        const receivedNs = BigInt(Math.round(at + random.range(0.01, 0.014) * SECOND));
        if (stamps.check({ source: 'a', stampNs, receivedNs, fingerprint: k }).kind !== 'ok') wrong++;
      }
    }
    // Of 12 000; by the median alone it would be nine.
    expect(wrong).toBeLessThan(3);
  });
});
