import { beforeEach, describe, expect, it } from 'vitest';
import { decodeMarkerArray, MarkerAction, MarkerType } from '../../../src/messages/markers.js';
import { decodePoseStamped } from '../../../src/messages/poses.js';
import { CompletionOutput, touchPose } from '../../../src/ros/completion/completion-output.js';
import type { Box } from '../../../src/completion/complete-region.js';
import { objectIn } from '../../host/completion/fakes.js';
import { FakePort } from '../helpers.js';

const LEFT: Box = [0, 0, 0, 0.2, 0.2, 0.2];
const RIGHT: Box = [1, 0, 0, 1.2, 0.2, 0.2];
let port: FakePort;
let output: CompletionOutput;
beforeEach(() => {
  port = new FakePort();
  output = new CompletionOutput(port, { frame: 'odom', stampNs: () => 7n });
});
const markers = () => port.of('completion').flatMap((bytes) => decodeMarkerArray(bytes));

describe('completed objects on their topics', () => {
  it('are translucent triangles, blue where sure and red where not, each in a namespace of its own', () => {
    output.take({ type: 'object', id: 3, object: objectIn(LEFT) });
    output.take({ type: 'object', id: 4, object: objectIn(RIGHT) });
    const [left, right] = markers();
    expect(left).toMatchObject({
      ns: 'object_3',
      id: 0,
      type: MarkerType.triangleList,
      action: MarkerAction.add,
    });
    expect(left).toMatchObject({ stampNs: 7n, frameId: 'odom' });
    expect(right!.ns).toBe('object_4');
    [0.1, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1, 0.2, 0.1].forEach((v, i) =>
      expect(left!.points[i]).toBeCloseTo(v, 6),
    );
    const colour = (v: number) => [...left!.colors.subarray(4 * v, 4 * v + 4)];
    expect(colour(0)[2]).toBeGreaterThan(colour(0)[0]! + 0.5);
    expect(colour(2)[0]).toBeGreaterThan(colour(2)[2]! + 0.5);
    for (let v = 0; v < 3; v++) {
      expect(colour(v)[3]).toBeGreaterThan(0.2);
      expect(colour(v)[3]).toBeLessThan(0.9);
    }
  });

  it('are deleted one by one, and what was never shown is not', () => {
    output.take({ type: 'object', id: 3, object: objectIn(LEFT) });
    output.take({ type: 'object', id: 4, object: objectIn(RIGHT) });
    output.take({ type: 'object-gone', id: 3 });
    output.take({ type: 'object-gone', id: 9 });
    output.take({ type: 'object-failed', id: 4, error: new Error('no table') });
    expect(markers().slice(2)).toMatchObject([{ ns: 'object_3', action: MarkerAction.delete }]);
  });

  it('are sent again, all of them, to who comes late, and only then', () => {
    port.listening = { completion: ['rviz'] };
    output.serveNewcomers();
    expect(port.sent).toEqual([]);
    output.take({ type: 'object', id: 3, object: objectIn(LEFT) });
    output.take({ type: 'object', id: 4, object: objectIn(RIGHT) });
    output.serveNewcomers();
    expect(markers()).toHaveLength(2);
    port.listening = { completion: ['rviz', 'late'] };
    output.serveNewcomers();
    expect(
      markers()
        .slice(2)
        .map(({ ns }) => ns),
    ).toEqual(['object_3', 'object_4']);
    output.serveNewcomers();
    expect(markers()).toHaveLength(4);
  });

  it('say where to touch next: the place that tells most, approached along x', () => {
    output.take({ type: 'object', id: 3, object: objectIn(LEFT, 2) });
    output.take({ type: 'object', id: 4, object: objectIn(RIGHT, 1) });
    const [, second] = port.of('next_touch').map((bytes) => decodePoseStamped(bytes));
    expect(second).toMatchObject({ frameId: 'odom', stampNs: 7n });
    [0.1, 0.1, 0.1].forEach((v, k) => expect(second!.pose[4 * k + 3]).toBeCloseTo(v, 6));
    [0, 0, -1].forEach((v, k) => expect(second!.pose[4 * k]).toBeCloseTo(v, 6));
    output.take({ type: 'object-gone', id: 3 });
    expect(decodePoseStamped(port.of('next_touch').at(-1)!).pose[3]).toBeCloseTo(1.1, 6);
  });

  it('give a right-handed frame whatever the approach', () => {
    for (const approach of [
      [1, 0, 0],
      [0, 0, 1],
      [0, 0, -1],
      [0.6, 0, -0.8],
      [-0.48, 0.64, 0.6],
    ] as const) {
      const T = touchPose({ point: [1, 2, 3], approach });
      const column = (c: number) => [T[c]!, T[4 + c]!, T[8 + c]!];
      const [x, y, z] = [column(0), column(1), column(2)];
      expect(x).toEqual([...approach]);
      const dot = (a: number[], b: number[]) => a.reduce((s, v, k) => s + v * b[k]!, 0);
      for (const [a, b] of [
        [x, y],
        [y, z],
        [z, x],
      ] as const)
        expect(dot(a, b)).toBeCloseTo(0, 12);
      for (const a of [x, y, z]) expect(dot(a, a)).toBeCloseTo(1, 12);
      const cross = [
        x[1]! * y[2]! - x[2]! * y[1]!,
        x[2]! * y[0]! - x[0]! * y[2]!,
        x[0]! * y[1]! - x[1]! * y[0]!,
      ];
      cross.forEach((v, k) => expect(v).toBeCloseTo(z[k]!, 12));
      expect(T[8 + 1]).toBe(0);
    }
  });
});
