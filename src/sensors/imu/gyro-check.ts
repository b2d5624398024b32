/** Off by less than this over a step (rad), or than so many times what going on as before is off: tracking itself may be. */
const LEAST = 0.03;
const WORSE = 2;
/** Off by at most this share of a turn (of {@link LEAST} or more), it agrees. */
const AGREES = 0.3;
/** Contradictions in a row after which the gyroscope is not used, and agreements in a row after which it is again. */
const DISTRUST_AFTER = 3;
const TRUST_AFTER = 20;
/** Steps shorter than this (s) are those between two sensors. */
const SHORTEST = 0.02;
/** The user is told after so much turning (rad), or so many steps. */
const TOLD_BY = 0.2;
const TOLD_AFTER = 30;
/** Degrees in a radian, give or take. */
const LIKE_DEGREES = [30, 90] as const;
/** A turn over a step (rad) at a rate (rad/s) that hardly any robot or hand reaches is not used before any has been borne out: in degrees, the first few would lose the track. */
const LARGE_AT_FIRST = { turn: 0.25, rate: 7 } as const;
/** How upright the IMU stands on the body (cosine) where its transform is right about up; and the share of a turn that is about up. */
const UPRIGHT = 0.8;
const ABOUT_UP = 0.7;

/**
 * Whether a gyroscope tells how the body turns: what it measured over a step is compared with the turn that was tracked. It is put
 * aside where going on as before would have told more, several times in a row, as with degrees for radians or turned axes.
 *
 * @example
 * const check = new GyroCheck();
 * check.compare(0.1, [0, 0, 28.6], [0, 0, 0.5]);
 * check.trusted; // after three of these: false
 */
export class GyroCheck {
  /** What the user should know, oldest first. */
  readonly notices: string[] = [];
  #trusted = true;
  #contradictions = 0;
  #agreements = 0;
  #borneOut = false;
  #before: Float64Array | undefined;
  /** Since the first contradiction in a row; undefined once the user has been told. */
  #seen: Comparison | undefined;

  get trusted(): boolean {
    return this.#trusted;
  }

  /** Whether a turn rate (rad/s) over a step may be expected: a large one only after some turn has been borne out. */
  isUsable(rate: number, dt: number): boolean {
    const large = rate > LARGE_AT_FIRST.rate && rate * dt > LARGE_AT_FIRST.turn;
    return this.#trusted && (this.#borneOut || !large);
  }

  /**
   * @param dt seconds
   * @param measured rad/s, mean over the step
   * @param tracked the same by tracking, in the same axes
   * @param up by the accelerometer, a unit vector in those axes; left out where it is not known
   */
  compare(dt: number, measured: ArrayLike<number>, tracked: ArrayLike<number>, up?: ArrayLike<number>): void {
    if (!(dt >= SHORTEST)) return;
    const turn = length(tracked) * dt;
    const off = apart(measured, tracked) * dt;
    const asBefore = apart(this.#before ?? tracked, tracked) * dt;
    const wrong = off > LEAST && off > WORSE * asBefore && off > AGREES * turn;
    this.#before = Float64Array.from(tracked);
    this.#contradictions = wrong ? this.#contradictions + 1 : 0;
    if (wrong) this.#agreements = 0;
    else if (turn > LEAST && off <= AGREES * turn) {
      this.#agreements++;
      this.#borneOut = true;
    }
    if (this.#trusted && !wrong) this.#seen = undefined;
    else if (this.#trusted) this.#seen ??= new Comparison();
    this.#seen?.add(dt, measured, tracked, up);
    this.#judge();
  }

  #judge(): void {
    if (this.#trusted && this.#contradictions >= DISTRUST_AFTER) {
      this.#trusted = false;
      this.#agreements = 0;
    } else if (!this.#trusted && this.#agreements >= TRUST_AFTER) {
      this.#trusted = true;
      if (!this.#seen) this.notices.push('The gyroscope of the IMU agrees with the scans again and is used.');
      this.#seen = undefined;
    }
    // What is wrong shows when there was some turning.
    if (this.#trusted || !this.#seen?.tells) return;
    this.notices.push(this.#seen.describe());
    this.#seen = undefined;
  }
}

/** Turns by gyroscope and tracking side by side. */
class Comparison {
  #steps = 0;
  #seconds = 0;
  /** Sums of angles (rad) and of products. */
  #measured = 0;
  #tracked = 0;
  #products = { measured: 0, both: 0, tracked: 0 };
  /** The same of the turn about up alone, and the body's z in up (cosine). */
  #aboutUp = { measured: 0, both: 0, tracked: 0 };
  #upright = 0;

  add(
    dt: number,
    measured: ArrayLike<number>,
    tracked: ArrayLike<number>,
    up: ArrayLike<number> = [0, 0, 0],
  ): void {
    addProducts(this.#aboutUp, dot(measured, up) * dt, dot(tracked, up) * dt);
    this.#upright = up[2]!;
    this.#steps++;
    this.#seconds += dt;
    this.#measured += length(measured) * dt;
    this.#tracked += length(tracked) * dt;
    for (let i = 0; i < 3; i++) addProducts(this.#products, measured[i]! * dt, tracked[i]! * dt);
  }

  /** Upright, and turned the other way about up, which most of the turn is. */
  get #isMirrored(): boolean {
    const { measured, both, tracked } = this.#aboutUp;
    return (
      this.#upright > UPRIGHT &&
      tracked > ABOUT_UP * this.#products.tracked &&
      both < -ABOUT_UP * Math.sqrt(measured * tracked)
    );
  }

  get tells(): boolean {
    return this.#tracked > TOLD_BY || this.#steps >= TOLD_AFTER;
  }

  describe(): string {
    return (
      'The IMU is not used until it agrees again: its gyroscope contradicts the motion that the scans show. ' +
      `Over ${this.#seconds.toFixed(2)} s it turned by ${degrees(this.#measured)}°, the scans by ${degrees(this.#tracked)}°: ${this.#cause()}.`
    );
  }

  #cause(): string {
    const { measured, both, tracked } = this.#products;
    const [factor, alike] = [both / tracked, both / Math.sqrt(measured * tracked)];
    const ratio = this.#measured / this.#tracked;
    if (ratio < 0.1) return 'it hardly shows any turn';
    const [size, other] = [Math.abs(factor), factor < 0 ? ', and with the other sign' : ''];
    if (Math.abs(alike) > 0.7 && size > LIKE_DEGREES[0] && size < LIKE_DEGREES[1])
      return `its rates look like degrees per second, where rad/s belong${other}`;
    if (ratio > 0.7 && ratio < 1.4 && this.#isMirrored)
      return (
        'as much, but the other way about up, though gravity lies where its transform has up: the points are mirrored (x, y and z of a ' +
        'right-handed frame belong there), or their sensor hangs upside down and its transform does not say so'
      );
    if (ratio > 0.7 && ratio < 1.4)
      return 'as much, but about other axes or the other way; check the transform to its frame';
    return 'check its units, its bias, its stamps and the transform to its frame';
  }
}

function addProducts(
  sums: { measured: number; both: number; tracked: number },
  measured: number,
  tracked: number,
): void {
  sums.measured += measured * measured;
  sums.both += measured * tracked;
  sums.tracked += tracked * tracked;
}

const degrees = (radians: number): string => ((radians * 180) / Math.PI).toFixed(1);
const length = (v: ArrayLike<number>): number => Math.hypot(v[0]!, v[1]!, v[2]!);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!, a[2]! - b[2]!);
