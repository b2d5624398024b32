import { describe, expect, it } from 'vitest';
import { completeShape } from '../../src/completion/complete.js';
import { gatherEvidence, type EvidencePart } from '../../src/completion/evidence.js';
import { placedX, placedY, placementAt } from '../../src/completion/placement.js';
import { decodeShapePrior, encodeShapePrior } from '../../src/completion/prior-file.js';
import { coarsePrior, PriorReader } from '../../src/completion/shape-prior.js';
import { plate, platePrior } from './helpers.js';

const [LENGTH, HEIGHT] = [0.086, 0.062];

/** 3 × 3 points, 4 mm apart, around places of a plate (own frame: point, normal), turned by a yaw and shifted. */
function touches(yaw: number, sx: number, at: readonly (readonly [number[], number[]])[]): EvidencePart[] {
  const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
  const turn = ([x, y, z]: readonly number[], shift: number) => [
    c * x! - s * y! + shift,
    s * x! + c * y!,
    z!,
  ];
  return at.map(([p, n]) => {
    const points: number[] = [];
    const normals: number[] = [];
    for (let a = -1; a <= 1; a++)
      for (let b = -1; b <= 1; b++) {
        const along = [
          n[1]! === 0 && n[2]! === 0 ? 0 : 0.004 * a,
          n[0]! !== 0 ? 0.002 * a : 0,
          n[2]! === 0 ? 0.004 * b : 0,
        ];
        points.push(
          ...turn(
            p.map((v, k) => v + along[k]!),
            sx,
          ),
        );
        normals.push(...turn(n, 0));
      }
    return { points, normals, sigma: 0.0002, touched: true };
  });
}

const SIDE = [[0.02, 0.008, 0.03], [0, 1, 0]] as const; // prettier-ignore
const BACK = [[-0.025, -0.008, 0.04], [0, -1, 0]] as const; // prettier-ignore
const END = [[LENGTH / 2, 0, 0.03], [1, 0, 0]] as const; // prettier-ignore
const START = [[-LENGTH / 2, 0, 0.03], [-1, 0, 0]] as const; // prettier-ignore
const TOP = [[0, 0, HEIGHT], [0, 0, 1]] as const; // prettier-ignore
const ALL = [SIDE, BACK, END, START, TOP].map(([p, n]) => [[...p], [...n]] as [number[], number[]]);

describe('an object in a frame of its own', () => {
  it('is found at any yaw, also between those that are tried', () => {
    for (const yaw of [0, 0.4, 1.3, 2.2, 2.95]) {
      const shape = completeShape(platePrior(), gatherEvidence(touches(yaw, 0.006, ALL)));
      // A plate looks the same from behind: half a turn is the same yaw.
      const off = Math.abs(Math.sin(shape.hypotheses[0]!.placement.yaw - yaw));
      expect(off).toBeLessThan(0.1);
      const truth = plate(LENGTH, HEIGHT);
      const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
      for (const [u, v, z] of [
        [0.03, 0.02, 0.05],
        [-0.05, 0.01, 0.02],
        [0, 0, 0.03],
        [0.02, -0.025, 0.06],
      ] as const)
        // prettier-ignore
        expect(Math.abs(shape.distance(c * u - s * v + 0.006, s * u + c * v, z) - truth(u, v, z))).toBeLessThan(0.004);
    }
  });

  it('keeps more than one yaw where one touch does not tell, and is unsure there', () => {
    const one = completeShape(platePrior(), gatherEvidence(touches(0.7, 0, [ALL[4]!])));
    const all = completeShape(platePrior(), gatherEvidence(touches(0.7, 0, ALL)));
    expect(one.hypotheses.length).toBeGreaterThan(1);
    const sum = one.hypotheses.reduce((s, { share }) => s + share, 0);
    expect(sum).toBeCloseTo(1, 12);
    const end = [0.043 * Math.cos(0.7), 0.043 * Math.sin(0.7), 0.03] as const;
    expect(one.sigma(...end)).toBeGreaterThan(3 * all.sigma(...end));
  });

  it('has a placement under the middle of the points', () => {
    const points = [0.01, 0.02, 0, 0.05, -0.01, 0.1, 0.03, 0.04, 0.05];
    const placement = placementAt(0.8, points);
    for (const placed of [placedX, placedY]) {
      const values = [0, 3, 6].map((i) => placed(placement, points[i]!, points[i + 1]!));
      expect(Math.min(...values) + Math.max(...values)).toBeCloseTo(0, 12);
    }
    const gap = Math.hypot(placedX(placement, 0.01, 0.02) - placedX(placement, 0.05, -0.01), placedY(placement, 0.01, 0.02) - placedY(placement, 0.05, -0.01)); // prettier-ignore
    expect(gap).toBeCloseTo(0.05, 12);
  });

  it('is said by the file, and an old file says nothing of it', () => {
    const bytes = encodeShapePrior(platePrior());
    expect(decodeShapePrior(bytes).yaws).toBe(24);
    const plain = encodeShapePrior({ ...platePrior(), yaws: 0 });
    plain[bytes.indexOf(10) + 1] = 1; // the version byte stands after the first line
    expect(decodeShapePrior(plain).yaws).toBeUndefined();
    plain[bytes.indexOf(10) + 1] = 3;
    expect(() => decodeShapePrior(plain)).toThrow(/version 3/);
  });
});

describe('coarsePrior', () => {
  it('counts what it leaves away as left out', () => {
    const prior = platePrior();
    const coarse = coarsePrior(prior, 6, 4);
    const [fine, few] = [new PriorReader(prior), new PriorReader(coarse)];
    fine.at(0.01, 0, 0.04); // a corner
    few.at(0.01, 0, 0.04);
    expect(Array.from(few.components)).toEqual(Array.from(fine.components.subarray(0, 6)));
    const rest = fine.components.subarray(6).reduce((s, v) => s + v * v, 0);
    expect(few.leftOut).toBeCloseTo(fine.leftOut + rest, 9);
    expect(coarsePrior(prior, 16, 4)).toBe(prior);
  });
});
