/** Limits of a viewer server; the defaults suit a robot and a handful of people. Times in milliseconds. */
export interface ViewerLimits {
  /** WebSocket clients at a time. */
  readonly clients: number;
  /** TCP connections at a time, those of clients included. */
  readonly connections: number;
  /** Messages a second from one client, and how many may come at once. */
  readonly messageRate: number;
  readonly messageBurst: number;
  /** HTTP requests a second from one address, and how many at once. */
  readonly requestRate: number;
  readonly requestBurst: number;
  /** Bytes on their way to a client that it has not confirmed. */
  readonly window: number;
  /** A client that confirms nothing for so long is dropped. */
  readonly stall: number;
  /** Time for a client's first frame. */
  readonly hello: number;
  /** Time for the head of a request, and for all of it. */
  readonly head: number;
  readonly request: number;
  /** Between two status frames. */
  readonly status: number;
}

export const DEFAULT_LIMITS: ViewerLimits = {
  clients: 16,
  connections: 256,
  messageRate: 20,
  messageBurst: 60,
  requestRate: 50,
  requestBurst: 200,
  window: 1 << 20,
  stall: 30_000,
  hello: 10_000,
  head: 5_000,
  request: 10_000,
  status: 500,
};

/**
 * A token bucket: `burst` at once, `rate` a second on average.
 *
 * @example
 * const limit = new RateLimit(2, 10); // ten at once, then two a second
 * if (!limit.take()) refuse();
 */
export class RateLimit {
  #tokens: number;
  #last: number;

  constructor(
    private readonly rate: number,
    private readonly burst: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#tokens = burst;
    this.#last = now();
  }

  /** Whether one more is allowed now. */
  get free(): boolean {
    const now = this.now();
    this.#tokens = Math.min(this.burst, this.#tokens + ((now - this.#last) / 1000) * this.rate);
    this.#last = now;
    return this.#tokens >= 1;
  }

  /** @returns whether one more is allowed now */
  take(): boolean {
    if (!this.free) return false;
    this.#tokens--;
    return true;
  }
}

/**
 * A bucket per address; the longest unseen address is forgotten when there are too many.
 *
 * @example
 * const limits = new AddressLimits(20, 100);
 * if (!limits.take(request.socket.remoteAddress ?? '')) refuse();
 */
export class AddressLimits {
  readonly #buckets = new Map<string, RateLimit>();

  constructor(
    private readonly rate: number,
    private readonly burst: number,
    private readonly most = 1024,
    private readonly now?: () => number,
  ) {}

  /** Whether an address may take one more now. */
  has(address: string): boolean {
    return this.#buckets.get(address)?.free ?? this.burst >= 1;
  }

  take(address: string): boolean {
    const bucket = this.#buckets.get(address) ?? new RateLimit(this.rate, this.burst, this.now);
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (this.#buckets.size > this.most) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket.take();
  }
}

/**
 * Bytes a second over the last two seconds.
 *
 * @example
 * const meter = new ByteRate();
 * meter.add(bytes.length);
 * console.log(meter.perSecond);
 */
export class ByteRate {
  readonly #buckets = new Float64Array(8); // of 250 ms
  #slot = 0;
  total = 0;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.#slot = Math.floor(now() / 250);
  }

  add(bytes: number): void {
    this.#advance();
    this.#buckets[this.#slot % 8]! += bytes;
    this.total += bytes;
  }

  get perSecond(): number {
    this.#advance();
    return this.#buckets.reduce((sum, bytes) => sum + bytes, 0) / 2;
  }

  #advance(): void {
    const slot = Math.floor(this.now() / 250);
    for (let s = Math.max(this.#slot + 1, slot - 7); s <= slot; s++) this.#buckets[s % 8] = 0;
    this.#slot = slot;
  }
}
