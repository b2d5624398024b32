import { afterEach, describe, expect, it } from 'vitest';
import { decodeGlb } from '../../../src/export/glb-reader.js';
import { parseTum } from '../../../src/export/tum.js';
import { exp } from '../../../src/geometry/se3.js';
import { Trajectory } from '../../../src/slam/trajectory.js';
import {
  dequantisePositions,
  encodeClientFrame,
  type ControlFrame,
} from '../../../src/viewer/protocol/index.js';
import { block, closeAll, join, serve, STATUS, until } from './helpers.js';

afterEach(closeAll);

const at = (i: number) => exp([i, 0, 0, 0, 0, 0.1]);

/** Poses first … end − 1 at 1 Hz and 1 m/s. */
function extend(trajectory: Trajectory, first: number, end: number): void {
  for (let i = first; i < end; i++)
    trajectory.add({
      index: i,
      stampNs: 1_000_000_000n * BigInt(i),
      pose: at(i),
      submap: 0,
      state: 'tracking',
    });
}

describe('ViewerServer', () => {
  it('gives a new client everything between snapshot marks, then changes', async () => {
    const trajectory = new Trajectory();
    const { server, url } = await serve({ trajectory });
    server.blocks([block(1, 1), block(2, 2), block(3, 3)], 0);
    server.removeBlocks([{ submap: 0, key: 3, version: 4 }]);
    extend(trajectory, 0, 1200);
    server.poses(0);
    server.addKeyframe(0);
    server.addKeyframe(7);
    server.status(STATUS);
    const client = await join(url);
    await until(() => client.of('snapshotEnd').length === 1, 'the snapshot');
    expect(client.frames[0]).toMatchObject({ type: 'hello', title: 'test' });
    expect(client.of('snapshotBegin')).toEqual([{ type: 'snapshotBegin', blocks: 2, triangles: 200 }]);
    expect([...client.blocks.keys()].sort()).toEqual(['0/1', '0/2']);
    expect(client.poses).toBe(1200);
    expect(client.of('keyframes').flatMap((frame) => [...frame.poses])).toEqual([0, 7]);

    server.blocks([block(2, 5), block(9, 6)], 3);
    server.removeBlocks([{ submap: 0, key: 1, version: 7 }]);
    extend(trajectory, 1200, 1201);
    server.poses(1200);
    await until(
      () => client.blocks.size === 2 && client.blocks.has('0/9') && client.poses === 1201,
      'changes',
    );
    expect(client.blocks.get('0/2')).toMatchObject({ version: 5, firstSeen: 0, lastSeen: 3 });
    const { positions, box } = client.blocks.get('0/2')!;
    expect(dequantisePositions(positions, box)[2]).toBeCloseTo(0.05, 5);
    await until(() => client.of('status').some((status) => status.bytesPerSecond > 0), 'a figure of bytes');
    expect(client.of('status').at(-1)).toMatchObject({ clients: 1, pendingBlocks: 0, scanRate: 10 });
    expect(client.of('status').at(-1)!.bytesSent).toBeGreaterThan(2000);
  });

  it('ignores a block that is older than what is known', async () => {
    const { server, url } = await serve();
    server.blocks([block(1, 5), block(1, 4)], 0);
    server.removeBlocks([{ submap: 0, key: 1, version: 3 }]);
    const client = await join(url);
    await until(() => client.of('snapshotEnd').length === 1, 'the snapshot');
    expect(client.blocks.get('0/1')?.version).toBe(5);
  });

  it('moves a submap without sending its blocks again', async () => {
    const { server, url } = await serve({ limits: { status: 60_000 } });
    server.blocks(
      Array.from({ length: 200 }, (_, i) => block(i, i + 1)),
      0,
    );
    const client = await join(url);
    await until(() => client.of('snapshotEnd').length === 1, 'the snapshot');
    const before = client.bytes;
    expect(before).toBeGreaterThan(100_000);
    server.submapPose(0, exp([1, 2, 3, 0, 0, 1]));
    await until(() => client.of('submapPose').length === 1, 'the pose');
    expect(client.bytes - before).toBe(112);
    expect([...client.of('submapPose')[0]!.pose]).toEqual([...exp([1, 2, 3, 0, 0, 1])]);
  });

  it('replaces poses after an optimisation, and starts over on reset', async () => {
    const trajectory = new Trajectory();
    const { server, url } = await serve({ trajectory });
    extend(trajectory, 0, 10);
    server.poses(0);
    const client = await join(url);
    await until(() => client.poses === 10, 'the poses');
    trajectory.refine(4, at(400));
    trajectory.refine(5, at(500));
    server.poses(4);
    await until(() => client.of('trajectory').length > 1, 'the new poses');
    const frame = client.of('trajectory').at(-1)!;
    expect([frame.start, frame.positions[0], frame.positions[3]]).toEqual([4, at(400)[3], at(500)[3]]);

    server.blocks([block(1, 1)], 0);
    trajectory.clear();
    server.reset();
    server.blocks([block(2, 1)], 0);
    await until(() => client.of('reset').length === 1 && client.blocks.size === 1, 'the reset');
    expect([...client.blocks.keys()]).toEqual(['0/2']);
    expect(client.poses).toBe(0);
    const late = await join(url);
    await until(() => late.of('snapshotEnd').length === 1, 'the snapshot');
    expect(late.geometryHash).toBe(client.geometryHash);
  });

  it('tells the feeder when somebody watches, and passes commands on', async () => {
    const active: boolean[] = [];
    const commands: ControlFrame[] = [];
    const { server, url } = await serve({
      feed: { setActive: (value) => active.push(value), control: (frame) => commands.push(frame) },
    });
    const [a, b] = [await join(url), await join(url)];
    await until(() => a.frames.length > 0 && b.frames.length > 0, 'both');
    expect(active).toEqual([true]);
    a.socket.send(encodeClientFrame({ type: 'control', command: 'speed', value: 2 }));
    await until(() => commands.length === 1, 'the command');
    expect(commands[0]).toEqual({ type: 'control', command: 'speed', value: 2 });
    a.socket.close();
    b.socket.close();
    await until(() => server.clients === 0, 'both gone');
    expect(active).toEqual([true, false]);
  });

  it('shows scans, pictures, cameras and touches, the newest of each to late clients', async () => {
    const { server, url } = await serve();
    const scan = { sensor: 0, submap: 0, stampNs: 5n, pose: exp([0, 0, 0, 0, 0, 0]) };
    server.scan({ ...scan, positions: Float32Array.of(1, 2, 3) });
    server.scan({ ...scan, stampNs: 6n, positions: Float32Array.of(-1, 2, 3, 1, 4, 9) });
    server.image({ stream: 2, stampNs: 7n, width: 8, height: 4, jpeg: Uint8Array.of(1, 2, 3) });
    const camera = { submap: 3, stampNs: 7n, pose: exp([1, 2, 3, 0, 0, 0]), fovX: 1, fovY: 0.5 };
    server.camera({ stream: 2, ...camera, stampNs: 6n });
    server.camera({ stream: 2, ...camera });
    server.camera({ stream: 4, ...camera, fovX: 3.5 }); // no pyramid has that
    for (const id of [1, 2, 1])
      server.touch({
        id,
        submap: 0,
        stampNs: 8n,
        center: [1, 2, 3],
        normal: [0, 0, 1],
        radius: 0.01,
        positions: new Float32Array(0),
      });
    const client = await join(url);
    await until(() => client.of('touch').length === 2, 'the touches');
    expect(client.of('scan').map(({ stamp }) => stamp)).toEqual([6n]);
    const { positions, box } = client.of('scan')[0]!;
    expect([...dequantisePositions(positions, box)]).toEqual([-1, 2, 3, 1, 4, 9]);
    expect(client.of('camera')).toEqual([
      { type: 'camera', stream: 2, submap: 3, stamp: 7n, pose: camera.pose, fovX: 1, fovY: 0.5 },
    ]);
    expect(client.of('image')[0]).toMatchObject({ stream: 2, width: 8, jpeg: Uint8Array.of(1, 2, 3) });
  });

  it('downloads trajectory and mesh in the world frame, submap poses applied', async () => {
    let flushed = 0;
    const trajectory = new Trajectory();
    const { server, url } = await serve({ feed: { flush: async () => void flushed++ }, trajectory });
    const empty = await fetch(`${url}/download/trajectory.tum`);
    expect(await empty.text()).toMatch(/^#.*\n$/);
    server.blocks([block(1, 1, 50), block(2, 2, 70)], 0);
    trajectory.moveSubmap(0, exp([10, 0, 0, 0, 0, 0]));
    server.submapPose(0, trajectory.submap(0));
    extend(trajectory, 0, 1100);
    server.poses(0);
    const tum = parseTum(await (await fetch(`${url}/download/trajectory.tum`)).text());
    expect(tum.poses).toHaveLength(1100);
    expect(tum.stampsNs[1099]).toBe(1_099_000_000_000n);
    expect(tum.poses[3]![3]).toBeCloseTo(10 + exp([3, 0, 0, 0, 0, 0.1])[3]!, 6);
    const response = await fetch(`${url}/download/mesh.glb`);
    expect(response.headers.get('content-type')).toBe('model/gltf-binary');
    const mesh = await decodeGlb(new Uint8Array(await response.arrayBuffer()));
    expect(mesh.indices.length / 3).toBe(120);
    expect(flushed).toBe(1);
    expect(mesh.positions[0]).toBeCloseTo(10 + 1 + 0.5, 3);
    expect(mesh.positions[2]).toBeCloseTo(0.01, 3);
  });
});
