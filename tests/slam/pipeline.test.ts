import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { compose, inverse, rotationAngle, translationNorm, type Pose } from '../../src/geometry/se3.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import { simulate } from '../../src/sim/index.js';
import { createSlam } from '../../src/slam/create.js';
import type { Slam } from '../../src/slam/types.js';
import type { Mesh } from '../../src/mesh/mesh.js';
import { hashOf } from '../field/helpers.js';

const STREET = { world: 'street', beams: 16, columns: 512, seed: 3 } as const;
const simulation = simulate({ ...STREET, duration: 2 });
const scans: LidarScan[] = [...simulation.scans()];
const truth: Pose[] = simulation.odomPoses();
const NOTHING = { count: 0, positions: new Float32Array(0), times: new Float32Array(0) };

const open: Slam[] = [];
async function slam(...set: string[]): Promise<Slam> {
  const made = await createSlam(await loadConfig({ set: ['threads=1', 'map.memoryMiB=1024', ...set] }));
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const hashOfMesh = ({ positions, indices }: Mesh): number => hashOf(positions, indices);
/** What the map holds, as far as it can be seen from outside: sizes and the whole surface. */
const mapOf = (system: Slam): string => {
  const { blocks, featureRows, keyframes } = system.statistics();
  return [blocks, featureRows, keyframes, hashOfMesh(system.mesh())].join();
};
/** How far a pose is from the truth of scan k, both seen from scan `origin`. */
const errorOf = (pose: Pose, k: number, origin = 0): { metres: number; radians: number } => {
  const off = compose(inverse(compose(inverse(truth[origin]!), truth[k]!)), pose);
  return { metres: translationNorm(off), radians: rotationAngle(off) };
};
const relative = (a: Pose, b: Pose): Pose => compose(inverse(a), b);
const replaced = (scan: LidarScan, changes: Partial<LidarScan>): LidarScan => ({ ...scan, ...changes });

/** Columns of a scan without rings, so that changed positions need not fit them. */
function moved(
  scan: LidarScan,
  move: (x: number, y: number, z: number) => [number, number, number],
): LidarScan {
  const positions = new Float32Array(scan.positions.length);
  for (let i = 0; i < positions.length; i += 3)
    positions.set(move(scan.positions[i]!, scan.positions[i + 1]!, scan.positions[i + 2]!), i);
  return { ...scan, positions };
}

describe('a simulated street', () => {
  it('is tracked to centimetres and mapped where it is', async () => {
    const system = await slam();
    const results = scans.map((scan) => system.process(scan));
    results.forEach((result, k) => {
      expect(result.index).toBe(k);
      expect(result.stampNs).toBe(scans[k]!.stampNs);
      expect(result.state, result.reason).not.toBe('lost');
      const { metres, radians } = errorOf(result.pose, k);
      expect(metres, `scan ${k}`).toBeLessThan(0.12);
      expect(radians, `scan ${k}`).toBeLessThan(0.01);
      expect(result.covariance.every(Number.isFinite)).toBe(true);
    });
    const travelled = translationNorm(truth.at(-1)!);
    expect(travelled).toBeGreaterThan(2);
    const distances = Array.from(simulation.distanceToSurface(system.mesh().positions)).sort((a, b) => a - b);
    expect(distances.length).toBeGreaterThan(2000);
    expect(distances[Math.floor(distances.length * 0.5)]!).toBeLessThan(0.04);
    expect(distances[Math.floor(distances.length * 0.9)]!).toBeLessThan(0.15);
    const { triangles, memoryBytes, keyframes } = system.statistics();
    expect(triangles).toBeGreaterThan(1000);
    expect(memoryBytes).toBeGreaterThan(1e6);
    expect(keyframes).toBeGreaterThan(1);
  });

  it('reports the velocity that the sensor has', async () => {
    const system = await slam();
    const results = scans.map((scan) => system.process(scan));
    const dt = Number(scans[11]!.stampNs - scans[9]!.stampNs) * 1e-9;
    const speed = translationNorm(compose(inverse(truth[9]!), truth[11]!)) / dt;
    const { twist } = results[10]!;
    expect(Math.abs(Math.hypot(twist[0]!, twist[1]!, twist[2]!) - speed)).toBeLessThan(0.1 * speed + 0.1);
  });

  it('gives the same bytes twice, also with another number of threads', async () => {
    const few = scans.slice(0, 6);
    const run = async (...set: string[]): Promise<string> => {
      const system = await slam(...set);
      const poses = few.map((scan) => system.process(scan).pose);
      return `${hashOf(...poses)}/${mapOf(system)}`;
    };
    const once = await run();
    expect(await run()).toBe(once);
    expect(await run('threads=2')).toBe(once);
    expect(await run('seed=2')).not.toBe(once);
  });

  it('maps at known poses without tracking', async () => {
    const system = await slam();
    scans.slice(0, 5).forEach((scan, k) => {
      const result = system.process(scan, { pose: truth[k]!, twist: new Float64Array(6) });
      expect(result.iterations).toBe(0);
      expect(result.state).toBe('tracking');
    });
    expect(system.statistics().blocks).toBeGreaterThan(100);
  });

  it('works without features and without times', async () => {
    const plain = await slam('training.iterations=0');
    scans.slice(0, 6).forEach((scan, k) => {
      const { metres } = errorOf(plain.process(scan).pose, k);
      expect(metres).toBeLessThan(0.12);
    });
    expect(plain.statistics().featureRows).toBe(0);

    const still = simulate({ ...STREET, duration: 0.4, noise: false });
    const untimed = await slam();
    for (const scan of still.scans()) {
      const { stampNs, frameId, count, positions } = scan;
      expect(untimed.process({ stampNs, frameId, count, positions, timing: 'none' }).state).not.toBe('lost');
    }
  });
});

/** Scans that no map fits. */
const UNUSABLE: [string, (scan: LidarScan) => LidarScan][] = [
  [
    'an empty scan',
    (scan) => ({ stampNs: scan.stampNs, frameId: scan.frameId, timing: scan.timing, ...NOTHING }),
  ],
  [
    'a scan of forty points, which fit in many places',
    (scan) =>
      replaced(scan, {
        positions: scan.positions.map((v, i) => (i % (3 * 200) < 3 && i < 24_000 ? v : NaN)),
      }),
  ],
  ['a scan of NaN', (scan) => replaced(scan, { positions: new Float32Array(scan.count * 3).fill(NaN) })],
  [
    'a scan of infinities',
    (scan) => replaced(scan, { positions: new Float32Array(scan.count * 3).fill(Infinity) }),
  ],
  ['a scan of zeros', (scan) => replaced(scan, { positions: new Float32Array(scan.count * 3) })],
  ['a scan from 60 m above', (scan) => moved(scan, (x, y, z) => [x, y, z - 60])],
  [
    'a scan of noise',
    (scan) => moved(scan, (x, y, z) => [(x * 7919) % 40, (y * 104729) % 40, 20 + ((z * 1299709) % 40)]),
  ],
];

describe('a scan that cannot be tracked', () => {
  it.each(UNUSABLE)(
    'never changes the map, and the next good scan is tracked again: %s',
    async (_, spoil) => {
      const system = await slam();
      for (const scan of scans.slice(0, 6)) system.process(scan);
      const before = mapOf(system);
      const lost = system.process(spoil(scans[6]!));
      expect(lost.state).toBe('lost');
      expect(lost.reason).toMatch(/\.$/);
      expect(lost.pose.every(Number.isFinite)).toBe(true);
      expect(lost.covariance[0]!).toBeGreaterThan(1);
      expect(errorOf(lost.pose, 6).metres).toBeLessThan(0.3); // the prediction
      expect(mapOf(system)).toBe(before);
      for (const k of [7, 8, 9]) {
        const result = system.process(scans[k]!);
        expect(result.state, result.reason).not.toBe('lost');
        expect(errorOf(result.pose, k).metres).toBeLessThan(0.15);
      }
      expect(mapOf(system)).not.toBe(before);
    },
  );

  it.each(UNUSABLE.slice(0, 4))('does no harm when it is the first of all: %s', async (_, spoil) => {
    const system = await slam();
    const first = system.process(spoil(scans[0]!));
    expect(first.state).toBe('lost');
    expect(first.reason).toMatch(/map cannot start/);
    expect(first.covariance[0]!).toBeGreaterThan(1);
    expect(first.pose.every(Number.isFinite)).toBe(true);
    expect(system.statistics().blocks).toBe(0);
    const results = scans.slice(1, 6).map((scan) => system.process(scan));
    results.forEach((result, i) => {
      expect(result.state, result.reason).not.toBe('lost');
      expect(errorOf(result.pose, i + 1, 1).metres).toBeLessThan(0.12); // the next scan is the origin
    });
    expect(system.statistics().blocks).toBeGreaterThan(100);
  });

  it.each(UNUSABLE)('does no harm when it is the second: %s', async (_, spoil) => {
    const system = await slam();
    system.process(scans[0]!);
    const before = mapOf(system);
    expect(system.process(spoil(scans[1]!)).state).toBe('lost');
    expect(mapOf(system)).toBe(before);
    for (let k = 2; k < 7; k++) {
      const result = system.process(scans[k]!);
      expect(result.state, result.reason).not.toBe('lost');
      expect(errorOf(result.pose, k).metres, `scan ${k}`).toBeLessThan(0.15);
    }
  });

  it('starts over when nothing follows from the first scan', async () => {
    const system = await slam();
    const [, elsewhere] = UNUSABLE.at(-2)!; // what is seen from 60 m above
    expect(system.process(elsewhere(scans[0]!)).state).toBe('tracking');
    const states = [1, 2, 3].map((k) => system.process(scans[k]!));
    expect(states.map(({ state }) => state)).toEqual(['lost', 'lost', 'degraded']);
    expect(states[2]!.reason).toMatch(/starts anew/);
    expect(translationNorm(states[2]!.pose)).toBe(0);
    for (let k = 4; k < 9; k++) {
      const result = system.process(scans[k]!);
      expect(result.state, result.reason).not.toBe('lost');
      expect(errorOf(result.pose, k, 3).metres, `scan ${k}`).toBeLessThan(0.12);
    }
    // Nothing is left of the first map: it lay 60 m below.
    const { positions } = system.mesh();
    expect(positions.length).toBeGreaterThan(1000);
    expect(positions.every((v, i) => i % 3 !== 2 || v > -40)).toBe(true);
  });
});

describe('a corridor that looks the same everywhere', () => {
  it('is never tracked in silence: where the pose has slid, the state or the covariance says so', async () => {
    const passage = simulate({ world: 'corridor', beams: 16, columns: 512, seed: 3, duration: 2 });
    const poses = passage.odomPoses();
    const system = await slam();
    [...passage.scans()].forEach((scan, k) => {
      const { pose, covariance, state } = system.process(scan);
      const slid = translationNorm(compose(inverse(poses[k]!), pose));
      const sigma = Math.sqrt(covariance[0]! + covariance[7]! + covariance[14]!);
      if (state === 'tracking') expect(slid, `scan ${k}`).toBeLessThan(0.3 + 5 * sigma);
    });
  });

  it('has a covariance that grows along the passage with every scan, and hardly across', async () => {
    const passage = simulate({ world: 'corridor', beams: 16, columns: 512, seed: 3, duration: 1.2 });
    const poses = passage.odomPoses();
    const along = [3, 7, 11].map((i) => poses.at(-1)![i]! / translationNorm(poses.at(-1)!));
    const across = [
      along[1]! / Math.hypot(along[0]!, along[1]!),
      -along[0]! / Math.hypot(along[0]!, along[1]!),
      0,
    ];
    const system = await slam();
    let before = 0;
    [...passage.scans()].forEach((scan, k) => {
      const { pose, covariance, state, reason } = system.process(scan);
      if (k === 0) return;
      expect(state, reason).toBe('degraded');
      const sigma = (axis: readonly number[]): number =>
        Math.sqrt(
          axis.reduce((s, a, r) => s + axis.reduce((t, b, c) => t + a * b * covariance[r * 6 + c]!, 0), 0),
        );
      expect(sigma(along), `scan ${k}`).toBeGreaterThan(before + 0.1);
      before = sigma(along);
      expect(sigma(across)).toBeLessThan(0.1);
      const off = compose(inverse(poses[k]!), pose);
      expect(translationNorm(off)).toBeLessThan(2 * sigma(along)); // what it says is true
    });
  });
});

describe('bad input', () => {
  it('is refused with a typed error, and the map stays', async () => {
    const system = await slam();
    for (const scan of scans.slice(0, 4)) system.process(scan);
    const before = mapOf(system);
    const short = { ...scans[4]!, positions: scans[4]!.positions.subarray(0, 30) };
    expect(() => system.process(short)).toThrow(FeltmapError);
    const shortTimes = { ...scans[4]!, times: new Float32Array(3) };
    expect(() => system.process(shortTimes)).toThrow(FeltmapError);
    expect(mapOf(system)).toBe(before);
    expect(system.process(scans[4]!).state).not.toBe('lost');
  });

  it('with more points than there is room for is thinned, which is told once with the setting to raise', async () => {
    const system = await slam('sensor.maxPoints=5000');
    for (const scan of scans.slice(0, 3)) expect(system.process(scan).points.input).toBe(5000);
    expect(system.process(scans[3]!).state).not.toBe('lost');
    const said = system.warnings!.filter((text) => text.includes('sensor.maxPoints'));
    expect(said).toEqual([expect.stringContaining(`${scans[0]!.count} points`)]);
  });

  it('may repeat a stamp or go back in time without losing the track', async () => {
    const system = await slam();
    for (const scan of scans.slice(0, 6)) system.process(scan);
    const again = system.process(scans[5]!);
    expect(again.state, again.reason).not.toBe('lost');
    expect(errorOf(again.pose, 5).metres).toBeLessThan(0.12);
    const back = system.process(scans[4]!);
    expect(back.pose.every(Number.isFinite)).toBe(true);
    for (const k of [6, 7, 8]) system.process(scans[k]!);
    expect(errorOf(system.process(scans[9]!).pose, 9).metres).toBeLessThan(0.15);
  });
});

describe('motion that nothing predicts', () => {
  it('finds the second scan of a recording that starts at 25 m/s and more', async () => {
    const from = 4;
    const step =
      truth.findIndex((_, k) => k > from && translationNorm(relative(truth[from]!, truth[k]!)) > 2.5) - from;
    expect(step).toBeGreaterThan(0);
    const system = await slam();
    system.process(scans[from]!);
    const second = system.process({ ...scans[from + step]!, stampNs: scans[from]!.stampNs + 100_000_000n });
    expect(second.state, second.reason).not.toBe('lost');
    expect(errorOf(second.pose, from + step, from).metres).toBeLessThan(0.15);
  });

  it('is found again after a blackout, and maps nothing until it is', async () => {
    const system = await slam();
    const results = scans.map((scan, k) => system.process(k >= 6 && k < 17 ? { ...scan, ...NOTHING } : scan));
    expect(results.slice(6, 17).every((result) => result.state === 'lost')).toBe(true);
    const last = results.at(-1)!;
    expect(last.state, last.reason).not.toBe('lost');
    results.forEach((result, k) => {
      if (result.state !== 'lost') expect(errorOf(result.pose, k).metres, `scan ${k}`).toBeLessThan(0.15);
    });
  });

  it('does not believe a place that merely fits: another street stays lost', async () => {
    const other = [...simulate({ ...STREET, seed: 11, duration: 1 }).scans()];
    const system = await slam();
    for (const scan of scans.slice(0, 8)) system.process(scan);
    const before = mapOf(system);
    const late = other.map((scan, k) => ({
      ...scan,
      stampNs: scans[7]!.stampNs + 5_000_000_000n + BigInt(k) * 100_000_000n,
    }));
    for (const scan of late) {
      const result = system.process(scan);
      expect(result.state).toBe('lost');
      expect(result.reason).toMatch(/no place fits|map/);
    }
    expect(mapOf(system)).toBe(before);
  });
});

describe('a map that outgrows its memory', () => {
  it('forgets what is far, keeps its mesh, and tracks on', async () => {
    const roomy = await slam();
    const tight = await slam('map.memoryMiB=401', 'sensor.maxPoints=1050000'); // large buffers leave little room
    const poses = scans.map((scan) => [roomy.process(scan), tight.process(scan)] as const);
    expect(roomy.statistics().forgottenBlocks).toBe(0);
    expect(tight.statistics().forgottenBlocks).toBeGreaterThan(100);
    poses.forEach(([, result], k) => {
      expect(result.state, result.reason).not.toBe('lost');
      expect(errorOf(result.pose, k).metres, `scan ${k}`).toBeLessThan(0.12);
    });
    const [whole, kept] = [roomy.mesh(), tight.mesh()].map((mesh) => mesh.indices.length / 3);
    expect(kept! / whole!).toBeGreaterThan(0.85); // what is seen again from afar is meshed from less
    expect(kept! / whole!).toBeLessThan(1.05);
  });
});
