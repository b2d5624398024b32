import { SAMPLE_CHUNK } from '../../../../kernels/layout/field.js';
import { COLD, COLD_STRIDE, COLD_WORDS, FIT_SUMS } from '../layout.js';
import { linear, triangle } from './linear.js';

/**
 * Value, loss, gradients and their sums for each sample. It writes a record: J (6) and r, w of the normal equations, loss,
 * 1 if it was used. `fitState` holds four words per chunk of the batch {unused, samples, pose, 1 = pose takes part}, then the poses.
 * `samples` holds 256 slots of 8 words per chunk.
 */
export const fitForward = /* wgsl */ `
struct Params {
  counts: vec4u, // chunks, first word of the poses, first chunk, finest grid
  scale: vec4f, // Huber threshold, 1 / fine voxel, 1 / feature cell, step of the scalars
}
const N = ${SAMPLE_CHUNK}u;
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  let chunk = params.counts.z + id.x / N;
  let i = id.x % N;
  if (id.x >= params.counts.x * N) { return; }
  let n = params.counts.x * N;
  records[7u * n + id.x] = 0.0;
  records[9u * n + id.x] = 0.0;
  let head = chunk * 4u;
  if (i >= fitState[head + 1u]) { return; }
  let at = (chunk * N + i) * 8u;
  let weight = samples[at + 4u];
  if (weight <= 0.0) { return; }
  let pose = params.counts.y + fitState[head + 2u] * 12u;
  let withPose = fitState[head + 3u] != 0u;
  let s = vec3f(samples[at], samples[at + 1u], samples[at + 2u]);
  let centre = vec3f(posed(pose + 3u), posed(pose + 7u), posed(pose + 11u));
  let arm = vec3f(
    posed(pose) * s.x + posed(pose + 1u) * s.y + posed(pose + 2u) * s.z,
    posed(pose + 4u) * s.x + posed(pose + 5u) * s.y + posed(pose + 6u) * s.z,
    posed(pose + 8u) * s.x + posed(pose + 9u) * s.y + posed(pose + 10u) * s.z);
  let p = arm + centre;
  let place = placeOf(params.counts.w, params.scale.y, p);
  let fused = sampleAt(place, params.scale.y);
  if (!(fused.weight > 0.0)) { return; }
  let cell = cellAt(params.counts.w | FEATURES, params.scale.z, p);
  var prediction = fused.value;
  var gradient = fused.gradient;
  var learned: Residual;
  if (cell.known) {
    learned = residualAt(cell, params.scale.z, withPose);
    prediction += learned.value;
    gradient += learned.gradient;
  }
  let huber = params.scale.x;
  let r = prediction - samples[at + 3u];
  let size = abs(r);
  let slope = weight * clamp(r / huber, -1.0, 1.0);
  records[8u * n + id.x] = weight * select(size - huber * 0.5, r * r / (2.0 * huber), size <= huber);
  records[9u * n + id.x] = 1.0;
  if (withPose) {
    let turn = cross(arm, gradient);
    records[id.x] = gradient.x;
    records[n + id.x] = gradient.y;
    records[2u * n + id.x] = gradient.z;
    records[3u * n + id.x] = turn.x;
    records[4u * n + id.x] = turn.y;
    records[5u * n + id.x] = turn.z;
    records[6u * n + id.x] = r;
    records[7u * n + id.x] = weight / max(size, huber);
  }
  if (params.scale.w > 0.0) { moveScalars(place, params.scale.w * weight * clamp(r, -huber, huber)); }
  if (!cell.known) { return; }
  for (var c = 0u; c < 8u; c++) {
    if (cell.rows[c] == 0u) { continue; }
    let w = slope * blendWeight(c, cell.fraction);
    let slot = rowsSlot(cell.rows[c]);
    for (var k = 0u; k < 8u; k++) { rowsAdd(slot, k, w * learned.byFeature[k >> 2u][k & 3u]); }
  }
}

// Normalised least mean squares: each corner takes its share of the residual (src/kernels/field/fit.ts).
fn moveScalars(place: Place, share: f32) {
  let f = place.fraction;
  let e = vec3f(1.0) - f;
  let squares = (f.x * f.x + e.x * e.x) * (f.y * f.y + e.y * e.y) * (f.z * f.z + e.z * e.z);
  let step = share / squares;
  for (var c = 0u; c < 8u; c++) {
    let l = place.corner + vec3i(vec3u(c & 1u, (c >> 1u) & 1u, c >> 2u));
    let page = neighbour(place.page, u32((l.x >> 3u) | ((l.y >> 3u) << 1u) | ((l.z >> 3u) << 2u)));
    let delta = step * blendWeight(c, f);
    let slot = cornersSlot(page * 512u + cornerOf(l));
    cornersAdd(slot, 0u, delta);
    cornersAdd(slot, 1u, abs(delta));
  }
}

`;

/** Sums of the records of each chunk, in order of the samples: one thread a sum. */
export const sumFit = /* wgsl */ `
struct Params { counts: vec4u } // chunks, first chunk
const N = ${SAMPLE_CHUNK}u;
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  let chunk = id.x / ${FIT_SUMS}u;
  let e = id.x % ${FIT_SUMS}u;
  if (chunk >= params.counts.x) { return; }
  let n = params.counts.x * N;
  var ab = vec2u(6u);
  if (e < 21u) { ab = triangle(e); } else if (e < 27u) { ab.x = e - 21u; }
  var sum = 0.0;
  for (var i = chunk * N; i < (chunk + 1u) * N; i++) {
    if (records[9u * n + i] == 0.0) { continue; }
    if (e == 27u) { sum += records[8u * n + i]; }
    if (e == 28u) { sum += 1.0; }
    let w = records[7u * n + i];
    if (e < 27u && w != 0.0) { sum += w * records[ab.x * n + i] * records[ab.y * n + i]; }
  }
  partials[(params.counts.y + chunk) * ${FIT_SUMS}u + e] = sum;
}
${triangle}
`;

export const applyScalars = /* wgsl */ `
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < cornersCount(); i += groups.x * W) {
    let slot = cornersUsed(i);
    let key = cornersTake(slot);
    let delta = cornersSum(slot, 0u);
    let change = cornersSum(slot, 1u);
    let page = key / 512u;
    let word = (key % 512u) * 2u;
    heapStore(page, word, bitcast<u32>(bitcast<f32>(heapLoad(page, word)) - delta));
    noteChange(page, change);
  }
}
`;

/** Adam (Kingma & Ba 2015) on every touched row. \`bias\` holds 1/(1 − β₁ᵗ), 1/(1 − β₂ᵗ) for two steps per vec4. */
export const adam = (half: boolean): string => /* wgsl */ `
struct Params { rate: vec4f }
fn cold(row: u32, word: u32) -> u32 { return ${COLD_WORDS}u + (row & 31u) * ${COLD_STRIDE}u + word; }
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < rowsCount(); i += groups.x * W) {
    let slot = rowsUsed(i);
    let row = rowsTake(slot);
    let page = row >> 5u;
    let step = min(heapLoad(page, cold(row, ${COLD.steps}u)) + 1u, 1023u);
    heapStore(page, cold(row, ${COLD.steps}u), step);
    let pair = bias[step >> 1u];
    let correction = select(pair.xy, pair.zw, (step & 1u) == 1u);
    var f = features(row);
    for (var k = 0u; k < 8u; k++) {
      let g = rowsSum(slot, k);
      let m = 0.9 * bitcast<f32>(heapLoad(page, cold(row, ${COLD.m}u + k))) + 0.1 * g;
      let v = 0.99 * bitcast<f32>(heapLoad(page, cold(row, ${COLD.v}u + k))) + 0.01 * (g * g);
      heapStore(page, cold(row, ${COLD.m}u + k), bitcast<u32>(m));
      heapStore(page, cold(row, ${COLD.v}u + k), bitcast<u32>(v));
      f[k] -= params.rate.x * ((m * correction.x) / (sqrt(v * correction.y) + 1e-8));
    }
    storeFeatures(row, f, step);
    noteChange(page, 0.0);
  }
}
${
  half
    ? `
fn features(row: u32) -> array<f32, 8> {
  let at = (row & 31u) * 4u;
  var f: array<f32, 8>;
  for (var k = 0u; k < 4u; k++) {
    let pair = unpack2x16float(heapLoad(row >> 5u, at + k));
    f[2u * k] = pair.x;
    f[2u * k + 1u] = pair.y;
  }
  return f;
}
// A half next to x, above or below in proportion: steps smaller than half an ulp would else be lost every time.
fn rounded(x: f32, draw: f32) -> f32 {
  let near = unpack2x16float(pack2x16float(vec2f(x, 0.0))).x;
  let ulp = max(exp2(floor(log2(max(abs(near), 6.2e-5))) - 10.0), 5.9604645e-8);
  return near + clamp(floor((x - near) / ulp + draw), -1.0, 1.0) * ulp;
}
fn storeFeatures(row: u32, f: array<f32, 8>, step: u32) {
  let at = (row & 31u) * 4u;
  let seed = heapLoad(row >> 5u, cold(row, ${COLD.seed}u));
  for (var k = 0u; k < 4u; k++) {
    let pair = vec2f(rounded(f[2u * k], noise(seed, step * 8u + 2u * k)), rounded(f[2u * k + 1u], noise(seed, step * 8u + 2u * k + 1u)));
    heapStore(row >> 5u, at + k, pack2x16float(pair));
  }
}`
    : `
fn features(row: u32) -> array<f32, 8> {
  var f: array<f32, 8>;
  for (var k = 0u; k < 8u; k++) { f[k] = bitcast<f32>(heapLoad(row >> 5u, (row & 31u) * 8u + k)); }
  return f;
}
fn storeFeatures(row: u32, f: array<f32, 8>, step: u32) {
  for (var k = 0u; k < 8u; k++) { heapStore(row >> 5u, (row & 31u) * 8u + k, bitcast<u32>(f[k])); }
}`
}
`;

/**
 * One damped Gauss–Newton step of every keyframe's pose, held to its anchor: Mapper.#movePose of src/slam/mapping/mapper.ts.
 * After the poses, `fitState` holds their anchors and the steps taken, 6 words each.
 */
export const movePoses = /* wgsl */ `
struct Params {
  counts: vec4u, // chunks, first word of the poses, first chunk, poses
  prior: vec4f, // information of translation and rotation, factor of the system, fewest samples
  more: vec4u, // first word of the anchors, first word of the steps
}
var<private> A: array<f32, 144>;
var<private> b: array<f32, 12>;
${linear}
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  let pose = id.x;
  if (pose >= params.counts.w) { return; }
  var sums: array<f32, ${FIT_SUMS}>;
  for (var chunk = params.counts.z; chunk < params.counts.z + params.counts.x; chunk++) {
    let head = chunk * 4u;
    if (fitState[head + 2u] != pose || fitState[head + 3u] == 0u) { continue; }
    for (var e = 0u; e < ${FIT_SUMS}u; e++) { sums[e] += partials[chunk * ${FIT_SUMS}u + e]; }
  }
  let out = params.more.y + pose * 6u;
  for (var i = 0u; i < 6u; i++) { fitState[out + i] = bitcast<u32>(0.0); }
  if (!(sums[28] > params.prior.w)) { return; }
  let at = params.counts.y + pose * 12u;
  let anchor = params.more.x + pose * 12u;
  // Rotation since the anchor, R·Aᵀ: the skew part is all that is needed.
  var O: array<f32, 9>;
  for (var r = 0u; r < 3u; r++) {
    for (var c = 0u; c < 3u; c++) {
      for (var k = 0u; k < 3u; k++) { O[r * 3u + c] += posed(at + r * 4u + k) * posed(anchor + c * 4u + k); }
    }
  }
  let moved = array<f32, 6>(
    posed(at + 3u) - posed(anchor + 3u), posed(at + 7u) - posed(anchor + 7u), posed(at + 11u) - posed(anchor + 11u),
    (O[7] - O[5]) / 2.0, (O[2] - O[6]) / 2.0, (O[3] - O[1]) / 2.0);
  for (var r = 0u; r < 6u; r++) {
    for (var c = 0u; c < 6u; c++) { A[r * 6u + c] = params.prior.z * sums[upper(r, c)]; }
  }
  for (var i = 0u; i < 6u; i++) {
    let prior = select(params.prior.y, params.prior.x, i < 3u);
    A[i * 7u] += prior;
    b[i] = -params.prior.z * sums[21u + i] - prior * moved[i];
  }
  if (!solveScaled(6u)) { return; }
  for (var i = 0u; i < 6u; i++) { fitState[out + i] = bitcast<u32>(b[i]); }
  let R = rotation(vec3f(b[3], b[4], b[5]));
  for (var c = 0u; c < 3u; c++) {
    let column = R * vec3f(posed(at + c), posed(at + 4u + c), posed(at + 8u + c));
    fitState[at + c] = bitcast<u32>(column.x);
    fitState[at + 4u + c] = bitcast<u32>(column.y);
    fitState[at + 8u + c] = bitcast<u32>(column.z);
  }
  for (var i = 0u; i < 3u; i++) { fitState[at + i * 4u + 3u] = bitcast<u32>(posed(at + i * 4u + 3u) + b[i]); }
}
`;
