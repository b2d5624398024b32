/** What sampling needs of a mesh. */
export interface TriangleSoup {
  /** 3·V (m). */
  readonly positions: Float32Array;
  /** 3·T. */
  readonly indices: Uint32Array;
}

/** Seeded uniform random numbers in [0, 1): Marsaglia's xorshift32, enough for placing samples. */
export function uniform(seed: number): () => number {
  let s = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1) >>> 0;
  return () => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return (s >>> 0) / 4294967296;
  };
}

/**
 * Points on a mesh, evenly by area: one per `spacing`² of surface, walking the triangles in order with a carry, so
 * that small triangles get their share; uniform inside each triangle (Osada et al. 2002, eq. 1). Same seed, same
 * points.
 *
 * @param spacing metres
 * @param keep drops a sample when it returns false
 * @returns 3·N
 */
export function sampleMesh(
  mesh: TriangleSoup,
  spacing: number,
  seed = 1,
  keep: (x: number, y: number, z: number) => boolean = () => true,
): Float32Array {
  const random = uniform(seed);
  const perSample = spacing * spacing;
  const { positions: p, indices } = mesh;
  let out = new Float32Array(3 * 4096);
  let n = 0;
  let carry = random(); // a random start, or a mesh smaller than one sample would never be seen
  for (let t = 0; t < indices.length; t += 3) {
    const area = triangleArea(mesh, t);
    if (!Number.isFinite(area)) continue;
    carry += area / perSample;
    const a = 3 * indices[t]!;
    const b = 3 * indices[t + 1]!;
    const c = 3 * indices[t + 2]!;
    for (; carry >= 1; carry--) {
      const r = Math.sqrt(random());
      const u = 1 - r;
      const v = r * random();
      const w = 1 - u - v;
      const x = u * p[a]! + v * p[b]! + w * p[c]!;
      const y = u * p[a + 1]! + v * p[b + 1]! + w * p[c + 1]!;
      const z = u * p[a + 2]! + v * p[b + 2]! + w * p[c + 2]!;
      if (!keep(x, y, z)) continue;
      if (3 * n === out.length) out = grow(out);
      out[3 * n] = x;
      out[3 * n + 1] = y;
      out[3 * n + 2] = z;
      n++;
    }
  }
  return out.slice(0, 3 * n);
}

/**
 * Mean of the points in each cell of a grid of side `spacing` (Open3D's voxel_down_sample): evens out the density.
 * Points that are not finite are dropped.
 *
 * @param points 3·N
 * @returns 3·M, M ≤ N, in the order in which cells were first met
 */
export function thin(points: Float32Array, spacing: number): Float32Array {
  const n = points.length / 3;
  let bits = 10;
  while (2 ** bits < 1.6 * n) bits++;
  const mask = 2 ** bits - 1;
  const slots = new Int32Array(mask + 1).fill(-1);
  const cells = new Int32Array(3 * n);
  const sums = new Float64Array(3 * n);
  const counts = new Uint32Array(n);
  let m = 0;
  for (let i = 0; i < 3 * n; i += 3) {
    const x = points[i]!;
    const y = points[i + 1]!;
    const z = points[i + 2]!;
    if (!Number.isFinite(x + y + z)) continue;
    const cx = Math.floor(x / spacing);
    const cy = Math.floor(y / spacing);
    const cz = Math.floor(z / spacing);
    let h = (Math.imul(cx, 73856093) ^ Math.imul(cy, 19349663) ^ Math.imul(cz, 83492791)) >>> 0;
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) & mask;
    let k = slots[h]!;
    while (k >= 0 && (cells[3 * k] !== cx || cells[3 * k + 1] !== cy || cells[3 * k + 2] !== cz)) {
      h = (h + 1) & mask;
      k = slots[h]!;
    }
    if (k < 0) {
      k = slots[h] = m++;
      cells[3 * k] = cx;
      cells[3 * k + 1] = cy;
      cells[3 * k + 2] = cz;
    }
    sums[3 * k]! += x;
    sums[3 * k + 1]! += y;
    sums[3 * k + 2]! += z;
    counts[k]!++;
  }
  const out = new Float32Array(3 * m);
  for (let k = 0; k < 3 * m; k++) out[k] = sums[k]! / counts[(k / 3) | 0]!;
  return out;
}

function triangleArea({ positions: p, indices }: TriangleSoup, t: number): number {
  const a = 3 * indices[t]!;
  const b = 3 * indices[t + 1]!;
  const c = 3 * indices[t + 2]!;
  const ux = p[b]! - p[a]!;
  const uy = p[b + 1]! - p[a + 1]!;
  const uz = p[b + 2]! - p[a + 2]!;
  const vx = p[c]! - p[a]!;
  const vy = p[c + 1]! - p[a + 1]!;
  const vz = p[c + 2]! - p[a + 2]!;
  return 0.5 * Math.hypot(uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx);
}

function grow(a: Float32Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(2 * a.length);
  out.set(a);
  return out;
}
