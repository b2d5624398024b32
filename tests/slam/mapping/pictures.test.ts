import { describe, expect, it } from 'vitest';
import { compose, exp, inverse, rotationAngle, separation, type Pose } from '../../../src/geometry/se3.js';
import type { ColorFrame } from '../../../src/sensors/camera/frame.js';
import { Pictures } from '../../../src/slam/mapping/pictures.js';

const MS = 1_000_000n;
const mount = exp([0.3, -0.1, 0.8, 0.2, -1.1, 0.4]);
/** A body that goes round a circle at a steady twist: what lies between its poses is known exactly. */
const bodyAt = (t: number): Pose => exp([2 * t, 0, 0.1 * t, 0, 0, 0.7 * t]);

function frameAt(ms: number, how: Partial<ColorFrame> = {}): ColorFrame {
  const [width, height] = [8, 6];
  return {
    kind: 'color',
    stampNs: BigInt(ms) * MS,
    frameId: 'camera',
    image: { width, height, data: new Uint8Array(3 * width * height).fill(100) },
    camera: { width, height, fx: 8, fy: 8, cx: 3.5, cy: 2.5, distortion: 'none', coefficients: [] },
    mount,
    ...how,
  };
}

function watched() {
  const painted: Pose[] = [];
  const pictures = new Pictures((_, pose) => painted.push(pose));
  const track = (ms: number): void => pictures.tracked(BigInt(ms) * MS, bodyAt(ms / 1000));
  /** Whether picture `i` was painted from where the camera was at a time. */
  const expectAt = (i: number, ms: number): void => {
    const off = compose(inverse(compose(bodyAt(ms / 1000), mount)), painted[i]!);
    expect(separation(off, exp([0, 0, 0, 0, 0, 0]))).toBeLessThan(1e-9);
    expect(rotationAngle(off)).toBeLessThan(1e-7);
  };
  return { pictures, painted, track, expectAt };
}

describe('Pictures', () => {
  it('are painted from where the camera was at their own stamp, between two poses', () => {
    const { pictures, painted, track, expectAt } = watched();
    track(0);
    pictures.add(frameAt(70));
    expect(painted).toHaveLength(0); // nobody knows yet where it was
    track(100);
    expectAt(0, 70);
    pictures.add(frameAt(130));
    pictures.add(frameAt(180));
    pictures.add(frameAt(220));
    track(200);
    expect(painted).toHaveLength(3);
    expectAt(1, 130);
    expectAt(2, 180);
    track(300);
    expectAt(3, 220);
  });

  it('that come later than the scans after them are used as long as the way back is remembered', () => {
    const { pictures, painted, track, expectAt } = watched();
    for (let ms = 0; ms <= 1000; ms += 100) track(ms);
    pictures.add(frameAt(440));
    track(1100);
    expectAt(0, 440);
    for (let ms = 1200; ms <= 4000; ms += 100) track(ms);
    pictures.add(frameAt(470));
    track(4100);
    expect(painted).toHaveLength(1);
  });

  it('of a time when nobody knew where the body was are dropped', () => {
    const { pictures, painted, track, expectAt } = watched();
    track(0);
    pictures.add(frameAt(150));
    pictures.interrupt();
    track(400);
    pictures.add(frameAt(450));
    track(500);
    expect(painted).toHaveLength(1);
    expectAt(0, 450);
    // A gap in the path likewise.
    pictures.add(frameAt(900));
    track(1300);
    expect(painted).toHaveLength(1);
  });

  it('just before the first scan of all are painted from there', () => {
    const { pictures, painted, track, expectAt } = watched();
    pictures.add(frameAt(100));
    pictures.add(frameAt(170));
    track(200);
    expect(painted).toHaveLength(1);
    expectAt(0, 200);
  });

  it('follow a clock that has stepped', () => {
    const { pictures, track, expectAt } = watched();
    track(0);
    pictures.add(frameAt(5050, { clockShiftNs: 5000n * MS }));
    track(100);
    expectAt(0, 50);
  });

  it('that are black say nothing, and are told of once', () => {
    const { pictures, painted, track } = watched();
    track(0);
    const dark = { width: 8, height: 6, data: new Uint8Array(144).fill(3) };
    pictures.add(frameAt(30, { image: dark }));
    pictures.add(frameAt(60, { image: dark }));
    track(100);
    expect(painted).toHaveLength(0);
    expect(pictures.notices).toEqual([expect.stringMatching(/'camera' that are nearly black/)]);
  });
});
