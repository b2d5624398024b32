import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { DepthView } from '../../../src/slam/places/depth-view.js';

type Vector = [number, number, number];

function columns(points: readonly Vector[]): {
  x: Float32Array;
  y: Float32Array;
  z: Float32Array;
  count: number;
} {
  const axis = (a: number): Float32Array => Float32Array.from(points, (p) => p[a]!);
  return { x: axis(0), y: axis(1), z: axis(2), count: points.length };
}
function direction(random: Random): Vector {
  const v = [random.normal(), random.normal(), random.normal()];
  const length = Math.hypot(...v);
  return v.map((c) => c / length) as Vector;
}

describe('a depth view', () => {
  const random = new Random('view');
  const ball = Array.from({ length: 60_000 }, () => direction(random).map((v) => 7 * v) as Vector);

  it('knows how far it is free, in every direction', () => {
    const view = DepthView.of(columns(ball));
    for (let i = 0; i < 500; i++) expect(view.clearance(...direction(random))).toBeCloseTo(7, 1);
    expect(view.clearance(200, -300, 100)).toBeCloseTo(7, 1); // length does not matter
  });

  it('knows nothing where it has not looked, and little of directions at the rim', () => {
    const view = DepthView.of(columns(ball.filter(([x]) => x > 3)));
    expect(view.clearance(1, 0, 0)).toBeCloseTo(7, 1);
    expect(view.clearance(-1, 0, 0)).toBe(0);
    expect(view.clearance(0, 0, 1)).toBe(0);
    expect(DepthView.of(columns([])).clearance(1, 0, 0)).toBe(0);
  });

  it('goes by the nearest return, in its direction and close beside it', () => {
    const post: Vector[] = [[2, 0, 0]];
    const view = DepthView.of(columns([...ball, ...post]));
    expect(view.clearance(1, 0, 0)).toBeCloseTo(2, 1);
    expect(view.clearance(1, 0.05, -0.05)).toBeCloseTo(2, 1);
    expect(view.clearance(1, 0.3, 0)).toBeCloseTo(7, 1);
  });

  it('takes far returns for as far as it can count', () => {
    const far = ball.map((p) => p.map((v) => 1000 * v) as Vector);
    expect(DepthView.of(columns(far)).clearance(0, 1, 0)).toBeCloseTo(655.35, 1);
  });
});
