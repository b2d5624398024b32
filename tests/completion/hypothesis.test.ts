import { describe, expect, it } from 'vitest';
import { completeShape } from '../../src/completion/complete.js';
import { gatherEvidence } from '../../src/completion/evidence.js';
import { DEFAULT_COMPLETION } from '../../src/completion/options.js';
import { cornerCount } from '../../src/completion/prior-grid.js';
import { priorFrom } from '../../src/completion/training/fit-prior.js';
import { principalComponents } from '../../src/completion/training/principal-components.js';
import { sampleShape } from '../../src/completion/training/shape-samples.js';
import { Random } from '../../src/geometry/random.js';
import { placedPosteriors } from '../../src/completion/yaw-search.js';
import { ballPrior, ballTouches, GRID, TRUNCATION } from './helpers.js';

const WALL = 0.012;
const HEIGHT = 0.08;

/** Signed distance of a tube around z that stands on the table, open above and below. */
function tube(inner: number, height = HEIGHT) {
  return (x: number, y: number, z: number): number => {
    const across = Math.abs(Math.hypot(x, y) - inner - WALL / 2) - WALL / 2;
    const up = Math.abs(z - height / 2) - height / 2;
    return Math.hypot(Math.max(across, 0), Math.max(up, 0)) + Math.min(0, Math.max(across, up));
  };
}

/** The same without its inside. */
function rod(inner: number) {
  return (x: number, y: number, z: number): number => {
    const across = Math.hypot(x, y) - inner - WALL;
    const up = Math.abs(z - HEIGHT / 2) - HEIGHT / 2;
    return Math.hypot(Math.max(across, 0), Math.max(up, 0)) + Math.min(0, Math.max(across, up));
  };
}

/** A prior of rods (nothing inside) and tubes, of like width. */
function tubePrior() {
  const random = new Random('tubes');
  const [rows, columns] = [120, cornerCount(GRID)];
  const table = { rows, columns, values: new Int16Array(rows * columns) };
  for (let i = 0; i < rows; i++) {
    const placement = { yaw: 0, dx: 0.001 * random.normal(), dy: 0.001 * random.normal() };
    const out = table.values.subarray(i * columns, (i + 1) * columns);
    const inner = random.range(0.01, 0.04);
    const end = random.range(0.05, 0.1);
    sampleShape(i % 3 === 0 ? rod(inner) : tube(inner, end), GRID, placement, TRUNCATION, out);
  }
  return priorFrom(table, principalComponents(table, 16, random), GRID, TRUNCATION, 2e-5);
}

/** A patch of a cylinder's side around an azimuth, felt from outside or from inside. */
function patch(radius: number, azimuth: number, side: 1 | -1) {
  const [points, normals] = [[] as number[], [] as number[]];
  for (let a = -1; a <= 1; a++)
    for (let b = -1; b <= 1; b++) {
      const [c, s] = [Math.cos(azimuth + 0.2 * a), Math.sin(azimuth + 0.2 * a)];
      points.push(radius * c, radius * s, 0.05 + 0.005 * b);
      normals.push(side * c, side * s, 0);
    }
  return { points, normals, sigma: 0.0002, touched: true };
}

describe('rows along a normal', () => {
  const prior = tubePrior();
  const inner = 0.014;
  const outside = [0, 2.1, 4.2].map((azimuth) => patch(inner + WALL, azimuth, 1));
  const open = DEFAULT_COMPLETION.outside;
  const sure = open.map((row) => ({ ...row, doubted: false }));

  it('do not count where the other side of a tube is nearer', () => {
    // 20 mm along the normal from inside lies in the opposite wall.
    const places = [-0.01, 0, 0.006, 0.012, 0.016].map((x) => [x, 0, 0.05] as const);
    expect(tube(inner)(0.006 + inner, 0, 0.05)).toBeLessThan(0);
    for (const from of [[], outside.slice(0, 1), outside]) {
      const evidence = gatherEvidence([...from, patch(inner, Math.PI, -1)]);
      const error = (rows: typeof open): number => {
        const shape = completeShape(prior, evidence, { outside: rows });
        return Math.hypot(...places.map((at) => shape.distance(...at) - tube(inner)(...at)));
      };
      expect(error(open)).toBeLessThan(0.006);
      expect(error(sure)).toBeGreaterThan(1.5 * error(open));
    }
  });

  it('count where nothing is there', () => {
    const only = gatherEvidence(outside);
    const shape = (rows: typeof open) => completeShape(prior, only, { outside: rows });
    const [a, b] = [shape(open), shape(sure)];
    for (const [x, y, z] of [
      [0.04, 0, 0.05],
      [0, 0, 0.05],
      [0, 0.03, 0.03],
    ] as const)
      // prettier-ignore
      expect(Math.abs(a.distance(x, y, z) - b.distance(x, y, z))).toBeLessThan(0.002);
  });
});

describe('what the prior cannot show', () => {
  const RADIUS = 0.0365;
  const AROUND = [0, 1, 2, 3, 4, 5].map((k) => [(k * Math.PI) / 3, 0.1] as const);
  /** A ball whose sides are bumps and dents by turns, by so much (m). */
  const bumpy = (by: number) => {
    const { points, normals, ...rest } = ballTouches(RADIUS, AROUND);
    const sign = (i: number) => (rest.touches[Math.floor(i / 3)]! % 2 === 0 ? 1 : -1);
    return { ...rest, normals, points: points.map((v, i) => v + sign(i) * by * normals[i]!) };
  };
  const first = (by: number) => placedPosteriors(ballPrior(), bumpy(by), DEFAULT_COMPLETION)[0]!;

  it('is told by the evidence: a ball is one, a bumpy ball is none', () => {
    expect(first(0).misfit).toBe(0);
    expect(first(0.003).misfit).toBe(0.002);
  });

  it('does not bend a shape between touches as far as exact rows do', () => {
    const worst = (misfits: readonly number[]): number => {
      const { hypotheses } = completeShape(ballPrior(), bumpy(0.003), { misfits });
      const errors = Array.from({ length: 12 }, (_, k) => {
        const [c, s] = [Math.cos((k * Math.PI) / 6), Math.sin((k * Math.PI) / 6)];
        const p = [0.8 * RADIUS * c, 0.8 * RADIUS * s, 1.6 * RADIUS] as const;
        return Math.abs(hypotheses.reduce((sum, h) => sum + h.share * h.distance(...p), 0));
      });
      return Math.max(...errors);
    };
    expect(worst(DEFAULT_COMPLETION.misfits)).toBeLessThan(0.75 * worst([0]));
  });
});
