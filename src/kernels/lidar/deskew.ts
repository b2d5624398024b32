// Moves every fine point to where it was seen from at the stamp. What a changing velocity adds comes first,
// p + ½τ²(α×p + v̇) (below a degree, left out of the normals), then p' = T(τ)·p, with T(τ) given as a cubic polynomial in
// time on equal segments or by one constant twist. Normals turn with it, and are corrected for the shear that the sweep
// gives a surface.
import {
  A_ACCELERATION,
  A_DNX,
  A_DNY,
  A_DNZ,
  A_DX,
  A_DY,
  A_DZ,
  A_FINE,
  A_FNX,
  A_FNY,
  A_FNZ,
  A_FT,
  A_FX,
  A_FY,
  A_FZ,
  A_SEGMENTS,
  A_SEGMENT_COUNT,
  A_SEGMENT_INV,
  A_SEGMENT_START,
  A_SINE,
  A_SWEEP,
  A_TWIST,
  FINE_CHUNK,
  POLYNOMIAL,
  SEGMENT_WORDS,
} from '../layout/lidar';

/** C0 + s(C1 + s(C2 + s·C3)) of one matrix column. */
// @ts-ignore: decorator
@inline
function column(at: usize, s: v128): v128 {
  return f32x4.add(
    v128.load(at),
    f32x4.mul(
      s,
      f32x4.add(
        v128.load(at, 16),
        f32x4.mul(s, f32x4.add(v128.load(at, 32), f32x4.mul(s, v128.load(at, 48)))),
      ),
    ),
  );
}

/** Chunk: FINE_CHUNK fine points, motion in segments. */
export function prepareDeskew(args: usize, chunk: i32): void {
  const first = chunk * FINE_CHUNK;
  const last = min(first + FINE_CHUNK, load<i32>(args, A_FINE));
  const fx = load<u32>(args, A_FX) as usize;
  const fy = load<u32>(args, A_FY) as usize;
  const fz = load<u32>(args, A_FZ) as usize;
  const ft = load<u32>(args, A_FT) as usize;
  const nx = load<u32>(args, A_FNX) as usize;
  const ny = load<u32>(args, A_FNY) as usize;
  const nz = load<u32>(args, A_FNZ) as usize;
  const dx = load<u32>(args, A_DX) as usize;
  const dy = load<u32>(args, A_DY) as usize;
  const dz = load<u32>(args, A_DZ) as usize;
  const ex = load<u32>(args, A_DNX) as usize;
  const ey = load<u32>(args, A_DNY) as usize;
  const ez = load<u32>(args, A_DNZ) as usize;
  const segments = load<u32>(args, A_SEGMENTS) as usize;
  const lastSegment = load<i32>(args, A_SEGMENT_COUNT) - 1;
  const start = load<f32>(args, A_SEGMENT_START);
  const inverse = load<f32>(args, A_SEGMENT_INV);
  const sweep = load<f32>(args, A_SWEEP);
  const f0 = load<f32>(args, A_ACCELERATION);
  const f1 = load<f32>(args, A_ACCELERATION + 4);
  const f2 = load<f32>(args, A_ACCELERATION + 8);
  const g0 = load<f32>(args, A_ACCELERATION + 12);
  const g1 = load<f32>(args, A_ACCELERATION + 16);
  const g2 = load<f32>(args, A_ACCELERATION + 20);
  for (let i = first; i < last; i++) {
    const o = (i as usize) << 2;
    const time = load<f32>(ft + o);
    const k = max(0, min(lastSegment, ((time - start) * inverse) as i32));
    const segment = segments + ((k * SEGMENT_WORDS * 4) as usize);
    const s = f32x4.splat(time - load<f32>(segment, 288));
    const half: f32 = 0.5 * time * time;
    const rx = load<f32>(fx + o);
    const ry = load<f32>(fy + o);
    const rz = load<f32>(fz + o);
    const x = rx + half * (g1 * rz - g2 * ry + f0);
    const y = ry + half * (g2 * rx - g0 * rz + f1);
    const z = rz + half * (g0 * ry - g1 * rx + f2);
    const c0 = column(segment, s);
    const c1 = column(segment + 64, s);
    const c2 = column(segment + 128, s);
    const c3 = column(segment + 192, s);
    const p = f32x4.add(
      f32x4.add(f32x4.mul(c0, f32x4.splat(x)), f32x4.mul(c1, f32x4.splat(y))),
      f32x4.add(f32x4.mul(c2, f32x4.splat(z)), c3),
    );
    store<f32>(dx + o, f32x4.extract_lane(p, 0));
    store<f32>(dy + o, f32x4.extract_lane(p, 1));
    store<f32>(dz + o, f32x4.extract_lane(p, 2));

    let n0 = load<f32>(nx + o);
    let n1 = load<f32>(ny + o);
    const n2 = load<f32>(nz + o);
    if (n0 == 0 && n1 == 0 && n2 == 0) {
      store<f32>(ex + o, 0);
      store<f32>(ey + o, 0);
      store<f32>(ez + o, 0);
      continue;
    }
    const rho2 = x * x + y * y;
    if (sweep != 0 && rho2 > 1e-4) {
      // The map p → T(τ(p))·p has the gradient R(I + m∇τᵀ), m = ω×p + v; normals go with its inverse transpose.
      const w0 = load<f32>(segment, 256);
      const w1 = load<f32>(segment, 260);
      const w2 = load<f32>(segment, 264);
      const m0 = w1 * z - w2 * y + load<f32>(segment, 272);
      const m1 = w2 * x - w0 * z + load<f32>(segment, 276);
      const m2 = w0 * y - w1 * x + load<f32>(segment, 280);
      const g0 = (-sweep * y) / rho2; // ∇τ of a sensor that spins about its z axis
      const g1 = (sweep * x) / rho2;
      const stretch: f32 = max(0.3 as f32, 1 + g0 * m0 + g1 * m1);
      const h = (n0 * m0 + n1 * m1 + n2 * m2) / stretch;
      n0 -= g0 * h;
      n1 -= g1 * h;
    }
    const n = f32x4.add(
      f32x4.add(f32x4.mul(c0, f32x4.splat(n0)), f32x4.mul(c1, f32x4.splat(n1))),
      f32x4.mul(c2, f32x4.splat(n2)),
    );
    const a = f32x4.extract_lane(n, 0);
    const b = f32x4.extract_lane(n, 1);
    const c = f32x4.extract_lane(n, 2);
    const unit: f32 = 1 / sqrt(a * a + b * b + c * c);
    store<f32>(ex + o, a * unit);
    store<f32>(ey + o, b * unit);
    store<f32>(ez + o, c * unit);
  }
}

/** Horner in τ² of one series. */
// @ts-ignore: decorator
@inline
export function series(at: usize, s: v128): v128 {
  let p = v128.load32_splat(at, 20);
  p = f32x4.add(f32x4.mul(p, s), v128.load32_splat(at, 16));
  p = f32x4.add(f32x4.mul(p, s), v128.load32_splat(at, 12));
  p = f32x4.add(f32x4.mul(p, s), v128.load32_splat(at, 8));
  p = f32x4.add(f32x4.mul(p, s), v128.load32_splat(at, 4));
  return f32x4.add(f32x4.mul(p, s), v128.load32_splat(at));
}

/** a·b − c·d */
// @ts-ignore: decorator
@inline
export function minor(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.sub(f32x4.mul(a, b), f32x4.mul(c, d));
}

/**
 * Chunk: FINE_CHUNK fine points, one constant twist, four points at a time:
 * p' = p + a·ω×p + b·ω×(ω×p) + τ·v + b·ω×v + c·ω×(ω×v), with a = sin(θ)/|ω|, b = (1 − cos θ)/ω², c = (θ − sin θ)/|ω|³
 * and θ = |ω|τ, as series in τ² (A_SINE) times τ, τ² and τ³. Columns have room for the last group.
 */
export function prepareDeskewTwist(args: usize, chunk: i32): void {
  const first = chunk * FINE_CHUNK;
  const last = min(first + FINE_CHUNK, load<i32>(args, A_FINE));
  const fx = load<u32>(args, A_FX) as usize;
  const fy = load<u32>(args, A_FY) as usize;
  const fz = load<u32>(args, A_FZ) as usize;
  const ft = load<u32>(args, A_FT) as usize;
  const nx = load<u32>(args, A_FNX) as usize;
  const ny = load<u32>(args, A_FNY) as usize;
  const nz = load<u32>(args, A_FNZ) as usize;
  const dx = load<u32>(args, A_DX) as usize;
  const dy = load<u32>(args, A_DY) as usize;
  const dz = load<u32>(args, A_DZ) as usize;
  const ex = load<u32>(args, A_DNX) as usize;
  const ey = load<u32>(args, A_DNY) as usize;
  const ez = load<u32>(args, A_DNZ) as usize;
  const v0 = v128.load32_splat(args, A_TWIST);
  const v1 = v128.load32_splat(args, A_TWIST + 4);
  const v2 = v128.load32_splat(args, A_TWIST + 8);
  const w0 = v128.load32_splat(args, A_TWIST + 12);
  const w1 = v128.load32_splat(args, A_TWIST + 16);
  const w2 = v128.load32_splat(args, A_TWIST + 20);
  // ω×v and ω×(ω×v)
  const c0 = minor(w1, v2, w2, v1);
  const c1 = minor(w2, v0, w0, v2);
  const c2 = minor(w0, v1, w1, v0);
  const d0 = minor(w1, c2, w2, c1);
  const d1 = minor(w2, c0, w0, c2);
  const d2 = minor(w0, c1, w1, c0);
  const f0 = v128.load32_splat(args, A_ACCELERATION);
  const f1 = v128.load32_splat(args, A_ACCELERATION + 4);
  const f2 = v128.load32_splat(args, A_ACCELERATION + 8);
  const g0 = v128.load32_splat(args, A_ACCELERATION + 12);
  const g1 = v128.load32_splat(args, A_ACCELERATION + 16);
  const g2 = v128.load32_splat(args, A_ACCELERATION + 20);
  const sweep = v128.load32_splat(args, A_SWEEP);
  const table = args + A_SINE;
  const tiny = f32x4.splat(1e-4);
  for (let i = first; i < last; i += 4) {
    const o = (i as usize) << 2;
    const t = v128.load(ft + o);
    const s = f32x4.mul(t, t);
    const half = f32x4.mul(s, f32x4.splat(0.5));
    const rx = v128.load(fx + o);
    const ry = v128.load(fy + o);
    const rz = v128.load(fz + o);
    const x = f32x4.add(rx, f32x4.mul(half, f32x4.add(minor(g1, rz, g2, ry), f0)));
    const y = f32x4.add(ry, f32x4.mul(half, f32x4.add(minor(g2, rx, g0, rz), f1)));
    const z = f32x4.add(rz, f32x4.mul(half, f32x4.add(minor(g0, ry, g1, rx), f2)));
    const a = f32x4.mul(t, series(table, s));
    const b = f32x4.mul(s, series(table + POLYNOMIAL * 4, s));
    const c = f32x4.mul(f32x4.mul(s, t), series(table + POLYNOMIAL * 8, s));
    const p0 = minor(w1, z, w2, y);
    const p1 = minor(w2, x, w0, z);
    const p2 = minor(w0, y, w1, x);
    v128.store(dx + o, moved(x, p0, minor(w1, p2, w2, p1), v0, c0, d0, a, b, c, t));
    v128.store(dy + o, moved(y, p1, minor(w2, p0, w0, p2), v1, c1, d1, a, b, c, t));
    v128.store(dz + o, moved(z, p2, minor(w0, p1, w1, p0), v2, c2, d2, a, b, c, t));

    let n0 = v128.load(nx + o);
    let n1 = v128.load(ny + o);
    let n2 = v128.load(nz + o);
    // The map p → T(τ(p))·p has the gradient R(I + m∇τᵀ), m = ω×p + v; normals go with its inverse transpose.
    const m0 = f32x4.add(p0, v0);
    const m1 = f32x4.add(p1, v1);
    const m2 = f32x4.add(p2, v2);
    const rho2 = f32x4.add(f32x4.mul(x, x), f32x4.mul(y, y));
    const k = f32x4.div(sweep, f32x4.pmax(tiny, rho2)); // ∇τ = k·(−y, x, 0) of a head that spins about z
    const turn = f32x4.mul(k, minor(x, m1, y, m0));
    const stretch = f32x4.pmax(f32x4.splat(0.3), f32x4.add(f32x4.splat(1), turn));
    const across = f32x4.add(f32x4.mul(n0, m0), f32x4.add(f32x4.mul(n1, m1), f32x4.mul(n2, m2)));
    const h = f32x4.mul(k, f32x4.div(across, stretch));
    n0 = f32x4.add(n0, f32x4.mul(h, y));
    n1 = f32x4.sub(n1, f32x4.mul(h, x));
    const q0 = minor(w1, n2, w2, n1);
    const q1 = minor(w2, n0, w0, n2);
    const q2 = minor(w0, n1, w1, n0);
    n0 = turned(n0, q0, minor(w1, q2, w2, q1), a, b);
    n1 = turned(n1, q1, minor(w2, q0, w0, q2), a, b);
    n2 = turned(n2, q2, minor(w0, q1, w1, q0), a, b);
    const length2 = f32x4.add(f32x4.mul(n0, n0), f32x4.add(f32x4.mul(n1, n1), f32x4.mul(n2, n2)));
    const unit = f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.pmax(f32x4.splat(1e-12), length2)));
    v128.store(ex + o, f32x4.mul(n0, unit));
    v128.store(ey + o, f32x4.mul(n1, unit));
    v128.store(ez + o, f32x4.mul(n2, unit));
  }
}

// @ts-ignore: decorator
@inline
function turned(p: v128, once: v128, twice: v128, a: v128, b: v128): v128 {
  return f32x4.add(p, f32x4.add(f32x4.mul(a, once), f32x4.mul(b, twice)));
}

// @ts-ignore: decorator
@inline
export function moved(
  p: v128,
  once: v128,
  twice: v128,
  v: v128,
  wv: v128,
  wwv: v128,
  a: v128,
  b: v128,
  c: v128,
  t: v128,
): v128 {
  const shift = f32x4.add(f32x4.mul(t, v), f32x4.add(f32x4.mul(b, wv), f32x4.mul(c, wwv)));
  return f32x4.add(turned(p, once, twice, a, b), shift);
}
