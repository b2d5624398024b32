import { COLD, COLD_STRIDE, COLD_WORDS, COUNTER, MARK, PAGE_KIND, Z_BIT } from '../layout.js';
import { sampleCorner } from './blocks.js';
import { nextPage } from './common.js';

/** Corners of the surface samples' cells that have no row yet, each once. */
export const wantRows = /* wgsl */ `
struct Params { counts: vec4u, cell: vec4f }
${sampleCorner}
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.counts.x || !wanted(id.x)) { return; }
  for (var c = 0u; c < 8u; c++) {
    let at = cornerOfSample(id.x, c);
    let page = pageOf(params.counts.z, at >> vec3u(3u));
    let corner = cornerOf(at);
    if (page == 0u) { continue; }
    let pair = heapAt(page, corner >> 1u);
    if (select(pair.x, pair.y, (corner & 1u) == 1u) == 0u) { let slot = rowsSlot(page * 512u + corner); }
  }
}
`;

const FIELD_PARAMS = /* wgsl */ `
struct Params { counts: vec4u } // field, grid of its features
`;

/** Pages for the wanted rows: first the field's last one where that has room left. No two fields share a page. */
export const reserveRows = /* wgsl */ `
${FIELD_PARAMS}
${nextPage}
@compute @workgroup_size(1) fn main() {
  let tail = atomicLoad(&news[TAILS + 2u * params.counts.x]);
  let held = atomicLoad(&news[TAILS + 2u * params.counts.x + 1u]);
  var first = 0u;
  var have = 0u;
  if (tail != 0u && held < 32u) {
    first = held;
    have = 1u;
    atomicStore(&news[ROW_PAGES], tail);
  }
  let total = first + rowsCount();
  while (have * 32u < total) {
    let page = nextPage(0u);
    if (page >= MAX_PAGES) {
      atomicStore(&news[${COUNTER.overflow}], 1u);
      break;
    }
    if (atomicLoad(&news[${COUNTER.free}]) > 0u) {
      atomicSub(&news[${COUNTER.free}], 1u);
    } else {
      atomicAdd(&news[${COUNTER.pages}], 1u);
    }
    atomicStore(&news[ROW_PAGES + have], page);
    index[PAGES + page] = vec4i(0, 0, i32(params.counts.y), ${PAGE_KIND.rows});
    atomicStore(&marks[2u * page + 1u], ${MARK.untold}u);
    have++;
  }
  atomicStore(&news[${COUNTER.rows}], first);
  atomicStore(&news[${COUNTER.rowPages}], have);
}
`;

/** Ties each wanted corner to its row. */
export const assignRows = /* wgsl */ `
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = atomicLoad(&news[${COUNTER.rows}]);
  let room = atomicLoad(&news[${COUNTER.rowPages}]) * 32u;
  for (var i = id.x; i < rowsCount(); i += groups.x * W) {
    let key = rowsTake(rowsUsed(i));
    let n = first + i;
    if (n >= room) { continue; }
    let page = atomicLoad(&news[ROW_PAGES + (n >> 5u)]);
    let cold = ${COLD_WORDS}u + (n & 31u) * ${COLD_STRIDE}u;
    heapStore(page, cold + ${COLD.ownerPage}u, key / 512u);
    heapStore(page, cold + ${COLD.ownerCorner}u, key % 512u);
    // By place, because which corner gets which row is left to chance, and which field gets which number to its user.
    let block = index[PAGES + key / 512u].xyz;
    let seed = hashOf(vec3i(block.xy, ((block.z >> ${Z_BIT}u) << 3u) | 7)) ^ ((key % 512u) * 0x9e3779b1u);
    heapStore(page, cold + ${COLD.seed}u, seed);
    heapStore(key / 512u, key % 512u, page * 32u + (n & 31u));
    noteChange(key / 512u, 0.0);
    noteChange(page, 0.0);
  }
}
`;

/** Notes the field's last page of rows. */
export const commitRows = /* wgsl */ `
${FIELD_PARAMS}
@compute @workgroup_size(1) fn main() {
  let total = min(atomicLoad(&news[${COUNTER.rows}]) + rowsCount(), atomicLoad(&news[${COUNTER.rowPages}]) * 32u);
  atomicStore(&rows[0], 0u);
  if (total == 0u) { return; }
  let last = (total - 1u) >> 5u;
  atomicStore(&news[TAILS + 2u * params.counts.x], atomicLoad(&news[ROW_PAGES + last]));
  atomicStore(&news[TAILS + 2u * params.counts.x + 1u], total - 32u * last);
}
`;
