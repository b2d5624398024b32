import { DiagnosticLevel, type DiagnosticArray, type DiagnosticStatus } from '../messages/diagnostics.js';
import type { TouchEvent } from '../host/protocol.js';
import type { MapStatistics, ScanResult } from '../slam/types.js';
import type { Published } from './odometry-output.js';
import { RateMeter, RecentValues } from '../host/rates.js';
import { isPoor, noPixels, type PixelCounts, usable, whyUnusable } from '../sensors/camera/depth-quality.js';

/** What the node knows about itself, gathered for the diagnostics. */
export interface HealthInput {
  readonly nodeName: string;
  readonly stampNs: bigint;
  /** active, paused, starting, … */
  readonly activity: string;
  /** Why there is no odometry although there could be, in words. */
  readonly lacking: string | undefined;
  readonly topics: readonly TopicHealth[];
  readonly drops: ReadonlyMap<string, number>;
  readonly waiting: number;
  readonly mesh: { readonly sent: number; readonly remaining: number };
  /** Main thread's event-loop delay since the last report, ms. */
  readonly stallMs: number;
  readonly memoryBytes: number;
}

export interface TopicHealth {
  readonly name: string;
  readonly publishers: number;
  readonly meter: RateMeter;
  /** Why messages cannot arrive. */
  readonly problem: string | undefined;
  /** The node works without it. */
  readonly optional: boolean;
}

/** Topics are silent after so many milliseconds. */
const SILENT_MS = 2000;
/** Drops raise the level for so long. */
const DROPS_MS = 10_000;

/**
 * Rates, latencies and states of the last scans, and the diagnostic_msgs that report them.
 *
 * @example
 * const health = new Health();
 * health.add(result, statistics, timing, decodeMs); // after every scan
 * const message = health.message(input);
 */
export class Health {
  readonly odometry = new RateMeter();
  /** Arrival of the cloud to its odometry, ms. */
  readonly latency = new RecentValues();
  /** Work of the SLAM thread on a scan, ms. */
  readonly work = new RecentValues();
  readonly decode = new RecentValues();
  /** Maps so far: after a long loss a new one starts. */
  maps = 1;
  #scan: ScanResult | undefined;
  #statistics: MapStatistics | undefined;
  #timing = '';
  #touches = 0;
  #touch: TouchEvent | undefined;
  #silentSince: number | undefined;
  /** By the frame of the depth camera. */
  readonly #frames = new Map<string, { frames: number; poor: number; last: PixelCounts }>();
  /** Scans dropped so far, when diagnostics were made; from the last seconds. */
  readonly #drops: { readonly at: number; readonly count: number }[];

  /** @param now milliseconds, monotonic */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.#drops = [{ at: now(), count: 0 }];
  }

  /** A scan was processed. */
  add(result: ScanResult, statistics: MapStatistics, timing: string, decodeMs: number): void {
    this.#scan = result;
    if (result.camera !== undefined) this.#depth(result.camera, result.points);
    this.#statistics = statistics;
    this.#timing = timing;
    this.work.add(result.times.total);
    this.decode.add(decodeMs);
  }

  #depth(camera: string, points: ScanResult['points']): void {
    const known = this.#frames.get(camera);
    const poor = (known?.poor ?? 0) + (isPoor(points) ? 1 : 0);
    this.#frames.set(camera, { frames: (known?.frames ?? 0) + 1, poor, last: { ...noPixels(), ...points } });
  }

  /** A touch was mapped, or was not. */
  touched(event: TouchEvent): void {
    this.#statistics = event.statistics;
    if (event.result.touch.points.length > 0) this.#touches++;
    this.#touch = event;
  }

  /** What became of the odometry of a scan that had arrived at `arrivedMs` (performance.now()). */
  reported(published: Published, arrivedMs: number): void {
    if (published === 'nothing') {
      this.#silentSince ??= performance.now();
      return;
    }
    this.odometry.tick();
    this.latency.add(performance.now() - arrivedMs);
    this.#silentSince = undefined;
  }

  /** The last scan, until the next reset. */
  get scan(): ScanResult | undefined {
    return this.#scan;
  }

  get statistics(): MapStatistics | undefined {
    return this.#statistics;
  }

  reset(): void {
    this.#scan = this.#statistics = this.#silentSince = this.#touch = undefined;
    this.#touches = 0;
    this.#frames.clear();
    this.maps = 1;
    this.latency.clear();
    this.work.clear();
    this.decode.clear();
  }

  message(input: HealthInput): DiagnosticArray {
    const named = (suffix: string): string => `${input.nodeName}: ${suffix}`;
    return {
      stampNs: input.stampNs,
      frameId: '',
      status: [
        this.#tracking(named('tracking'), input),
        ...input.topics.map((topic) => inputStatus(named(`input ${topic.name}`), topic)),
        ...this.#cameras(named),
        ...this.#felt(named('touch')),
        this.#map(named('map'), input),
        processStatus(named('process'), input, this.#recentDrops(input.drops)),
      ],
    };
  }

  /** Scans that were dropped in the last seconds. */
  #recentDrops(drops: ReadonlyMap<string, number>): number {
    const now = this.now();
    const count = [...drops].reduce((sum, [why, n]) => sum + (WANTED.has(why) ? 0 : n), 0);
    this.#drops.push({ at: now, count });
    while (this.#drops.length > 1 && this.#drops[1]!.at <= now - DROPS_MS) this.#drops.shift();
    return Math.max(0, count - this.#drops[0]!.count);
  }

  #tracking(name: string, input: HealthInput): DiagnosticStatus {
    const scan = this.#scan;
    const silent = this.#silentSince;
    let level: number = DiagnosticLevel.ok;
    let message = 'tracking';
    if (input.activity !== 'active') [level, message] = [DiagnosticLevel.warn, input.activity];
    else if (input.lacking !== undefined)
      [level, message] = [DiagnosticLevel.error, `no odometry: ${input.lacking}`];
    else if (!scan) [level, message] = [DiagnosticLevel.warn, 'waiting for the first scan'];
    else if (scan.state === 'lost') [level, message] = [DiagnosticLevel.error, `lost: ${scan.reason}`];
    else if (scan.state === 'degraded') [level, message] = [DiagnosticLevel.warn, `degraded: ${scan.reason}`];
    return status(name, level, message, {
      state: scan?.state ?? 'none',
      reason: scan?.reason ?? '',
      odometry_rate_hz: fixed(this.odometry.rate, 2),
      latency_ms_median: fixed(this.latency.percentile(0.5), 1),
      latency_ms_95: fixed(this.latency.percentile(0.95), 1),
      scan_ms_median: fixed(this.work.percentile(0.5), 1),
      scan_ms_95: fixed(this.work.percentile(0.95), 1),
      decode_ms_median: fixed(this.decode.percentile(0.5), 2),
      inlier_ratio: fixed(scan?.inlierRatio ?? NaN, 3),
      iterations: String(scan?.iterations ?? 0),
      points_in: String(scan?.points.input ?? 0),
      points_mapped: String(scan?.points.mapped ?? 0),
      point_times: this.#timing,
      odometry_silent_s: silent === undefined ? '' : fixed((performance.now() - silent) / 1000, 1),
    });
  }

  /** Of the depth images of each camera. */
  #cameras(named: (suffix: string) => string): DiagnosticStatus[] {
    return [...this.#frames].map(([camera, { frames, poor, last }]) => {
      const bad = isPoor(last);
      const share = (count: number): string => fixed((100 * count) / Math.max(1, last.input), 1);
      const message = bad
        ? `only ${share(usable(last))} % of the pixels usable: ${whyUnusable(last)}`
        : 'depth';
      return status(named(`camera ${camera}`), bad ? DiagnosticLevel.warn : DiagnosticLevel.ok, message, {
        frames: String(frames),
        poor_frames: String(poor),
        usable_percent: share(usable(last)),
        no_depth_percent: share(last.zero + last.invalid + last.noReturn),
        too_near_percent: share(last.tooNear),
        too_far_percent: share(last.tooFar),
        flying_percent: share(last.flying),
      });
    });
  }

  /** Of touches, where there have been any. */
  #felt(name: string): DiagnosticStatus[] {
    if (!this.#touch) return [];
    const { sensor, result } = this.#touch;
    const { state, reason, touch, times } = result;
    const [level, message] =
      state === 'tracking' ? [DiagnosticLevel.ok, 'mapping touches'] : [DiagnosticLevel.warn, reason];
    return [
      status(name, level, message, {
        touches: String(this.#touches),
        last_sensor: sensor,
        last_state: touch.state,
        last_reason: reason,
        touch_ms: fixed(times.total, 1),
      }),
    ];
  }

  #map(name: string, { mesh }: HealthInput): DiagnosticStatus {
    const map = this.#statistics;
    const [level, message] =
      this.maps > 1
        ? [DiagnosticLevel.warn, `map ${this.maps} of this run: not connected to those before a long loss`]
        : [DiagnosticLevel.ok, map ? 'mapping' : 'empty'];
    return status(name, level, message, {
      maps: String(this.maps),
      blocks: String(map?.blocks ?? 0),
      feature_rows: String(map?.featureRows ?? 0),
      blocks_forgotten: String(map?.forgottenBlocks ?? 0),
      keyframes: String(map?.keyframes ?? 0),
      triangles: String(map?.triangles ?? 0),
      memory_mib: fixed((map?.memoryBytes ?? 0) / 2 ** 20, 1),
      mesh_blocks_sent: String(mesh.sent),
      mesh_blocks_waiting: String(mesh.remaining),
    });
  }
}

function inputStatus(name: string, { publishers, meter, problem, optional }: TopicHealth): DiagnosticStatus {
  let [level, message]: [number, string] = [DiagnosticLevel.ok, 'receiving'];
  if (publishers === 0)
    [level, message] = optional
      ? [DiagnosticLevel.ok, 'not used: nobody publishes this topic']
      : [DiagnosticLevel.warn, 'nobody publishes this topic'];
  else if (meter.silence > SILENT_MS)
    [level, message] = [DiagnosticLevel.error, problem ?? 'there are publishers, but nothing arrives'];
  return status(name, level, message, {
    publishers: String(publishers),
    messages: String(meter.count),
    rate_hz: fixed(meter.rate, 2),
  });
}

/** Scans that are dropped because they were asked to be. */
const WANTED: ReadonlySet<string> = new Set(['paused']);

function processStatus(name: string, input: HealthInput, recent: number): DiagnosticStatus {
  const dropped = [...input.drops].reduce((sum, [, count]) => sum + count, 0);
  const level = recent > 0 ? DiagnosticLevel.warn : DiagnosticLevel.ok;
  const lately = recent > 0 ? `, ${recent} in the last ${DROPS_MS / 1000} s` : '';
  return status(name, level, `${dropped} scans dropped${lately}`, {
    scans_waiting: String(input.waiting),
    ...Object.fromEntries(
      [...input.drops].map(([why, count]) => [`dropped_${why.replaceAll('-', '_')}`, String(count)]),
    ),
    main_thread_stall_ms: fixed(input.stallMs, 2),
    resident_memory_mib: fixed(input.memoryBytes / 2 ** 20, 0),
  });
}

function status(
  name: string,
  level: number,
  message: string,
  values: Readonly<Record<string, string>>,
): DiagnosticStatus {
  return {
    level,
    name,
    message,
    hardwareId: 'feltmap',
    values: Object.entries(values).map(([key, value]) => ({ key, value })),
  };
}

function fixed(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '';
}
