import { describe, expect, it } from 'vitest';
import { compose, exp, identity, interpolate, inverse, type Pose } from '../../src/geometry/se3.js';
import { Random } from '../../src/geometry/random.js';
import { TfBuffer } from '../../src/messages/tf-buffer.js';

const S = 1_000_000_000n;
const transform = (frameId: string, childFrameId: string, pose: Pose, stampNs = 0n) => ({
  stampNs,
  frameId,
  childFrameId,
  transform: pose,
});
const close = (a: Pose, b: Pose) => a.forEach((v, i) => expect(v).toBeCloseTo(b[i]!, 10));
function pose(buffer: TfBuffer, target: string, source: string, stamp: bigint): Pose {
  const found = buffer.lookup(target, source, stamp);
  if (!found.ok) throw new Error(found.reason);
  return found.pose;
}

describe('TfBuffer', () => {
  it('goes up and down the tree, for random poses', () => {
    const random = new Random('tf');
    const any = () => exp(Array.from({ length: 6 }, () => random.range(-2, 2)));
    const buffer = new TfBuffer();
    const [T_ab, T_bc, T_ad, T_de] = [any(), any(), any(), any()];
    buffer.set(transform('a', 'b', T_ab), true);
    buffer.set(transform('b', 'c', T_bc), true);
    buffer.set(transform('a', 'd', T_ad), true);
    buffer.set(transform('d', 'e', T_de), true);
    const T_ec = compose(inverse(compose(T_ad, T_de)), compose(T_ab, T_bc));
    close(pose(buffer, 'e', 'c', 7n), T_ec);
    close(pose(buffer, 'c', 'e', 7n), inverse(T_ec));
    close(pose(buffer, 'a', 'c', 7n), compose(T_ab, T_bc));
    close(pose(buffer, 'c', 'a', 7n), inverse(compose(T_ab, T_bc)));
    expect(buffer.lookup('e', 'c', 7n)).toMatchObject({ ok: true, isStatic: true });
  });

  it('interpolates on the geodesic between two instants, and knows them exactly', () => {
    const buffer = new TfBuffer();
    const [A, B] = [exp([1, 0, 0, 0, 0, 0.2]), exp([2, 1, 0, 0, 0.4, 1])];
    buffer.set(transform('base', 'arm', B, 2n * S), false); // out of order
    buffer.set(transform('base', 'arm', A, S), false);
    close(pose(buffer, 'base', 'arm', S), A);
    close(pose(buffer, 'base', 'arm', 2n * S), B);
    close(pose(buffer, 'base', 'arm', S + S / 4n), interpolate(A, B, 0.25));
    expect(buffer.lookup('base', 'arm', S + 1n)).toMatchObject({ ok: true, isStatic: false });
  });

  it('finds the right pair among many', () => {
    const buffer = new TfBuffer(1000);
    for (let i = 0; i <= 100; i++)
      buffer.set(transform('a', 'b', exp([i * i, 0, 0, 0, 0, 0]), BigInt(i) * S), false);
    for (const t of [0, 0.5, 17.25, 63.999, 99.5, 100]) {
      const i = Math.floor(t);
      const expected = i * i + (t - i) * ((i + 1) ** 2 - i * i);
      expect(pose(buffer, 'a', 'b', BigInt(Math.round(t * 1e9)))[3]).toBeCloseTo(expected, 6);
    }
  });

  it('never extrapolates: newer and older than the history are different failures', () => {
    const buffer = new TfBuffer();
    buffer.set(transform('a', 'b', identity(), S), false);
    buffer.set(transform('a', 'b', identity(), 2n * S), false);
    expect(buffer.lookup('a', 'b', 2n * S + 1n)).toMatchObject({ ok: false, failure: 'future' });
    expect(buffer.lookup('a', 'b', S - 1n)).toMatchObject({ ok: false, failure: 'past' });
    expect(buffer.lookup('a', 'b', 4n * S)).toMatchObject({ reason: expect.stringContaining('2.0 s older') });
  });

  it('bridges no gap that is too long, unless the frame stands still in it', () => {
    const buffer = new TfBuffer();
    // It goes at 0.1 m/s, is told every 0.1 s, then not for 1 s; at 3 s it has stood since 2 s.
    for (const [s, x] of [
      [0, 0],
      [0.1, 0.01],
      [1.1, 0.11],
      [2, 0.2],
      [3, 0.2],
      [9, 0.2],
    ])
      buffer.set(transform('a', 'b', exp([x!, 0, 0, 0, 0, 0]), BigInt(s! * 1e9)), false);
    const at = (s: number, gap?: number) => buffer.lookup('a', 'b', BigInt(Math.round(s * 1e9)), gap);
    expect(at(0.5)).toMatchObject({ ok: true });
    expect(at(0.05, 0.25)).toMatchObject({ ok: true });
    expect(at(0.5, 0.25)).toEqual({
      ok: false,
      failure: 'gap',
      reason:
        "nothing tells the transform from 'a' to 'b' for 1.00 s around it, in which it changes by 100 mm and 0.0°; at most 0.25 s are bridged",
    });
    expect(at(1.1, 0.25)).toMatchObject({ ok: true }); // told itself
    expect(at(2.5, 0.25)).toMatchObject({ ok: true });
    // In 6 s it may have been away and come back.
    expect(at(5, 0.25)).toMatchObject({ ok: false, failure: 'gap' });
  });

  it('bridges any gap in which the frame stands still where transforms came often before: its driver is silent', () => {
    const buffer = new TfBuffer();
    // It goes at 0.1 m/s, told every 0.05 s, until 1 s, and on from 31 s to 32 s; then it is silent, and elsewhere at 62 s.
    const told = (s: number, x: number): void =>
      void buffer.set(transform('a', 'b', exp([x, 0, 0, 0, 0, 0]), BigInt(Math.round(s * 1e9))), false);
    const at = (s: number) => buffer.lookup('a', 'b', BigInt(Math.round(s * 1e9)), 0.25);
    for (let k = 0; k <= 20; k++) told(0.05 * k, 0.005 * k);
    expect(at(5)).toMatchObject({ ok: false, failure: 'future' });
    told(31, 0.1004);
    for (const s of [1.1, 5, 30.9]) {
      const found = at(s);
      expect(found).toMatchObject({ ok: true, isStatic: false });
      if (found.ok) expect(Math.abs(found.pose[3]! - 0.1002)).toBeLessThan(3e-4);
    }
    for (let k = 1; k <= 20; k++) told(31 + 0.05 * k, 0.1004 + 0.005 * k);
    expect(at(0.5)).toMatchObject({ ok: false, failure: 'past' });
    told(62, 0.21);
    expect(at(50)).toMatchObject({ ok: false, failure: 'gap', reason: expect.stringContaining('for 30.00 s around it, in which it changes by 10 mm') }); // prettier-ignore
  });

  it('keeps a bounded history', () => {
    const buffer = new TfBuffer(10);
    for (let i = 0; i <= 30; i++) buffer.set(transform('a', 'b', identity(), BigInt(i) * S), false);
    // 10 s, and the last two from before.
    expect(buffer.lookup('a', 'b', 18n * S)).toMatchObject({ ok: false, failure: 'past' });
    expect(buffer.lookup('a', 'b', 19n * S).ok).toBe(true);
  });

  it('names missing frames and unconnected trees', () => {
    const buffer = new TfBuffer();
    expect(buffer.lookup('base_link', 'lidar', 0n)).toEqual({
      ok: false,
      failure: 'missing',
      reason: "nobody publishes 'lidar' or 'base_link' on /tf or /tf_static",
    });
    buffer.set(transform('base_link', 'imu', identity()), true);
    expect(buffer.lookup('base_link', 'lidar', 0n)).toMatchObject({
      reason: "nobody publishes 'lidar' on /tf or /tf_static",
    });
    buffer.set(transform('mast', 'lidar', identity()), true);
    expect(buffer.lookup('base_link', 'lidar', 0n)).toMatchObject({
      failure: 'missing',
      reason: "'base_link' and 'lidar' are not connected by transforms",
    });
  });

  it('finds cycles instead of running for ever', () => {
    const buffer = new TfBuffer();
    buffer.set(transform('a', 'b', identity()), true);
    buffer.set(transform('b', 'c', identity()), true);
    buffer.set(transform('c', 'a', identity()), true);
    const found = buffer.lookup('a', 'x', 0n);
    expect(found).toMatchObject({ ok: false, failure: 'cycle' });
    expect(buffer.lookup('a', 'c', 0n)).toMatchObject({ ok: false, failure: 'cycle' });
  });

  it('a new parent takes over, without the old history', () => {
    const buffer = new TfBuffer();
    buffer.set(transform('a', 'x', identity(), S), false);
    buffer.set(transform('b', 'x', exp([5, 0, 0, 0, 0, 0]), 2n * S), false);
    expect(buffer.lookup('a', 'x', S)).toMatchObject({ ok: false });
    expect(pose(buffer, 'b', 'x', 2n * S)[3]).toBe(5);
    expect(buffer.lookup('b', 'x', S)).toMatchObject({ failure: 'past' });
  });

  it('refuses transforms without names and onto themselves; leading slashes do not count', () => {
    const buffer = new TfBuffer();
    expect(buffer.set(transform('', 'b', identity()), true)).toMatch(/without frame names/);
    expect(buffer.set(transform('/b', 'b', identity()), true)).toMatch(/itself/);
    expect(buffer.set(transform('/a', '/b', identity()), true)).toBeUndefined();
    expect(buffer.lookup('a', '/b', 0n).ok).toBe(true);
  });

  it('the same frame is the identity, known or not', () => {
    close(pose(new TfBuffer(), 'lidar', 'lidar', 3n), identity());
  });

  it('forgets what moves and keeps what does not', () => {
    const buffer = new TfBuffer();
    buffer.set(transform('a', 'b', identity()), true);
    buffer.set(transform('a', 'c', identity(), S), false);
    buffer.clearMoving();
    expect(buffer.lookup('a', 'b', S).ok).toBe(true);
    expect(buffer.lookup('a', 'c', S).ok).toBe(false);
  });

  it('tells static transforms that changed, once each, and uses the last; what moves and what is the same is no change', () => {
    const buffer = new TfBuffer();
    // The arc's chord: 0.5 m × sin 5° / (π/36).
    const [first, last] = [exp([0, 0, 1, 0, 0, 0]), exp([0.3, 0.4, 1, 0, 0, Math.PI / 18])];
    for (let i = 0; i < 3; i++) buffer.set(transform('a', 'b', first), true);
    for (let i = 0; i < 3; i++)
      buffer.set(transform('a', 'c', exp([i, 0, 0, 0, 0, 0]), BigInt(i) * S), false);
    expect(buffer.staticChanges).toEqual([]);
    buffer.set(transform('a', 'b', last), true);
    expect(buffer.staticChanges).toEqual([
      expect.stringMatching(/from 'a' to 'b' was published again with another value, 0\.499 m and 10\.0°/),
    ]);
    close(pose(buffer, 'a', 'b', S), last);
  });
});
