// Touches of simple shapes with exact depths, and fields filled with exact distances: the truth for tests of touches.
import type { KernelPool } from '../../../src/compute/pool.js';
import { WasmBackend } from '../../../src/field/backends/wasm/backend.js';
import type { WasmField } from '../../../src/field/backends/wasm/field.js';
import { poolFor, type GridSpec } from '../../../src/field/grid-spec.js';
import type { Random } from '../../../src/geometry/random.js';
import { compose, exp, transformPoint, type Pose } from '../../../src/geometry/se3.js';
import type { TouchImage } from '../../../src/sensors/tactile/touch.js';

/** A signed distance, negative inside (m). */
export type Solid = (x: number, y: number, z: number) => number;

export const ball =
  (radius: number, cx = 0, cy = 0, cz = 0): Solid =>
  (x, y, z) =>
    Math.hypot(x - cx, y - cy, z - cz) - radius;
/** Everything below z = height. */
export const floor =
  (height = 0): Solid =>
  (_x, _y, z) =>
    z - height;
/** A floor with bumps: something to hold on to. */
export const bumpy: Solid = (x, y, z) =>
  0.97 * (z - 0.0012 * Math.sin(x / 0.0023) * Math.cos(y / 0.0031) - 0.0008 * Math.sin((x + y) / 0.0041));

export const KINEMATICS = { translation: 0.002, rotation: Math.PI / 180 };
/** A floor in gentle waves, longer than a gel. */
export const rolling: Solid = (x, y, z) =>
  0.95 *
  (z - 0.0015 * Math.sin(x / 0.0073 + 0.4) * Math.cos(y / 0.0085) - 0.0008 * Math.sin((x - y) / 0.011));

const PITCH = 5e-4;

/** Looking down: x stays, y and z turn around; the gel's surface `pressed` below `height` at (x, y). */
export const above = (x: number, y: number, height: number, pressed = 1e-3): Pose =>
  Float64Array.of(1, 0, 0, x, 0, -1, 0, y, 0, 0, -1, height - pressed);

/** A gel so far (m) from a centre in a direction, that looks at it. */
export function lookingAt(
  centre: readonly [number, number, number],
  distance: number,
  azimuth: number,
  elevation: number,
): Pose {
  const d = [
    Math.cos(elevation) * Math.cos(azimuth),
    Math.cos(elevation) * Math.sin(azimuth),
    Math.sin(elevation),
  ] as const;
  const x = [-Math.sin(azimuth), Math.cos(azimuth), 0] as const;
  const z = d.map((v) => -v) as [number, number, number];
  const y = [z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0]] as const;
  const p = d.map((v, i) => centre[i]! + v * distance);
  return Float64Array.of(x[0], y[0], z[0], p[0]!, x[1], y[1], z[1], p[1]!, x[2], y[2], z[2], p[2]!);
}

/** What a gel of 20 × 15 mm feels at a pose. */
export function feel(solid: Solid, T: Pose, noise?: Random, sigma = 5e-5): TouchImage {
  const [width, height] = [40, 30];
  const depth = new Float32Array(width * height);
  const contact = new Uint8Array(width * height);
  for (let i = 0; i < depth.length; i++) {
    const x = ((i % width) - (width - 1) / 2) * PITCH;
    const y = (Math.floor(i / width) - (height - 1) / 2) * PITCH;
    let z = -6e-3;
    for (let k = 0; k < 60 && z < 1e-3; k++) z += 0.9 * solid(...transformPoint(T, x, y, z));
    if (z >= 0) continue;
    contact[i] = 1;
    depth[i] = Math.max(0, -z + (noise ? sigma * noise.normal() : 0));
  }
  return {
    kind: 'touch-image',
    stampNs: 5n,
    frameId: 'gel',
    width,
    height,
    pitch: PITCH,
    depth,
    contact,
    sigma,
  };
}

/** A pose as an arm with {@link KINEMATICS} would say it. */
export const wrong = (T: Pose, random: Random): Pose =>
  compose(
    T,
    exp(
      Array.from(
        { length: 6 },
        (_, i) => (i < 3 ? KINEMATICS.translation : KINEMATICS.rotation) * random.normal(),
      ),
    ),
  );

const ROOM = { fineBlocks: 4000, featureRows: 64, samples: 64 };

export function touchSpec(voxel = 1e-3, truncation = 5e-3, pyramid: readonly number[] = []): GridSpec {
  return {
    voxel,
    truncation,
    pyramid,
    pyramidTruncation: 3,
    seed: 1,
    layers: [
      {
        name: 'distance',
        wordsPerCorner: 2,
        stride: 1,
        maxWeight: 64,
        saturation: 64,
        maxRange: 1,
        unorientedRange: 0.01,
        unorientedQuality: 0.2,
      },
      { name: 'features', wordsPerCorner: 1, stride: 4, outputScale: voxel },
    ],
  };
}

/** A backend with an empty field of millimetre voxels. */
export function touchField(pool: KernelPool, spec = touchSpec()): { backend: WasmBackend; field: WasmField } {
  const backend = new WasmBackend(pool, { scanPoints: 4096, batchChunks: 16, pool: poolFor(spec, ROOM) });
  return { backend, field: backend.createField(spec, ROOM) };
}

/** Fills the finest level with a solid's distances in a cube about a place. */
export function fillField(field: WasmField, solid: Solid, [x, y, z]: readonly number[], reach: number): void {
  const [fine] = field.levels;
  const { voxel, truncation } = field.spec;
  const side = 8 * voxel;
  const coords: number[] = [];
  const range = (c: number): number[] => {
    const [from, to] = [Math.floor((c - reach) / side), Math.floor((c + reach) / side)];
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  };
  for (const bx of range(x!)) for (const by of range(y!)) for (const bz of range(z!)) coords.push(bx, by, bz);
  field.makeBlocks(fine!, Int32Array.from(coords));
  for (const block of fine!.blocks)
    for (let i = 0; i < 512; i++) {
      const corner = [i & 7, (i >> 3) & 7, i >> 6].map(
        (c, a) => (8 * fine!.coords[4 * block + a]! + c) * voxel,
      );
      const d = solid(corner[0]!, corner[1]!, corner[2]!);
      if (d < -truncation) continue;
      fine!.data.set([Math.min(truncation, d), 8], 2 * (512 * block + i));
    }
  fine!.noteWrite();
}
