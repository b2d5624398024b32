import * as blocks from './wgsl/blocks.js';
import {
  accumulator,
  constants,
  heapReader,
  heapWriter,
  lookup,
  marking,
  type KernelSizes,
} from './wgsl/common.js';
import * as fit from './wgsl/fit.js';
import * as fuse from './wgsl/fuse.js';
import * as pages from './wgsl/pages.js';
import * as read from './wgsl/read.js';
import { registerKernel, sumRegister } from './wgsl/register.js';
import * as rows from './wgsl/rows.js';
import { residual, sampleScalar } from './wgsl/sample.js';
import { solveKernel } from './wgsl/solve.js';

/** Words of sums per key: a corner takes two sums, a row one per feature; two words each. */
export const CORNER_WORDS = 4;
export const ROW_WORDS = 16;

/** Everything a kernel can bind, and how WGSL sees it. */
const BUFFERS = {
  index: 'array<vec4i>',
  slots: 'array<atomic<u32>>',
  news: 'array<atomic<u32>>',
  marks: 'array<atomic<u32>>',
  corners: 'array<atomic<u32>>',
  rows: 'array<atomic<u32>>',
  points: 'array<u32>',
  inSight: 'array<vec4i>',
  sight: 'array<f32>',
  rays: 'array<Ray>',
  targets: 'array<f32>',
  state: 'array<f32>',
  records: 'array<f32>',
  partials: 'array<f32>',
  samples: 'array<f32>',
  fitState: 'array<u32>',
  outcome: 'array<u32>',
} as const;
export type BufferName = keyof typeof BUFFERS;

/** A storage buffer of a kernel: `read` or `write`, and its WGSL type where it differs from the usual one. */
interface Use {
  readonly name: BufferName;
  readonly write: boolean;
  readonly type?: string;
}

export interface KernelSpec {
  readonly buffers: readonly Use[];
  readonly heap?: 'read' | 'write';
  /** Whether it has the decoder of a field. */
  readonly decoder?: boolean;
  readonly bias?: boolean;
  /** Whether it has parameters; those without bind none. */
  readonly params: boolean;
  readonly source: (sizes: KernelSizes) => string;
}

/** `read:a b | write:c` to uses; atomics always count as written. */
function uses(text: string, types: Partial<Record<BufferName, string>> = {}): Use[] {
  return text.split(' ').map((word) => {
    const write = word.startsWith('*');
    const name = (write ? word.slice(1) : word) as BufferName;
    const type = types[name];
    return { name, write: write || BUFFERS[name].includes('atomic'), ...(type ? { type } : {}) };
  });
}

const field = (s: KernelSizes): string => lookup + heapReader(s) + sampleScalar;
const learned = (s: KernelSizes): string => field(s) + residual(s.half);
const cornerSums = (s: KernelSizes): string => accumulator('corners', s.cornerSlots, CORNER_WORDS);
const rowSums = (s: KernelSizes): string => accumulator('rows', s.rowSlots, ROW_WORDS);
const posed = 'fn posed(i: u32) -> f32 { return bitcast<f32>(fitState[i]); }\n';

export const KERNELS = {
  castPoints: {
    buffers: uses('points index *rays'),
    heap: 'read',
    params: true,
    source: (s) => lookup + heapReader(s) + fuse.castPoints,
  },
  touchRays: {
    buffers: uses('rays index slots news', { rays: 'array<Ray>' }),
    params: true,
    source: () => blocks.touchRays,
  },
  finaliseRays: {
    buffers: uses('rays *index slots news marks'),
    params: true,
    source: () => blocks.finaliseRays,
  },
  touchSamples: {
    buffers: uses('samples fitState index slots news'),
    params: true,
    source: () => posed + blocks.touchSamples,
  },
  finaliseSamples: {
    buffers: uses('samples fitState *index slots news marks'),
    params: true,
    source: () => posed + blocks.finaliseSamples,
  },
  linkBlocks: {
    buffers: uses('*index news', { index: 'array<i32>' }),
    params: false,
    source: () => blocks.linkBlocks,
  },
  commitBlocks: { buffers: uses('news'), params: false, source: () => blocks.commitBlocks },
  gatherRays: {
    buffers: uses('rays index corners'),
    params: true,
    source: (s) => lookup + cornerSums(s) + fuse.gatherRays,
  },
  applyMeans: {
    buffers: uses('corners marks'),
    heap: 'write',
    params: true,
    source: (s) => heapWriter(s) + cornerSums(s) + marking + fuse.applyMeans,
  },
  resetCorners: { buffers: uses('corners'), params: false, source: () => fuse.resetCorners },
  resetRows: { buffers: uses('rows'), params: false, source: () => fuse.resetRows },
  carveSeen: {
    buffers: uses('inSight sight index marks'),
    heap: 'write',
    params: true,
    source: (s) => lookup + heapWriter(s) + marking + fuse.carveSeen,
  },
  register: {
    buffers: uses('targets state index *records'),
    heap: 'read',
    params: true,
    source: (s) => field(s) + registerKernel,
  },
  sumRegister: { buffers: uses('records *partials'), params: true, source: () => sumRegister },
  solve: { buffers: uses('*partials *state'), params: true, source: () => solveKernel },
  fitForward: {
    buffers: uses('samples fitState index corners rows *records'),
    heap: 'read',
    decoder: true,
    params: true,
    source: (s) => posed + learned(s) + cornerSums(s) + rowSums(s) + fit.fitForward,
  },
  sumFit: { buffers: uses('records *partials'), params: true, source: () => fit.sumFit },
  applyScalars: {
    buffers: uses('corners marks'),
    heap: 'write',
    params: false,
    source: (s) => heapWriter(s) + cornerSums(s) + marking + fit.applyScalars,
  },
  adam: {
    buffers: uses('rows marks'),
    heap: 'write',
    bias: true,
    params: true,
    source: (s) => heapWriter(s) + rowSums(s) + marking + fit.adam(s.half),
  },
  movePoses: {
    buffers: uses('*fitState *partials'),
    params: true,
    source: () => posed + fit.movePoses,
  },
  wantRows: {
    buffers: uses('samples fitState index rows'),
    heap: 'read',
    params: true,
    source: (s) => posed + lookup + heapReader(s) + rowSums(s) + rows.wantRows,
  },
  reserveRows: {
    buffers: uses('news rows marks *index'),
    params: true,
    source: (s) => rowSums(s) + rows.reserveRows,
  },
  assignRows: {
    buffers: uses('news rows marks index'),
    heap: 'write',
    params: false,
    source: (s) => heapWriter(s) + rowSums(s) + marking + rows.assignRows,
  },
  commitRows: { buffers: uses('news rows'), params: true, source: (s) => rowSums(s) + rows.commitRows },
  emptyPages: {
    buffers: uses('index news'),
    heap: 'write',
    params: true,
    source: (s) => heapWriter(s) + pages.emptyPages,
  },
  freePages: { buffers: uses('*index news marks'), params: true, source: () => pages.freePages },
  enterBlocks: { buffers: uses('*index slots news'), params: false, source: () => pages.enterBlocks },
  tellPages: { buffers: uses('news marks'), params: false, source: () => pages.tellPages },
  query: {
    buffers: uses('targets index *outcome'),
    heap: 'read',
    decoder: true,
    params: true,
    source: (s) => learned(s) + read.query,
  },
  evaluateBlocks: {
    buffers: uses('targets index marks *outcome', { targets: 'array<u32>' }),
    heap: 'read',
    decoder: true,
    params: true,
    source: (s) => learned(s) + read.evaluateBlocks,
  },
  copyPages: {
    buffers: uses('targets marks *outcome', { targets: 'array<u32>' }),
    heap: 'read',
    params: true,
    source: (s) => heapReader(s) + read.copyPages,
  },
} as const satisfies Record<string, KernelSpec>;
export type KernelName = keyof typeof KERNELS;

/** Most storage buffers that a kernel binds beside the segments of the heap. */
export const OTHER_BUFFERS = Math.max(
  ...Object.values<KernelSpec>(KERNELS).map(({ buffers, heap }) => (heap ? buffers.length : 0)),
);

/** The complete WGSL of a kernel: constants, bindings in the order of {@link bindingsOf}, functions. */
export function kernelSource(name: KernelName, sizes: KernelSizes): string {
  const spec: KernelSpec = KERNELS[name];
  const declarations = bindingsOf(spec, sizes).map(({ resource, write, type }, i) => {
    const at = `@group(0) @binding(${i})`;
    if (resource === 'params') return `${at} var<uniform> params: Params;`;
    if (resource === 'decoder') return `${at} var<uniform> decoder: array<vec4f, 104>;`;
    if (resource === 'bias') return `${at} var<uniform> bias: array<vec4f, 512>;`;
    return `${at} var<storage, ${write ? 'read_write' : 'read'}> ${resource}: ${type};`;
  });
  return `${constants(sizes)}${declarations.join('\n')}\n${spec.source(sizes)}`;
}

export interface Binding {
  readonly resource: BufferName | 'params' | 'decoder' | 'bias' | `heap${number}`;
  readonly uniform: boolean;
  readonly write: boolean;
  readonly type: string;
}

/** What a kernel binds, in order. */
export function bindingsOf(spec: KernelSpec, { starts }: KernelSizes): Binding[] {
  const bindings: Binding[] = spec.buffers.map(({ name, write, type }) => ({
    resource: name,
    uniform: false,
    write,
    type: type ?? BUFFERS[name],
  }));
  if (spec.heap)
    for (let k = 0; k < starts.length - 1; k++)
      bindings.push({
        resource: `heap${k}`,
        uniform: false,
        write: spec.heap === 'write',
        type: spec.heap === 'write' ? 'array<u32>' : 'array<vec2u>',
      });
  for (const resource of ['params', 'decoder', 'bias'] as const)
    if (spec[resource]) bindings.push({ resource, uniform: true, write: false, type: '' });
  return bindings;
}
