// Points by columns, seen from a pose, and sums over them: what the passes of registration have in common.

/** Value `o` (a byte offset) of the column whose pointer lies at `columns + which`. */
// @ts-ignore: decorator
@inline
export function column(columns: usize, which: usize, o: usize): f32 {
  return load<f32>(<usize>load<u32>(columns + which) + o);
}

/** A coordinate of a direction in the submap: one row (0, 16, 32) of the rotation of the pose at `pose`. */
// @ts-ignore: decorator
@inline
export function rotated(pose: usize, row: usize, x: f32, y: f32, z: f32): f32 {
  return load<f32>(pose + row) * x + load<f32>(pose + row, 4) * y + load<f32>(pose + row, 8) * z;
}

/** A coordinate of a point in the submap: the same, and the translation. */
// @ts-ignore: decorator
@inline
export function moved(pose: usize, row: usize, x: f32, y: f32, z: f32): f32 {
  return rotated(pose, row, x, y, z) + load<f32>(pose + row, 12);
}

/** A coordinate of the block that such a point lies in. @param inverse 1 / voxel */
// @ts-ignore: decorator
@inline
export function blockOf(pose: usize, row: usize, x: f32, y: f32, z: f32, inverse: f32): i32 {
  return (<i32>floor(moved(pose, row, x, y, z) * inverse)) >> 3;
}

/** A coordinate of a direction in the sensor's frame: one column (0, 4, 8) of the rotation of the pose at `pose`. */
// @ts-ignore: decorator
@inline
export function rotatedBack(pose: usize, column: usize, x: f32, y: f32, z: f32): f32 {
  return load<f32>(pose + column) * x + load<f32>(pose + column, 16) * y + load<f32>(pose + column, 32) * z;
}

/** Adds to one of the sums. */
// @ts-ignore: decorator
@inline
export function add(sums: usize, index: usize, value: f64): void {
  const at = sums + (index << 3);
  store<f64>(at, load<f64>(at) + value);
}
