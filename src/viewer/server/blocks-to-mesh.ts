import type { Pose } from '../../geometry/se3.js';
import type { Mesh } from '../../mesh/mesh.js';
import { UNKNOWN_COLOR } from '../../mesh/vertex-colors.js';
import { decodeNormals, decodeServerMessage, dequantisePositions } from '../protocol/index.js';

/** What the thread needs: mesh block frames back to back, and where the submaps lie. */
export interface GlbJob {
  readonly frames: Uint8Array;
  readonly submaps: ReadonlyMap<number, Pose>;
}

/** The blocks as one mesh in the world's frame; vertices on borders of blocks stay double. */
export function meshFromFrames({ frames, submaps }: GlbJob): Mesh {
  const blocks = (frames.length === 0 ? [] : decodeServerMessage(frames)).filter(
    (frame) => frame.type === 'meshBlock',
  );
  const vertices = blocks.reduce((sum, block) => sum + block.positions.length / 3, 0);
  const positions = new Float32Array(3 * vertices);
  const normals = new Float32Array(3 * vertices);
  const colored = blocks.some((block) => block.colors);
  const colors = new Uint8Array(colored ? 3 * vertices : 0).fill(UNKNOWN_COLOR);
  const indices = new Uint32Array(blocks.reduce((sum, block) => sum + block.indices.length, 0));
  let vertex = 0;
  let index = 0;
  for (const block of blocks) {
    const at = positions.subarray(3 * vertex, 3 * vertex + block.positions.length);
    dequantisePositions(block.positions, block.box, at);
    const directions = decodeNormals(block.normals);
    const pose = submaps.get(block.submap);
    if (pose) {
      transform(pose, at, 1);
      transform(pose, directions, 0);
    }
    normals.set(directions, 3 * vertex);
    if (block.colors) colors.set(block.colors, 3 * vertex);
    for (const i of block.indices) indices[index++] = vertex + i;
    vertex += block.positions.length / 3;
  }
  return { positions, normals, indices, ...(colored ? { colors } : {}) };
}

/** In place: R·v + t·w. */
function transform(T: Pose, vectors: Float32Array, w: 0 | 1): void {
  for (let i = 0; i < vectors.length; i += 3) {
    const [x, y, z] = [vectors[i]!, vectors[i + 1]!, vectors[i + 2]!];
    for (let r = 0; r < 3; r++)
      vectors[i + r] = T[4 * r]! * x + T[4 * r + 1]! * y + T[4 * r + 2]! * z + T[4 * r + 3]! * w;
  }
}
