// Damage of the kinds that disks, copies and power cuts do to a recording; the same seed gives the same damage.

/** A seeded generator (mulberry32), uniform in [0, 1). */
export function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const KINDS = {
  bytes(bytes, draw) {
    for (let k = 1 + draw(8); k > 0; k--) bytes[draw(bytes.length)] = draw(256);
    return bytes;
  },
  bit(bytes, draw) {
    bytes[draw(bytes.length)] ^= 1 << draw(8);
    return bytes;
  },
  zeros(bytes, draw) {
    const at = draw(bytes.length);
    return bytes.fill(0, at, Math.min(bytes.length, at + 1 + draw(bytes.length / 15)));
  },
  /** A page of the disk that holds another one's content. */
  page(bytes, draw) {
    const pages = Math.max(2, Math.floor(bytes.length / 4096));
    const [from, to] = [4096 * draw(pages), 4096 * draw(pages)];
    return bytes.copyWithin(to, from, from + 4096);
  },
  cut(bytes, draw) {
    return bytes.subarray(0, draw(bytes.length));
  },
  /** A number of 32 or 64 bits, such as a length, that lies. */
  number(bytes, draw) {
    const at = draw(bytes.length - 8);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(at, [0, 1, draw(1 << 16), 0x7fffffff, 0xffffffff][draw(5)], true);
    return bytes;
  },
  missing(bytes, draw) {
    const at = draw(bytes.length);
    const end = at + 1 + draw(5000);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
  },
  doubled(bytes, draw) {
    const at = draw(bytes.length);
    const end = at + 1 + draw(5000);
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
  },
};

/** A damaged copy of `original`: its bytes, and of what kind the damage is. */
export function mutate(original, seed) {
  const random = generator(seed);
  const draw = (below) => Math.floor(random() * below);
  const kinds = Object.keys(KINDS);
  const kind = kinds[draw(kinds.length)];
  const bytes = KINDS[kind](Buffer.from(original), draw);
  return { kind, bytes };
}
