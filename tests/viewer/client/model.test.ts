import { describe, expect, it, vi } from 'vitest';
import { compose, exp, fromQuaternion, toQuaternion, type Pose } from '../../../src/geometry/se3.js';
import type { HelloFrame, TrajectoryFrame } from '../../../src/viewer/protocol/index.js';
import { Session, type SessionView } from '../../../src/viewer/client/model/session.js';
import {
  DEFAULTS,
  SettingsStore,
  readSettings,
  settingsFromHash,
} from '../../../src/viewer/client/model/settings.js';
import { SubmapPoses, TrajectoryStore } from '../../../src/viewer/client/model/trajectory-store.js';
import { random } from './random.js';

function piece(start: number, poses: readonly Pose[], submap = 0): TrajectoryFrame {
  return {
    type: 'trajectory',
    start,
    stamps: BigInt64Array.from(poses, (_, i) => BigInt(start + i) * 100_000_000n),
    positions: Float64Array.from(poses.flatMap((T) => [T[3]!, T[7]!, T[11]!])),
    orientations: Float32Array.from(poses.flatMap((T) => [...toQuaternion(T)])),
    submaps: new Uint32Array(poses.length).fill(submap),
    states: new Uint8Array(poses.length),
  };
}

function randomPoses(count: number, seed: number): Pose[] {
  const next = random(seed);
  return Array.from({ length: count }, () => exp(Array.from({ length: 6 }, () => 4 * next() - 2)));
}

const hello = (session: string): HelloFrame => ({
  type: 'hello',
  session,
  version: '1',
  mode: 'replay',
  title: '',
  voxel: 0.2,
  can: { pause: true, speed: true, mesh: true, trajectory: true },
  streams: [],
});

function spyView(): SessionView {
  const names = [
    'block',
    'blockRemoved',
    'snapshotBegin',
    'snapshotEnd',
    'submapMoved',
    'trajectoryChanged',
    'keyframes',
    'scan',
    'image',
    'camera',
    'touch',
    'status',
    'hello',
    'notice',
    'clear',
  ];
  return Object.fromEntries(names.map((name) => [name, vi.fn()])) as unknown as SessionView;
}

describe('trajectory', () => {
  it('grows piece by piece beyond its first memory and keeps every pose', () => {
    const poses = randomPoses(3000, 1);
    const store = new TrajectoryStore();
    const submaps = new SubmapPoses();
    for (let i = 0; i < 3000; i += 7) expect(store.apply(piece(i, poses.slice(i, i + 7)))).toBe(true);
    expect(store.length).toBe(3000);
    for (const i of [0, 6, 7, 1023, 1024, 2999]) {
      const T = store.pose(i, submaps);
      for (let k = 0; k < 12; k++) expect(T[k]).toBeCloseTo(poses[i]![k]!, 5);
      expect(store.stamp(i)).toBe(BigInt(i) * 100_000_000n);
    }
  });

  it('replaces poses, and refuses a piece that leaves a gap', () => {
    const [a, b] = [randomPoses(10, 2), randomPoses(3, 3)];
    const store = new TrajectoryStore();
    store.apply(piece(0, a));
    expect(store.apply(piece(11, b))).toBe(false);
    expect(store.apply(piece(4, b))).toBe(true);
    expect(store.length).toBe(10);
    const submaps = new SubmapPoses();
    expect(store.pose(4, submaps)[3]).toBeCloseTo(b[0]![3]!, 9);
    expect(store.pose(7, submaps)[3]).toBeCloseTo(a[7]![3]!, 9);
  });

  it('moves with its submap', () => {
    const [T, S] = randomPoses(2, 4);
    const store = new TrajectoryStore();
    store.apply(piece(0, [T!], 5));
    const submaps = new SubmapPoses();
    expect(submaps.set(5, 2, S!)).toBe(true);
    expect(submaps.set(5, 1, T!)).toBe(false);
    const world = compose(S!, fromQuaternion([T![3]!, T![7]!, T![11]!], toQuaternion(T!)));
    const got = store.pose(0, submaps);
    for (let k = 0; k < 12; k++) expect(got[k]).toBeCloseTo(world[k]!, 5);
    const p = new Float64Array(3);
    store.position(0, submaps, p, 0);
    [3, 7, 11].forEach((k, c) => expect(p[c]).toBeCloseTo(world[k]!, 9));
  });
});

describe('session', () => {
  it('a snapshot replaces the trajectory; another run clears everything', () => {
    const view = spyView();
    const session = new Session(view, vi.fn());
    session.handle(hello('a'));
    session.handle({ type: 'snapshotBegin', blocks: 0, triangles: 0 });
    session.handle(piece(0, randomPoses(5, 1)));
    session.handle({ type: 'keyframes', start: 0, poses: Uint32Array.of(0, 3) });
    session.handle({ type: 'snapshotEnd' });
    expect([session.trajectory.length, session.keyframes.length, session.snapshots]).toEqual([5, 2, 1]);

    session.handle(hello('a'));
    session.handle({ type: 'snapshotBegin', blocks: 0, triangles: 0 });
    session.handle(piece(0, randomPoses(6, 1)));
    session.handle({ type: 'snapshotEnd' });
    expect([session.trajectory.length, session.keyframes.length, session.snapshots]).toEqual([6, 0, 2]);
    expect(view.clear).not.toHaveBeenCalled();

    session.handle(hello('b'));
    expect(view.clear).toHaveBeenCalledOnce();
    expect(session.trajectory.length).toBe(0);
  });

  it('asks for a snapshot when poses or keyframes are missing', () => {
    const resync = vi.fn();
    const session = new Session(spyView(), resync);
    session.handle(piece(3, randomPoses(2, 1)));
    session.handle({ type: 'keyframes', start: 1, poses: Uint32Array.of(1) });
    expect(resync).toHaveBeenCalledTimes(2);
    expect(session.trajectory.length).toBe(0);
  });
});

describe('settings', () => {
  it('what is stored wins over the defaults, what is damaged does not', () => {
    expect(readSettings('{"shading":"age","opacity":0.5}')).toEqual({
      ...DEFAULTS,
      shading: 'age',
      opacity: 0.5,
    });
    for (const text of [
      '',
      'null',
      '[',
      '{"shading":"evil","opacity":7,"grid":"yes","__proto__":{"x":1},"more":1}',
    ])
      expect(readSettings(text)).toEqual(DEFAULTS);
  });

  it('addresses choose settings', () => {
    expect(settingsFromHash('#shading=normal&grid=0&pointSize=4&camera=upside&x=1')).toEqual({
      shading: 'normal',
      grid: false,
      pointSize: 4,
    });
  });

  it('tells listeners what changed, stores it, and lives without storage', () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    const store = new SettingsStore(storage);
    const seen: string[][] = [];
    store.subscribe((_, changed) => seen.push([...changed]));
    store.set({ grid: !DEFAULTS.grid, opacity: DEFAULTS.opacity });
    store.set({ opacity: DEFAULTS.opacity });
    expect(seen.slice(1)).toEqual([['grid']]);
    expect(new SettingsStore(storage).current.grid).toBe(!DEFAULTS.grid);
    const forbidden = {
      getItem: (): string | null => {
        throw new Error('forbidden');
      },
      setItem: (): void => {
        throw new Error('forbidden');
      },
    };
    const lone = new SettingsStore(forbidden);
    lone.set({ shading: 'age' });
    expect(lone.current.shading).toBe('age');
  });
});
