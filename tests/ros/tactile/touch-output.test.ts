import { expect, it } from 'vitest';
import { exp, identity } from '../../../src/geometry/se3.js';
import type { TouchEvent } from '../../../src/host/protocol.js';
import { decodeMarkerArray } from '../../../src/messages/markers.js';
import { TouchOutput } from '../../../src/ros/tactile/touch-output.js';
import { FakePort, scanResult } from '../helpers.js';

const at = (x: number) => exp([x, 0, 0, 0, 0, 0]);

/** A touch of one point. */
function touch(index: number, sensor = 'left'): TouchEvent {
  const felt = {
    state: 'registered',
    predicted: identity(),
    kinematics: { translation: 0.002, rotation: 0.02 },
    points: Float32Array.of(0, 0, 0),
    normals: Float32Array.of(0, 0, 1),
    sigma: 1e-4,
  } as const;
  const result = { ...scanResult({ index, pose: at(index) }), touch: felt };
  const statistics = { blocks: 1, featureRows: 1, triangles: 1, keyframes: 1, memoryBytes: 1, forgottenBlocks: 0 }; // prettier-ignore
  return { type: 'touch', sensor, submap: 0, result, statistics };
}

it('shows touches elsewhere once they are found to be there, each in its own marker', () => {
  const port = new FakePort();
  port.listening = { touch: ['rviz'] };
  const output = new TouchOutput(port, 'odom');
  output.take(touch(4));
  output.take(touch(5, 'right'));
  output.take(touch(6));
  const [first] = decodeMarkerArray(port.of('touch')[0]!);
  output.move({
    type: 'touches-refined',
    touches: [
      { index: 4, pose: at(4.1) },
      { index: 9, pose: at(9) },
      { index: 5, pose: at(5.1) },
    ],
  });
  const moved = decodeMarkerArray(port.of('touch').at(-1)!);
  expect(moved.map(({ ns, id, pose }) => [ns, id, Math.round(10 * pose[3]!) / 10])).toEqual([
    ['left', first!.id, 4.1],
    ['right', 0, 5.1],
  ]);
  // Who comes later gets them where they are now.
  port.listening = { touch: ['rviz', 'foxglove'] };
  output.serveNewcomers();
  const all = decodeMarkerArray(port.of('touch').at(-1)!);
  expect(all.map(({ pose }) => Math.round(10 * pose[3]!) / 10).sort()).toEqual([4.1, 5.1, 6]);
  // None of them: nothing is sent.
  const sent = port.of('touch').length;
  output.move({ type: 'touches-refined', touches: [{ index: 77, pose: at(0) }] });
  expect(port.of('touch')).toHaveLength(sent);
});
