import { azimuthCoverage } from './azimuth-times.js';
import { timesFromOrder } from './order-times.js';
import { LEAST_POINTS, type TimeIssue } from './point-times.js';
import type { LidarScan } from './scan.js';
import { unitFactor } from './time-unit.js';
import { TurnCheck } from './turn-check.js';

/** Above this share of sectors of azimuth with points, a sensor is taken to be a spinning one. */
const SPINNING_COVERAGE = 0.9;
/** Time of a turn where stamps do not tell it, and between which limits they are believed (s). */
const USUAL_PERIOD = 0.1;
const PERIODS = [0.02, 0.6] as const;
/** Intervals between stamps of which the shortest is the period: scans may be missing. */
const INTERVALS = 5;

type Kind = TimeIssue['kind'] | 'none' | 'byte-order' | 'unit' | 'turn';

const FALSE_BYTE_ORDER =
  'the flag is_bigendian of the clouds is false: with it their coordinates are no lengths, so it is not used';

interface Tally {
  scans: number;
  points: number;
  readonly first: string;
}

export interface PointTimerOptions {
  /** That a cloud has no times is worth a note only where the sensor seems to spin. */
  readonly onlySpinning?: boolean;
  /** Times are rebuilt also for clouds without a field for them, which may have been corrected for motion. */
  readonly always?: boolean;
}

/**
 * Looks after the times of points, scan by scan: rebuilds those of a time field that holds none from the order of the
 * points, and knows what there is to say of the columns, once for all scans.
 *
 * @example
 * const timer = new PointTimer();
 * const timed = timer.complete(scan);
 * timer.notes; // ['3 of 20 scans: the times …']
 */
export class PointTimer {
  readonly #tallies = new Map<Kind, Tally>();
  readonly #turns = new Map<string, TurnCheck>();
  readonly #stamps = new Map<string, { last: bigint; intervals: number[] }>();
  /** With these a scan was left without times. */
  readonly #left = new Set<Kind>();
  #scans = 0;
  #rebuilt = 0;

  constructor(private readonly options: PointTimerOptions = {}) {}

  /** @returns the scan, with times where they can be rebuilt */
  complete(scan: LidarScan): LidarScan {
    const period = this.#period(scan);
    if (scan.count === 0 || (scan.timeIssues && scan.count < LEAST_POINTS)) return scan;
    this.#scans++;
    if (scan.falseByteOrder) this.#count('byte-order', FALSE_BYTE_ORDER);
    const { field = '', issues = [] } = scan.timeIssues ?? {};
    for (const issue of issues) {
      this.#count(issue.kind, describe(issue, field), issue);
      if (scan.timing === 'none') this.#left.add(issue.kind);
    }
    if (scan.timing === 'field') return this.#inSeconds(scan, field, period);
    if (scan.timing !== 'none') return scan;
    if (issues.length === 0 && !this.options.always) {
      if (!this.#tallies.has('none')) this.#missing(scan);
      return scan;
    }
    // The field says that the driver meant to give times: the points are as they were measured.
    const times = timesFromOrder(scan, period);
    if (!times && issues.length === 0) this.#missing(scan);
    if (!times) return scan;
    this.#rebuilt++;
    return { ...scan, times, timing: 'azimuth' };
  }

  /** Times whose unit is none of the usual ones, by how long a turn takes. */
  #inSeconds(scan: LidarScan, field: string, period: number): LidarScan {
    const factor = unitFactor(scan, period);
    const name = field === '' ? '' : ` (field '${field}')`;
    if (factor === 1) return this.#turning(scan, name);
    this.#count(
      'unit',
      `the point times${name} make a turn of ${(period / factor).toPrecision(2)} s where ${period.toPrecision(2)} s pass from scan to scan: they are multiplied by ${factor}`,
    );
    return { ...scan, times: scan.times!.map((t) => factor * t) };
  }

  /** Times with which a turn takes longer than from scan to scan, or shorter than any sensor's. */
  #turning(scan: LidarScan, name: string): LidarScan {
    let check = this.#turns.get(scan.frameId);
    if (!check) this.#turns.set(scan.frameId, (check = new TurnCheck()));
    const wrong = check.add(scan);
    if (!wrong) return scan;
    const { turn, period } = wrong;
    this.#count(
      'turn',
      `a whole turn takes ${turn.toPrecision(2)} s by the point times${name}, but one comes every ${period.toPrecision(2)} s: ` +
        `they are taken to span ${period.toPrecision(2)} s`,
    );
    return { ...scan, times: scan.times!.map((t) => (t * period) / turn) };
  }

  /** What was found so far, a sentence for each kind. */
  get notes(): readonly string[] {
    return [...this.#tallies].map(([kind, { scans, points, first }]) => {
      if (kind === 'none') return `${first}, so motion within a sweep is not undone`;
      const many = scans === this.#scans ? 'in all scans' : `in ${scans} of ${this.#scans} scans`;
      const which = points > 0 ? `${many}, ${points} points in all` : many;
      return `${first} (${which})${this.#left.has(kind) ? this.#instead() : ''}`;
    });
  }

  #missing({ positions, count }: LidarScan): void {
    const spins = azimuthCoverage(positions, count) > SPINNING_COVERAGE;
    if (!spins && this.options.onlySpinning) return;
    const name = 'no point times (no field t, time, timestamp, offset_time …)';
    this.#count(
      'none',
      spins ? `the sensor seems to spin, but its clouds hold ${name}` : `the clouds hold ${name}`,
    );
  }

  #instead(): string {
    if (this.#rebuilt === 0) return '; they are not used, and motion within a sweep is not undone';
    return (
      '; they are not used: times are rebuilt from the order of the points and the time between scans ' +
      '(where the points have been corrected for motion already, switch it off: sensor.deskew=false)'
    );
  }

  #count(kind: Kind, first: string, issue?: TimeIssue): void {
    const tally = this.#tallies.get(kind) ?? { scans: 0, points: 0, first };
    tally.scans++;
    if (issue && 'points' in issue) tally.points += issue.points;
    this.#tallies.set(kind, tally);
  }

  /** Seconds of a turn, from the stamps of the sensor so far. */
  #period({ frameId, stampNs }: LidarScan): number {
    const before = this.#stamps.get(frameId);
    if (!before) {
      this.#stamps.set(frameId, { last: stampNs, intervals: [] });
      return USUAL_PERIOD;
    }
    const seconds = Number(stampNs - before.last) * 1e-9;
    before.last = stampNs;
    if (seconds >= PERIODS[0] && seconds <= PERIODS[1]) before.intervals.push(seconds);
    if (before.intervals.length > INTERVALS) before.intervals.shift();
    return before.intervals.length === 0 ? USUAL_PERIOD : Math.min(...before.intervals);
  }
}

function describe(issue: TimeIssue, field: string): string {
  switch (issue.kind) {
    case 'outliers':
      return `points whose time (field '${field}') lies outside of the sweep of the others are left out`;
    case 'underflow':
      return `point times (field '${field}') ran below zero in an unsigned field and are read as negative`;
    case 'far':
      return (
        `the point times (field '${field}') lie ${Math.abs(issue.seconds).toFixed(3)} s ` +
        `${issue.seconds < 0 ? 'before' : 'after'} the stamp, too far for its sweep: they are taken to start at it`
      );
    case 'unfilled':
      return (
        `${Math.round(100 * issue.share)} % of the points have time 0 (field '${field}') though they lie all around and the others have times: ` +
        (issue.share > 0.5 ? 'too many to tell a sweep' : 'they are left out')
      );
    case 'ages':
      return (
        `the point times (field '${field}') fall from ${issue.seconds.toPrecision(2)} s to 0 in the order of the points: ` +
        'they are taken for ages, counted back from the stamp'
      );
    case 'numbers':
      return `the point times (field '${field}') are the numbers of the points (${issue.first}, ${issue.first + 1} … ${issue.last})`;
    case 'constant':
      return `the point times (field '${field}') are all ${issue.value === 0 ? 'zero' : `equal (${issue.value})`}`;
    case 'not-finite':
      return `the point times (field '${field}') are no numbers`;
    case 'no-sweep':
      return (
        `the point times (field '${field}') run from ${issue.first} to ${issue.last}, ` +
        'which is no sweep in s, ms, µs or ns'
      );
  }
}
