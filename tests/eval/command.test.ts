import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evalMesh, evalTrajectory } from '../../src/cli/eval.js';
import { formatKitti } from '../../src/export/kitti.js';
import { encodePly } from '../../src/export/ply.js';
import { formatTum } from '../../src/export/tum.js';
import { compose, exp, inverse, transformPoint } from '../../src/geometry/se3.js';
import { stamps, straight, winding } from './made-up.js';

let folder = '';
const file = (name: string) => join(folder, name);
const offset = exp([5, -3, 2, 0.3, 0.2, 1.5]);
const path = winding(120, 1, 4);

/** A wavy ground of 0.5 m triangles around the path's start, seen from the frame T. */
function ground(T: Float64Array, lift: number): { positions: Float32Array; indices: Uint32Array } {
  const n = 41;
  const positions = new Float32Array(3 * n * n);
  const indices: number[] = [];
  for (let i = 0; i < n * n; i++) {
    const [x, y] = [(i % n) / 2, Math.floor(i / n) / 2 - 10];
    positions.set(transformPoint(T, x, y, 0.3 * Math.sin(x) * Math.cos(y) + lift), 3 * i);
    if (i % n < n - 1 && i < n * (n - 1)) indices.push(i, i + 1, i + n, i + 1, i + n + 1, i + n);
  }
  return { positions, indices: Uint32Array.from(indices) };
}

async function run(command: (out: { write(t: string): void }) => Promise<number>): Promise<string> {
  let text = '';
  expect(await command({ write: (t) => void (text += t) })).toBe(0);
  return text;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'feltmap-eval-'));
  const stampsNs = stamps(120);
  const moved = path.map((T) => compose(inverse(offset), T));
  await writeFile(file('gt.tum'), formatTum({ stampsNs, poses: path }));
  await writeFile(file('est.tum'), formatTum({ stampsNs: stampsNs.slice(3), poses: moved.slice(3) }));
  await writeFile(file('gt.txt'), formatKitti(straight(201, 1)));
  await writeFile(file('est.txt'), formatKitti(straight(201, 1.01)));
  const identity = exp([0, 0, 0, 0, 0, 0]);
  await writeFile(file('truth.ply'), encodePly(ground(identity, 0)));
  await writeFile(file('mesh.ply'), encodePly(ground(inverse(offset), 0)));
  await writeFile(file('lifted.ply'), encodePly(ground(identity, 0.07)));
  const { positions } = ground(identity, 0);
  await writeFile(file('points.ply'), encodePly({ positions, indices: new Uint32Array(0) }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('feltmap eval traj', () => {
  it('aligns and prints a table', async () => {
    const text = await run((out) => evalTrajectory(file('est.tum'), file('gt.tum'), {}, out));
    expect(text).toMatch(/^Poses +117 compared$/m);
    expect(text).toMatch(/^ATE +RMSE 0\.0000 m/m);
    expect(text).toMatch(/^Drift 100 m +0\.0000 %/m);
  });
  it('prints figures as JSON and pairs KITTI files by order', async () => {
    const options = { json: true, lengths: [100], step: 1 };
    const m = JSON.parse(
      await run((out) => evalTrajectory(file('est.txt'), file('gt.txt'), options, out)),
    ) as {
      drift: { translationPercent: number; count: number };
      ate: { translation: { rmse: number }; transform: number[] };
    };
    expect(m.drift.count).toBe(100);
    expect(m.drift.translationPercent).toBeCloseTo(1.01, 6); // 101 m segments over a nominal 100 m
    expect(m.ate.translation.rmse).toBeCloseTo(0.01 * Math.sqrt((201 ** 2 - 1) / 12), 6);
    expect(m.ate.transform).toHaveLength(12);
  });
  it('says what is wrong with its files', async () => {
    await expect(evalTrajectory(file('no.tum'), file('gt.tum'))).rejects.toThrow(/no\.tum does not exist/);
    await expect(evalTrajectory(file('est.txt'), file('gt.tum'))).rejects.toThrow(/by their order/);
  });
});

describe('feltmap eval mesh', () => {
  it('moves the mesh into the frame of the truth by the trajectories', async () => {
    const options = { json: true, trajectory: file('est.tum'), gt: file('gt.tum'), spacing: 0.05 };
    const text = await run((out) => evalMesh(file('mesh.ply'), file('truth.ply'), options, out));
    const m = JSON.parse(text) as { accuracy: number; scores: { fscore: number }[] };
    expect(m.scores[1]!.fscore).toBeGreaterThan(99.9);
    expect(m.accuracy).toBeLessThan(0.04);
  });
  it('prints a table and masks by the path', async () => {
    const options = { gt: file('gt.tum'), radius: 4, thresholds: [0.05, 0.12], spacing: 0.05 };
    const text = await run((out) => evalMesh(file('lifted.ply'), file('truth.ply'), options, out));
    expect(text).toMatch(/^F @ 12\.00 cm +(99\.\d\d|100\.00) %/m);
    const samples = (t: string) => Number(/(\d+) true points/.exec(t)![1]);
    const all = await run((out) => evalMesh(file('lifted.ply'), file('truth.ply'), { spacing: 0.05 }, out));
    expect(samples(text)).toBeLessThan(0.7 * samples(all));
  });
  it('says what is wrong', async () => {
    await expect(evalMesh(file('points.ply'), file('truth.ply'))).rejects.toThrow(/no triangles/);
    await expect(evalMesh(file('mesh.ply'), file('truth.ply'), { radius: 3 })).rejects.toThrow(/--gt/);
    await expect(evalMesh(file('gt.tum'), file('truth.ply'))).rejects.toThrow(/begin with "ply"/);
  });
});
