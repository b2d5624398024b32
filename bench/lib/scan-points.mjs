/**
 * Some of a scan's points.
 *
 * @param scan LidarScan with rings
 * @param {number[]} keep indices of the points that stay, in their order
 */
export function somePoints(scan, keep) {
  const positions = new Float32Array(3 * keep.length);
  keep.forEach((i, j) => positions.set(scan.positions.subarray(3 * i, 3 * i + 3), 3 * j));
  return {
    ...scan,
    count: keep.length,
    positions,
    ...(scan.times && { times: Float32Array.from(keep, (i) => scan.times[i]) }),
    rings: Uint16Array.from(keep, (i) => scan.rings[i]),
  };
}
