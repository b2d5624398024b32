import { COUNTER, FIELD_BITS, LEVEL_BITS, MARK, PAGE_KIND } from '../layout.js';

/** Pages of a field, for kernels that see \`index\` as it is. */
const ofField = /* wgsl */ `
struct Params { counts: vec4u } // field
fn ofField(page: u32) -> bool {
  let key = index[PAGES + page];
  return key.w != 0 && ((u32(key.z) >> ${LEVEL_BITS}u) & ${2 ** FIELD_BITS - 1}u) == params.counts.x;
}
`;

/** Zeroes the pages of a field: whoever gets them next finds them as if never used. A workgroup takes a page at a time. */
export const emptyPages = /* wgsl */ `
${ofField}
@compute @workgroup_size(W) fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let pages = atomicLoad(&news[${COUNTER.pages}]);
  for (var page = 1u + group.x; page < pages; page += groups.x) {
    if (!ofField(page)) { continue; }
    for (var word = lane; word < 1024u; word += W) { heapStore(page, word, 0u); }
  }
}
`;

/** Gives the pages of a field back. The block table must be made anew. */
export const freePages = /* wgsl */ `
${ofField}
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pages = atomicLoad(&news[${COUNTER.pages}]);
  if (id.x == 0u) { atomicStore(&news[TAILS + 2u * params.counts.x], 0u); }
  for (var page = 1u + id.x; page < pages; page += groups.x * W) {
    if (!ofField(page)) { continue; }
    index[PAGES + page] = vec4i(0);
    atomicStore(&marks[2u * page], 0u);
    atomicStore(&marks[2u * page + 1u], 0u);
    let at = atomicAdd(&news[${COUNTER.free}], 1u);
    atomicStore(&news[FREE + at], page);
  }
}
`;

/** Enters all blocks into the table, which must be empty. */
export const enterBlocks = /* wgsl */ `
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pages = atomicLoad(&news[${COUNTER.pages}]);
  for (var page = 1u + id.x; page < pages; page += groups.x * W) {
    let key = index[PAGES + page];
    if ((key.w & 3) != ${PAGE_KIND.block}) { continue; }
    var slot = hashOf(key.xyz) & MASK;
    for (var i = 0u; i <= MASK; i++) {
      let swap = atomicCompareExchangeWeak(&slots[slot], 0u, page);
      if (swap.exchanged) {
        index[slot] = vec4i(key.xyz, i32(page));
        break;
      }
      if (swap.old_value == 0u) { continue; } // failed without a reason, as weak exchanges may
      slot = (slot + 1u) & MASK;
    }
  }
}
`;

/** The processor knows all pages from here on. */
export const tellPages = /* wgsl */ `
@compute @workgroup_size(W) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pages = atomicLoad(&news[${COUNTER.pages}]);
  for (var page = 1u + id.x; page < pages; page += groups.x * W) {
    atomicAnd(&marks[2u * page + 1u], ~${MARK.untold}u);
  }
}
`;
