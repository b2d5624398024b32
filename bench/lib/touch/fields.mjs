// Fields filled with a shape's distances: exact, shifted, or with errors like a depth camera's.
import { poolFor } from '../../../dist/field/grid-spec.js';
import { WasmBackend } from '../../../dist/field/backends/wasm/backend.js';

export const ROOM = { fineBlocks: 30_000, featureRows: 64, samples: 64 };

export function specOf(voxel, truncation, pyramid = []) {
  return {
    voxel, truncation, pyramid, pyramidTruncation: 3, seed: 1,
    layers: [
      { name: 'distance', wordsPerCorner: 2, stride: 1, maxWeight: 64, saturation: 64, maxRange: 1, unorientedRange: 0.01, unorientedQuality: 0.2 },
      { name: 'features', wordsPerCorner: 1, stride: 4, outputScale: voxel },
    ],
  }; // prettier-ignore
}

export function backendFor(pool, rooms = ROOM) {
  const spec = specOf(1e-3, 8e-3, [2]);
  return new WasmBackend(pool, { scanPoints: 4096, batchChunks: 16, pool: poolFor(spec, rooms) });
}

/** A field of the shape's distances within its truncation, plus `error(x, y, z)`. */
export function fieldOf(
  backend,
  shape,
  { voxel, truncation, reach = 0.1, error = () => 0, shift = [0, 0, 0] },
) {
  const field = backend.createField(specOf(voxel, truncation), ROOM);
  const side = 8 * voxel;
  const n = Math.ceil(reach / side);
  const f = shape.quick ?? shape;
  const coords = [];
  const radius = (side * Math.sqrt(3)) / 2 + truncation;
  for (let x = -n; x < n; x++)
    for (let y = -n; y < n; y++)
      for (let z = -n; z < n; z++)
        if (Math.abs(f((x + 0.5) * side, (y + 0.5) * side, (z + 0.5) * side)) < radius) coords.push(x, y, z);
  const [fine] = field.levels;
  field.makeBlocks(fine, Int32Array.from(coords));
  field.checkRoom();
  for (const block of fine.blocks) {
    const [bx, by, bz] = [0, 1, 2].map((a) => 8 * fine.coords[4 * block + a]);
    for (let i = 0; i < 512; i++) {
      const x = (bx + (i & 7)) * voxel - shift[0];
      const y = (by + ((i >> 3) & 7)) * voxel - shift[1];
      const z = (bz + (i >> 6)) * voxel - shift[2];
      const near = f(x, y, z);
      if (Math.abs(near) > 2 * truncation) continue;
      const d = shape(x, y, z) + error(x, y, z);
      if (!(d > -truncation)) continue;
      fine.data[2 * (512 * block + i)] = Math.min(truncation, d);
      fine.data[2 * (512 * block + i) + 1] = 8;
    }
  }
  fine.noteWrite();
  return field;
}

/** A smooth random error: rms in metres, alike over `length` (Gaussian correlation), by random Fourier features. */
export function smoothError(random, rms, length, waves = 300) {
  const w = Array.from({ length: waves }, () => [
    random.normal() / length,
    random.normal() / length,
    random.normal() / length,
    random.range(0, 2 * Math.PI),
  ]);
  const scale = rms * Math.sqrt(2 / waves);
  return (x, y, z) => {
    let sum = 0;
    for (const [a, b, c, phase] of w) sum += Math.cos(a * x + b * y + c * z + phase);
    return scale * sum;
  };
}
