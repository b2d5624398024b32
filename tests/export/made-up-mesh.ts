import { uniform } from '../../src/eval/sampling.js';
import type { Mesh } from '../../src/mesh/mesh.js';

/** A seeded random triangle soup with unit normals and colours. */
export function randomMesh(vertices: number, triangles: number, seed = 4): Mesh & Required<Mesh> {
  const random = uniform(seed);
  const positions = Float32Array.from({ length: 3 * vertices }, () => 200 * (random() - 0.5));
  const normals = new Float32Array(3 * vertices);
  for (let i = 0; i < normals.length; i += 3) {
    const n = [random() - 0.5, random() - 0.5, random() - 0.5];
    const length = Math.hypot(...n);
    normals.set(
      n.map((v) => v / length),
      i,
    );
  }
  const colors = Uint8Array.from({ length: 3 * vertices }, () => 256 * random());
  const indices = Uint32Array.from({ length: 3 * triangles }, () => Math.floor(vertices * random()));
  return { positions, normals, colors, indices };
}
