import { describe, expect, it } from 'vitest';
import { exp } from '../../src/geometry/se3.js';
import { decodeOccupancyGrid, encodeOccupancyGrid } from '../../src/messages/occupancy-grid.js';

const grid = {
  stampNs: 3_000_000_007n,
  frameId: 'odom',
  mapLoadTimeNs: 2_000_000_005n,
  resolution: 0.25,
  width: 3,
  height: 2,
  origin: exp([1.5, -2.5, 0.5, 0, 0, 0]),
  data: Int8Array.of(-1, 0, 100, -1, 50, 0),
};

describe('nav_msgs/OccupancyGrid', () => {
  it('has the layout of its definition in CDR', () => {
    const bytes = encodeOccupancyGrid(grid);
    const view = new DataView(bytes.buffer);
    const at = (offset: number): number => offset + 4; // after the encapsulation
    expect([...bytes.subarray(0, 4)]).toEqual([0, 1, 0, 0]);
    expect([view.getInt32(at(0), true), view.getUint32(at(4), true)]).toEqual([3, 7]);
    expect(view.getUint32(at(8), true)).toBe(5); // "odom" and NUL, then three bytes until the next multiple of four
    expect([view.getInt32(at(20), true), view.getUint32(at(24), true)]).toEqual([2, 5]);
    expect(view.getFloat32(at(28), true)).toBe(0.25);
    expect([view.getUint32(at(32), true), view.getUint32(at(36), true)]).toEqual([3, 2]);
    const pose = [40, 48, 56, 64, 72, 80, 88].map((offset) => view.getFloat64(at(offset), true));
    expect(pose).toEqual([1.5, -2.5, 0.5, 0, 0, 0, 1]);
    expect(view.getUint32(at(96), true)).toBe(6);
    expect([0, 1, 2, 3, 4, 5].map((k) => view.getInt8(at(100 + k)))).toEqual([-1, 0, 100, -1, 50, 0]);
    expect(bytes.length).toBe(at(106));
  });

  it('comes back as it was, in both encodings', () => {
    expect(decodeOccupancyGrid(encodeOccupancyGrid(grid))).toEqual(grid);
    expect(decodeOccupancyGrid(encodeOccupancyGrid(grid, 'ros1'), 'ros1')).toEqual(grid);
  });

  it('is refused where bytes are missing', () => {
    const bytes = encodeOccupancyGrid(grid);
    for (let n = 0; n < bytes.length; n += 3)
      expect(() => decodeOccupancyGrid(bytes.subarray(0, n))).toThrow(/too early/);
  });
});
