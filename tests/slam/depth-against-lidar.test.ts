import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { exp, identity, inverse, compose, transformPoint, type Pose } from '../../src/geometry/se3.js';
import type { RangeGrid } from '../../src/sensors/observation.js';
import { DepthAgainstLidar } from '../../src/slam/depth-against-lidar.js';

const [WIDTH, HEIGHT, F] = [80, 60, 70];
const WALL = 3;
/** Camera frames look along z: half a metre in front of the LiDAR, which has x ahead. */
const T_BODY_CAMERA = Float64Array.of(0, 0, 1, 0.5, -1, 0, 0, 0, 0, -1, 0, -0.1);

/** A leaning wall ahead, depth as the camera has it times a factor. */
function image(factor: number, noise = 0): RangeGrid {
  const random = new Random(7);
  const z = new Float32Array(WIDTH * HEIGHT);
  for (let v = 0; v < HEIGHT; v++)
    for (let u = 0; u < WIDTH; u++) {
      const depth = WALL / (1 + (0.4 * (u - WIDTH / 2)) / F); // z = WALL − 0.4 x
      z[v * WIDTH + u] = depth * factor * Math.exp(noise * random.normal());
    }
  const none = new Float32Array(z.length);
  const size = { width: WIDTH, height: HEIGHT, fx: F, fy: F, cx: WIDTH / 2, cy: HEIGHT / 2 };
  return { ...size, z, nx: none, ny: none, nz: none, information: none };
}

/** Points of the same wall by a LiDAR at `T_body_lidar`, its lengths times a factor, and some behind it. */
function scan(T_body_lidar: Pose, factor: number) {
  const random = new Random(9);
  const count = 1000;
  const [x, y, z] = [new Float32Array(count), new Float32Array(count), new Float32Array(count)];
  const T = compose(inverse(T_body_lidar), T_BODY_CAMERA);
  for (let i = 0; i < count; i++) {
    const across = 3 * random.next() - 1.5;
    const p = transformPoint(T, across, 2 * random.next() - 1, i % 2 ? WALL - 0.4 * across : -2);
    [x[i], y[i], z[i]] = [p[0]! * factor, p[1]! * factor, p[2]! * factor];
  }
  return { count, x, y, z };
}

function ratio(
  depth: number,
  points: number,
  how: { T?: Pose; images?: number; late?: bigint; noise?: number } = {},
) {
  const { T = identity(), images = 15, late = 20_000_000n, noise = 0 } = how;
  const check = new DepthAgainstLidar();
  let found: number | undefined;
  for (let k = 0; k < images; k++) {
    check.scan(BigInt(k) * 100_000_000n, scan(identity(), points), T);
    found = check.image('/camera', BigInt(k) * 100_000_000n + late, image(depth, noise), T_BODY_CAMERA);
  }
  return found;
}

describe('DepthAgainstLidar', () => {
  it('says that both measure alike', () => {
    expect(ratio(1, 1)).toBe(1);
    expect(ratio(1.1, 1)).toBe(1);
  });

  it.each([0.1, 0.2, 0.5, 2, 5])('measures depth %f times as long', (factor) => {
    expect(ratio(factor, 1)).toBeCloseTo(factor, 2);
  });

  it('and points that are', () => {
    // Nearer than they are, they lie a little elsewhere in the image, too.
    expect(ratio(1, 0.6)).toBeGreaterThan(1.5);
  });

  it('says nothing of few images, of others in time, and where the two look at different things', () => {
    expect(ratio(2, 1, { images: 11 })).toBeUndefined();
    expect(ratio(2, 1, { late: 70_000_000n })).toBeUndefined();
    expect(ratio(2, 1, { noise: 0.3 })).toBeUndefined();
    // Turned around, nothing of the wall lies in the image.
    expect(ratio(2, 1, { T: exp([0, 0, 0, 0, 0, Math.PI / 2]) })).toBeUndefined();
    expect(new DepthAgainstLidar().image('/camera', 0n, image(2), T_BODY_CAMERA)).toBeUndefined();
  });
});
