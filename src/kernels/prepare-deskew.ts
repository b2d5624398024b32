// Moves every fine point to where it was seen from at the stamp: p' = T(τ)·p, with T(τ) given as a cubic polynomial in
// time on equal segments. Normals turn with it, and are corrected for the shear that the sweep gives a surface.
import {
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
  A_SWEEP,
  FINE_CHUNK,
  SEGMENT_WORDS,
} from './prepare-layout';

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

/** Chunk: FINE_CHUNK fine points. */
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
  for (let i = first; i < last; i++) {
    const o = (i as usize) << 2;
    const time = load<f32>(ft + o);
    const k = max(0, min(lastSegment, ((time - start) * inverse) as i32));
    const segment = segments + ((k * SEGMENT_WORDS * 4) as usize);
    const s = f32x4.splat(time - load<f32>(segment, 288));
    const x = load<f32>(fx + o);
    const y = load<f32>(fy + o);
    const z = load<f32>(fz + o);
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
    let n2 = load<f32>(nz + o);
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
