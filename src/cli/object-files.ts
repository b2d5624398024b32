import { sigmaColors } from '../completion/sigma-colors.js';
import type { CompletionMesh } from '../completion/completion-mesh.js';
import { encodeGlb } from '../export/glb.js';
import { encodePly } from '../export/ply.js';
import { SIGMA_RANGE } from '../host/completion/complete-surface.js';

const NOTE = `completed by feltmap: blue is sure, red is a standard deviation of ${SIGMA_RANGE} m or more`;

/** A completed object as a file, in the colours of its standard deviations. */
export async function objectFile(mesh: CompletionMesh, kind: 'ply' | 'glb'): Promise<Uint8Array> {
  const coloured = { ...mesh, colors: sigmaColors(mesh.sigmas, SIGMA_RANGE) };
  return kind === 'glb' ? encodeGlb(coloured) : encodePly(coloured, [NOTE]);
}
