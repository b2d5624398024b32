import { Intervals } from './intervals.js';

/** A message of which only the times are of interest. */
export interface StampedMessage {
  /** Where it comes from: topic and frame. */
  readonly source: string;
  /** As its header has it. */
  readonly stampNs: bigint;
  /** When it was recorded or has arrived, on a clock that never steps; left out where nobody knows. */
  readonly receivedNs?: bigint | undefined;
  /** Absolute time of its first point; asked for only where the header's stamp is none. */
  readonly firstPointNs?: (() => bigint | undefined) | undefined;
  /** A number that differs between messages of different content: distinguishes one that comes again from a clock that was set. */
  readonly fingerprint?: number | undefined;
}

export type DropCause = 'duplicate' | 'same-stamp' | 'same-content' | 'out-of-order' | 'repeats' | 'unset';

/** The message is used. */
export interface Taken {
  readonly kind: 'ok' | 'repaired' | 'step' | 'outlier';
  /** The stamp to go on with. */
  readonly stampNs: bigint;
  /** How far the source's clock has stepped so far: `stampNs` less this never jumps and always grows. */
  readonly clockShiftNs: bigint;
  /** Where a repaired stamp comes from. */
  readonly from?: 'points' | 'arrival';
  /** What was wrong with the stamp that was repaired. */
  readonly was?: 'zero' | 'stuck';
  /** By how much the clock has stepped, or the stamp before was an outlier, s. */
  readonly seconds?: number;
}

/** The message is not used. */
export interface Dropped {
  readonly kind: 'drop';
  readonly why: DropCause;
  /**
   * The next ones may show that its stamp was right: whoever can wait keeps it. With a step that follows, it belongs to
   * the clock after it, else to one that has stepped by this.
   */
  readonly doubtful?: { readonly clockShiftNs: bigint };
}

/** What becomes of a message by its stamp. */
export type StampVerdict =
  | Taken
  | Dropped
  /** Time has gone back for good, and nothing says that it went on meanwhile: start anew with this message. */
  | { readonly kind: 'restart'; readonly seconds: number; readonly stampNs: bigint };

export interface StampOptions {
  /** Larger steps need a second message (ahead) or a third one (back) to be believed, s. */
  readonly jumpSeconds?: number;
  /**
   * Whether a source may start anew (a robot, or a recording played in a loop). Else what repeats itself is dropped, and
   * every other jump is taken for a step of the clock.
   */
  readonly restarts?: boolean;
  /** Zero is known to be the time of the first message: a simulated clock, or seconds since the start. */
  readonly startsAtZero?: boolean;
}

/** So many messages in a row from the past mean that time has gone back; fewer are stray messages. */
const CONFIRM = 3;
/** Steps ahead by more (ns) need a second message to be believed, also where arrivals tell nothing. */
const FAR_AHEAD = 60e9;
/** A step is larger than this multiple of how stamps scatter against arrivals. */
const SCATTERS = 4;
/** Stamps that are remembered to know a recording that repeats itself: half an hour at 20 Hz. */
const REMEMBERED = 36_000;
/** Without anything better, the time between two messages (ns). */
const USUAL_PERIOD = 1e8;
/** The shortest interval between arrivals (ns) that can be that of a sensor. */
const SHORTEST = 5e6;

/** A stamp that was ahead, and the message before it. */
interface Leap {
  readonly by: bigint;
  readonly stamp: bigint;
  readonly received: bigint;
  readonly shift: bigint;
}

/** What is known of one source. */
class Source {
  /** Stamps as the header had them, and as they were used. */
  header = 0n;
  stamp = 0n;
  received: bigint | undefined;
  shift = 0n;
  /** The last stamp is a time of arrival, from another clock. */
  guessed = false;
  fromPoints = false;
  /** The last interval between arrivals was a usual one. */
  regular = true;
  readonly intervals = new Intervals();
  /** Fingerprints by the headers' stamps. */
  readonly seen = new Map<bigint, number | undefined>();
  past: { count: number; header: bigint; received: bigint | undefined } | undefined;
  future: bigint | undefined;
  /** The last stamp was ahead of its arrival: the next one tells whether the clock was set or that stamp alone was an outlier. */
  leap: Leap | undefined;
  /** Nothing but messages without a stamp so far. */
  unset = false;
}

/**
 * Judges the stamps of messages, one way for recordings and for robots: fine, repaired, a step of the clock across which
 * motion goes on, dropped, or a restart. Steps are distinguished from gaps by the times at which messages were recorded or have
 * arrived.
 *
 * @example
 * const stamps = new Stamps();
 * const verdict = stamps.check({ source: '/points', stampNs, receivedNs });
 * if (verdict.kind !== 'drop' && verdict.kind !== 'restart')
 *   process({ ...scan, stampNs: verdict.stampNs, clockShiftNs: verdict.clockShiftNs });
 */
export class Stamps {
  readonly #jumpNs: number;
  readonly #restarts: boolean;
  readonly #startsAtZero: boolean;
  readonly #sources = new Map<string, Source>();

  constructor({ jumpSeconds = 1, restarts = false, startsAtZero = false }: StampOptions = {}) {
    this.#jumpNs = jumpSeconds * 1e9;
    this.#restarts = restarts;
    this.#startsAtZero = startsAtZero;
  }

  /** Forgets all stamps. */
  reset(): void {
    this.#sources.clear();
  }

  check(message: StampedMessage): StampVerdict {
    const { source, stampNs, receivedNs } = message;
    const known = this.#sources.get(source);
    if (!known) return this.#first(message);
    if (known.unset) return this.#second(message);
    const arrival = sinceLast(known.received, receivedNs);
    if (stampNs <= 0n && stampNs < known.header) return this.#unset(known, message, arrival);
    if (stampNs === known.header) return this.#repeated(known, message, arrival);
    if (known.guessed) {
      // The stamps before were times of arrival: this is the sensor's own clock.
      known.guessed = false;
      return this.#step(known, message, arrival);
    }
    if (known.leap && hasReturned(known, known.leap, message)) return returned(known, known.leap, message);
    const ahead = Number(stampNs - known.stamp);
    // No sensor measures that often, and the same: it was sent twice, stamped anew.
    if (ahead > 0 && ahead < SHORTEST && message.fingerprint !== undefined)
      if (message.fingerprint === known.seen.get(known.header)) return { kind: 'drop', why: 'same-content' };
    return ahead <= 0 ? this.#back(known, message, arrival) : this.#forward(known, message, ahead, arrival);
  }

  #first(message: StampedMessage): StampVerdict {
    const known = new Source();
    this.#sources.set(message.source, known);
    const points = message.stampNs <= 0n && !this.#startsAtZero ? message.firstPointNs?.() : undefined;
    if (points !== undefined) {
      known.fromPoints = true;
      take(known, message, points);
      return { ...taken(known, 'repaired'), was: 'zero', from: 'points' };
    }
    take(known, message, message.stampNs);
    if (message.stampNs > 0n || this.#startsAtZero) return taken(known, 'ok');
    // Nothing to see yet: a simulated clock may start at zero.
    known.unset = true;
    return { kind: 'drop', why: 'unset', doubtful: { clockShiftNs: 0n } };
  }

  /** After one without a stamp. */
  #second(message: StampedMessage): StampVerdict {
    const { source, stampNs, receivedNs } = message;
    this.#sources.delete(source);
    if (stampNs > 0n || receivedNs === undefined) return this.#first(message);
    const known = new Source();
    this.#sources.set(source, known);
    known.guessed = true;
    take(known, message, receivedNs);
    return { ...taken(known, 'repaired'), was: 'zero', from: 'arrival' };
  }

  /** A header without a stamp. */
  #unset(known: Source, message: StampedMessage, arrival: number | undefined): StampVerdict {
    const points = known.fromPoints || known.guessed ? message.firstPointNs?.() : undefined;
    if (points !== undefined && points > known.stamp) {
      known.fromPoints = true;
      take(known, message, points, arrival);
      return { ...taken(known, 'repaired'), was: 'zero', from: 'points' };
    }
    return this.#byArrival(known, message, arrival, 'zero');
  }

  /** The stamp of the message before: sent twice, or a clock that stands still. */
  #repeated(known: Source, message: StampedMessage, arrival: number | undefined): StampVerdict {
    if (message.stampNs <= 0n) return this.#unset(known, message, arrival);
    if (known.past) return this.#back(known, message, arrival);
    if (message.fingerprint !== undefined && comesAgain(known, message))
      return { kind: 'drop', why: 'duplicate' };
    const usual = known.intervals.arrivalPeriod;
    if (arrival === undefined || arrival < Math.max(SHORTEST, 0.5 * (usual ?? known.intervals.last)))
      return { kind: 'drop', why: message.fingerprint === undefined ? 'duplicate' : 'same-stamp' };
    return this.#byArrival(known, message, arrival, 'stuck');
  }

  #byArrival(
    known: Source,
    message: StampedMessage,
    arrival: number | undefined,
    was: 'zero' | 'stuck',
  ): StampVerdict {
    const passed =
      known.intervals.passed(arrival) ?? (known.intervals.period === undefined ? arrival : undefined);
    if (passed === undefined || passed < SHORTEST)
      return { kind: 'drop', why: was === 'zero' ? 'unset' : 'duplicate' };
    take(
      known,
      { ...message, stampNs: was === 'zero' ? known.header : message.stampNs },
      known.stamp + ns(passed),
    );
    return { ...taken(known, 'repaired'), was, from: 'arrival' };
  }

  #back(known: Source, message: StampedMessage, arrival: number | undefined): StampVerdict {
    const { stampNs, receivedNs } = message;
    const { past, intervals } = known;
    const between = sinceLast(past?.received, receivedNs);
    const usual = intervals.arrivalPeriod;
    // Late ones that come in one go are no sign of a clock that was set back.
    const inOneGo = between !== undefined && usual !== undefined && between < 0.5 * usual;
    const count = past && stampNs > past.header && !inOneGo ? past.count + 1 : 1;
    known.past = { count, header: stampNs, received: receivedNs };
    const repeats = comesAgain(known, message);
    if (repeats && !this.#restarts) return { kind: 'drop', why: 'repeats' };
    if (count < CONFIRM) return this.#doubtful(known, message, arrival);
    const far = Number(known.stamp - stampNs) > this.#jumpNs;
    const passed = intervals.passed(arrival);
    if (!repeats && (passed !== undefined || (!this.#restarts && far)))
      return this.#step(known, message, arrival);
    if (!far) return { kind: 'drop', why: 'out-of-order' };
    const seconds = Number(known.stamp - stampNs) * 1e-9;
    this.reset();
    this.#first(message);
    return { kind: 'restart', seconds, stampNs };
  }

  #forward(known: Source, message: StampedMessage, ahead: number, arrival: number | undefined): StampVerdict {
    const { intervals, future } = known;
    const { stampNs } = message;
    const [period, usual, passed] = [intervals.period, intervals.arrivalPeriod, intervals.passed(arrival)];
    // Fewer messages have come than the stamps make believe, and neither this one nor the last was held up on its way.
    let step =
      passed !== undefined &&
      known.regular &&
      ahead > 1.5 * period! &&
      ahead - passed > SCATTERS * intervals.scatter &&
      ahead - passed > 0.5 * Math.max(period!, 0.5 * ahead) &&
      arrival! > 0.5 * usual!;
    // So far ahead of a single message that came just before: its stamp was from another time.
    if (usual === undefined && period === undefined && arrival !== undefined && arrival >= SHORTEST)
      step ||= ahead - arrival > FAR_AHEAD;
    const doubtful = step
      ? ahead > this.#jumpNs
      : ahead > FAR_AHEAD &&
        passed === undefined &&
        (arrival === undefined ? this.#restarts : arrival < 0.5 * ahead);
    if (doubtful) {
      // A single stamp from the far future must not make all that follow look like the past.
      known.future = stampNs;
      if (future === undefined || stampNs <= future || stampNs > future + BigInt(FAR_AHEAD))
        return this.#doubtful(known, message, arrival);
    }
    known.future = undefined;
    if (step && ahead <= this.#jumpNs && known.received !== undefined)
      return this.#leap(known, message, arrival);
    if (step) return this.#step(known, message, arrival);
    const { leap } = known;
    known.leap = undefined;
    take(known, message, stampNs, arrival);
    return leap ? { ...taken(known, 'step'), seconds: Number(leap.by) * 1e-9 } : taken(known, 'ok');
  }

  /** As if the clock had been set; whether it was is told with the next message. */
  #leap(known: Source, message: StampedMessage, arrival: number | undefined): StampVerdict {
    const before = { stamp: known.stamp, received: known.received!, shift: known.shift };
    this.#step(known, message, arrival);
    known.leap = { ...before, by: known.shift - before.shift };
    return taken(known, 'ok');
  }

  /** The clock was set: motion goes on as if it had not been. */
  #step(known: Source, message: StampedMessage, arrival: number | undefined): StampVerdict {
    const by = this.#shift(known, message, arrival);
    known.shift += by;
    known.leap = undefined;
    take(known, message, message.stampNs);
    return { ...taken(known, 'step'), seconds: Number(by) * 1e-9 };
  }

  /** By how much the clock has stepped if this stamp is right, ns. */
  #shift({ intervals, past, stamp }: Source, message: StampedMessage, arrival: number | undefined): bigint {
    const passed =
      intervals.passed(arrival) ??
      (intervals.period === undefined ? arrival : undefined) ??
      (past?.count ?? 1) * (intervals.period ?? USUAL_PERIOD);
    return message.stampNs - stamp - ns(Math.max(passed, SHORTEST));
  }

  #doubtful(known: Source, message: StampedMessage, arrival: number | undefined): Dropped {
    const clockShiftNs = known.shift + this.#shift(known, message, arrival);
    return { kind: 'drop', why: 'out-of-order', doubtful: { clockShiftNs } };
  }
}

/** Whether stamps and arrivals agree again with the message before a leap. */
function hasReturned({ intervals, stamp, shift }: Source, leap: Leap, message: StampedMessage): boolean {
  const passed = intervals.passed(sinceLast(leap.received, message.receivedNs));
  if (passed === undefined || message.stampNs - leap.shift <= stamp - shift) return false;
  return Math.abs(Number(message.stampNs - leap.stamp) - passed) < 0.5 * Number(leap.by);
}

/** The stamps are back where they were before a leap: the one between was an outlier. */
function returned(known: Source, { by, shift }: Leap, message: StampedMessage): Taken {
  known.leap = undefined;
  known.shift = shift;
  take(known, message, message.stampNs);
  return { ...taken(known, 'outlier'), seconds: Number(by) * 1e-9 };
}

/** Makes a message the last one. @param arrival interval between arrivals; learned from where it is given, or at the first */
function take(
  known: Source,
  { stampNs, receivedNs, fingerprint }: StampedMessage,
  stamp: bigint,
  arrival?: number,
): void {
  const between = known.received === undefined ? undefined : sinceLast(known.received, receivedNs);
  const usual = known.intervals.arrivalPeriod;
  known.regular = between === undefined || usual === undefined || Math.abs(between - usual) < 0.5 * usual;
  if (known.stamp !== 0n && stamp > known.stamp && stamp === stampNs)
    if (arrival !== undefined || between === undefined)
      known.intervals.add(Number(stamp - known.stamp), arrival);
  known.header = stampNs;
  known.stamp = stamp;
  known.received = receivedNs;
  known.past = undefined;
  known.seen.set(stampNs, fingerprint);
  if (known.seen.size > REMEMBERED) known.seen.delete(known.seen.keys().next().value!);
}

/** Whether the message was there before, as far as that can be seen. */
function comesAgain({ seen }: Source, { stampNs, fingerprint }: StampedMessage): boolean {
  if (!seen.has(stampNs)) return false;
  const before = seen.get(stampNs);
  return before === undefined || fingerprint === undefined || before === fingerprint;
}

function taken({ stamp, shift }: Source, kind: Taken['kind']): Taken {
  return { kind, stampNs: stamp, clockShiftNs: shift };
}

function sinceLast(before: bigint | undefined, now: bigint | undefined): number | undefined {
  return before === undefined || now === undefined ? undefined : Number(now - before);
}

function ns(duration: number): bigint {
  return BigInt(Math.round(duration));
}
