import { CHUNK, REGISTER_SUMS, STATE } from '../layout.js';
import { triangle } from './linear.js';

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
 * One pass of a scan against the scalar levels: src/kernels/register.ts, whose formulas these are. Every point writes
 * a record: J (6), r, unused, w, τ, and bits that say as what. `n` is their number rounded up to whole chunks.
 */
export const registerKernel = /* wgsl */ `
${CLASSES}struct Params {
  kernels: vec4f, // robust scale per level; the first comes from the state
  weights: vec4f, // per level
  inverse: vec4f, // 1 / voxel per level
  scales: vec4f, // gradient scale, smallest weight, time scale, unused
  counts: vec4u, // points, levels, 1 = always (else only while the state is running), n
}
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (params.counts.z == 0u && state[${STATE.stop}] != 0.0) { return; }
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
  let r0 = vec3f(state[0], state[1], state[2]);
  let r1 = vec3f(state[4], state[5], state[6]);
  let r2 = vec3f(state[8], state[9], state[10]);
  let t = vec3f(state[3], state[7], state[11]);
  let q = vec3f(dot(r0, p), dot(r1, p), dot(r2, p));
  let v = vec3f(state[12], state[13], state[14]);
  let w = vec3f(state[15], state[16], state[17]);
  let m = q + tau * (v + cross(w, q));
  records[10u * n + point] = f32(kind);
  var level = 0u;
  var s: Sampled;
  for (; level < params.counts.y; level++) {
    if (kernelOf(level) <= 0.0) { continue; }
    s = sampleAt(placeOf(level, params.inverse[level], m + t), params.inverse[level]);
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
  if (level == 0u) { return state[${STATE.kernel}]; }
  return params.kernels[level];
}

`;

/** Sums of the records of each chunk of 256 points, in order of the points: one thread a sum. */
export const sumRegister = /* wgsl */ `
${CLASSES}
struct Params { counts: vec4u } // chunks, n
const N = ${CHUNK}u;
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  let chunk = id.x / ${2 * REGISTER_SUMS}u;
  if (chunk >= params.counts.x) { return; }
  let e = (id.x % ${2 * REGISTER_SUMS}u) % ${REGISTER_SUMS}u;
  partials[id.x] = total(chunk * N, e, (id.x % ${2 * REGISTER_SUMS}u) / ${REGISTER_SUMS}u);
}
fn total(first: u32, e: u32, kind: u32) -> f32 {
  let n = params.counts.y;
  var a = 6u;
  var b = 6u;
  var power = 0u;
  var flag = 0u;
  if (e < 63u) {
    power = e / 21u;
    let ab = triangle(e % 21u);
    a = ab.x;
    b = ab.y;
  } else if (e < 75u) {
    power = (e - 63u) / 6u;
    a = (e - 63u) % 6u;
  } else if (e == 75u) {
    a = 7u;
    b = 7u;
  } else if (e == 77u) {
    flag = FINE;
  } else if (e == 78u || e == 80u) {
    flag = INLIER;
  } else if (e == 79u) {
    flag = POINT;
  } else if (e == 81u) {
    flag = COARSE;
  } else if (e == 82u) {
    flag = COARSE_INLIER;
  }
  var sum = 0.0;
  for (var i = first; i < first + N; i++) {
    let bits = u32(records[10u * n + i]);
    if ((bits & GROUND) != kind) { continue; }
    if (flag != 0u) {
      if ((bits & flag) != 0u) { sum += select(1.0, abs(records[6u * n + i]), e == 80u); }
      continue;
    }
    if ((bits & (FINE | COARSE)) == 0u) { continue; }
    var w = records[8u * n + i];
    if (a < 7u) { w *= records[a * n + i] * records[b * n + i]; }
    if (power > 0u) { w *= records[9u * n + i]; }
    if (power > 1u) { w *= records[9u * n + i]; }
    sum += w;
  }
  return sum;
}
${triangle}
`;
