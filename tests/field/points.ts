import type { PointSet } from '../../src/field/engine.js';
import type { KernelMemory } from '../../src/field/engines/wasm/memory.js';
import type { Random } from '../../src/geometry/random.js';

/** Points on a sphere of the given radius about (cx, cy, cz), with inward normals (seen from inside), in kernel memory. */
export function spherePoints(
  memory: KernelMemory,
  random: Random,
  count: number,
  radius: number,
  centre: readonly [number, number, number],
  noise = 0,
): PointSet & { indices: number } {
  const column = (): Float32Array => memory.f32(memory.alloc(count * 4), count);
  const [x, y, z, nx, ny, nz, tau, quality] = [
    column(),
    column(),
    column(),
    column(),
    column(),
    column(),
    column(),
    column(),
  ];
  const flags = memory.u8(memory.alloc(count), count);
  const indices = memory.u32(memory.alloc(count * 4), count);
  for (let i = 0; i < count; i++) {
    const v = [random.normal(), random.normal(), random.normal()];
    const norm = Math.hypot(...v);
    const r = radius + noise * random.normal();
    [nx[i], ny[i], nz[i]] = [-v[0]! / norm, -v[1]! / norm, -v[2]! / norm];
    [x[i], y[i], z[i]] = [centre[0] - r * nx[i]!, centre[1] - r * ny[i]!, centre[2] - r * nz[i]!];
    tau[i] = (i / count - 0.5) * 0.1;
    quality[i] = 1;
    flags[i] = i % 3 === 0 ? 2 : 0;
    indices[i] = i;
  }
  const at = (array: Float32Array | Uint8Array | Uint32Array): number => array.byteOffset;
  return {
    x: at(x),
    y: at(y),
    z: at(z),
    nx: at(nx),
    ny: at(ny),
    nz: at(nz),
    tau: at(tau),
    quality: at(quality),
    flags: at(flags),
    count,
    indices: at(indices),
  };
}
