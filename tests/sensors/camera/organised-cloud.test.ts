import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { type PointCloud2, PointType } from '../../../src/messages/pointcloud2.js';
import { frameOfCloud } from '../../../src/sensors/camera/organised-cloud.js';

const [WIDTH, HEIGHT] = [64, 48];
const [FX, FY, CX, CY] = [60, 62, 30.5, 25];

type Point = readonly [x: number, y: number, z: number];

/** A cloud with 16 bytes a point and 8 bytes of padding a row: x y z and packed colour. */
function cloud(
  pointAt: (u: number, v: number, depth: number) => Point,
  { bigEndian = false, holes = 0, colorType = PointType.FLOAT32 as number } = {},
): { message: PointCloud2; depths: Float32Array } {
  const random = new Random('cloud');
  const [pointStep, rowStep] = [16, 16 * WIDTH + 8];
  const data = new Uint8Array(rowStep * HEIGHT);
  const view = new DataView(data.buffer);
  const depths = new Float32Array(WIDTH * HEIGHT);
  for (let v = 0; v < HEIGHT; v++)
    for (let u = 0; u < WIDTH; u++) {
      const at = v * rowStep + u * pointStep;
      const hole = random.next() < holes;
      const depth = Math.fround(1 + random.next() + 0.02 * u);
      depths[v * WIDTH + u] = hole ? 0 : depth;
      pointAt(u, v, depth).forEach((c, k) => view.setFloat32(at + 4 * k, hole ? NaN : c, !bigEndian));
      view.setUint32(at + 12, (u << 16) | (v << 8) | ((u + v) & 255), !bigEndian);
    }
  const field = (name: string, offset: number, datatype: number) => ({ name, offset, datatype, count: 1 });
  const fields = ['x', 'y', 'z'].map((name, k) => field(name, 4 * k, PointType.FLOAT32));
  fields.push(field('rgb', 12, colorType));
  const shape = { width: WIDTH, height: HEIGHT, pointStep, rowStep, isDense: false, bigEndian };
  return { message: { stampNs: 1n, frameId: 'optical', fields, data, ...shape }, depths };
}

const optical = (u: number, v: number, z: number): Point => [(z * (u - CX)) / FX, (z * (v - CY)) / FY, z];

describe('an organised cloud', () => {
  it.each([
    { name: 'as drivers send it', options: {} },
    { name: 'with a third of its points unknown', options: { holes: 0.33 } },
    { name: 'in big endian, colours as UINT32', options: { bigEndian: true, colorType: PointType.UINT32 } },
  ])('$name becomes depth, colours and the intrinsics of its pinhole', ({ options }) => {
    const { message, depths } = cloud(optical, options);
    const { depth, color, camera, bodyAxes } = frameOfCloud(message);
    expect(bodyAxes).toBe(false);
    expect(camera).toMatchObject({ width: WIDTH, height: HEIGHT, distortion: 'none' });
    for (const [found, true_] of [
      [camera.fx, FX],
      [camera.fy, FY],
      [camera.cx, CX],
      [camera.cy, CY],
    ] as const)
      // prettier-ignore
      expect(Math.abs(found - true_)).toBeLessThan(0.01);
    expect(depth).toMatchObject({ width: WIDTH, height: HEIGHT, scale: 1 });
    expect(depth.data).toEqual(depths);
    const at = 3 * (7 * WIDTH + 11);
    expect([...color!.data.slice(at, at + 3)]).toEqual([11, 7, 18]);
  });

  it('may lie in a frame that looks along x', () => {
    const { message, depths } = cloud((u, v, z) => {
      const [x, y] = optical(u, v, z);
      return [z, -x, -y];
    });
    const { depth, camera, bodyAxes } = frameOfCloud(message);
    expect(bodyAxes).toBe(true);
    expect(Math.abs(camera.fx - FX)).toBeLessThan(0.01);
    expect(Math.abs(camera.cy - CY)).toBeLessThan(0.01);
    expect(depth.data).toEqual(depths);
  });

  it('keeps the intrinsics that are known', () => {
    const first = frameOfCloud(cloud(optical).message);
    // Points that would give others, or none.
    const { message } = cloud((u, v, z) => [u, v, z]);
    expect(frameOfCloud(message, first).camera).toBe(first.camera);
  });

  it('is refused with a sentence where it is none of a pinhole camera', () => {
    const { message } = cloud(optical);
    // A spinning LiDAR: columns are angles all around.
    const lidar = cloud((u, v, r) => {
      const [a, e] = [(2 * Math.PI * u) / WIDTH, 0.5 - v / HEIGHT];
      return [r * Math.cos(e) * Math.cos(a), r * Math.cos(e) * Math.sin(a), r * Math.sin(e)];
    });
    const cases: [PointCloud2, RegExp][] = [
      [lidar.message, /is not that of a depth camera.*sensor\.kind lidar/],
      [{ ...message, width: WIDTH * HEIGHT, height: 1 }, /not organised \(3072×1 points\)/],
      [{ ...message, fields: message.fields.slice(1) }, /no field x of 32-bit floats/],
      [{ ...message, data: message.data.slice(0, 1000) }, /cut off: 1000 bytes for 64×48 points/],
      [{ ...message, width: 1 << 20, height: 1 << 20 }, /1048576/],
      [cloud(optical, { holes: 0.99 }).message, /fewer than 100 of its points/],
    ];
    for (const [bad, why] of cases) expect(() => frameOfCloud(bad)).toThrow(why);
    expect(frameOfCloud({ ...message, fields: message.fields.slice(0, 3) }).color).toBeUndefined();
  });
});
