import { R_SUMS } from '../../../../kernels/layout/field.js';
import { CORRELATED } from '../../../terms/motion-tie.js';
import { FADING, STEADY } from '../../../terms/pose-term.js';
import { PRIORS, PRIOR_WORDS, STATE, STOP } from '../layout.js';
import { linear } from './linear.js';

/**
 * One Gauss–Newton step from the sums of a pass: GaussNewton of src/field/gauss-newton.ts in float32, so that iterations
 * follow each other without the processor. Steps taken are kept in the state; the processor repeats them in float64.
 */
export const solveKernel = /* wgsl */ `
struct Params {
  limits: vec4f, // last robust scale, its factor per step, smallest step (m), smallest turn
  sigmas: vec4f, // of the twist per unit of scaled time, linear and angular; largest turn that is not deskewed anew
  factors: vec4f, // weight of ground, smallest conditioning; of the hold: information of the prediction, noise floor
  tie: vec4f, // how the velocity moves with the pose, 0 = not tied; information per variance of the linear components
  tieAngular: vec4f, // of the angular ones; priors about the pose
  tiedLinear: vec4f, // twist minus the velocity that the first pose means, scaled time
  tiedAngular: vec4f,
  counts: vec4u, // chunks of points, most steps, unknowns (6 or 12), 1 = hold sliding directions
}
var<private> A: array<f32, 144>;
var<private> b: array<f32, 12>;
var<workgroup> sums: array<f32, ${2 * R_SUMS}>;
var<workgroup> stopped: f32;
var<private> H: array<f32, 75>;
${linear}
@compute @workgroup_size(W) fn main(@builtin(local_invocation_index) lane: u32) {
  if (lane == 0u) { stopped = state[${STATE.stop}]; }
  if (workgroupUniformLoad(&stopped) != 0.0) { return; }
  for (var e = lane; e < ${2 * R_SUMS}u; e += W) {
    var sum = 0.0;
    for (var chunk = 0u; chunk < params.counts.x; chunk++) { sum += partials[chunk * ${2 * R_SUMS}u + e]; }
    sums[e] = sum;
  }
  workgroupBarrier();
  if (lane == 0u) { step(); }
}

fn both(e: u32) -> f32 { return sums[e] + params.factors.x * sums[${R_SUMS}u + e]; }

fn step() {
  if (state[${STATE.pending}] != 0.0) { state[${STATE.stop}] = ${STOP.converged}.0; return; }
  let iteration = u32(state[${STATE.iterations}]);
  if (iteration >= params.counts.y) { state[${STATE.stop}] = ${STOP.limit}.0; return; }
  state[${STATE.iterations}] = f32(iteration + 1u);
  let kernel = state[${STATE.kernel}];
  let n = params.counts.z;
  for (var i = 0u; i < 75u; i++) { H[i] = both(i); }
  let weight = both(75u);
  let variance = select(kernel * kernel, max(1e-6, both(76u) / max(weight, 1e-30)), weight > 0.0);
  // How far the twist is from its prediction: turned + R·offset.
  var away: array<f32, 6>;
  for (var half = 0u; half < 6u; half += 3u) {
    for (var i = 0u; i < 3u; i++) {
      away[half + i] = state[${STATE.turned}u + half + i];
      for (var k = 0u; k < 3u; k++) { away[half + i] += state[i * 4u + k] * state[${STATE.offset}u + half + k]; }
    }
  }
  for (var r = 0u; r < 6u; r++) {
    for (var c = 0u; c < 6u; c++) {
      let u = upper(r, c);
      A[r * n + c] = H[u];
      if (n == 12u) {
        A[r * 12u + 6u + c] = H[21u + u];
        A[(6u + r) * 12u + c] = H[21u + u];
        A[(6u + r) * 12u + 6u + c] = H[42u + u];
      }
    }
  }
  for (var i = 0u; i < 6u; i++) {
    A[i * n + i] += 1e-6 * A[i * n + i] + 1e-9;
    b[i] = -H[63u + i];
    if (n == 12u) {
      let sigma = select(params.sigmas.y, params.sigmas.x, i < 3u);
      let prior = variance / (sigma * sigma);
      A[(6u + i) * 13u] += prior;
      b[6u + i] = -H[69u + i] - prior * away[i];
    }
  }
  if (n == 12u && params.tie.x != 0.0) { tieMotion(iteration, variance); }
  addPriors(n, iteration, variance);
  let annealed = kernel <= params.limits.x;
  if (params.counts.w != 0u && annealed) { holdSlide(n, weight, variance, away); }
  if (!solveScaled(n)) { state[${STATE.stop}] = ${STOP.singular}.0; return; }
  for (var i = 0u; i < 12u; i++) { state[${STATE.steps}u + iteration * 12u + i] = select(0.0, b[i], i < n); }
  let R = rotation(vec3f(b[3], b[4], b[5]));
  for (var c = 0u; c < 3u; c++) {
    let column = R * vec3f(state[c], state[4u + c], state[8u + c]);
    state[c] = column.x;
    state[4u + c] = column.y;
    state[8u + c] = column.z;
  }
  for (var i = 0u; i < 3u; i++) { state[i * 4u + 3u] += b[i]; }
  if (n == 12u) { for (var i = 0u; i < 6u; i++) { state[${STATE.turned}u + i] += b[6u + i]; } }
  let small = length(vec3f(b[0], b[1], b[2])) < params.limits.z && length(vec3f(b[3], b[4], b[5])) < params.limits.w;
  state[${STATE.pending}] = select(0.0, 1.0, small && annealed);
  state[${STATE.kernel}] = max(params.limits.x, kernel * params.limits.y);
  let turn = length(vec3f(state[${STATE.turned + 3}], state[${STATE.turned + 4}], state[${STATE.turned + 5}]));
  if (n == 12u && turn > params.sigmas.z) { state[${STATE.stop}] = ${STOP.deskew}.0; }
}

// The velocity within the sweep and the step from the pose before, as in src/field/terms/motion-tie.ts.
fn tieMotion(iteration: u32, variance: f32) {
  let s = params.tie.x;
  for (var i = 0u; i < 6u; i++) {
    var r = select(params.tiedAngular[i % 3u], params.tiedLinear[i % 3u], i < 3u) + state[${STATE.turned}u + i];
    for (var k = 0u; k < iteration; k++) { r -= s * state[${STATE.steps}u + k * 12u + i]; }
    let information = variance * select(params.tieAngular[i % 3u], params.tie[1u + i % 3u], i < 3u);
    A[i * 13u] += information * s * s;
    A[(6u + i) * 13u] += information;
    A[(6u + i) * 12u + i] -= information * s;
    A[i * 12u + 6u + i] -= information * s;
    b[i] += information * s * r;
    b[6u + i] -= information * r;
  }
}

// What is known of the pose beforehand, as in src/field/terms/pose-term.ts; times the correlation of neighbouring points.
fn addPriors(n: u32, iteration: u32, variance: f32) {
  for (var p = 0u; p < u32(params.tieAngular.w); p++) {
    let at = ${PRIORS}u + p * ${PRIOR_WORDS}u;
    var r: array<f32, 6>;
    for (var i = 0u; i < 6u; i++) {
      r[i] = state[at + 21u + i];
      for (var k = 0u; k < iteration; k++) { r[i] += state[${STATE.steps}u + k * 12u + i]; }
    }
    var pull: array<f32, 6>;
    var square = 0.0;
    for (var i = 0u; i < 6u; i++) {
      pull[i] = 0.0; // some drivers keep what it had for the prior before
      for (var c = 0u; c < 6u; c++) { pull[i] += state[at + upper(i, c)] * r[c]; }
      square += r[i] * pull[i];
    }
    let faded = 1.0 + square / ${FADING}.0;
    let steady = min(1.0, ${STEADY}.0 * inverseSqrt(max(square, 1e-12)));
    let weight = variance * ${CORRELATED}.0 * select(steady, 1.0 / (faded * faded), state[at + 27u] != 0.0);
    for (var i = 0u; i < 6u; i++) {
      for (var c = 0u; c < 6u; c++) { A[i * n + c] += weight * state[at + upper(i, c)]; }
      b[i] -= weight * pull[i];
    }
  }
}

// Directions in which the scan slides are held to the prediction, as in src/field/terms/sliding-hold.ts.
fn holdSlide(n: u32, weight: f32, variance: f32, away: array<f32, 6>) {
  var M = mat3x3f(vec3f(H[0], H[1], H[2]), vec3f(H[1], H[6], H[7]), vec3f(H[2], H[7], H[11]));
  var V = mat3x3f(vec3f(1.0, 0.0, 0.0), vec3f(0.0, 1.0, 0.0), vec3f(0.0, 0.0, 1.0));
  for (var sweep = 0u; sweep < 8u; sweep++) {
    for (var pair = 0u; pair < 3u; pair++) {
      let p = select(0u, 1u, pair == 2u);
      let q = select(2u, 1u, pair == 0u);
      let apq = M[q][p];
      if (abs(apq) <= 1e-12 * weight) { continue; }
      let theta = (M[q][q] - M[p][p]) / (2.0 * apq);
      let t = select(-1.0, 1.0, theta >= 0.0) / (abs(theta) + sqrt(theta * theta + 1.0));
      let c = inverseSqrt(t * t + 1.0);
      let s = t * c;
      for (var k = 0u; k < 3u; k++) {
        let x = M[p][k];
        let y = M[q][k];
        M[p][k] = c * x - s * y;
        M[q][k] = s * x + c * y;
      }
      for (var k = 0u; k < 3u; k++) {
        let x = M[k][p];
        let y = M[k][q];
        M[k][p] = c * x - s * y;
        M[k][q] = s * x + c * y;
      }
      let v = V[p];
      let w = V[q];
      V[p] = c * v - s * w;
      V[q] = s * v + c * w;
    }
  }
  for (var k = 0u; k < 3u; k++) {
    let lack = 1.0 - M[k][k] / (weight * params.factors.y);
    if (!(lack > 0.0)) { continue; }
    let informed = M[k][k] - params.factors.w * weight;
    let prior = params.factors.z * variance;
    let stiffness = select(weight, min(weight, prior * M[k][k] / max(informed, 1e-30)), informed > 0.0);
    let e = V[k];
    var off = 0.0;
    var drift = 0.0;
    for (var i = 0u; i < 3u; i++) {
      off += e[i] * (state[i * 4u + 3u] - state[${STATE.predicted}u + i]);
      drift += e[i] * away[i];
    }
    for (var i = 0u; i < 3u; i++) {
      for (var j = 0u; j < 3u; j++) {
        A[i * n + j] += stiffness * e[i] * e[j];
        if (n == 12u) { A[(6u + i) * 12u + 6u + j] += stiffness * e[i] * e[j]; }
      }
      b[i] -= stiffness * e[i] * off;
      if (n == 12u) { b[6u + i] -= stiffness * e[i] * drift; }
    }
  }
}
`;
