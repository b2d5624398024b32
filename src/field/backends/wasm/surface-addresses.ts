import type { KernelMemory } from '../../../compute/memory.js';
import { SURFACE_COLUMNS, type SurfaceColumn, type SurfaceSamples } from '../../../sensors/observation.js';

const ADDRESSED = [...SURFACE_COLUMNS, 'flags', 'keypoints'] as const;
export type SurfaceAddresses = Readonly<Record<SurfaceColumn | 'flags' | 'keypoints', number>>;

const out = { flags: 0, keypoints: 0 } as Record<SurfaceColumn | 'flags' | 'keypoints', number>;

/** Where the columns of a surface lie in the arena: kernels read them there. Valid until the next call. */
export function addressesOf(memory: KernelMemory, surface: SurfaceSamples): SurfaceAddresses {
  for (const name of ADDRESSED) out[name] = memory.addressOf(surface[name]);
  return out;
}
