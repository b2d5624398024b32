/**
 * A small seeded generator: sfc32 (C. Doty-Humphrey's "small fast counting" generator, 128 bits of state), seeded
 * through an FNV-1a hash and a murmur-style finaliser. The same seed gives the same numbers on every machine.
 *
 * @example
 * const random = new Random('street');
 * random.next(); // 0 … 1, 1 excluded
 * const trees = random.fork('trees'); // a stream of its own
 */
export class Random {
  private readonly key: number;
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;
  private spare = Number.NaN;

  /** @param seed any number or text; different seeds give unrelated streams. */
  constructor(seed: number | string) {
    this.key = hash(typeof seed === 'number' ? `#${seed}` : seed, 0x811c9dc5);
    this.a = mix(this.key ^ 0x9e3779b9);
    this.b = mix(this.key ^ 0x243f6a88);
    this.c = mix(this.key ^ 0xb7e15162);
    for (let i = 0; i < 12; i++) this.uint32(); // let the counter reach every word of the state
  }

  /** A uniform integer in [0, 2³²). */
  uint32(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** Uniform in [0, 1), 32 bits. */
  next(): number {
    return this.uint32() * 2.3283064365386963e-10;
  }

  /** A uniform integer in [0, n), n ≤ 2³². */
  int(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** Uniform in [low, high). */
  range(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Standard normal (Marsaglia's polar method; the second value of a pair is kept for the next call). */
  normal(): number {
    if (!Number.isNaN(this.spare)) {
      const kept = this.spare;
      this.spare = Number.NaN;
      return kept;
    }
    for (;;) {
      const u = 2 * this.next() - 1;
      const v = 2 * this.next() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const k = Math.sqrt((-2 * Math.log(s)) / s);
      this.spare = v * k;
      return u * k;
    }
  }

  /** An independent stream named by `label`; it depends on the seed only, not on what was drawn before. */
  fork(label: number | string): Random {
    return new Random(`${this.key}/${label}`);
  }
}

function hash(text: string, basis: number): number {
  let h = basis;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix(h);
}

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
