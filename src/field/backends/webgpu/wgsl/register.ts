import { R_SUMS } from '../../../../kernels/layout/field.js';
import { REGISTER_CHUNK, STATE } from '../layout.js';
import { upper } from './linear.js';

/** What a point counts as. */
const CLASSES = /* wgsl */ `
const GROUND = 1u;
const POINT = 2u;
const FINE = 4u;
const INLIER = 8u;
const COARSE = 16u;
const COARSE_INLIER = 32u;
`;

/**
 * One pass of a scan against the scalar levels: src/kernels/field/register.ts, whose formulas these are. Every point writes
 * a record: J (6), r, unused, w, τ, and bits that say as what. `n` is their number rounded up to whole chunks.
 */
export const registerKernel = /* wgsl */ `
${CLASSES}struct Params {
  kernels: vec4f, // robust scale per level; the first comes from the state
  weights: vec4f, // per level
  inverse: vec4f, // 1 / voxel per level
  scales: vec4f, // gradient scale, smallest weight, time scale, first word of the state
  counts: vec4u, // points, levels, 1 = always (else only while the state is running), n
  more: vec4u, // finest grid
}
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  let base = u32(params.scales.w);
  if (params.counts.z == 0u && state[base + ${STATE.stop}u] != 0.0) { return; }
  let point = id.x;
  let n = params.counts.w;
  if (point >= n) { return; }
  records[8u * n + point] = 0.0;
  records[10u * n + point] = 0.0;
  if (point >= params.counts.x) { return; }
  let at = point * 5u;
  let p = vec3f(targets[at], targets[at + 1u], targets[at + 2u]);
  let tau = targets[at + 3u] * params.scales.z;
  var kind = POINT | select(0u, GROUND, targets[at + 4u] != 0.0);
  let r0 = vec3f(state[base + 0u], state[base + 1u], state[base + 2u]);
  let r1 = vec3f(state[base + 4u], state[base + 5u], state[base + 6u]);
  let r2 = vec3f(state[base + 8u], state[base + 9u], state[base + 10u]);
  let t = vec3f(state[base + 3u], state[base + 7u], state[base + 11u]);
  let q = vec3f(dot(r0, p), dot(r1, p), dot(r2, p));
  let v = vec3f(state[base + 12u], state[base + 13u], state[base + 14u]);
  let w = vec3f(state[base + 15u], state[base + 16u], state[base + 17u]);
  let m = q + tau * (v + cross(w, q));
  records[10u * n + point] = f32(kind);
  var level = 0u;
  var s: Sampled;
  for (; level < params.counts.y; level++) {
    if (kernelOf(level) <= 0.0) { continue; }
    s = sampleAt(placeOf(params.more.x + level, params.inverse[level], m + t), params.inverse[level]);
    if (s.weight > select(0.0, params.scales.y, level == 0u)) { break; }
  }
  if (level == params.counts.y) { return; }
  let kernel = kernelOf(level);
  let k2 = kernel * kernel;
  let norm = length(s.gradient) - 1.0;
  let g2 = params.scales.x * params.scales.x;
  let robust = k2 / (k2 + s.value * s.value);
  let sane = g2 / (g2 + norm * norm);
  records[8u * n + point] = robust * robust * sane * sane * params.weights[level];
  records[9u * n + point] = tau;
  let turn = cross(m, s.gradient);
  records[point] = s.gradient.x;
  records[n + point] = s.gradient.y;
  records[2u * n + point] = s.gradient.z;
  records[3u * n + point] = turn.x;
  records[4u * n + point] = turn.y;
  records[5u * n + point] = turn.z;
  records[6u * n + point] = s.value;
  if (level > 0u) {
    kind |= COARSE | select(0u, COARSE_INLIER, abs(s.value) < kernel * 0.5);
  } else {
    kind |= FINE | select(0u, INLIER, abs(s.value) < kernel);
  }
  records[10u * n + point] = f32(kind);
}

fn kernelOf(level: u32) -> f32 {
  if (level == 0u) { return state[u32(params.scales.w) + ${STATE.kernel}u]; }
  return params.kernels[level];
}

`;

/**
 * Sums of the records of each chunk of points, in their order. A thread takes one row of the matrices of one kind
 * (J_a times J, r, for the three powers of τ), or what is counted.
 */
export const sumRegister = /* wgsl */ `
${CLASSES}
struct Params { counts: vec4u } // chunks, n, first chunk of the sums
const N = ${REGISTER_CHUNK}u;
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  let chunk = id.x / 14u;
  if (chunk >= params.counts.x) { return; }
  let row = (id.x % 14u) % 7u;
  let kind = (id.x % 14u) / 7u;
  let out = (params.counts.z + chunk) * ${2 * R_SUMS}u + kind * ${R_SUMS}u;
  if (row == 6u) { count(chunk * N, kind, out); } else { sumRow(chunk * N, kind, row, out); }
}
fn sumRow(first: u32, kind: u32, row: u32, out: u32) {
  let n = params.counts.y;
  var A = array<vec4f, 3>();
  var B = array<vec4f, 3>();
  for (var i = first; i < first + N; i++) {
    let bits = u32(records[10u * n + i]);
    if ((bits & GROUND) != kind || (bits & (FINE | COARSE)) == 0u) { continue; }
    let a = vec4f(records[i], records[n + i], records[2u * n + i], records[3u * n + i]);
    let b = vec4f(records[4u * n + i], records[5u * n + i], records[6u * n + i], 0.0);
    let tau = records[9u * n + i];
    let w = records[8u * n + i] * records[row * n + i];
    A[0] += w * a;
    B[0] += w * b;
    A[1] += w * tau * a;
    B[1] += w * tau * b;
    A[2] += w * tau * tau * a;
    B[2] += w * tau * tau * b;
  }
  for (var power = 0u; power < 3u; power++) {
    for (var c = row; c < 6u; c++) {
      partials[out + 21u * power + upper(row, c)] = select(B[power][c & 3u], A[power][c & 3u], c < 4u);
    }
  }
  partials[out + 63u + row] = B[0].z;
  partials[out + 69u + row] = B[1].z;
}
fn count(first: u32, kind: u32, out: u32) {
  let n = params.counts.y;
  var sums = array<f32, 8>();
  for (var i = first; i < first + N; i++) {
    let bits = u32(records[10u * n + i]);
    if ((bits & POINT) == 0u || (bits & GROUND) != kind) { continue; }
    sums[4] += 1.0;
    if ((bits & (FINE | COARSE)) == 0u) { continue; }
    let r = records[6u * n + i];
    let w = records[8u * n + i];
    sums[0] += w;
    sums[1] += w * r * r;
    sums[2] += select(0.0, 1.0, (bits & FINE) != 0u);
    sums[3] += select(0.0, 1.0, (bits & INLIER) != 0u);
    sums[5] += select(0.0, abs(r), (bits & INLIER) != 0u);
    sums[6] += select(0.0, 1.0, (bits & COARSE) != 0u);
    sums[7] += select(0.0, 1.0, (bits & COARSE_INLIER) != 0u);
  }
  for (var e = 0u; e < 8u; e++) { partials[out + 75u + e] = sums[e]; }
}
${upper}
`;
