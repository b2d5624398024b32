/** Trilinear value and gradient of a scalar level; the order of operations is that of src/kernels/field/grid.ts. */
export const sampleScalar = /* wgsl */ `
struct Sampled { value: f32, gradient: vec3f, weight: f32 }
struct Place { page: u32, corner: vec3i, fraction: vec3f }

fn placeOf(grid: u32, inverse: f32, p: vec3f) -> Place {
  let u = p * inverse;
  let below = floor(u);
  let i = vec3i(below);
  return Place(pageOf(grid, i >> vec3u(3u)), i & vec3i(7), u - below);
}
fn cornerAt(page: u32, l: vec3i) -> vec2f {
  let o = u32((l.x >> 3u) | ((l.y >> 3u) << 1u) | ((l.z >> 3u) << 2u));
  var at = page;
  if (o != 0u) { at = neighbour(page, o); }
  return bitcast<vec2f>(heapAt(at, cornerOf(l)));
}
// s = Σ w_c s_c and ∇s; weight is the smallest of the eight corners, 0 where one was never observed.
fn sampleAt(place: Place, inverse: f32) -> Sampled {
  var out = Sampled(0.0, vec3f(0.0), 0.0);
  if (place.page == 0u) { return out; }
  let l = place.corner;
  let c0 = cornerAt(place.page, l);
  let c1 = cornerAt(place.page, l + vec3i(1, 0, 0));
  let c2 = cornerAt(place.page, l + vec3i(0, 1, 0));
  let c3 = cornerAt(place.page, l + vec3i(1, 1, 0));
  let c4 = cornerAt(place.page, l + vec3i(0, 0, 1));
  let c5 = cornerAt(place.page, l + vec3i(1, 0, 1));
  let c6 = cornerAt(place.page, l + vec3i(0, 1, 1));
  let c7 = cornerAt(place.page, l + vec3i(1, 1, 1));
  out.weight = min(min(min(c0.y, c1.y), min(c2.y, c3.y)), min(min(c4.y, c5.y), min(c6.y, c7.y)));
  if (!(out.weight > 0.0)) { return out; }
  let f = place.fraction;
  let A = vec2f(c0.x, c1.x);
  let C = vec2f(c4.x, c5.x);
  let yAB = vec2f(c2.x, c3.x) - A;
  let yCD = vec2f(c6.x, c7.x) - C;
  let AB = A + yAB * f.y;
  let zV = C + yCD * f.y - AB;
  let V = AB + zV * f.z;
  let yV = yAB + (yCD - yAB) * f.z;
  let ds = V.y - V.x;
  out.value = V.x + ds * f.x;
  out.gradient = vec3f(ds, yV.x + (yV.y - yV.x) * f.x, zV.x + (zV.y - zV.x) * f.x) * inverse;
  return out;
}
`;

/** The learned residual: cell look-up, blend, decoder with its derivatives (src/kernels/field/features.ts, decoder.ts). */
export const residual = (half: boolean): string => /* wgsl */ `
struct Cell { known: bool, rows: array<u32, 8>, fraction: vec3f }
struct Residual { value: f32, byFeature: array<vec4f, 2>, gradient: vec3f }

fn cellAt(grid: u32, inverse: f32, p: vec3f) -> Cell {
  var out: Cell;
  let place = placeOf(grid, inverse, p);
  out.fraction = place.fraction;
  if (place.page == 0u) { return out; }
  var any = 0u;
  for (var c = 0u; c < 8u; c++) {
    let l = place.corner + vec3i(vec3u(c & 1u, (c >> 1u) & 1u, c >> 2u));
    let o = u32((l.x >> 3u) | ((l.y >> 3u) << 1u) | ((l.z >> 3u) << 2u));
    let corner = cornerOf(l);
    let pair = heapAt(neighbour(place.page, o), corner >> 1u);
    out.rows[c] = select(pair.x, pair.y, (corner & 1u) == 1u);
    any |= out.rows[c];
  }
  out.known = any != 0u;
  return out;
}
${
  half
    ? `fn featuresOf(row: u32) -> array<vec4f, 2> {
  let at = (row & 31u) * 2u;
  let a = heapAt(row >> 5u, at);
  let b = heapAt(row >> 5u, at + 1u);
  return array(vec4f(unpack2x16float(a.x), unpack2x16float(a.y)), vec4f(unpack2x16float(b.x), unpack2x16float(b.y)));
}`
    : `fn featuresOf(row: u32) -> array<vec4f, 2> {
  let at = (row & 31u) * 4u;
  return array(
    vec4f(bitcast<vec2f>(heapAt(row >> 5u, at)), bitcast<vec2f>(heapAt(row >> 5u, at + 1u))),
    vec4f(bitcast<vec2f>(heapAt(row >> 5u, at + 2u)), bitcast<vec2f>(heapAt(row >> 5u, at + 3u))));
}`
}
fn blendWeight(c: u32, f: vec3f) -> f32 {
  let w = select(vec3f(1.0) - f, f, vec3<bool>((c & 1u) != 0u, (c & 2u) != 0u, (c & 4u) != 0u));
  return w.x * w.y * w.z;
}
// ρ(Σ w_c f_c, q) with ∂ρ/∂f and, with slopes, ∇ρ = Σ_c ∇w_c (f_c · ∂ρ/∂f) + (2/cell) ∂ρ/∂q.
fn residualAt(cell: Cell, inverse: f32, slopes: bool) -> Residual {
  var lo = vec4f(0.0);
  var hi = vec4f(0.0);
  for (var c = 0u; c < 8u; c++) {
    if (cell.rows[c] == 0u) { continue; }
    let f = featuresOf(cell.rows[c]);
    let w = blendWeight(c, cell.fraction);
    lo += w * f[0];
    hi += w * f[1];
  }
  let q = 2.0 * cell.fraction - vec3f(1.0);
  var out: Residual;
  var byQ = vec3f(0.0);
  var back0 = vec4f(0.0);
  var back1 = vec4f(0.0);
  for (var j = 0u; j < 8u; j++) {
    let p0 = decoder[64u + j];
    let p1 = decoder[72u + j];
    let p2 = decoder[80u + j];
    let u = decoder[88u + j] + q.x * p0 + q.y * p1 + q.z * p2;
    let a0 = decoder[j];
    let a1 = decoder[8u + j];
    let a2 = decoder[16u + j];
    let a3 = decoder[24u + j];
    let a4 = decoder[32u + j];
    let a5 = decoder[40u + j];
    let a6 = decoder[48u + j];
    let a7 = decoder[56u + j];
    let h = u + ((lo.x * a0 + lo.y * a1) + (lo.z * a2 + lo.w * a3)) + ((hi.x * a4 + hi.y * a5) + (hi.z * a6 + hi.w * a7));
    let c = decoder[96u + j];
    let zero = vec4f(0.0);
    out.value += dot(c, max(h, zero) - max(u, zero));
    let gate = select(zero, c, h > zero);
    back0 += vec4f(dot(gate, a0), dot(gate, a1), dot(gate, a2), dot(gate, a3));
    back1 += vec4f(dot(gate, a4), dot(gate, a5), dot(gate, a6), dot(gate, a7));
    let gateQ = gate - select(zero, c, u > zero);
    byQ += vec3f(dot(gateQ, p0), dot(gateQ, p1), dot(gateQ, p2));
  }
  out.byFeature = array(back0, back1);
  if (!slopes) { return out; }
  var g = 2.0 * byQ;
  for (var c = 0u; c < 8u; c++) {
    if (cell.rows[c] == 0u) { continue; }
    let f = featuresOf(cell.rows[c]);
    let slope = dot(back0, f[0]) + dot(back1, f[1]);
    let far = vec3<bool>((c & 1u) != 0u, (c & 2u) != 0u, (c & 4u) != 0u);
    let w = select(vec3f(1.0) - cell.fraction, cell.fraction, far);
    g += slope * select(vec3f(-1.0), vec3f(1.0), far) * vec3f(w.y * w.z, w.x * w.z, w.x * w.y);
  }
  out.gradient = g * inverse;
  return out;
}
`;
