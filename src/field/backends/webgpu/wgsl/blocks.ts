import { COUNTER, KIND_BITS, MARK, PAGE_KIND, Z_BIT } from '../layout.js';
import { nextPage } from './common.js';

/**
 * Making blocks, for all threads at once. A slot of the table first takes the number of a request with its top bit
 * set; who finds it there works the request's key out again from the input, so nobody waits for anybody. Then
 * `finalise` gives pages, `link` ties neighbours, and `commit` counts. Which new block gets which page is left to
 * chance; nothing that is computed depends on it.
 */
const touch = /* wgsl */ `
fn touch(key: vec3i, request: u32) {
  var slot = hashOf(key) & MASK;
  for (var i = 0u; i <= MASK; i++) {
    var value = atomicLoad(&slots[slot]);
    if (value == 0u) {
      let swap = atomicCompareExchangeWeak(&slots[slot], 0u, PENDING | request);
      if (swap.exchanged) {
        let at = atomicAdd(&news[${COUNTER.fresh}], 1u);
        if (at < MAX_PAGES) { atomicStore(&news[LIST + at], slot); }
        return;
      }
      value = swap.old_value;
      if (value == 0u) { continue; }
    }
    if (value != DEAD) {
      var other: vec3i;
      if (value >= PENDING) { other = requestKey(value & 0x7fffffffu); } else { other = index[PAGES + value].xyz; }
      if (all(other == key)) { return; }
    }
    slot = (slot + 1u) & MASK;
  }
}
`;

/** Blocks that the rays of a fuse pass write to. A request is a point, a layer and one of four corners. */
export const rayRequests = /* wgsl */ `
struct Ray { u: vec3f, quality: f32, m: vec3f, unused: f32 }
fn axisOf(m: vec3f) -> u32 {
  let a = abs(m);
  let largest = max(a.x, max(a.y, a.z));
  return select(select(0u, 1u, largest == a.y), 2u, largest == a.z);
}
struct Layer { inside: bool, corner: vec3i, b: vec3i, c: vec3i, fb: f32, fc: f32, t: f32, mb: f32, mc: f32 }
// The four corners around the place where the normal passes layer k, as in src/kernels/field/fuse.ts.
fn layerOf(ray: Ray, k: u32, steps: u32, reach: f32) -> Layer {
  var out: Layer;
  let axis = axisOf(ray.m);
  let ib = select(0u, 1u, axis == 0u);
  let ic = select(2u, 1u, axis == 2u);
  let layer = round(ray.u[axis]) - f32(steps) + f32(k);
  out.t = (layer - ray.u[axis]) / ray.m[axis];
  out.inside = abs(out.t) <= reach;
  let qb = ray.u[ib] + out.t * ray.m[ib];
  let qc = ray.u[ic] + out.t * ray.m[ic];
  out.mb = ray.m[ib];
  out.mc = ray.m[ic];
  out.fb = qb - floor(qb);
  out.fc = qc - floor(qc);
  out.corner[axis] = i32(layer);
  out.corner[ib] = i32(floor(qb));
  out.corner[ic] = i32(floor(qc));
  out.b[ib] = 1;
  out.c[ic] = 1;
  return out;
}
`;
const rayKey = /* wgsl */ `
fn requestKey(request: u32) -> vec3i {
  let layer = layerOf(rays[request >> 7u], (request >> 2u) & 31u, params.counts.z, params.reach.x);
  let corner = layer.corner + layer.b * i32(request & 1u) + layer.c * i32((request >> 1u) & 1u);
  return keyOf(params.counts.w, corner >> vec3u(3u));
}
`;

const RAY_PARAMS = /* wgsl */ `
struct Params {
  counts: vec4u, // one past the last ray, first ray, layers on either side, grid
  reach: vec4f, // corners along the normal
}
`;

export const touchRays = /* wgsl */ `
${RAY_PARAMS}
${rayRequests}
${rayKey}
${touch}
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = params.counts.y + id.x;
  if (i >= params.counts.x || !(rays[i].quality > 0.0)) { return; }
  var last = vec3i(0x7fffffff);
  for (var k = 0u; k <= 2u * params.counts.z; k++) {
    let layer = layerOf(rays[i], k, params.counts.z, params.reach.x);
    if (!layer.inside) { continue; }
    for (var e = 0u; e < 4u; e++) {
      let block = (layer.corner + layer.b * i32(e & 1u) + layer.c * i32(e >> 1u)) >> vec3u(3u);
      if (all(block == last)) { continue; }
      last = block;
      if (!inReach(block)) { continue; }
      touch(keyOf(params.counts.w, block), (i << 7u) | (k << 2u) | e);
    }
  }
}
`;

/** Cells of surface samples, the first of every four: a request is a sample and one of the eight corners. */
const SAMPLE_PARAMS = /* wgsl */ `
struct Params {
  counts: vec4u, // surface samples, first word of the poses in fitState, grid of the features
  cell: vec4f, // 1 / cell
}
`;
export const sampleCorner = /* wgsl */ `
fn transform(pose: u32, p: vec3f) -> vec3f {
  let at = params.counts.y + pose * 12u;
  return vec3f(
    posed(at) * p.x + posed(at + 1u) * p.y + posed(at + 2u) * p.z + posed(at + 3u),
    posed(at + 4u) * p.x + posed(at + 5u) * p.y + posed(at + 6u) * p.z + posed(at + 7u),
    posed(at + 8u) * p.x + posed(at + 9u) * p.y + posed(at + 10u) * p.z + posed(at + 11u));
}
fn cornerOfSample(i: u32, c: u32) -> vec3i {
  let at = i * 32u;
  let p = transform(fitState[(i >> 6u) * 4u + 2u], vec3f(samples[at], samples[at + 1u], samples[at + 2u]));
  return vec3i(floor(p * params.cell.x)) + vec3i(vec3u(c & 1u, (c >> 1u) & 1u, c >> 2u));
}
fn wanted(i: u32) -> bool {
  return (i & 63u) * 4u < fitState[(i >> 6u) * 4u + 1u] && samples[i * 32u + 4u] > 0.0;
}
`;
const sampleKey = /* wgsl */ `
fn requestKey(request: u32) -> vec3i { return keyOf(params.counts.z, cornerOfSample(request >> 3u, request & 7u) >> vec3u(3u)); }
`;

export const touchSamples = /* wgsl */ `
${SAMPLE_PARAMS}
${sampleCorner}
${sampleKey}
${touch}
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.counts.x || !wanted(id.x)) { return; }
  for (var c = 0u; c < 8u; c++) {
    let block = cornerOfSample(id.x, c) >> vec3u(3u);
    if (inReach(block)) { touch(keyOf(params.counts.z, block), (id.x << 3u) | c); }
  }
}
`;

const finalise = /* wgsl */ `
${nextPage}
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let fresh = min(atomicLoad(&news[${COUNTER.fresh}]), MAX_PAGES);
  let kind = ${PAGE_KIND.block}u | (atomicLoad(&news[${COUNTER.generation}]) << ${KIND_BITS}u);
  for (var i = id.x; i < fresh; i += groups.x * W) {
    let slot = atomicLoad(&news[LIST + i]);
    let key = requestKey(atomicLoad(&slots[slot]) & 0x7fffffffu);
    let page = nextPage(i);
    if (page >= MAX_PAGES) { // full: the slot must stay taken, or chains that pass over it would break
      atomicStore(&news[${COUNTER.overflow}], 1u);
      atomicStore(&news[LIST + i], 0u);
      atomicStore(&slots[slot], DEAD);
      index[slot] = vec4i(vec3i(-0x7fffffff), -1);
      continue;
    }
    atomicStore(&slots[slot], page);
    index[slot] = vec4i(key, i32(page));
    index[PAGES + page] = vec4i(key, i32(kind));
    atomicStore(&marks[2u * page + 1u], ${MARK.untold}u);
    atomicStore(&news[LIST + i], page);
  }
}
`;
export const finaliseRays = RAY_PARAMS + rayRequests + rayKey + finalise;
export const finaliseSamples = SAMPLE_PARAMS + sampleCorner + sampleKey + finalise;

/** Ties new blocks to those at +(bit 0, bit 1, bit 2), and those below to them. `index` is seen as words here. */
export const linkBlocks = /* wgsl */ `
fn find(key: vec3i) -> i32 {
  var slot = hashOf(key) & MASK;
  for (var i = 0u; i <= MASK; i++) {
    let page = index[4u * slot + 3u];
    if (page == 0) { return 0; }
    if (index[4u * slot] == key.x && index[4u * slot + 1u] == key.y && index[4u * slot + 2u] == key.z) { return max(page, 0); }
    slot = (slot + 1u) & MASK;
  }
  return 0;
}
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let fresh = min(atomicLoad(&news[${COUNTER.fresh}]), MAX_PAGES);
  let generation = atomicLoad(&news[${COUNTER.generation}]);
  for (var i = id.x; i < fresh; i += groups.x * W) {
    let page = atomicLoad(&news[LIST + i]);
    if (page == 0u) { continue; }
    let at = 4u * (PAGES + page);
    let key = vec3i(index[at], index[at + 1u], index[at + 2u]);
    index[4u * NEIGHBOURS + 8u * page] = i32(page);
    for (var o = 1u; o < 8u; o++) {
      let shift = vec3i(i32(o & 1u), i32((o >> 1u) & 1u), i32(o >> 2u) << ${Z_BIT}u);
      index[4u * NEIGHBOURS + 8u * page + o] = find(key + shift);
      let below = find(key - shift);
      // A block as new as this one looks for its neighbours itself.
      if (below == 0) { continue; }
      let made = u32(index[4u * (PAGES + u32(below)) + 3u]) >> ${KIND_BITS}u;
      if (made != generation) { index[4u * NEIGHBOURS + 8u * u32(below) + o] = i32(page); }
    }
  }
}
`;

export const commitBlocks = /* wgsl */ `
@compute @workgroup_size(1) fn main() {
  let fresh = atomicLoad(&news[${COUNTER.fresh}]);
  let reused = min(fresh, atomicLoad(&news[${COUNTER.free}]));
  atomicSub(&news[${COUNTER.free}], reused);
  atomicStore(&news[${COUNTER.pages}], min(atomicLoad(&news[${COUNTER.pages}]) + fresh - reused, MAX_PAGES));
  atomicStore(&news[${COUNTER.fresh}], 0u);
  atomicAdd(&news[${COUNTER.generation}], 1u);
}
`;
