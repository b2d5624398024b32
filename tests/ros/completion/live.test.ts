import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SlamHost } from '../../../src/host/slam-host.js';
import type { SlamService } from '../../../src/host/client.js';
import type { HostEvent } from '../../../src/host/protocol.js';
import { decodeMarkerArray } from '../../../src/messages/markers.js';
import { encodePointStamped } from '../../../src/messages/point-stamped.js';
import { decodePoseStamped } from '../../../src/messages/poses.js';
import { MappingNode } from '../../../src/ros/mapping-node.js';
import { ParameterStore } from '../../../src/ros/parameter-check.js';
import { createSlam } from '../../../src/slam/create.js';
import { BALL, frameAt, RADIUS, UP } from '../../host/completion/table-scene.js';
import { FakePort } from '../helpers.js';

/** The SLAM thread, in this one; its map is made before the node starts. */
class NearSlam implements SlamService {
  failure: undefined;
  static async start(config: Parameters<typeof createSlam>[0]): Promise<NearSlam> {
    const listeners = new Set<(event: HostEvent) => void>();
    const host = await SlamHost.create(createSlam, { config }, (event) => listeners.forEach((l) => l(event)));
    for (let k = 0; k < 14; k++) await host.handle({ type: 'scan', scan: frameAt(k) });
    return new NearSlam(host, listeners);
  }
  private constructor(
    private readonly host: SlamHost,
    private readonly listeners: Set<(event: HostEvent) => void>,
  ) {}
  call: SlamService['call'] = async (request) => (await this.host.handle(request)) as never;
  listen(listener: (event: HostEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  terminate = (): Promise<void> => this.host.close();
}

describe('the node completes what its camera sees', () => {
  const port = new FakePort();
  let node: MappingNode;
  beforeAll(async () => {
    const parameters = new ParameterStore();
    parameters.start([
      ['sensor.kind', 'rgbd'],
      ['rgbd.voxel', 0.01],
      ['threads', 1],
      ['map.memoryMiB', 700],
      ['diagnostics_rate', 0],
    ]);
    node = new MappingNode({
      name: 'feltmap',
      parameters,
      port,
      startSlam: (config) => NearSlam.start(config),
      version: '1',
      onFatal: (error) => expect.unreachable(error.message),
    });
    await node.configure();
    node.activate();
  });
  afterAll(() => node.cleanup());

  it('around a clicked point: markers of the whole ball, and where to touch it', async () => {
    expect((await node.completion.complete()).message).toMatch(/nothing to complete/);
    const top = BALL.map((v, k) => v + RADIUS * UP[k]!) as [number, number, number];
    node.completion.onClickedPoint(encodePointStamped({ stampNs: 0n, frameId: 'odom', point: top }));
    expect(await node.completion.complete()).toEqual({ success: true, message: '1 of 1 objects completed' });
    const [marker] = decodeMarkerArray(port.of('completion').at(-1)!);
    expect(marker).toMatchObject({ ns: 'object_1', frameId: 'odom', action: 0 });
    const off: number[] = [];
    for (let i = 0; i < marker!.points.length; i += 3)
      off.push(Math.abs(Math.hypot(...[0, 1, 2].map((k) => marker!.points[i + k]! - BALL[k]!)) - RADIUS));
    off.sort((a, b) => a - b);
    expect(off.length).toBeGreaterThan(1000);
    expect(off[off.length >> 1]).toBeLessThan(0.01);
    const { pose } = decodePoseStamped(port.of('next_touch').at(-1)!);
    const at = [0, 1, 2].map((k) => pose[4 * k + 3]! - BALL[k]!);
    expect(Math.abs(Math.hypot(...at) - RADIUS)).toBeLessThan(0.02);
    // Into the ball.
    expect(at.reduce((sum, v, k) => sum + v * pose[4 * k]!, 0)).toBeLessThan(0);
    node.completion.clear();
    expect(decodeMarkerArray(port.of('completion').at(-1)!)[0]).toMatchObject({ ns: 'object_1', action: 2 });
  });
});
