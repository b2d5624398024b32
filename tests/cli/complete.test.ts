import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeCommand } from '../../src/cli/complete.js';
import { encodePly } from '../../src/export/ply.js';
import { decodePly } from '../../src/export/ply-reader.js';

const R = 0.04;
const HEIGHT = 0.12;

/** A can on a table, seen from the +x side only: the half of its wall that faces there, its top, and the table. */
function scene(): { positions: Float32Array; indices: Uint32Array } {
  const positions: number[] = [];
  const indices: number[] = [];
  const sheet = (m: number, n: number, at: (u: number, v: number) => [number, number, number]): void => {
    const first = positions.length / 3;
    for (let i = 0; i <= m; i++) for (let j = 0; j <= n; j++) positions.push(...at(i / m, j / n));
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        const a = first + i * (n + 1) + j;
        indices.push(a, a + n + 1, a + 1, a + 1, a + n + 1, a + n + 2);
      }
  };
  sheet(24, 24, (u, v) => [Math.PI * (u - 0.5), 0, HEIGHT * v].map((q, k, [angle]) => (k === 0 ? R * Math.cos(angle!) : k === 1 ? R * Math.sin(angle!) : q)) as [number, number, number]);
  sheet(24, 8, (u, v) => [R * (1 - v) * Math.cos(2 * Math.PI * u), R * (1 - v) * Math.sin(2 * Math.PI * u), HEIGHT]);
  sheet(40, 40, (u, v) => [0.3 * (u - 0.5), 0.3 * (v - 0.5), 0]);
  return { positions: Float32Array.from(positions), indices: Uint32Array.from(indices) };
} // prettier-ignore

describe('feltmap complete', () => {
  let dir: string;
  let map: string;
  const text: string[] = [];
  const env = { factoryUrl: '', stdout: { write: (line: string) => text.push(line) } };
  const box = [-0.06, -0.06, -0.01, 0.06, 0.06, 0.15];
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'feltmap-complete-'));
    map = join(dir, 'map.ply');
    await writeFile(map, encodePly(scene()));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('writes the whole of a can of which one side was seen, surer there than behind', async () => {
    const out = join(dir, 'can.ply');
    expect(await completeCommand(map, { box, out, sigma: 0.001, json: true }, env)).toBe(0);
    const summary = JSON.parse(text.join('')) as Record<string, unknown>;
    expect(summary).toMatchObject({ output: out });
    const { normal, offset } = summary.table as { normal: number[]; offset: number };
    expect(normal[2]).toBeGreaterThan(0.999);
    expect(Math.abs(offset)).toBeLessThan(0.001);
    const { positions, colors } = decodePly(await readFile(out));
    let [behind, sum] = [0, 0];
    for (let v = 0; v < positions.length; v += 3)
      if (positions[v]! < -0.02 && Math.abs(positions[v + 2]! - 0.06) < 0.04) {
        behind++;
        sum += Math.abs(Math.hypot(positions[v]!, positions[v + 1]!) - R);
      }
    expect(behind).toBeGreaterThan(20);
    expect(sum / behind).toBeLessThan(0.008);
    expect(colors!.length).toBe(positions.length);
  });

  it('says what is wrong with the box, the output and the table', async () => {
    const run = (options: object) => completeCommand(map, { box, out: join(dir, 'x.ply'), ...options }, env);
    await expect(run({ box: [0, 0, 0] })).rejects.toThrow(/--box takes six numbers/);
    await expect(run({ box: [1, 0, 0, 0, 1, 1] })).rejects.toThrow(/--box takes six numbers/);
    await expect(run({ table: [0, 0, 0, 1] })).rejects.toThrow(/--table takes four numbers/);
    await expect(run({ out: join(dir, 'x.obj') })).rejects.toThrow(/neither \.ply nor \.glb/);
    await expect(run({ box: [1, 1, 1, 1.1, 1.1, 1.1], table: [0, 0, 1, 0] })).rejects.toThrow(
      /0 points above/,
    );
  });
});
