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

/** Adds to one of the sums. */
// @ts-ignore: decorator
@inline
export function add(sums: usize, index: usize, value: f64): void {
  const at = sums + (index << 3);
  store<f64>(at, load<f64>(at) + value);
}
