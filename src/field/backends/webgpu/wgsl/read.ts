import { BLOCK_VALUES } from '../../../backend.js';
import { MARK, Z_BIT } from '../layout.js';

/** The field at points: src/kernels/field/query.ts. */
export const query = /* wgsl */ `
struct Params { counts: vec4u, scale: vec4f } // points, 1 = with features, finest grid; 1 / voxel, 1 / cell
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= params.counts.x) { return; }
  let p = vec3f(targets[3u * i], targets[3u * i + 1u], targets[3u * i + 2u]);
  var s = sampleAt(placeOf(params.counts.z, params.scale.x, p), params.scale.x);
  if (s.weight > 0.0 && params.counts.y == 1u) {
    let cell = cellAt(params.counts.z | FEATURES, params.scale.y, p);
    if (cell.known) {
      let learned = residualAt(cell, params.scale.y, true);
      s.value += learned.value;
      s.gradient += learned.gradient;
    }
  }
  outcome[5u * i] = bitcast<u32>(s.value);
  outcome[5u * i + 1u] = bitcast<u32>(s.gradient.x);
  outcome[5u * i + 2u] = bitcast<u32>(s.gradient.y);
  outcome[5u * i + 3u] = bitcast<u32>(s.gradient.z);
  outcome[5u * i + 4u] = bitcast<u32>(s.weight);
}
`;

/** Distances at the 9³ corners of blocks, NaN where not observed: evaluateBlocks of src/kernels/field/query.ts. */
export const evaluateBlocks = /* wgsl */ `
struct Params {
  counts: vec4u, // blocks, 1 = with features
  scale: vec4f, // voxel, 1 / cell, smallest weight, band
}
const UNSEEN = 0x7fc00000u; // NaN
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x;
  if (at >= params.counts.x * ${BLOCK_VALUES}u) { return; }
  let page = targets[at / ${BLOCK_VALUES}u];
  let i = at % ${BLOCK_VALUES}u;
  let l = vec3i(vec3u(i % 9u, (i / 9u) % 9u, i / 81u));
  outcome[at] = UNSEEN;
  if (i == 0u) { atomicStore(&marks[2u * page], 0u); }
  let held = cornerAt(page, l);
  if (!(held.y >= params.scale.z) || !(abs(held.x) < params.scale.w)) { return; }
  var rho = 0.0;
  if (params.counts.y == 1u) {
    let key = index[PAGES + page];
    let corner = vec3i(key.x, key.y, key.z >> ${Z_BIT}u) * 8 + l;
    let grid = (u32(key.z) & ${2 ** Z_BIT - 1}u) | FEATURES;
    let cell = cellAt(grid, params.scale.y, vec3f(corner) * params.scale.x);
    if (cell.known) { rho = residualAt(cell, params.scale.y, false).value; }
  }
  outcome[at] = bitcast<u32>(held.x + rho);
}
`;

/** Whole pages, one after the other, for the processor's copy of the map. */
export const copyPages = /* wgsl */ `
struct Params { counts: vec4u } // pages
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x >> 9u;
  if (n >= params.counts.x) { return; }
  let page = targets[n];
  let pair = heapAt(page, id.x & 511u);
  outcome[2u * id.x] = pair.x;
  outcome[2u * id.x + 1u] = pair.y;
  if ((id.x & 511u) == 0u) { atomicAnd(&marks[2u * page + 1u], ~${MARK.changed}u); }
}
`;
