import { describe, expect, it, vi } from 'vitest';
import type { TouchEvent } from '../../../src/host/protocol.js';
import { ShownTouches, TOUCH_STREAM } from '../../../src/host/viewer-feed/shown-touches.js';
import { touchPicture } from '../../../src/host/viewer-feed/touch-picture.js';
import { compose, exp, identity, inverse, type Pose } from '../../../src/geometry/se3.js';
import type { ViewerTouch } from '../../../src/viewer/server/source.js';

/** A gel looks down at a table: x stays, y and z turn around. */
const DOWN: Pose = Float64Array.of(1, 0, 0, 0.5, 0, -1, 0, 0.1, 0, 0, -1, 0.3);
/** Nine points, 2 mm apart, on the gel's surface. */
const GRID = Float32Array.from(
  [-0.002, 0, 0.002].flatMap((x) => [-0.002, 0, 0.002].flatMap((y) => [x, y, 0])),
);

function touchEvent(points: Float32Array, pose: Pose = DOWN, more: Partial<TouchEvent> = {}): TouchEvent {
  const touch = { state: 'registered', predicted: pose, points } as const;
  const event = { type: 'touch', sensor: 'finger', submap: 0, result: { stampNs: 7n, pose, touch }, ...more };
  return event as unknown as TouchEvent;
}

function shownIn(T_odom_submap: Pose = identity()) {
  const touches: ViewerTouch[] = [];
  const image = vi.fn();
  const sink = { touch: (touch: ViewerTouch) => void touches.push(touch), image };
  return { touches, image, shown: new ShownTouches(sink, { submap: () => T_odom_submap }) };
}

describe('ShownTouches', () => {
  it('puts a patch where it was felt, its normal out of what is touched', () => {
    const { touches, shown } = shownIn();
    shown.take(touchEvent(GRID));
    const [touch] = touches;
    expect(touch).toMatchObject({ id: 0, submap: 0, stampNs: 7n });
    [0.5, 0.1, 0.3].forEach((v, k) => expect(touch!.center[k]).toBeCloseTo(v, 6));
    [0, 0, 1].forEach((v, k) => expect(touch!.normal[k]).toBeCloseTo(v, 9));
    expect(touch!.radius).toBeCloseTo(0.002 * Math.SQRT2, 6);
    expect(touch!.positions).toHaveLength(GRID.length);
  });

  it('gives it in the frame of its submap, wherever that has moved', () => {
    const T_odom_submap = exp([0.3, -1, 0.2, 0.1, -0.4, 0.7]);
    const { touches, shown } = shownIn(T_odom_submap);
    shown.take(touchEvent(GRID, compose(T_odom_submap, DOWN)));
    [0.5, 0.1, 0.3].forEach((v, k) => expect(touches[0]!.center[k]).toBeCloseTo(v, 6));
    expect(inverse(T_odom_submap)).toHaveLength(12);
  });

  it('shows nothing of a touch of nothing, or of one without numbers, and thins large ones', () => {
    const { touches, shown } = shownIn();
    shown.take(touchEvent(new Float32Array(0)));
    shown.take(touchEvent(GRID.map(() => NaN)));
    shown.take(
      touchEvent(
        GRID,
        DOWN.map(() => NaN),
      ),
    );
    expect(touches).toEqual([]);
    shown.take(touchEvent(Float32Array.of(...GRID, NaN, 0, 0)));
    expect(touches[0]!.positions).toHaveLength(GRID.length);
    shown.take(touchEvent(new Float32Array(30_000)));
    expect(touches[1]!.positions.length).toBeLessThanOrEqual(900);
  });

  it('keeps a thousand patches: the oldest gives way', () => {
    const { touches, shown } = shownIn();
    for (let i = 0; i < 1001; i++) shown.take(touchEvent(GRID.subarray(0, 3)));
    expect(touches.at(-2)!.id).toBe(999);
    expect(touches.at(-1)!.id).toBe(0);
  });

  it('packs the picture of each sensor as a stream of its own, and leaves out one that is none', async () => {
    const { image, shown } = shownIn();
    const picture = { width: 4, height: 2, data: new Uint8Array(24).fill(200) };
    shown.take(touchEvent(GRID, DOWN, { picture }));
    shown.take(touchEvent(GRID, DOWN, { sensor: 'thumb', picture }));
    shown.take(touchEvent(GRID, DOWN, { picture: { ...picture, width: 400 } }));
    await vi.waitFor(() => expect(image).toHaveBeenCalledTimes(2));
    const streams = image.mock.calls.map(([call]) => (call as { stream: number }).stream);
    expect(streams.sort()).toEqual([TOUCH_STREAM.stream, TOUCH_STREAM.stream + 1]);
    const { jpeg } = image.mock.calls[0]![0] as { jpeg: Uint8Array };
    expect([...jpeg.subarray(0, 2)]).toEqual([0xff, 0xd8]);
  });
});

describe('touchPicture', () => {
  const about = { stampNs: 0n, frameId: 'gel', mount: identity() };

  it('shows depths in grey: the deepest white, what is unknown black', () => {
    const depth = Float32Array.of(0, 1e-3, 5e-4, NaN);
    const image = { width: 2, height: 2, pitch: 1e-4, sigma: 1e-5, contact: new Uint8Array(4) };
    const picture = touchPicture({ kind: 'touch-image', ...about, ...image, depth })!;
    expect([...picture.data].filter((_, i) => i % 3 === 0)).toEqual([0, 255, 128, 0]);
    // At rest it does not show its noise.
    const flat = touchPicture({ kind: 'touch-image', ...about, ...image, depth: depth.map(() => 1e-5) })!;
    expect(Math.max(...flat.data)).toBeLessThan(10);
  });

  it('makes the image of a gel small, and refuses one that contradicts its size', () => {
    const image = { width: 640, height: 480, data: new Uint8Array(3 * 640 * 480).fill(90) };
    const picture = touchPicture({ kind: 'gel-image', ...about, image })!;
    expect([picture.width, picture.height]).toEqual([160, 120]);
    expect(new Set(picture.data)).toEqual(new Set([90]));
    expect(touchPicture({ kind: 'gel-image', ...about, image: { ...image, height: 481 } })).toBeUndefined();
    const points = { kind: 'touch-points', ...about, points: GRID, sigma: 1e-3 } as const;
    expect(touchPicture(points)).toBeUndefined();
  });
});
