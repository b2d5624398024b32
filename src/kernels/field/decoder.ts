// The decoder: a one-hidden-layer ReLU network of 8 features f and the local position q ∈ [−1, 1]³ in the feature cell,
//   ρ(f, q) = Σ_j c_j · ( relu(a_j·f + u_j) − relu(u_j) ),   u_j = p_j·q + b_j,
// so that ρ(0, q) = 0 for every q: an untrained place keeps its fused distance. c_j contains the output scale.
// Layout (f32): A[8][32], P[3][32], b[32], c[32], Aᵀ[32][8].

const HIDDEN: usize = 32;
const D_P: usize = 1024;
const D_B: usize = 1408;
const D_C: usize = 1536;
const D_AT: usize = 1664;

/** ρ(f, q); stores the gates c_j·[a_j·f + u_j > 0] at gates[0…31] and c_j·([…] − [u_j > 0]) at gates[32…63]. */
export function decode(D: usize, f: usize, qx: f32, qy: f32, qz: f32, gates: usize): f32 {
  const zero = f32x4.splat(0);
  const X = f32x4.splat(qx),
    Y = f32x4.splat(qy),
    Z = f32x4.splat(qz);
  const f0 = v128.load32_splat(f),
    f1 = v128.load32_splat(f, 4),
    f2 = v128.load32_splat(f, 8),
    f3 = v128.load32_splat(f, 12);
  const f4 = v128.load32_splat(f, 16),
    f5 = v128.load32_splat(f, 20),
    f6 = v128.load32_splat(f, 24),
    f7 = v128.load32_splat(f, 28);
  let sum = zero;
  for (let j: usize = 0; j < HIDDEN * 4; j += 16) {
    const d = D + j;
    const u = f32x4.add(
      f32x4.add(v128.load(d, D_B), f32x4.mul(X, v128.load(d, D_P))),
      f32x4.add(f32x4.mul(Y, v128.load(d, D_P + 128)), f32x4.mul(Z, v128.load(d, D_P + 256))),
    );
    const a01 = f32x4.add(f32x4.mul(f0, v128.load(d)), f32x4.mul(f1, v128.load(d, 128)));
    const a23 = f32x4.add(f32x4.mul(f2, v128.load(d, 256)), f32x4.mul(f3, v128.load(d, 384)));
    const a45 = f32x4.add(f32x4.mul(f4, v128.load(d, 512)), f32x4.mul(f5, v128.load(d, 640)));
    const a67 = f32x4.add(f32x4.mul(f6, v128.load(d, 768)), f32x4.mul(f7, v128.load(d, 896)));
    const h = f32x4.add(u, f32x4.add(f32x4.add(a01, a23), f32x4.add(a45, a67)));
    const c = v128.load(d, D_C);
    // relu by mask: max() must order NaN and −0, which takes x86 several instructions.
    const on = f32x4.gt(h, zero),
      was = f32x4.gt(u, zero);
    const gate = v128.and(c, on);
    v128.store(gates + j, gate);
    v128.store(gates + j, f32x4.sub(gate, v128.and(c, was)), 128);
    sum = f32x4.add(sum, f32x4.mul(c, f32x4.sub(v128.and(h, on), v128.and(u, was))));
  }
  return (
    f32x4.extract_lane(sum, 0) +
    f32x4.extract_lane(sum, 1) +
    (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
  );
}

/** ∂ρ/∂f = Aᵀ·gates, 8 floats to `out`. */
export function backward(D: usize, gates: usize, out: usize): void {
  let lo0 = f32x4.splat(0),
    hi0 = lo0,
    lo1 = lo0,
    hi1 = lo0;
  let a = D + D_AT;
  for (let j: usize = 0; j < HIDDEN * 4; j += 8) {
    const g0 = v128.load32_splat(gates + j),
      g1 = v128.load32_splat(gates + j, 4);
    lo0 = f32x4.add(lo0, f32x4.mul(g0, v128.load(a)));
    hi0 = f32x4.add(hi0, f32x4.mul(g0, v128.load(a, 16)));
    lo1 = f32x4.add(lo1, f32x4.mul(g1, v128.load(a, 32)));
    hi1 = f32x4.add(hi1, f32x4.mul(g1, v128.load(a, 48)));
    a += 64;
  }
  v128.store(out, f32x4.add(lo0, lo1));
  v128.store(out, f32x4.add(hi0, hi1), 16);
}

/** ∂ρ/∂q_axis = Σ_j gates[32 + j]·P[axis][j]. */
export function positionGradient(D: usize, gates: usize, axis: usize): f32 {
  let sum = f32x4.splat(0);
  const p = D + D_P + (axis << 7);
  for (let j: usize = 0; j < HIDDEN * 4; j += 16)
    sum = f32x4.add(sum, f32x4.mul(v128.load(gates + j, 128), v128.load(p + j)));
  return (
    f32x4.extract_lane(sum, 0) +
    f32x4.extract_lane(sum, 1) +
    (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
  );
}
