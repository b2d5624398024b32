import { beforeEach, describe, expect, it } from 'vitest';
import { exp } from '../../../src/geometry/se3.js';
import { decodeMarkerArray } from '../../../src/messages/markers.js';
import { decodePointStamped, encodePointStamped } from '../../../src/messages/point-stamped.js';
import { TfBuffer } from '../../../src/messages/tf-buffer.js';
import { NodeCompletion } from '../../../src/ros/completion/node-completion.js';
import { ParameterStore } from '../../../src/ros/parameter-check.js';
import { ThrottledLog } from '../../../src/ros/throttle.js';
import { FakeSolver, slamWith } from '../../host/completion/fakes.js';
import { FakePort } from '../helpers.js';

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

let port: FakePort;
let tf: TfBuffer;
let solver: FakeSolver;
let store: ParameterStore;
let completion: NodeCompletion;
let started: boolean;

function make(parameters: [string, unknown][] = []): void {
  store = new ParameterStore();
  store.start(parameters);
  const slam = slamWith(() => 'a');
  completion = new NodeCompletion({
    parameters: store,
    port,
    log: new ThrottledLog(port.log),
    tf,
    slam: () => (started ? slam : undefined),
    lastStampNs: () => 5_000_000_000n,
    solver,
  });
  completion.useParameters();
}

beforeEach(() => {
  [port, tf, solver, started] = [new FakePort(), new TfBuffer(), new FakeSolver(), true];
});
const click = (frameId: string, point: readonly [number, number, number], stampNs = 5_000_000_000n): void =>
  completion.onClickedPoint(encodePointStamped({ stampNs, frameId, point }));
const said = (): string[] => port.logs.map(({ text }) => text);

describe('completion in the node', () => {
  it('completes boxes of the parameter, and others when it changes', async () => {
    make([['completion.box', [0, 0, 0, 0.2, 0.2, 0.2]]]);
    await settle();
    expect(solver.boxes).toEqual([[0, 0, 0, 0.2, 0.2, 0.2]]);
    store.change([['completion.box', [1, 0, 0, 1.2, 0.2, 0.2, 2, 0, 0, 2.2, 0.2, 0.2]]]);
    completion.useParameters();
    await settle();
    const names = port
      .of('completion')
      .flatMap((bytes) => decodeMarkerArray(bytes).map((m) => [m.ns, m.action]));
    expect(names).toEqual([
      ['object_1', 0],
      ['object_1', 2],
      ['object_2', 0],
      ['object_3', 0],
    ]);
    expect(decodeMarkerArray(port.of('completion')[0]!)[0]!.stampNs).toBe(5_000_000_000n);
  });

  it('refuses boxes that are none, with the reason', () => {
    make();
    const change = (value: unknown) => () => store.change([['completion.box', value]]);
    expect(change([1, 2, 3])).toThrow(/completion\.box has 3 numbers; it takes six numbers for each box/);
    expect(change([0, 0, 0, 0.2, -0.2, 0.2])).toThrow(/completion\.box takes six numbers/);
    expect(change([0, 0, 0, 2, 0.2, 0.2])).toThrow(/completion\.box is 2\.00 m long/);
    expect(change([0, 0, 0, 0.1, 0.1, 0.1, 0, 0, 0, 2, 0.2, 0.2])).toThrow(
      /Box 2 of completion\.box is 2\.00 m/,
    );
    expect(change(['a'])).toThrow(/completion\.box = \["a"\] is refused/);
    expect(change('0,0,0')).toThrow(/is refused/);
    // As ROS gives whole numbers, and numbers of a file.
    expect(change([0n, 0n, 0n, 0.2, 0.2, 0.2])()).toEqual(['completion.box']);
    expect(change(Float64Array.of(0, 0, 0, 0.3, 0.2, 0.2))()).toEqual(['completion.box']);
    expect(store.numbers('completion.box')).toEqual([0, 0, 0, 0.3, 0.2, 0.2]);
  });

  it('completes what was clicked in any frame that tf knows', async () => {
    make([['completion.size', 0.1]]);
    tf.set(
      { stampNs: 1n, frameId: 'odom', childFrameId: 'camera', transform: exp([1, 2, 3, 0, 0, Math.PI / 2]) },
      true,
    );
    click('odom', [0.5, 0, 0]);
    click('/camera', [0.5, 0, 0]);
    await settle();
    const middle = (i: number) => [0, 1, 2].map((k) => (solver.boxes[i]![k]! + solver.boxes[i]![k + 3]!) / 2);
    [0.5, 0, 0].forEach((v, k) => expect(middle(0)[k]).toBeCloseTo(v, 9));
    expect(solver.boxes[0]![3] - solver.boxes[0]![0]).toBeCloseTo(0.1, 9);
    const T = exp([1, 2, 3, 0, 0, Math.PI / 2]);
    [0, 1, 2].forEach((k) => expect(middle(1)[k]).toBeCloseTo(T[4 * k + 3]! + 0.5 * T[4 * k]!, 4));
  });

  it('takes the last transform for a click that came before the next one, and says what is missing otherwise', async () => {
    make();
    for (const s of [4n, 5n])
      tf.set(
        {
          stampNs: s * 1_000_000_000n,
          frameId: 'odom',
          childFrameId: 'base',
          transform: exp([Number(s), 0, 0, 0, 0, 0]),
        },
        false,
      );
    click('base', [0, 0, 0], 9_000_000_000n);
    await settle();
    expect((solver.boxes[0]![0] + solver.boxes[0]![3]) / 2).toBeCloseTo(5, 9);
    click('moon', [0, 0, 0]);
    expect(said().at(-1)).toMatch(/\/clicked_point: the point is in 'moon': nobody publishes 'moon'/);
    completion.onClickedPoint(Uint8Array.of(0, 1, 0, 0, 9));
    click('odom', [NaN, 0, 0]);
    await settle();
    expect(solver.boxes).toHaveLength(1);
  });

  it('warns when an object cannot be completed, and tells whoever asks', async () => {
    solver.error = new Error('There is no surface in or around the box');
    make([['completion.box', [0, 0, 0, 0.2, 0.2, 0.2]]]);
    await settle();
    expect(port.logs).toEqual([
      { level: 'warn', text: 'Object 1 is not completed: There is no surface in or around the box' },
    ]);
    const answer = await completion.complete();
    expect(answer).toEqual({
      success: false,
      message: '0 of 1 objects completed; There is no surface in or around the box',
    });
    solver.error = undefined;
    expect(await completion.complete()).toEqual({ success: true, message: '1 of 1 objects completed' });
  });

  it('clears, and completes boxes of the parameter again when asked', async () => {
    make([['completion.box', [0, 0, 0, 0.2, 0.2, 0.2]]]);
    click('odom', [3, 0, 0]);
    await settle();
    expect(completion.clear()).toEqual({
      success: true,
      message: '2 objects cleared; those of completion.box come back with ~/complete',
    });
    expect(await completion.complete()).toMatchObject({ message: '1 of 1 objects completed' });
  });

  it('says that there is nothing to do, or nothing to do it with', async () => {
    make();
    expect(await completion.complete()).toMatchObject({
      success: false,
      message: expect.stringMatching(/set completion\.box/) as string,
    });
    started = false;
    expect((await completion.complete()).message).toMatch(/still starting/);
  });

  it('forgets objects with their map, and ends its thread', async () => {
    make([['completion.box', [0, 0, 0, 0.2, 0.2, 0.2]]]);
    await settle();
    completion.follow({ type: 'new-map', submap: 1, stampNs: 0n, index: 3 } as never);
    expect(decodeMarkerArray(port.of('completion').at(-1)!)[0]!.action).toBe(2);
    completion.refresh();
    await settle();
    expect(port.of('completion')).toHaveLength(3);
    await completion.stop();
    expect(solver.closed).toBe(true);
    expect(port.of('completion')).toHaveLength(4);
  });
});

describe('geometry_msgs/PointStamped', () => {
  it('is read as it was written', () => {
    const message = { stampNs: 1_500_000_000n, frameId: 'camera', point: [1, -2, 3.5] as const };
    const bytes = encodePointStamped(message);
    expect(decodePointStamped(bytes)).toEqual(message);
    // Header of CDR; stamp, length and the frame with its zero, padded to 8; three numbers.
    expect(bytes.length).toBe(4 + 24 + 24);
    expect(() => decodePointStamped(bytes.subarray(0, 30))).toThrow(/PointStamped/);
  });
});
