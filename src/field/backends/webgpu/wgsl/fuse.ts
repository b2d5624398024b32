import { KNOWN_WEIGHT } from '../../../../kernels/layout/field.js';
import { SIGHT_FAR, SIGHT_KNOWN, SIGHT_SIDE, SIGHT_WORDS } from '../../../../kernels/layout/sight.js';
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
  if (quality < 0.0) { return; } // moves
  let range = sqrt(p.x * p.x + p.y * p.y + p.z * p.z);
  if (range > params.limits.x) { return; }
  var most = 1e30; // weight of the corner beyond which the point is not fused
  if (all(n == vec3f(0.0))) {
    if (range > params.limits.y) { return; }
    quality = params.limits.z;
    let flags = points[7u * params.counts.y + (at >> 2u)] >> (8u * (at & 3u));
    if ((flags & 2u) != 0u) { n = params.up.xyz; } else { n = -p / range; most = ${KNOWN_WEIGHT}; }
  }
  if (quality <= 0.0) { return; }
  let inverse = params.up.w;
  let u = vec3f(dot(params.pose[0].xyz, p) + params.pose[0].w, dot(params.pose[1].xyz, p) + params.pose[1].w, dot(params.pose[2].xyz, p) + params.pose[2].w) * inverse;
  let home = vec3i(round(u));
  let page = pageOf(params.counts.w, home >> vec3u(3u));
  if (page != 0u) {
    let weight = bitcast<f32>(heapAt(page, cornerOf(home)).y);
    if (weight > most) { return; }
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

/** Takes weight from corners that the scan sees through, one thread each: src/kernels/field/carve.ts. */
export const carveSeen = /* wgsl */ `
struct Params {
  pose: array<vec4f, 3>,
  limits: vec4f, // range, voxel, truncation, share of its weight that a corner keeps
  counts: vec4u, // blocks, grid
}
fn seenThrough(q: vec3f, range: f32, clear: f32) -> bool {
  let a = abs(q);
  var face: u32;
  var uv: vec2f;
  if (a.x >= a.y && a.x >= a.z) {
    face = select(0u, 1u, q.x < 0.0);
    uv = q.yz / a.x;
  } else if (a.y >= a.z) {
    face = select(2u, 3u, q.y < 0.0);
    uv = q.xz / a.y;
  } else {
    face = select(4u, 5u, q.z < 0.0);
    uv = q.xy / a.z;
  }
  let at = min(vec2i(floor((uv + 1.0) * ${SIGHT_SIDE / 2}.0)), vec2i(${SIGHT_SIDE - 1}));
  let low = max(at - 1, vec2i(0));
  let high = min(at + 1, vec2i(${SIGHT_SIDE - 1}));
  var known = 0u;
  for (var r = low.y; r <= high.y; r++) {
    for (var c = low.x; c <= high.x; c++) {
      let cell = ((face * ${SIGHT_SIDE}u + u32(r)) * ${SIGHT_SIDE}u + u32(c)) * ${SIGHT_WORDS}u;
      let seen = sight[cell + 4u];
      if (seen == 0.0) { continue; }
      known++;
      if (range > seen - clear) { return false; }
      if (range < seen - ${SIGHT_FAR}.0 * clear) { continue; }
      let before = sight[cell] * q.x + sight[cell + 1u] * q.y + sight[cell + 2u] * q.z - sight[cell + 3u];
      if (before < clear) { return false; }
    }
  }
  return known >= ${SIGHT_KNOWN}u;
}
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let voxel = params.limits.y;
  let origin = vec3f(params.pose[0].w, params.pose[1].w, params.pose[2].w);
  for (var i = id.x; i < params.counts.x * 512u; i += groups.x * W) {
    let block = inSight[i / 512u].yzw;
    let page = pageOf(params.counts.y, block);
    if (page == 0u) { continue; }
    let corner = i % 512u;
    let held = vec2f(bitcast<f32>(heapLoad(page, corner * 2u)), bitcast<f32>(heapLoad(page, corner * 2u + 1u)));
    if (held.y == 0.0 || held.x > 0.5 * voxel) { continue; }
    let p = vec3f(block * 8 + vec3i(vec3u(corner & 7u, (corner >> 3u) & 7u, corner >> 6u))) * voxel - origin;
    let range = sqrt(p.x * p.x + p.y * p.y + p.z * p.z);
    if (range < 1.0 || range > params.limits.x) { continue; }
    let q = p.x * params.pose[0].xyz + p.y * params.pose[1].xyz + p.z * params.pose[2].xyz;
    if (!seenThrough(q, range, params.limits.z)) { continue; }
    let weight = held.y * params.limits.w;
    noteChange(page, params.limits.z);
    if (weight < 0.05) { heapStore(page, corner * 2u, 0u); }
    heapStore(page, corner * 2u + 1u, bitcast<u32>(select(weight, 0.0, weight < 0.05)));
  }
}
`;
