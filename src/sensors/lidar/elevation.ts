/**
 * Raises every point of a spinning LiDAR by an angle, as its lasers point higher than the driver says: the HDL-64E of KITTI
 * by 0.205°. The distance from the sensor stays, and so does the direction seen from above.
 *
 * @example
 * raise(scan.positions, scan.positions, scan.count, (0.205 * Math.PI) / 180); // in place
 *
 * @param from x y z of each point, sensor frame, z the axis of rotation (m)
 * @param to the same size; may be `from`
 * @param angle radians, positive upwards
 */
export function raise(from: Float32Array, to: Float32Array, count: number, angle: number): void {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  for (let i = 0; i < 3 * count; i += 3) {
    const [x, y, z] = [from[i]!, from[i + 1]!, from[i + 2]!];
    const level = Math.sqrt(x * x + y * y);
    // Straight above or below there is no direction to turn in.
    const scale = level > 0 ? (c * level - s * z) / level : 1;
    to[i] = scale * x;
    to[i + 1] = scale * y;
    to[i + 2] = level > 0 ? c * z + s * level : z;
  }
}
