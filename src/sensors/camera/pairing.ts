/** Widest difference (s) between two images that are taken for one view. */
const WIDEST = 0.05;
/** The same while the rates are not known yet. */
const AT_FIRST = 0.02;
/** Intervals of which the median is taken. */
const INTERVALS = 31;
/** Share of a new difference in the mean. */
const LEARNING = 0.05;
/** A colour camera that is behind the depth camera by more (s) is not waited for. */
const PATIENCE = 1;
/** Images of either kind that wait at most. */
const MOST_WAITING = 64;
/** Share of the window within which a partner is the only one possible, though stamps jitter. */
const PLAIN = 0.25;
/** Pairs or images before anything is said of them. */
const ENOUGH = 10;

/** A depth image, and the colour image of its time where there is one. */
export interface Paired<D, C> {
  readonly depth: D;
  readonly color?: C;
  /** Stamp of the colour image less that of the depth image, s. */
  readonly delay?: number;
}

interface Waiting<T> {
  readonly stampNs: bigint;
  readonly image: T;
}

/** The median interval of a stream. */
class Period {
  readonly #intervals: number[] = [];
  #last: bigint | undefined;
  #median: number | undefined;

  /** Seconds; undefined before the third stamp. */
  get seconds(): number | undefined {
    return this.#median;
  }

  add(stampNs: bigint): void {
    const since = this.#last === undefined ? 0 : Number(stampNs - this.#last) * 1e-9;
    this.#last = stampNs;
    if (since <= 0) return;
    this.#intervals.push(since);
    if (this.#intervals.length > INTERVALS) this.#intervals.shift();
    if (this.#intervals.length >= 2)
      this.#median = [...this.#intervals].sort((a, b) => a - b)[(this.#intervals.length - 1) >> 1];
  }
}

/**
 * Pairs colour images with depth images by their stamps, one to one, as they come: other rates, dropped images and a
 * constant offset are fine. Two images are a pair where each is the other's nearest within the window around the mean
 * offset so far. Depth images come out in their order, those without a partner alone.
 *
 * @example
 * const pairing = new Pairing<DepthImage, ColorImage>();
 * for (const pair of pairing.addColor(stampNs, color)) use(pair.depth, pair.color);
 * for (const pair of pairing.addDepth(stampNs, depth)) use(pair.depth, pair.color);
 * for (const pair of pairing.end()) use(pair.depth, pair.color);
 * console.log(pairing.paired, pairing.meanDelay);
 */
export class Pairing<D, C> {
  #depths: Waiting<D>[] = [];
  #colors: Waiting<C>[] = [];
  readonly #depthPeriod = new Period();
  readonly #colorPeriod = new Period();
  readonly #window: number | undefined;
  #mean: number | undefined;
  #sum = 0;
  #paired = 0;
  #alone = 0;
  /** The first depth image, and the newest colour image. */
  #start: { readonly stampNs: bigint } | undefined;
  #newest: { readonly stampNs: bigint } | undefined;
  #nearest = Infinity;

  /** @param options.window half the width of the window, s; half the shorter period, at most 50 ms, unless given */
  constructor(options: { readonly window?: number } = {}) {
    this.#window = options.window;
  }

  /** Depth images that came with a partner so far. */
  get paired(): number {
    return this.#paired;
  }

  /** Depth images that came without one. */
  get alone(): number {
    return this.#alone;
  }

  /** Mean stamp of colour less depth over all pairs, s; undefined without any. */
  get meanDelay(): number | undefined {
    return this.#paired === 0 ? undefined : this.#sum / this.#paired;
  }

  /** Half the width of the window, s. */
  get window(): number {
    if (this.#window !== undefined) return this.#window;
    const [depth, color] = [this.#depthPeriod.seconds, this.#colorPeriod.seconds];
    if (depth === undefined || color === undefined) return AT_FIRST;
    return Math.min(WIDEST, Math.min(depth, color) / 2);
  }

  /** What there is to say, as sentences without their end. */
  get notes(): readonly string[] {
    const ms = (seconds: number): string => `${(seconds * 1e3).toFixed(1)} ms`;
    if (this.#paired === 0) {
      if (this.#alone < ENOUGH || !this.#newest) return [];
      const far = Number.isFinite(this.#nearest)
        ? `; the nearest were ${this.#nearest.toFixed(3)} s apart`
        : '';
      return [
        `no colour image has the time of a depth image (within ${ms(this.window)}${far}): depth is used without colour; ` +
          'check that both cameras are stamped by the same clock',
      ];
    }
    const delay = this.meanDelay!;
    if (this.#paired < ENOUGH || Math.abs(delay) < 0.001) return [];
    return [
      `colour images come ${ms(Math.abs(delay))} ${delay < 0 ? 'before' : 'after'} the depth images on average ` +
        `(${this.#paired} pairs, ${this.#alone} depth images without colour)`,
    ];
  }

  /** @returns what is decided now */
  addDepth(stampNs: bigint, image: D): Paired<D, C>[] {
    this.#start ??= { stampNs };
    this.#depthPeriod.add(stampNs);
    insert(this.#depths, { stampNs, image });
    return this.#decide(false);
  }

  /** @returns what is decided now */
  addColor(stampNs: bigint, image: C): Paired<D, C>[] {
    if (!this.#newest || stampNs > this.#newest.stampNs) this.#newest = { stampNs };
    this.#colorPeriod.add(stampNs);
    insert(this.#colors, { stampNs, image });
    if (this.#colors.length > MOST_WAITING) this.#colors.shift();
    return this.#decide(false);
  }

  /** @returns depth images that still wait when nothing more comes */
  end(): Paired<D, C>[] {
    const rest = this.#decide(true);
    this.#colors = [];
    return rest;
  }

  #decide(ended: boolean): Paired<D, C>[] {
    const out: Paired<D, C>[] = [];
    while (this.#depths.length > 0 && (ended || this.#ready())) {
      const depth = this.#depths.shift()!;
      const best = this.#partner(depth);
      if (best === -1) {
        this.#alone++;
        out.push({ depth: depth.image });
        continue;
      }
      const color = this.#colors[best]!;
      // What is older than a partner has found none and finds none any more.
      this.#colors.splice(0, best + 1);
      const delay = seconds(color, depth);
      this.#paired++;
      this.#sum += delay;
      const mean = this.#mean === undefined ? delay : this.#mean + LEARNING * (delay - this.#mean);
      // Beyond it the image before or after would be nearer.
      this.#mean = Math.max(-this.window, Math.min(this.window, mean));
      out.push({ depth: depth.image, color: color.image, delay });
    }
    return out;
  }

  /** Whether all that could be the partner of the first depth image, or claim that partner, is there. */
  #ready(): boolean {
    const [first] = this.#depths;
    const last = this.#depths.at(-1)!;
    if (this.#depths.length > MOST_WAITING) return true;
    if (seconds(last, this.#newest ?? this.#start!) > PATIENCE) return true;
    const color = this.#newest;
    if (!color) return false;
    if (this.#depthPeriod.seconds === undefined || this.#colorPeriod.seconds === undefined) return false;
    if (this.#plain(first!)) return true;
    return this.#depths.length > 1 && seconds(color, first!) >= (this.#mean ?? 0) + this.window;
  }

  /** Whether a partner is there that is so near that no other image can come between: live, nothing is waited for. */
  #plain(depth: Waiting<D>): boolean {
    const near = PLAIN * this.window;
    return this.#colors.some((color) => Math.abs(seconds(color, depth) - (this.#mean ?? 0)) <= near);
  }

  /** The colour image nearest to a depth image, if no later depth image is nearer to it; −1 without one. */
  #partner(depth: Waiting<D>): number {
    const mean = this.#mean ?? 0;
    let best = -1;
    let least = this.window;
    for (const [i, color] of this.#colors.entries()) {
      const off = Math.abs(seconds(color, depth) - mean);
      this.#nearest = Math.min(this.#nearest, off);
      if (off > least) continue;
      if (this.#depths.some((later) => Math.abs(seconds(color, later) - mean) < off)) continue;
      [best, least] = [i, off];
    }
    return best;
  }
}

/** Puts an image where its stamp belongs; nearly always at the end. */
function insert<T>(list: Waiting<T>[], one: Waiting<T>): void {
  let at = list.length;
  while (at > 0 && list[at - 1]!.stampNs > one.stampNs) at--;
  list.splice(at, 0, one);
}

function seconds(later: { readonly stampNs: bigint }, earlier: { readonly stampNs: bigint }): number {
  return Number(later.stampNs - earlier.stampNs) * 1e-9;
}
