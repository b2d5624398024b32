// A real drive with a part left out, or with the sensor carried off: a pose that is wrong must never claim to be right.
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { openScanSource } from '../../src/bags/source.js';
import { configSchema } from '../../src/config/schema.js';
import { compose, exp, inverse, translationNorm, type Pose } from '../../src/geometry/se3.js';
import { simulate } from '../../src/sim/index.js';
import { createSlam } from '../../src/slam/create.js';
import type { SlamEvent } from '../../src/slam/events.js';
import type { TrackingState } from '../../src/slam/types.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';

const BAG = fileURLToPath(new URL('../../bags/kitti_0005.mcap', import.meta.url));
const config = configSchema.parse({ map: { memoryMiB: 768 }, threads: 2, mesh: { blocksPerScan: 0 } });
const PERIOD = 100_000_000n;
/** Scans before the outage or the abduction, and after it. */
const BEFORE = 50;
const AFTER = 25;

interface Step {
  readonly state: TrackingState;
  /** Distance from where the sensor is, metres. */
  readonly error: number;
}

let scans: LidarScan[] = [];
/** T_odom_sensor of an undisturbed run. */
let truth: Pose[] = [];

beforeAll(async () => {
  const source = await openScanSource(BAG);
  scans = [];
  for await (const scan of source.scans()) scans.push(scan);
  await source.close();
  const slam = await createSlam(config);
  truth = scans.slice(0, BEFORE + 60 + AFTER).map((scan) => slam.process(scan).pose);
  await slam.close();
}, 60_000);

/** The scan as a sensor turned by `yaw` on its own axis would have taken it. */
function turned(scan: LidarScan, yaw: number): LidarScan {
  const positions = scan.positions.slice();
  const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
  for (let i = 0; i < positions.length; i += 3) {
    const [x, y] = [positions[i]!, positions[i + 1]!];
    positions[i] = c * x + s * y;
    positions[i + 1] = c * y - s * x;
  }
  return { ...scan, positions };
}

/** Drives from scan `first`, then goes on at scan `to`; stamps go on after a pause of `gap` scans. */
async function carriedOff(
  to: number,
  gap: number,
  {
    yaw = 0,
    first = 0,
    before = BEFORE,
    after = AFTER,
  }: { yaw?: number; first?: number; before?: number; after?: number } = {},
): Promise<Step[]> {
  const slam = await createSlam(config);
  const stampOf = (k: number): bigint => scans[first]!.stampNs + BigInt(k) * PERIOD;
  for (let k = 0; k < before; k++) slam.process({ ...scans[first + k]!, stampNs: stampOf(k) });
  const T_odom_begin = inverse(truth[first]!);
  const steps: Step[] = [];
  for (let i = 0; i < after; i++) {
    const scan = { ...scans[to + i]!, stampNs: stampOf(before + gap + i) };
    const { pose, state } = slam.process(yaw === 0 ? scan : turned(scan, yaw));
    const there = compose(compose(T_odom_begin, truth[to + i]!), exp([0, 0, 0, 0, 0, yaw]));
    steps.push({ state, error: translationNorm(compose(inverse(there), pose)) });
  }
  await slam.close();
  return steps;
}

/** From the first scan that is more than a metre off, none claims to be tracked, and `lost` comes within three. */
function expectHonest(steps: readonly Step[]): void {
  const claims = steps.filter(({ state, error }) => state === 'tracking' && error > 1);
  expect(claims).toEqual([]);
  const off = steps.findIndex(({ error }) => error > 1);
  if (off < 0) return;
  const lost = steps.findIndex(({ state }) => state === 'lost');
  expect(lost).toBeGreaterThanOrEqual(0);
  expect(lost).toBeLessThanOrEqual(off + 2);
}

describe('a drive that is interrupted', () => {
  it.each([10, 20, 30])('goes on where it is after %d scans are missing', async (gap) => {
    const steps = await carriedOff(BEFORE + gap, gap);
    expectHonest(steps);
    const found = steps.findIndex(({ state, error }) => state !== 'lost' && error < 0.1);
    expect(found).toBeGreaterThanOrEqual(0);
    expect(found).toBeLessThanOrEqual(5);
    for (const { state, error } of steps.slice(found)) {
      expect(state).toBe('tracking');
      expect(error).toBeLessThan(0.1);
    }
  });

  it('stays lost where it is farther off than it can be found', async () => {
    expectHonest(await carriedOff(BEFORE + 50, 50));
  });

  it.each([
    [86, 0],
    [10, 133],
    [30, 0],
    [70, -140],
    [45, 180],
  ])('says at once that it was carried off: to scan %d, turned by %d°', async (to, degrees) => {
    const steps = await carriedOff(to, 0, { yaw: (degrees * Math.PI) / 180 });
    expectHonest(steps);
    // Nothing was mapped at a wrong place: what is found again is where it was.
    for (const { state, error } of steps) if (state === 'tracking') expect(error).toBeLessThan(0.2);
  });
});

it('does not believe a wrong place that free space contradicts in some scans only', async () => {
  const yaw = (11.0688 * Math.PI) / 180;
  const steps = await carriedOff(57, 0, { yaw, first: 128, before: 25 });
  expectHonest(steps);
  for (const { state } of steps.slice(2)) expect(state).toBe('lost');
});

// Free space of the views around had too little against these, for one scan and for four: what was mapped there spoke for them.
it.each([
  { first: 0, before: 61, to: 130, degrees: 0 },
  { first: 73, before: 25, to: 29, degrees: -62.9 },
])('is lost at once where hardly anything fits any more: at scan $to', async ({ to, degrees, ...from }) => {
  const steps = await carriedOff(to, 0, { yaw: (degrees * Math.PI) / 180, after: 5, ...from });
  for (const { state } of steps) expect(state).toBe('lost');
});

it('does not believe a court that looks nearly the same turned by 180°, however often it looks', async () => {
  const sim = simulate({ world: 'quad', seed: 2, duration: 40, beams: 32, columns: 720 });
  const [first, before, to, gap, yaw] = [262, 25, 18, 30, 0.8678121405446841];
  const slam = await createSlam({ ...config, tracking: { ...config.tracking, newMapAfter: 0 } });
  const stampOf = (k: number): bigint => sim.stampNs(0) + BigInt(k) * PERIOD;
  const states: TrackingState[] = [];
  for (let k = 0; k < before + 15; k++) {
    const away = k - before;
    const scan = away < 0 ? sim.scan(first + k) : turned(sim.scan(to + away), yaw);
    const { state } = slam.process({ ...scan, stampNs: stampOf(away < 0 ? k : k + gap) });
    if (away < 0) expect(state).not.toBe('lost');
    else states.push(state); // 18 m away, and never within reach
  }
  await slam.close();
  expect(new Set(states)).toEqual(new Set(['lost']));
}, 60_000);

describe('a robot that stays lost', () => {
  it('starts a new map after the stated time, says so, and keeps the one before', async () => {
    const slam = await createSlam({ ...config, tracking: { ...config.tracking, newMapAfter: 1 } });
    const events: SlamEvent[] = [];
    slam.listen((event) => events.push(event));
    const stampOf = (k: number): bigint => scans[0]!.stampNs + BigInt(k) * PERIOD;
    for (let k = 0; k < 20; k++) slam.process(scans[k]!);
    // Carried off by 80 scans of driving, farther than is searched.
    const steps = scans
      .slice(100, 130)
      .map((scan, i) => ({ ...slam.process({ ...scan, stampNs: stampOf(20 + i) }), i }));
    const started = events.findIndex(({ type }) => type === 'new-map');
    expect(events[started]).toMatchObject({ type: 'new-map', submap: 1 });
    const begin = steps.findIndex(({ reason }) => /a new map starts here/.test(reason));
    expect(steps[begin]!.state).toBe('degraded');
    expect(steps.slice(0, begin).map(({ state }) => state)).not.toContain('tracking');
    const lost = steps.slice(0, begin).filter(({ state }) => state === 'lost').length;
    expect(lost).toBeGreaterThanOrEqual(10);
    expect(lost).toBeLessThanOrEqual(13);
    // Within the new map the motion is right.
    const [from, to] = [steps[begin + 3]!, steps.at(-1)!];
    expect(steps.slice(begin + 3).every(({ state }) => state === 'tracking')).toBe(true);
    const moved = compose(inverse(from.pose), to.pose);
    const really = compose(inverse(truth[100 + from.i]!), truth[100 + to.i]!);
    expect(translationNorm(compose(inverse(really), moved))).toBeLessThan(0.1);
    // The first map is there, whole, and can be gone on in.
    const [before] = slam.earlier!;
    expect(slam.earlier).toHaveLength(1);
    expect(before!.mesh.indices.length).toBeGreaterThan(30_000);
    await slam.close();
    const again = await createSlam(config, before!.files);
    const { pose, state } = again.process({ ...scans[21]!, stampNs: stampOf(2000) });
    expect(state).not.toBe('lost');
    expect(translationNorm(compose(inverse(truth[21]!), pose))).toBeLessThan(0.3);
    await again.close();
  }, 60_000);

  it.each([
    [10, 1],
    [0, 0],
  ])(
    'gives a map of a few scans up after a second, unless it never may (newMapAfter %d)',
    async (newMapAfter, maps) => {
      const slam = await createSlam({ ...config, tracking: { ...config.tracking, newMapAfter } });
      const events: SlamEvent[] = [];
      slam.listen((event) => events.push(event));
      const stampOf = (k: number): bigint => scans[0]!.stampNs + BigInt(k) * PERIOD;
      for (let k = 0; k < 4; k++) slam.process({ ...scans[k]!, stampNs: stampOf(k) });
      const steps = scans
        .slice(100, 116)
        .map((scan, i) => slam.process({ ...scan, stampNs: stampOf(4 + i) }));
      expect(events.filter(({ type }) => type === 'new-map')).toHaveLength(maps);
      const lost = steps.filter(({ state }) => state === 'lost').length;
      if (maps === 0) expect(lost).toBe(steps.length);
      else {
        expect(lost).toBeGreaterThanOrEqual(10);
        expect(lost).toBeLessThanOrEqual(13);
        expect(steps.at(-1)!.state).toBe('tracking');
      }
      await slam.close();
    },
    60_000,
  );
});
