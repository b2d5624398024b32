import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { Path } from '../../../src/sim/objects/path.js';

describe('a path', () => {
  it('of four rounded corners can be a circle', () => {
    const circle = Path.circle(0.3, -0.2, 0.05);
    const random = new Random('circle');
    for (let i = 0; i < 500; i++) {
      const [x, y] = [random.range(0.2, 0.4), random.range(-0.3, -0.1)];
      expect(circle.signed(x, y)).toBeCloseTo(Math.hypot(x - 0.3, y + 0.2) - 0.05, 12);
    }
    expect([...circle.low, ...circle.high]).toEqual(
      [0.25, -0.25, 0.35, -0.15].map((v) => expect.closeTo(v, 12)),
    );
  });

  it('of a rounded rectangle has the distance of the rectangle less the radius, plus the radius', () => {
    const r = 0.01;
    const path = new Path([[-0.06, -0.03, r], [0.06, -0.03, r], [0.06, 0.03, r], [-0.06, 0.03, r]], true); // prettier-ignore
    const random = new Random('rectangle');
    let inside = 0;
    for (let i = 0; i < 2000; i++) {
      const [x, y] = [random.range(-0.1, 0.1), random.range(-0.06, 0.06)];
      const [dx, dy] = [Math.abs(x) - 0.06 + r, Math.abs(y) - 0.03 + r];
      const truth = Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - r;
      expect(path.signed(x, y)).toBeCloseTo(truth, 12);
      if (truth < 0) inside++;
    }
    expect(inside).toBeGreaterThan(500);
  });

  it('has the distance of its nearest point, and the sign of the angle it turns around a point', () => {
    // A zigzag outline with rounded and sharp, convex and concave corners, found on a grid of 0.4 mm.
    const path = new Path([[0, 0, 0.004], [0.05, 0.01], [0.1, 0, 0.02], [0.08, 0.05, 0.01], [0.1, 0.09], [0.04, 0.05, 0.03], [0, 0.1, Infinity]], true); // prettier-ignore
    const outline = trace(path);
    const random = new Random('zigzag');
    for (let i = 0; i < 400; i++) {
      const [x, y] = [random.range(-0.02, 0.12), random.range(-0.02, 0.12)];
      const nearest = Math.min(...outline.map(([px, py]) => Math.hypot(px - x, py - y)));
      expect(path.distance(x, y)).toBeLessThan(nearest + 1e-9);
      expect(path.distance(x, y)).toBeGreaterThan(nearest - 4e-4);
    }
  });

  it('that is open is closed by the axis, which has no distance', () => {
    const cylinder = new Path([[0, 0], [0.02, 0], [0.02, 0.1], [0, 0.1]]); // prettier-ignore
    expect(cylinder.signed(0.001, 0.05)).toBeCloseTo(-0.019, 12);
    expect(cylinder.signed(0, 0.05)).toBeCloseTo(-0.02, 12);
    expect(cylinder.signed(0.03, 0.05)).toBeCloseTo(0.01, 12);
    expect(cylinder.signed(0, 0.13)).toBeCloseTo(0.03, 12);
  });
});

/** Points of the outline: where the sign changes along the lines of a grid, by bisection. */
function trace(path: Path): [number, number][] {
  const out: [number, number][] = [];
  const step = 4e-4;
  const at = (t: number, line: number, axis: number): [number, number] => (axis ? [line, t] : [t, line]);
  for (const axis of [0, 1])
    for (let line = -0.0103; line < 0.12; line += step)
      for (let t = -0.01; t < 0.12; t += 2e-4) {
        let [low, high] = [t, t + 2e-4];
        const begin = path.contains(...at(low, line, axis));
        if (begin === path.contains(...at(high, line, axis))) continue;
        for (let i = 0; i < 30; i++) {
          const middle = (low + high) / 2;
          if (path.contains(...at(middle, line, axis)) === begin) low = middle;
          else high = middle;
        }
        out.push(at(low, line, axis));
      }
  return out;
}
