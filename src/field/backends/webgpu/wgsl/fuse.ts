import { CARVE_HITS } from '../../../../kernels/layout/field.js';
import { rayRequests } from './blocks.js';

/** Points to grid units, and which to fuse: castPoints of src/kernels/field/fuse.ts. */
export const castPoints = /* wgsl */ `
struct Ray { u: vec3f, quality: f32, m: vec3f, unused: f32 }
struct Params {
  pose: array<vec4f, 3>,
  up: vec4f, // sensor frame; 1 / voxel
  limits: vec4f, // range, range and weight of points without a normal, saturation
  counts: vec4u, // points in the list, columns' length, seed, grid
  more: vec4u, // 1 = the list holds indices; first ray
}
fn column(c: u32, i: u32) -> f32 { return bitcast<f32>(points[c * params.counts.y + i]); }

@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= params.counts.x) { return; }
  let ray = params.more.y + i;
  rays[ray] = Ray(vec3f(0.0), 0.0, vec3f(0.0), 0.0);
  let at = select(i, points[8u * params.counts.y + i], params.more.x == 1u);
  let p = vec3f(column(0u, at), column(1u, at), column(2u, at));
  var n = vec3f(column(3u, at), column(4u, at), column(5u, at));
  var quality = column(6u, at);
  let range = sqrt(p.x * p.x + p.y * p.y + p.z * p.z);
  if (range > params.limits.x) { return; }
  if (all(n == vec3f(0.0))) {
    if (range > params.limits.y) { return; }
    quality = params.limits.z;
    let flags = points[7u * params.counts.y + (at >> 2u)] >> (8u * (at & 3u));
    if ((flags & 2u) != 0u) { n = params.up.xyz; } else { n = -p / range; }
  }
  if (quality <= 0.0) { return; }
  let inverse = params.up.w;
  let u = vec3f(dot(params.pose[0].xyz, p) + params.pose[0].w, dot(params.pose[1].xyz, p) + params.pose[1].w, dot(params.pose[2].xyz, p) + params.pose[2].w) * inverse;
  let home = vec3i(round(u));
  let page = pageOf(params.counts.w, home >> vec3u(3u));
  if (page != 0u) {
    let weight = bitcast<f32>(heapAt(page, cornerOf(home)).y);
    if (weight > params.limits.w && weight * noise(params.counts.z, i) > params.limits.w) { return; }
  }
  rays[ray] = Ray(u, quality, vec3f(dot(params.pose[0].xyz, n), dot(params.pose[1].xyz, n), dot(params.pose[2].xyz, n)), 0.0);
}
`;

/** Σ w and Σ w·d of every corner that the rays first … first + count reach. */
export const gatherRays = /* wgsl */ `
struct Params {
  counts: vec4u, // first ray, one past the last, layers on either side, grid
  scale: vec4f, // corners along the normal, voxel, truncation
}
${rayRequests}
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = params.counts.x + id.x;
  if (i >= params.counts.y || !(rays[i].quality > 0.0)) { return; }
  let ray = rays[i];
  var last = vec3i(0x7fffffff);
  var page = 0u;
  for (var k = 0u; k <= 2u * params.counts.z; k++) {
    let layer = layerOf(ray, k, params.counts.z, params.scale.x);
    if (!layer.inside) { continue; }
    let voxel = params.scale.y;
    let d0 = (layer.t - layer.mb * layer.fb - layer.mc * layer.fc) * voxel;
    for (var e = 0u; e < 4u; e++) {
      let b = (e & 1u) == 1u;
      let c = e >= 2u;
      let corner = layer.corner + select(vec3i(0), layer.b, b) + select(vec3i(0), layer.c, c);
      let block = corner >> vec3u(3u);
      if (any(block != last)) {
        page = pageOf(params.counts.w, block);
        last = block;
      }
      let w = ray.quality * select(1.0 - layer.fb, layer.fb, b) * select(1.0 - layer.fc, layer.fc, c);
      if (page == 0u || !(w > 0.0)) { continue; }
      let d = clamp(d0 + select(0.0, layer.mb * voxel, b) + select(0.0, layer.mc * voxel, c), -params.scale.z, params.scale.z);
      let slot = cornersSlot(page * 512u + cornerOf(corner));
      cornersAdd(slot, 0u, w);
      cornersAdd(slot, 1u, w * d);
    }
  }
}
`;

/**
 * The running mean with all of a batch at once: s ← s + (Σ w d − s Σ w)/(W + Σ w). One after the other, as the
 * processor does it, gives the same but for the cut of W at its maximum.
 */
export const applyMeans = /* wgsl */ `
struct Params { limits: vec4f } // truncation, largest weight
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < cornersCount(); i += groups.x * W) {
    let slot = cornersUsed(i);
    let key = cornersTake(slot);
    let w = cornersSum(slot, 0u);
    let wd = cornersSum(slot, 1u);
    let page = key / 512u;
    let word = (key % 512u) * 2u;
    let s0 = bitcast<f32>(heapLoad(page, word));
    let w0 = bitcast<f32>(heapLoad(page, word + 1u));
    let w1 = w0 + w;
    if (!(w1 > 0.0)) { continue; }
    let s1 = s0 + (wd - s0 * w) / w1;
    heapStore(page, word, bitcast<u32>(s1));
    heapStore(page, word + 1u, bitcast<u32>(min(w1, params.limits.y)));
    noteChange(page, abs(s1 - s0) + select(0.0, min(w, 1.0) * params.limits.x, w0 < 1.0));
  }
}
`;

/** Empties the list after everybody has read it. */
export const resetCorners = /* wgsl */ `
@compute @workgroup_size(1) fn main() { atomicStore(&corners[0], 0u); }
`;
export const resetRows = /* wgsl */ `
@compute @workgroup_size(1) fn main() { atomicStore(&rows[0], 0u); }
`;

/** Lists the corners of solid things that rays of the scan pass through: src/kernels/field/carve.ts. */
export const carveRays = /* wgsl */ `
struct Params {
  pose: array<vec4f, 3>,
  limits: vec4f, // range, voxel, truncation
  counts: vec4u, // points, first ray, one past the last, seed
  more: vec4u, // grid
}
fn column(c: u32, i: u32) -> f32 { return bitcast<f32>(points[c * params.counts.x + i]); }
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = params.counts.y + id.x;
  if (i >= params.counts.z) { return; }
  let voxel = params.limits.y;
  let at = min(u32(noise(params.counts.w, i) * f32(params.counts.x)), params.counts.x - 1u);
  let p = vec3f(column(0u, at), column(1u, at), column(2u, at));
  let n = vec3f(column(3u, at), column(4u, at), column(5u, at));
  let range = sqrt(p.x * p.x + p.y * p.y + p.z * p.z);
  if (!(range > 1.0)) { return; }
  let cosine = abs(p.x * n.x + p.y * n.y + p.z * n.z) / range;
  let step = voxel * 2.0;
  let free = range - 1.5 * params.limits.z / max(cosine, 0.02) - params.limits.z;
  if (cosine == 0.0 || free < step) { return; }
  let end = min(free, params.limits.x);
  let origin = vec3f(params.pose[0].w, params.pose[1].w, params.pose[2].w);
  let direction = vec3f(dot(params.pose[0].xyz, p), dot(params.pose[1].xyz, p), dot(params.pose[2].xyz, p)) * (1.0 / range);
  var last = vec3i(0x7fffffff);
  var page = 0u;
  var hits = 0u;
  let start = step * (1.0 + noise(params.counts.w ^ 0x2545f491u, i));
  for (var n = 0u; start + f32(n) * step < end; n++) {
    let t = start + f32(n) * step;
    let corner = vec3i(round((origin + t * direction) * (1.0 / voxel)));
    let block = corner >> vec3u(3u);
    if (any(block != last)) {
      page = pageOf(params.more.x, block);
      last = block;
    }
    if (page == 0u) { continue; }
    let held = bitcast<vec2f>(heapAt(page, cornerOf(corner)));
    if (held.y == 0.0 || held.x > -voxel * 0.5) { continue; }
    // The whole of the surface that the ray went through, not its core alone: what is left of it would be flakes.
    for (var k = 0u; k < 27u; k++) {
      let near = corner + vec3i(vec3u(k % 3u, (k / 3u) % 3u, k / 9u)) - vec3i(1);
      var other = page;
      let home = near >> vec3u(3u);
      if (any(home != block)) { other = pageOf(params.more.x, home); }
      if (other == 0u) { continue; }
      let beside = bitcast<vec2f>(heapAt(other, cornerOf(near)));
      if (beside.y == 0.0 || beside.x > voxel * 0.5) { continue; }
      cornersSlot(other * 512u + cornerOf(near));
    }
    hits++;
    if (hits == ${CARVE_HITS}u) { return; }
  }
}
`;

/** Takes weight from those corners, once, however many rays met them. */
export const applyCarving = /* wgsl */ `
struct Params { limits: vec4f } // truncation, share of its weight that a corner keeps
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < cornersCount(); i += groups.x * W) {
    let key = cornersTake(cornersUsed(i));
    let page = key / 512u;
    let word = (key % 512u) * 2u;
    let weight = bitcast<f32>(heapLoad(page, word + 1u)) * params.limits.y;
    noteChange(page, params.limits.x);
    if (weight < 0.05) { heapStore(page, word, 0u); }
    heapStore(page, word + 1u, bitcast<u32>(select(weight, 0.0, weight < 0.05)));
  }
}
`;
