// Free space: what a scan sees through is not there. Corners that claim to be solid before the surfaces that the scan
// sees around them belong to something that has moved, and lose their weight.
import {
  CARVE_CHUNK,
  G_CHANGE,
  G_DATA,
  G_TRUNCATION,
  G_VOXEL,
  K_BLOCKS,
  K_COUNT,
  K_GRID,
  K_KEEP,
  K_MAX_RANGE,
  K_POSE,
  K_SIGHT,
  SIGHT_FAR,
  SIGHT_KNOWN,
  SIGHT_SIDE,
  SIGHT_WORDS,
} from '../layout/field';

/** Chunk: CARVE_CHUNK of the listed blocks. Each corner is judged by itself. */
export function carve(args: usize, chunk: i32): void {
  const g: usize = load<u32>(args, K_GRID);
  const voxel = load<f32>(g, G_VOXEL),
    truncation = load<f32>(g, G_TRUNCATION);
  const data: usize = load<u32>(g, G_DATA),
    change: usize = load<u32>(g, G_CHANGE);
  const maxRange = load<f32>(args, K_MAX_RANGE),
    keep = load<f32>(args, K_KEEP);
  const sight: usize = load<u32>(args, K_SIGHT);
  const past = min(load<u32>(args, K_COUNT), <u32>(chunk + 1) * CARVE_CHUNK);
  for (let i: u32 = <u32>chunk * CARVE_CHUNK; i < past; i++) {
    const entry = <usize>load<u32>(args, K_BLOCKS) + ((<usize>i) << 4);
    const block: usize = load<u32>(entry);
    const bx = load<i32>(entry, 4) << 3,
      by = load<i32>(entry, 8) << 3,
      bz = load<i32>(entry, 12) << 3;
    for (let c: i32 = 0; c < 512; c++) {
      const corner = data + (block << 12) + ((<usize>c) << 3);
      const weight = load<f32>(corner, 4);
      if (weight == 0 || load<f32>(corner) > <f32>0.5 * voxel) continue;
      const x = <f32>(bx + (c & 7)) * voxel - load<f32>(args, K_POSE + 12),
        y = <f32>(by + ((c >> 3) & 7)) * voxel - load<f32>(args, K_POSE + 28),
        z = <f32>(bz + (c >> 6)) * voxel - load<f32>(args, K_POSE + 44);
      const range = sqrt(x * x + y * y + z * z);
      if (range < 1 || range > maxRange) continue;
      const px =
          load<f32>(args, K_POSE) * x + load<f32>(args, K_POSE + 16) * y + load<f32>(args, K_POSE + 32) * z,
        py =
          load<f32>(args, K_POSE + 4) * x +
          load<f32>(args, K_POSE + 20) * y +
          load<f32>(args, K_POSE + 36) * z,
        pz =
          load<f32>(args, K_POSE + 8) * x +
          load<f32>(args, K_POSE + 24) * y +
          load<f32>(args, K_POSE + 40) * z;
      if (!seenThrough(sight, px, py, pz, range, truncation)) continue;
      const left = weight * keep;
      store<f32>(corner, left < 0.05 ? 0 : left, 4);
      if (left < 0.05) store<f32>(corner, 0);
      const at = change + (block << 2);
      store<f32>(at, load<f32>(at) + truncation);
    }
  }
}

/** Whether a point (sensor frame) lies clearly before all the surfaces seen in its direction and around it. */
function seenThrough(sight: usize, x: f32, y: f32, z: f32, range: f32, clear: f32): bool {
  const ax = abs(x),
    ay = abs(y),
    az = abs(z);
  let face: i32, u: f32, v: f32;
  if (ax >= ay && ax >= az) {
    face = x < 0 ? 1 : 0;
    u = y / ax;
    v = z / ax;
  } else if (ay >= az) {
    face = y < 0 ? 3 : 2;
    u = x / ay;
    v = z / ay;
  } else {
    face = z < 0 ? 5 : 4;
    u = x / az;
    v = y / az;
  }
  const half = <f32>(SIGHT_SIDE / 2);
  const column = min(SIGHT_SIDE - 1, <i32>floor((u + 1) * half)),
    row = min(SIGHT_SIDE - 1, <i32>floor((v + 1) * half));
  let known = 0;
  for (let r = max(0, row - 1); r <= min(SIGHT_SIDE - 1, row + 1); r++)
    for (let c = max(0, column - 1); c <= min(SIGHT_SIDE - 1, column + 1); c++) {
      const cell = sight + <usize>(((face * SIGHT_SIDE + r) * SIGHT_SIDE + c) * SIGHT_WORDS * 4);
      const seen = load<f32>(cell, 16);
      if (seen == 0) continue;
      known++;
      if (range > seen - clear) return false;
      // What lies far before a surface has nothing to do with the plane that it is part of.
      if (range < seen - <f32>SIGHT_FAR * clear) continue;
      const before =
        load<f32>(cell) * x + load<f32>(cell, 4) * y + load<f32>(cell, 8) * z - load<f32>(cell, 12);
      if (before < clear) return false;
    }
  return known >= SIGHT_KNOWN;
}
