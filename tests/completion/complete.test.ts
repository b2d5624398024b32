import { describe, expect, it } from 'vitest';
import { completeShape } from '../../src/completion/complete.js';
import { completeRegion } from '../../src/completion/complete-region.js';
import { CompletionMesher, moveMesh } from '../../src/completion/completion-mesh.js';
import {
  gatherEvidence,
  pointsOutside,
  thinEvidence,
  transformEvidence,
} from '../../src/completion/evidence.js';
import { sweptSpace, type FreeSpace } from '../../src/completion/free-space.js';
import { nextTouch, rankTouches } from '../../src/completion/next-touch.js';
import { objectFrame } from '../../src/completion/object-frame.js';
import { DEFAULT_COMPLETION } from '../../src/completion/options.js';
import { sigmaColors } from '../../src/completion/sigma-colors.js';
import { findTable } from '../../src/completion/table-plane.js';
import { TouchGain } from '../../src/completion/touch-gain.js';
import { KernelPool } from '../../src/compute/pool.js';
import { Random } from '../../src/geometry/random.js';
import { exp, inverse, transformPoint } from '../../src/geometry/se3.js';
import { topology } from '../mesh/helpers.js';
import { ball, ballPrior, ballTouches, GRID, sheet, sheetPrior } from './helpers.js';

const RADIUS = 0.0365;
const THREE = [[0, 0.2], [2, 0.3], [4, 0.6]] as const; // prettier-ignore

async function withPool<T>(use: (pool: KernelPool) => T): Promise<T> {
  const pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
  try {
    return use(pool);
  } finally {
    await pool.close();
  }
}

describe('completeShape', () => {
  it('finds a ball of a size that it was never shown, from three touches', () => {
    const shape = completeShape(ballPrior(), ballTouches(RADIUS, THREE));
    const random = new Random('directions');
    let worst = 0;
    for (let n = 0; n < 200; n++) {
      const d = [random.normal(), random.normal(), random.normal()];
      const length = Math.hypot(...d);
      const p = d.map((v, k) => (RADIUS * v) / length + (k === 2 ? RADIUS : 0)) as [number, number, number];
      worst = Math.max(worst, Math.abs(shape.distance(...p)));
    }
    expect(worst).toBeLessThan(0.0015);
    expect(shape.distance(0, 0, RADIUS)).toBeLessThan(-0.02);
  });

  it('is surest where it was touched, and surer with more touches', () => {
    const one = completeShape(ballPrior(), ballTouches(RADIUS, THREE.slice(0, 1)));
    const side = (azimuth: number) =>
      [RADIUS * Math.cos(azimuth), RADIUS * Math.sin(azimuth), RADIUS] as [number, number, number];
    expect(one.sigma(...side(0))).toBeLessThan(0.3 * one.sigma(...side(Math.PI)));
    const three = completeShape(ballPrior(), ballTouches(RADIUS, THREE));
    expect(three.sigma(...side(2))).toBeLessThan(0.7 * one.sigma(...side(2)));
  });

  it('is unsure of all that is far from what was touched, and only there', () => {
    const known = completeShape(ballPrior(), ballTouches(RADIUS, THREE.slice(0, 1)));
    const at = (azimuth: number) =>
      [RADIUS * Math.cos(azimuth), RADIUS * Math.sin(azimuth), 1.2 * RADIUS] as const;
    // A process dies away over some centimetres: on the other side of the ball the share that it leaves open is nearly 1.
    const open = known.process!.openShare(...at(Math.PI));
    expect(open).toBeGreaterThan(0.9);
    expect(known.sigma(...at(Math.PI))).toBeCloseTo(
      Math.hypot(known.modelSigma(...at(Math.PI)), DEFAULT_COMPLETION.otherFarSigma * open ** 9),
      9,
    );
    expect(known.sigma(...at(Math.PI))).toBeGreaterThan(0.01);
    expect(known.sigma(...at(0))).toBeCloseTo(known.modelSigma(...at(0)), 6);
  });

  it('knows which touches are off as a whole', () => {
    // One of four touches is 4 mm too far out, and says that it may be.
    const parts = [[0, 0.2], [1.6, 0.3], [3.1, 0.4], [4.7, 0.2]].map(([azimuth, up], i) => {
      const { points, normals } = ballTouches(RADIUS, [[azimuth!, up!]]);
      const out = i === 0 ? 0.004 : 0;
      return { points: points.map((v, k) => v + out * normals[k]!), normals, sigma: 0.0003, touched: true };
    }); // prettier-ignore
    const error = (offset: number): number => {
      const shape = completeShape(ballPrior(), gatherEvidence(parts.map((part, i) => (i === 0 ? { ...part, offset } : part))));
      const { points, normals } = parts[0]!;
      return Math.abs(shape.distance(...([0, 1, 2].map((k) => points[k]! - 0.004 * normals[k]!) as [number, number, number])));
    }; // prettier-ignore
    expect(error(0)).toBeGreaterThan(0.003);
    expect(error(0.005)).toBeLessThan(0.0016);
    expect(() => gatherEvidence([{ ...parts[0]!, offset: -1 }])).toThrow(/offset of -1 m/);
  });

  it('takes an unknown offset of each touch for what it is', () => {
    const touches = ballTouches(RADIUS, [[0, 0.2], [1.3, 0.3], [2.6, 0.6], [4, 0], [5, 0.4]]); // prettier-ignore
    const off = touches.points.slice();
    touches.touches.forEach((touch, i) => {
      if (touch === 0) for (let k = 0; k < 3; k++) off[3 * i + k] = touches.points[3 * i + k]! + 0.004 * touches.normals[3 * i + k]!;
    });
    const moved = { ...touches, points: off };
    const error = (touchOffset: number): number =>
      Math.abs(completeShape(ballPrior(), moved, { touchOffset }).distance(RADIUS, 0, RADIUS));
    expect(error(0.002)).toBeLessThan(0.8 * error(0));
  }); // prettier-ignore

  it('goes through what was seen where no shape of the prior does', () => {
    // A ball with a bump of 3 mm, seen all around.
    const random = new Random('bump');
    const points: number[] = [];
    const normals: number[] = [];
    for (let n = 0; n < 400; n++) {
      const d = [random.normal(), random.normal(), random.normal()];
      const length = Math.hypot(...d);
      const [x, y, z] = d.map((v) => v / length) as [number, number, number];
      const r = RADIUS + 0.003 * Math.exp(-(((x - 1) ** 2 + y * y + z * z) / 0.1));
      points.push(r * x, r * y, r * z + RADIUS);
      normals.push(x, y, z);
    }
    const seen = gatherEvidence([{ points, normals, sigma: 0.001, touched: false }]);
    const { process } = DEFAULT_COMPLETION;
    const error = (through: boolean): number => {
      const shape = completeShape(ballPrior(), seen, { process: { ...process, seen: through } });
      return Math.abs(shape.distance(RADIUS + 0.003, 0, RADIUS));
    };
    expect(error(true)).toBeLessThan(0.6 * error(false));
  });

  it('gives the same bytes again', () => {
    const run = () => completeShape(ballPrior(), ballTouches(RADIUS, THREE)).corners(0.02);
    expect(run()).toEqual(run());
  });

  it('says that it needs points', () => {
    expect(() => completeShape(ballPrior(), gatherEvidence([]))).toThrow(/no point to complete/);
    const nowhere = { points: [NaN, 0, 0], sigma: 0.001, touched: true };
    expect(() => completeShape(ballPrior(), gatherEvidence([nowhere]))).toThrow(/no point to complete/);
    expect(() => gatherEvidence([{ points: [0, 0], sigma: 0.001, touched: true }])).toThrow(/Part 0/);
    expect(() => gatherEvidence([{ points: [0, 0, 0], sigma: 0, touched: true }])).toThrow(/sigma of 0 m/);
  });
});

describe('CompletionMesher', () => {
  it('draws both sides of a wall that is thinner than a cell, and its bottom on the table', async () => {
    const [length, height] = [0.064, 0.056];
    const distance = sheet(length, height);
    /** 3 × 3 points of a side of the wall. */
    const side = (x: number, z: number, out: number) => ({
      points: [-1, 0, 1].flatMap((a) => [-1, 0, 1].flatMap((b) => [x + 0.005 * a, 0.0005 * out, z + 0.005 * b])),
      normals: Array.from({ length: 9 }, () => [0, out, 0]).flat(),
      sigma: 0.0002,
      touched: true,
    });
    const top = { points: [-0.01, 0, height, 0.01, 0, height], normals: [0, 0, 1, 0, 0, 1], sigma: 0.0002, touched: true };
    const ends = [-1, 1].map((out) => ({ points: [out * length / 2, 0, 0.02], normals: [out, 0, 0], sigma: 0.0002, touched: true }));
    const felt = gatherEvidence([side(-0.02, 0.02, 1), side(0.02, 0.04, 1), side(0.02, 0.02, -1), side(-0.02, 0.04, -1), top, ...ends]);
    await withPool((pool) => {
      const mesher = new CompletionMesher(pool, GRID);
      const { positions } = mesher.surface(completeShape(sheetPrior(), felt));
      expect(positions.length).toBeGreaterThan(0);
      for (let v = 0; v < positions.length; v += 3)
        expect(Math.abs(distance(positions[v]!, positions[v + 1]!, positions[v + 2]!))).toBeLessThan(0.003);
      /** Whether a vertex is within a cell and a half of a place of the wall, on its own side of it. */
      const drawn = (x: number, z: number, out: number): boolean => {
        for (let v = 0; v < positions.length; v += 3)
          if (Math.hypot(positions[v]! - x, positions[v + 2]! - z) < 0.015 && out * positions[v + 1]! > -0.001) return true;
        return false;
      };
      for (const out of [-1, 1])
        for (const x of [-0.03, -0.01, 0.01, 0.03])
          for (const z of [0.003, 0.02, 0.04, 0.053]) expect(drawn(x, z, out)).toBe(true);
      expect(positions.filter((_, i) => i % 3 === 2).reduce((a, b) => Math.min(a, b))).toBeLessThan(0.001);
      // At the corners themselves its bottom is not there.
      const none = mesher.surface(completeShape(sheetPrior(), felt, { level: 0 })).positions;
      expect(none.filter((_, i) => i % 3 === 2).reduce((a, b) => Math.min(a, b))).toBeGreaterThan(0.002);
    });
  }); // prettier-ignore

  it('draws a closed surface with the shape inside, and can be used again', async () => {
    await withPool((pool) => {
      const mesher = new CompletionMesher(pool, GRID);
      for (const radius of [0.03, 0.04]) {
        const shape = completeShape(ballPrior(), ballTouches(radius, THREE));
        const mesh = mesher.mesh(shape);
        const { open, broken, euler } = topology(mesh);
        expect([open, broken, euler]).toEqual([0, 0, 2]);
        for (let v = 0; v < mesh.positions.length; v += 3) {
          const p = mesh.positions.subarray(v, v + 3);
          expect(Math.abs(ball(radius)(p[0]!, p[1]!, p[2]!))).toBeLessThan(0.003);
        }
        expect(mesh.sigmas.length).toBe(mesh.positions.length / 3);
        expect(Math.min(...mesh.sigmas)).toBeGreaterThan(0);
      }
    });
  });
});

describe('nextTouch', () => {
  it('goes to the side that was not touched, from outside, and not through the table', async () => {
    await withPool((pool) => {
      const shape = completeShape(ballPrior(), ballTouches(RADIUS, [[0, 0.2], [0.8, 0.4], [-0.8, 0.4]])); // prettier-ignore
      const mesh = new CompletionMesher(pool, GRID).surface(shape);
      const next = nextTouch(shape, mesh, { openEnd: Infinity })!;
      expect(next.point[0]).toBeLessThan(0);
      // Approaches the ball's middle.
      const out = next.point.map((v, k) => (v - (k === 2 ? RADIUS : 0)) / RADIUS);
      expect(-out.reduce((s, v, k) => s + v * next.approach[k]!, 0)).toBeGreaterThan(0.95);
      const ranked = rankTouches(shape, mesh);
      expect(ranked[0]!.point).toEqual(next.point);
      for (const { point, approach } of ranked) {
        expect(point[2]).toBeGreaterThanOrEqual(0.006);
        expect(approach[2]).toBeLessThanOrEqual(0.5);
      }
    });
  });
});

describe('where to touch next', () => {
  it('is from the side towards an end that nothing tells, before all else, until a sensor was there', async () => {
    await withPool((pool) => {
      const shape = completeShape(ballPrior(), ballTouches(RADIUS, THREE.slice(0, 1)));
      const mesh = new CompletionMesher(pool, GRID).surface(shape);
      const { points } = shape.evidence;
      const top = Math.max(...points.filter((_, i) => i % 3 === 2));
      const next = nextTouch(shape, mesh)!;
      expect(next.approach[2]).toBeCloseTo(0, 12);
      // Not from the side that was felt; level with half of what is known.
      expect(next.approach[0]).toBeGreaterThan(-0.01);
      expect(next.point[2]).toBeCloseTo(top / 2, 6);
      const passed = sweptSpace(
        Array.from({ length: 72 }, (_, i) => {
          const [c, s] = [Math.cos(i / 11.5), Math.sin(i / 11.5)];
          const { point: p } = next;
          return { from: [0.1 * c, 0.1 * s, p[2]], to: [0, 0, p[2]], clearance: 0.0075 } as const;
        }),
      );
      const ranked = rankTouches(shape, mesh, { passed })[0]!;
      expect(nextTouch(shape, mesh, { passed })!.point).toEqual(ranked.point);
    });
  });

  it('is farther where the surface faces another way', async () => {
    await withPool((pool) => {
      const shape = completeShape(ballPrior(), ballTouches(RADIUS, [[0, 0.2]]));
      const mesh = new CompletionMesher(pool, GRID).surface(shape);
      const [flat, turned] = [0, 0.03].map((turn) => rankTouches(shape, mesh, { turn }));
      const away = new Map(flat!.map(({ point, away: way }) => [point.join(), way]));
      expect(turned!.length).toBe(flat!.length);
      for (const { point, approach, away: way } of turned!) {
        // The touch faces along x, and lies there.
        const other = Math.hypot(-approach[0] - Math.sqrt(1 - 0.04), approach[1], -approach[2] - 0.2);
        expect(way).toBeCloseTo(Math.hypot(away.get(point.join())!, 0.03 * other), 3);
      }
    });
  });

  it('is sure to meet what lies on the way behind it, as far as the sensor goes on', async () => {
    await withPool((pool) => {
      const shape = completeShape(ballPrior(), ballTouches(RADIUS, THREE));
      expect(new CompletionMesher(pool, GRID).surface(shape).positions.length).toBeGreaterThan(0);
      // 63 mm before the ball, level with its middle.
      const before = {
        positions: Float32Array.of(-0.1, 0, RADIUS),
        normals: Float32Array.of(-1, 0, 0),
        indices: new Uint32Array(0),
      };
      const contact = (onward?: number) =>
        rankTouches(shape, before, { ...(onward && { onward }) })[0]!.contact;
      expect(contact(0.04)).toBeCloseTo(0.5, 6);
      expect(contact()).toBeGreaterThan(0.99);
    });
  });

  it('is far from what was touched and promises much: the best of both shares comes first', async () => {
    await withPool((pool) => {
      const shape = completeShape(ballPrior(), ballTouches(RADIUS, [[0, 0.2]]));
      const places = rankTouches(shape, new CompletionMesher(pool, GRID).surface(shape));
      const far = places.map(({ contact, away }) => Math.sqrt(contact) * away);
      const gain = places.map((place) => place.gain);
      const share = (values: number[], i: number) => values[i]! / Math.max(...values);
      const sums = places.map((_, i) => share(far, i) + share(gain, i));
      expect(sums[0]).toBeGreaterThan(1);
      expect(sums).toEqual([...sums].sort((a, b) => b - a));
      expect(Math.max(...gain)).toBeGreaterThan(0);
      expect(Math.max(...gain)).toBeLessThanOrEqual(1);
    });
  });

  it('is beside an object of which nothing can be reached, elsewhere when that met nothing', async () => {
    await withPool((pool) => {
      const touched = ballTouches(RADIUS, [[0, 0.2]]);
      const none = {
        positions: new Float32Array(0),
        indices: new Uint32Array(0),
        normals: new Float32Array(0),
      };
      const shape = completeShape(ballPrior(), touched);
      expect(nextTouch(shape, new CompletionMesher(pool, GRID).surface(shape))).toBeDefined();
      const first = nextTouch(shape, none, { openEnd: Infinity })!;
      // From the other side, level, to the middle.
      expect(first.point[0]).toBeLessThan(-0.04);
      expect(first.approach[2]).toBe(0);
      expect(first.approach[0]).toBeGreaterThan(0.8);
      const from = first.point.map((v, k) => v - 0.08 * first.approach[k]!) as [number, number, number];
      const to = first.point.map((v, k) => v + 0.04 * first.approach[k]!) as [number, number, number];
      const after = completeShape(ballPrior(), {
        ...touched,
        free: sweptSpace([{ from, to, clearance: 0.0075 }]),
      });
      const second = nextTouch(after, none, { openEnd: Infinity })!;
      expect(Math.hypot(...second.point.map((v, k) => v - first.point[k]!))).toBeGreaterThan(0.02);
    });
  });

  it('is expected to bring more with the first touch than with one at the same place again', async () => {
    await withPool((pool) => {
      const shape = completeShape(ballPrior(), ballTouches(RADIUS, [[0, 0.2]]));
      const gain = new TouchGain(shape, new CompletionMesher(pool, GRID).surface(shape), { tolerance: 0.002, samples: 200, sigma: 0.0005 }); // prettier-ignore
      const at = (azimuth: number) =>
        gain.at([RADIUS * Math.cos(azimuth), RADIUS * Math.sin(azimuth), 1.2 * RADIUS]);
      expect(at(Math.PI)).toBeGreaterThan(at(0));
      expect(at(0)).toBeGreaterThanOrEqual(0);
      expect(at(Math.PI)).toBeLessThanOrEqual(1);
    });
  });
});

describe('the table and the object on it', () => {
  const T = exp([0.4, -0.2, 0.7, 0.2, -0.3, 1]);
  const random = new Random('table');

  /** A ball on a table, in a map frame that neither is aligned with; normals of the table too. */
  function scene() {
    const points: number[] = [];
    const normals: number[] = [];
    for (let n = 0; n < 2500; n++) {
      const d = [random.normal(), random.normal(), random.normal()];
      const length = Math.hypot(...d);
      const onBall = n % 2 === 0;
      const normal = onBall ? d.map((v) => v / length) : [0, 0, 1];
      const p = onBall
        ? normal.map((v, k) => RADIUS * v + (k === 2 ? RADIUS : 0))
        : [random.range(-0.1, 0.1), random.range(-0.1, 0.1), 0.0005 * random.normal()];
      points.push(...transformPoint(T, p[0]!, p[1]!, p[2]!));
      const R = T.slice();
      R[3] = R[7] = R[11] = 0;
      normals.push(...transformPoint(R, normal[0]!, normal[1]!, normal[2]!));
    }
    return { positions: Float32Array.from(points), normals: Float32Array.from(normals) };
  }

  it('is found with the object on its upper side', () => {
    const plane = findTable(scene().positions, 0.002)!;
    const up = [T[2]!, T[6]!, T[10]!];
    expect(up.reduce((s, v, k) => s + v * plane.normal[k]!, 0)).toBeGreaterThan(0.9999);
    expect(plane.offset).toBeCloseTo(up[0]! * T[3]! + up[1]! * T[7]! + up[2]! * T[11]!, 3);
    expect(
      findTable(
        Float32Array.from({ length: 300 }, () => random.next()),
        0.0005,
      ),
    ).toBeUndefined();
  });

  it('gives a frame on the table under the points', () => {
    const plane = { normal: [T[2]!, T[6]!, T[10]!] as const, offset: 0.3 };
    const points = Float32Array.of(0.1, 0.2, 0.9, 0.3, -0.2, 1, 0.2, 0.1, 0.8);
    const local = transformEvidence(inverse(objectFrame(points, plane)), {
      points,
      normals: points,
      sigmas: new Float32Array(3),
      touches: new Int32Array(3),
    });
    for (const axis of [0, 1]) {
      const along = [0, 1, 2].map((i) => local.points[3 * i + axis]!);
      expect(Math.min(...along) + Math.max(...along)).toBeCloseTo(0, 5);
    }
    const height = 0.1 * plane.normal[0] + 0.2 * plane.normal[1] + 0.9 * plane.normal[2] - 0.3;
    expect(local.points[2]).toBeCloseTo(height, 5);
  });

  it('are completed from what a map shows of them', async () => {
    await withPool((pool) => {
      const { positions, normals } = scene();
      const centre = transformPoint(T, 0, 0, RADIUS);
      const box = [0, 1, 2, 3, 4, 5].map((i) => centre[i % 3]! + (i < 3 ? -0.06 : 0.06)) as unknown as readonly [number, number, number, number, number, number]; // prettier-ignore
      const object = completeRegion(ballPrior(), pool, { positions, normals }, box, { sigma: 0.001 });
      const back = moveMesh(object.mesh, inverse(T));
      for (let v = 0; v < back.positions.length; v += 3)
        expect(Math.abs(ball(RADIUS)(...(back.positions.subarray(v, v + 3) as unknown as [number, number, number])))).toBeLessThan(0.004); // prettier-ignore
      const far = box.map((v) => v + 1) as unknown as typeof box;
      const table = object.table;
      expect(() => completeRegion(ballPrior(), pool, { positions, normals }, far, { sigma: 0.001 })).toThrow(/no plane/); // prettier-ignore
      expect(() => completeRegion(ballPrior(), pool, { positions, normals }, far, { sigma: 0.001, table })).toThrow(/0 points above/); // prettier-ignore
    });
  });

  it('is not where it is said not to be, in the frame of the map', async () => {
    await withPool((pool) => {
      const { points, normals } = transformEvidence(T, ballTouches(0.045, [[0, 0.2]]));
      const touches = [{ points, normals, sigma: 0.0002, touched: true }];
      const nothing = { positions: new Float32Array(0), normals: new Float32Array(0) };
      const table = findTable(scene().positions, 0.002)!;
      const complete = (free?: FreeSpace) =>
        completeRegion(ballPrior(), pool, nothing, [-9, -9, -9, 9, 9, 9], { table, touches, sigma: 0.001, ...(free && { free }) }); // prettier-ignore
      const { mesh, T_map_object, shape } = complete();
      // A place that is taken for the object's, far from the touch.
      const place = transformPoint(T_map_object, 0, 0, 0.03) as [number, number, number];
      const distanceAt = (free: FreeSpace) => {
        const told = complete(free);
        return told.shape.distance(
          ...(transformPoint(inverse(told.T_map_object), ...place) as [number, number, number]),
        );
      };
      const before = shape.distance(0, 0, 0.03);
      expect(before).toBeLessThan(-0.005);
      expect(mesh.positions.length).toBeGreaterThan(0);
      const free = (sigma: number): FreeSpace => ({ points: Float32Array.from(place), clearances: Float32Array.of(0.004), sigmas: Float32Array.of(sigma) }); // prettier-ignore
      const [sure, unsure] = [distanceAt(free(0)), distanceAt(free(0.05))];
      expect(sure).toBeGreaterThan(before + 0.002);
      // Softer where nobody knows well where that was.
      expect(unsure - before).toBeLessThan(0.3 * (sure - before));
    });
  });
});

describe('evidence', () => {
  it('is thinned within a touch, not between touches', () => {
    const line = Array.from({ length: 20 }, (_, i) => [0.001 * i, 0, 0]).flat();
    const part = { points: line, sigma: 0.001, touched: true };
    const thin = thinEvidence(gatherEvidence([part, part, { ...part, touched: false }]), 0.004, 0.01);
    const counts = [0, 1, -1].map((touch) => thin.touches.filter((t) => t === touch).length);
    expect(counts).toEqual([5, 5, 2]);
  });

  it('is moved along its normals, where those are known', () => {
    const parts = [
      { points: [1, 2, 3, 4, 5, 6], normals: [0, 0, 1, 0.6, -0.8, 0], sigma: 0.001, touched: true },
      { points: [7, 8, 9], sigma: 0.001, touched: false },
    ];
    expect([...pointsOutside(gatherEvidence(parts), 0.5)]).toEqual([1, 2, 3.5, 4, 5, 6, 7, 8, 9].map((v, i) => Math.fround(i === 3 ? 4.3 : i === 4 ? 4.6 : v)));
  }); // prettier-ignore

  it('has colours from sure to unsure', () => {
    const [sure, , unsure] = [0, 1, 2].map((i) => [...sigmaColors(Float32Array.of(0, 0.005, 0.02), 0.01).slice(3 * i, 3 * i + 3)]);
    expect(sure![2]).toBeGreaterThan(sure![0]!);
    expect(unsure![0]).toBeGreaterThan(unsure![2]!);
  }); // prettier-ignore
});
