/** A number in [0, 1) for whole numbers: the same for the same ones, else unrelated. */
export function hash3(x: number, y: number, z: number): number {
  let h = Math.imul(x, 0x8da6b343) ^ Math.imul(y, 0xd8163841) ^ Math.imul(z, 0xcb1ab31f);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) * 2.3283064365386963e-10;
}

const [PX, PY, PZ] = [0x8da6b343, 0xd8163841, 0xcb1ab31f];
/** Values at lattice points, picked by the upper bits of a hash. */
const VALUES = Float64Array.from({ length: 4096 }, (_, i) => hash3(i, 11, 5));

function lattice(h: number): number {
  return VALUES[Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) >>> 20]!;
}

/** Value noise in [0, 1]: values at whole points, blended by cubic smooth steps; features are about 1 wide. */
export function noise3(x: number, y: number, z: number): number {
  const i = Math.floor(x);
  const j = Math.floor(y);
  const k = Math.floor(z);
  let u = x - i;
  let v = y - j;
  let w = z - k;
  u = u * u * (3 - 2 * u);
  v = v * v * (3 - 2 * v);
  w = w * w * (3 - 2 * w);
  const i0 = Math.imul(i, PX);
  const i1 = (i0 + PX) | 0;
  const j0 = Math.imul(j, PY);
  const j1 = (j0 + PY) | 0;
  const k0 = Math.imul(k, PZ);
  const k1 = (k0 + PZ) | 0;
  const a = mix(lattice(i0 ^ j0 ^ k0), lattice(i1 ^ j0 ^ k0), u);
  const b = mix(lattice(i0 ^ j1 ^ k0), lattice(i1 ^ j1 ^ k0), u);
  const c = mix(lattice(i0 ^ j0 ^ k1), lattice(i1 ^ j0 ^ k1), u);
  const d = mix(lattice(i0 ^ j1 ^ k1), lattice(i1 ^ j1 ^ k1), u);
  return mix(mix(a, b, v), mix(c, d, v), w);
}

/** Two octaves of {@link noise3}. */
export function noise3x2(x: number, y: number, z: number): number {
  return (2 * noise3(x, y, z) + noise3(2.03 * x + 17, 2.03 * y - 5, 2.03 * z + 3)) / 3;
}

export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}
