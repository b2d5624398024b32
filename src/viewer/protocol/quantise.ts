/** An axis-aligned box: lowest corner and lengths of its sides, metres, exact in float32. */
export interface Box {
  readonly min: readonly [number, number, number];
  readonly size: readonly [number, number, number];
}

const STEPS = 65535;

/** The smallest box around 3·N coordinates; all zero for none. */
export function boxOf(positions: ArrayLike<number>): Box {
  if (positions.length === 0) return { min: [0, 0, 0], size: [0, 0, 0] };
  const min: [number, number, number] = [Infinity, Infinity, Infinity];
  const max: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i += 3)
    for (let c = 0; c < 3; c++) {
      const value = positions[i + c]!;
      if (value < min[c]!) min[c] = value;
      if (value > max[c]!) max[c] = value;
    }
  for (let c = 0; c < 3; c++) min[c] = floor32(min[c]!);
  return {
    min,
    size: [ceil32(max[0] - min[0]), ceil32(max[1] - min[1]), ceil32(max[2] - min[2])],
  };
}

/** The largest float32 not above. */
function floor32(value: number): number {
  const rounded = Math.fround(value);
  return rounded <= value ? rounded : Math.fround(rounded - Math.max(Math.abs(rounded) * 1.2e-7, 1e-44));
}

/** The smallest float32 not below; sizes are never negative. */
function ceil32(value: number): number {
  const rounded = Math.fround(value);
  return rounded >= value ? rounded : Math.fround(rounded + Math.max(rounded * 1.2e-7, 1e-44));
}

/** 3·N metres to 16-bit steps of the box: at most half a step, size / 131070, off. Points outside are moved to its face. */
export function quantisePositions(
  positions: ArrayLike<number>,
  box: Box,
  out: Uint16Array<ArrayBuffer> = new Uint16Array(positions.length),
): Uint16Array<ArrayBuffer> {
  // One kind of array, clamped and rounded without calls: three times as fast as Math.round on any array.
  const from = positions instanceof Float32Array ? positions : Float64Array.from(positions);
  const [x0, y0, z0] = box.min;
  const [sx, sy, sz] = box.size;
  const kx = sx > 0 ? STEPS / sx : 0;
  const ky = sy > 0 ? STEPS / sy : 0;
  const kz = sz > 0 ? STEPS / sz : 0;
  for (let i = 0; i < out.length; i += 3) {
    const x = (from[i]! - x0) * kx + 0.5;
    const y = (from[i + 1]! - y0) * ky + 0.5;
    const z = (from[i + 2]! - z0) * kz + 0.5;
    out[i] = x < 0 ? 0 : x > STEPS ? STEPS : x;
    out[i + 1] = y < 0 ? 0 : y > STEPS ? STEPS : y;
    out[i + 2] = z < 0 ? 0 : z > STEPS ? STEPS : z;
  }
  return out;
}

/** 16-bit steps of the box back to metres. */
export function dequantisePositions<T extends Float32Array | Float64Array = Float32Array>(
  steps: Uint16Array,
  box: Box,
  out: T = new Float32Array(steps.length) as unknown as T,
): T {
  for (let c = 0; c < 3; c++) {
    const min = box.min[c]!;
    const scale = box.size[c]! / STEPS;
    for (let i = c; i < steps.length; i += 3) out[i] = min + steps[i]! * scale;
  }
  return out;
}

/**
 * Unit vectors to 2 signed bytes: projected to the octahedron |x|+|y|+|z| = 1, whose lower half is folded outwards
 * (Meyer et al. 2010, "On floating-point normal vectors"). Below 1° off.
 *
 * @param normals 3·N
 * @returns 2·N, −127…127
 */
export function encodeNormals(
  normals: ArrayLike<number>,
  out: Int8Array<ArrayBuffer> = new Int8Array((normals.length / 3) * 2),
): Int8Array<ArrayBuffer> {
  for (let i = 0, o = 0; o < out.length; i += 3, o += 2) {
    const x = normals[i]!;
    const y = normals[i + 1]!;
    const z = normals[i + 2]!;
    const sum = Math.abs(x) + Math.abs(y) + Math.abs(z);
    const scale = sum > 0 ? 1 / sum : 0;
    let u = x * scale;
    let v = y * scale;
    if (z < 0) {
      const folded = (1 - Math.abs(v)) * (u < 0 ? -1 : 1);
      v = (1 - Math.abs(u)) * (v < 0 ? -1 : 1);
      u = folded;
    }
    out[o] = Math.round(u * 127);
    out[o + 1] = Math.round(v * 127);
  }
  return out;
}

/** 2 signed bytes each back to unit vectors: 2·N to 3·N. */
export function decodeNormals(encoded: Int8Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array((encoded.length / 2) * 3);
  for (let i = 0, o = 0; i < encoded.length; i += 2, o += 3) {
    let x = encoded[i]! / 127;
    let y = encoded[i + 1]! / 127;
    const z = 1 - Math.abs(x) - Math.abs(y);
    const fold = Math.max(-z, 0);
    x += x >= 0 ? -fold : fold;
    y += y >= 0 ? -fold : fold;
    const length = Math.sqrt(x * x + y * y + z * z) || 1;
    out[o] = x / length;
    out[o + 1] = y / length;
    out[o + 2] = z / length;
  }
  return out;
}
