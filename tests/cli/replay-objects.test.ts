import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boxesOf, completeObjects, writeObjects } from '../../src/cli/replay-objects.js';
import { loadConfig } from '../../src/config/load.js';
import type { Box } from '../../src/completion/complete-region.js';
import { decodeGlb } from '../../src/export/glb-reader.js';
import { decodePly } from '../../src/export/ply-reader.js';
import { meshRegion } from '../../src/host/completion/mesh-region.js';
import { CompletionThread } from '../../src/host/completion/completion-thread.js';
import type { SlamRequest } from '../../src/host/protocol.js';
import { SlamHost } from '../../src/host/slam-host.js';
import { createSlam } from '../../src/slam/create.js';
import { around, BALL, frameAt, RADIUS } from '../host/completion/table-scene.js';

describe('--complete', () => {
  let dir: string;
  let host: SlamHost;
  const asked: SlamRequest[] = [];
  const slam = {
    call: async (request: SlamRequest) => {
      asked.push(request);
      return (await host.handle(request)) as never;
    },
  };
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'feltmap-objects-'));
    const config = await loadConfig({
      // The mesh lags behind: what is not there yet is made first.
      set: [
        'engine=wasm',
        'threads=1',
        'map.memoryMiB=700',
        'sensor.kind=rgbd',
        'rgbd.voxel=0.01',
        'mesh.blocksPerScan=1',
      ],
    });
    host = await SlamHost.create(createSlam, { config }, () => undefined);
    for (let k = 0; k < 14; k++) await host.handle({ type: 'scan', scan: frameAt(k) });
  });
  afterAll(async () => {
    await host.close();
    await rm(dir, { recursive: true });
  });

  it('takes boxes of six numbers that the prior covers', () => {
    expect(boxesOf()).toEqual([]);
    expect(boxesOf([[0, 0, 0, 0.1, 0.1, 0.1]])).toEqual([[0, 0, 0, 0.1, 0.1, 0.1]]);
    expect(() => boxesOf([[0, 0, 0]])).toThrow(/--complete takes six numbers/);
    expect(() => boxesOf([[0, 0, 0, 1, 0.1, 0.1]])).toThrow(/--complete is 1\.00 m long/);
  });

  it('writes what it can complete, coloured, and warns of what it cannot', async () => {
    const warnings: string[] = [];
    const nowhere = around([5, 5, 5], 0.1);
    const objects = await completeObjects(slam, [nowhere, around(BALL, 0.09)], warnings);
    expect(asked).toMatchObject([
      { type: 'region', whole: true },
      { type: 'region', whole: true },
    ]);
    expect(warnings).toEqual([
      expect.stringMatching(/^Object 1 is not completed: There is no surface in or around/),
    ]);
    const files = await writeObjects(dir, objects);
    expect(Object.keys(files)).toEqual(['object-2', 'object-2-glb']);
    expect((await readdir(dir)).sort()).toEqual(['object-2.glb', 'object-2.ply']);
    const ply = decodePly(await readFile(join(dir, 'object-2.ply')), 'object-2.ply');
    const glb = await decodeGlb(await readFile(join(dir, 'object-2.glb')), 'object-2.glb');
    expect(glb.indices.length).toBe(ply.indices.length);
    expect(ply.colors).toHaveLength(ply.positions.length);
    const off = Array.from({ length: ply.positions.length / 3 }, (_, v) =>
      Math.abs(Math.hypot(...BALL.map((c, k) => ply.positions[3 * v + k]! - c)) - RADIUS),
    ).sort((a, b) => a - b);
    expect(off[off.length >> 1]).toBeLessThan(0.01);
  });

  it('comes to the same from the finished mesh', async () => {
    const box: Box = around(BALL, 0.09);
    const thread = new CompletionThread();
    const live = await thread.complete(await slam.call({ type: 'region', box, whole: true }), box);
    const { mesh } = (await host.handle({ type: 'finish' })) as { mesh: Parameters<typeof meshRegion>[0] };
    const region = meshRegion(mesh, 0.01, box);
    // A part of the mesh, not all of it.
    expect(region.grids[0]!.indices.length).toBeLessThan(mesh.indices.length / 2);
    const after = await thread.complete(region, box);
    expect(after.points).toBeGreaterThan(0.95 * live.points);
    expect(after.points).toBeLessThan(1.05 * live.points);
    const middle = ({ T_odom_object: T }: typeof live) => [T[3]!, T[7]!, T[11]!];
    middle(after).forEach((v, k) => expect(Math.abs(v - middle(live)[k]!)).toBeLessThan(0.004));
    expect(meshRegion(mesh, 0.01, around([5, 5, 5], 0.1)).grids).toEqual([]);
    await thread.close();
  });
});
