/**
 * The distinct numbers of a batch, numbered 0, 1, 2 … in the order in which they came: only what a batch touches
 * travels to the device. Number 0 (the empty corner or row) is always there and is always 0.
 *
 * @example
 * const set = new WorkingSet(1000);
 * const number = set.add(417); // 1; the same for 417 from now on
 * const members = set.members.subarray(0, set.size); // 0, 417
 */
export class WorkingSet {
  /** The members; `size` of them count. */
  readonly members: Int32Array;
  readonly #slots: Int32Array; // 1 + index into members, 0 = free
  readonly #mask: number;
  #size = 1;

  /** @param capacity most members */
  constructor(capacity: number) {
    this.members = new Int32Array(capacity + 1);
    const slots = 2 ** Math.ceil(Math.log2(2 * (capacity + 1)));
    this.#slots = new Int32Array(slots);
    this.#mask = slots - 1;
    this.clear();
  }

  get size(): number {
    return this.#size;
  }

  /** Sizes rounded up: tensors of few different shapes reuse buffers and compiled programs. */
  get paddedSize(): number {
    return Math.ceil(this.#size / 1024) * 1024;
  }

  /** Where a number stands, added if it is new. */
  add(member: number): number {
    let slot = Math.imul(member, 0x9e3779b1) & this.#mask;
    for (;;) {
      const at = this.#slots[slot]!;
      if (at === 0) break;
      if (this.members[at - 1] === member) return at - 1;
      slot = (slot + 1) & this.#mask;
    }
    const index = this.#size++;
    this.members[index] = member;
    this.#slots[slot] = index + 1;
    return index;
  }

  clear(): void {
    this.#slots.fill(0);
    this.#size = 0;
    this.add(0);
  }
}
