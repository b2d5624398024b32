import { ViewChanges } from '../../src/host/viewer-feed/view-changes.js';
import type { MeshBlockData, MeshBlockStore } from '../../src/mesh/block-store.js';

/** Side of a block (m). */
export const SIDE = 0.8;

/** A cube in the middle of its block, wound outwards. */
export function cube(bx: number, color?: readonly number[]): MeshBlockData {
  const positions: number[] = [];
  const normals: number[] = [];
  const indices: number[] = [];
  for (let axis = 0; axis < 3; axis++)
    for (const sign of [-1, 1]) {
      const first = positions.length / 3;
      for (const [u, v] of [
        [-1, -1],
        [1, -1],
        [1, 1],
        [-1, 1],
      ] as const) {
        const p = [0, 0, 0];
        p[axis] = sign;
        p[(axis + 1) % 3] = u;
        p[(axis + 2) % 3] = v;
        positions.push(
          SIDE * (bx + 0.5 + 0.3 * p[0]!),
          SIDE * (0.5 + 0.3 * p[1]!),
          SIDE * (0.5 + 0.3 * p[2]!),
        );
        normals.push(...[0, 1, 2].map((k) => (k === axis ? sign : 0)));
      }
      const order = sign > 0 ? [0, 1, 2, 0, 2, 3] : [0, 2, 1, 0, 3, 2];
      indices.push(...order.map((k) => first + k));
    }
  return {
    positions: Float32Array.from(positions),
    normals: Float32Array.from(normals),
    edges: Uint16Array.from({ length: 24 }, (_, i) => i),
    indices: Uint16Array.from(indices),
    ...(color ? { colors: Uint8Array.from({ length: 72 }, (_, i) => color[i % 3]!) } : {}),
  };
}

/** What the viewer gets of a map that is the blocks of a store and nothing else. */
export function changesOf(store: MeshBlockStore): ViewChanges {
  return new ViewChanges({
    submap: 0,
    blockSizes: [SIDE],
    get meshVersion() {
      return store.version;
    },
    meshChanges: (version) => store.changedSince(version),
    newestKeyframe: undefined,
    points: () => new Float32Array(0),
  });
}
