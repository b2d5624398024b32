/** How steeply a surface may face an axis and still count as facing it; a dominant component is at least 0.577. */
const FACING = 0.4;

/** A growing set of non-negative integers below 2⁵³, by open addressing. */
class IntegerSet {
  private keys = new Float64Array(1 << 16).fill(-1);
  private used = 0;

  has(key: number): boolean {
    return this.keys[this.slot(key)] === key;
  }

  /** Returns whether the key is new. */
  add(key: number): boolean {
    const slot = this.slot(key);
    if (this.keys[slot] === key) return false;
    this.keys[slot] = key;
    if (++this.used * 2 > this.keys.length) {
      const old = this.keys;
      this.keys = new Float64Array(old.length * 2).fill(-1);
      for (const k of old) if (k >= 0) this.keys[this.slot(k)] = k;
    }
    return true;
  }

  private slot(key: number): number {
    const mask = this.keys.length - 1;
    const high = Math.floor(key / 4294967296);
    let h = Math.imul((key - high * 4294967296) | 0, 0x9e3779b1) ^ Math.imul(high + 1, 0x85ebca6b);
    h ^= h >>> 15;
    let slot = Math.imul(h, 0x2c1b3c6d) >>> 0;
    slot = (slot ^ (slot >>> 13)) & mask;
    while (this.keys[slot]! >= 0 && this.keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }
}

/**
 * Which surface was seen. A point counts as seen if some exact beam end lies within `radius` of it on a surface that
 * faces the same way: both are put into cells (10 cm by default) with one of six facings, and each beam end marks the cells
 * whose centres are within `radius` of it and within a cell of its tangent plane.
 *
 * @example
 * const seen = new SeenSurface();
 * seen.mark(0, 0, 0, 0, 0, 1); // a beam end on a floor
 * seen.has(0.1, 0, 0, 0, 0, 1); // true
 */
export class SeenSurface {
  private readonly hits = new IntegerSet();
  private readonly cells = new IntegerSet();

  /** @param cell size of the cells, metres; beam ends nearer than half of it are one. */
  constructor(
    private readonly radius = 0.2,
    private readonly cell = 0.1,
  ) {}

  /** A beam ended here, where the surface has this outward unit normal. */
  mark(x: number, y: number, z: number, nx: number, ny: number, nz: number): void {
    const CELL = this.cell;
    const FINE = CELL / 2;
    // Beam ends less than about half a cell apart with one facing mark nearly the same cells: the first stands for all.
    const fine = key(Math.round(x / FINE), Math.round(y / FINE), Math.round(z / FINE), dominant(nx, ny, nz));
    if (!this.hits.add(fine)) return;
    const r = Math.ceil(this.radius / CELL);
    const [ix, iy, iz] = [Math.round(x / CELL), Math.round(y / CELL), Math.round(z / CELL)];
    for (let a = ix - r; a <= ix + r; a++) {
      for (let b = iy - r; b <= iy + r; b++) {
        for (let c = iz - r; c <= iz + r; c++) {
          const dx = a * CELL - x;
          const dy = b * CELL - y;
          const dz = c * CELL - z;
          if (Math.abs(dx * nx + dy * ny + dz * nz) > CELL) continue;
          if (dx * dx + dy * dy + dz * dz > this.radius * this.radius) continue;
          if (Math.abs(nx) > FACING) this.cells.add(key(a, b, c, nx > 0 ? 0 : 1));
          if (Math.abs(ny) > FACING) this.cells.add(key(a, b, c, ny > 0 ? 2 : 3));
          if (Math.abs(nz) > FACING) this.cells.add(key(a, b, c, nz > 0 ? 4 : 5));
        }
      }
    }
  }

  has(x: number, y: number, z: number, nx: number, ny: number, nz: number): boolean {
    const CELL = this.cell;
    return this.cells.has(
      key(Math.round(x / CELL), Math.round(y / CELL), Math.round(z / CELL), dominant(nx, ny, nz)),
    );
  }
}

/** The axis (with sign, 0…5) along which a normal points most. */
function dominant(nx: number, ny: number, nz: number): number {
  const ax = Math.abs(nx);
  const ay = Math.abs(ny);
  const az = Math.abs(nz);
  if (ax >= ay && ax >= az) return nx > 0 ? 0 : 1;
  if (ay >= az) return ny > 0 ? 2 : 3;
  return nz > 0 ? 4 : 5;
}

/** Packs a cell (16 bits an axis: ±1.6 km at 5 cm) and a facing into an integer below 2⁵¹. */
function key(x: number, y: number, z: number, facing: number): number {
  return (((x & 0xffff) * 65536 + (y & 0xffff)) * 65536 + (z & 0xffff)) * 8 + facing;
}
