import { beforeEach, describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { compose, exp, identity, type Pose } from '../../src/geometry/se3.js';
import type { PoseEvent } from '../../src/slam/events.js';
import { Trajectory } from '../../src/slam/trajectory.js';

const random = new Random('trajectory');
const any = (): Pose => exp(Array.from({ length: 6 }, () => random.normal()));

function poseEvent(index: number, submap: number, pose: Pose): PoseEvent {
  return {
    type: 'pose',
    index,
    sensor: 'lidar',
    stampNs: BigInt(index) * 100_000_000n,
    submap,
    pose,
    covariance: new Float64Array(36),
    odomCovariance: new Float64Array(36),
    twist: new Float64Array(6),
    state: 'tracking',
    reason: '',
  };
}

describe('Trajectory', () => {
  let trajectory: Trajectory;
  /** T_submap_body by observation, as the trajectory should have it. */
  let truth: Pose[];
  const submapOf = (index: number): number => Math.floor(index / 10);
  beforeEach(() => {
    trajectory = new Trajectory();
    truth = Array.from({ length: 30 }, any);
    truth.forEach((pose, i) => trajectory.follow(poseEvent(i, submapOf(i), pose)));
  });
  const expectPoses = (moved: ReadonlyMap<number, Pose>) => {
    const expected = truth.map((pose, i) => compose(moved.get(submapOf(i)) ?? identity(), pose));
    const entries = [...trajectory];
    expect(entries.map(({ index }) => index)).toEqual(truth.map((_, i) => i));
    entries.forEach(({ pose }, i) =>
      pose.forEach((v, k) => expect(v, `pose ${i}`).toBeCloseTo(expected[i]![k]!, 12)),
    );
  };

  it('gives the poses in the order of the events', () => {
    expectPoses(new Map());
    expect(trajectory.at(-1)).toMatchObject({ index: 29, stampNs: 2_900_000_000n, submap: 2 });
    expect(trajectory.at(30)).toBeUndefined();
    expect([trajectory.secondsOf(7), trajectory.secondsOf(99)]).toEqual([0.7, undefined]);
  });

  it('whatever the order of refinements and moves: T_world_submap · T_submap_body of the newest of each', () => {
    const moved = new Map<number, Pose>();
    for (let step = 0; step < 200; step++) {
      if (random.int(2) === 0) {
        const index = random.int(truth.length);
        truth[index] = any();
        trajectory.follow({ type: 'refined', poses: [{ index, pose: truth[index] }] });
      } else {
        const [id, T_world_submap] = [random.int(3), any()];
        moved.set(id, T_world_submap);
        trajectory.follow({ type: 'submaps', submaps: [{ id, T_world_submap }] });
      }
    }
    expectPoses(moved);
    expect(trajectory.local(12)!.pose).toEqual(truth[12]);
  });

  it('moving a submap leaves the others where they are, and moving it back restores the path', () => {
    const before = [...trajectory].map(({ pose }) => [...pose]);
    trajectory.moveSubmap(1, any());
    const after = [...trajectory].map(({ pose }) => [...pose]);
    after.forEach((pose, i) => {
      if (submapOf(i) === 1) expect(pose).not.toEqual(before[i]);
      else expect(pose).toEqual(before[i]);
    });
    trajectory.moveSubmap(1, identity());
    expect([...trajectory].map(({ pose }) => [...pose])).toEqual(before);
  });

  it('has another version after every change of a pose that was followed by others, and only then', () => {
    const { version } = trajectory;
    trajectory.refine(29, any()); // the newest: nobody can have relied on it
    trajectory.refine(99, any());
    trajectory.follow(poseEvent(30, 2, any()));
    expect(trajectory.version).toBe(version);
    trajectory.refine(29, any());
    expect(trajectory.version).toBe(version + 1);
    trajectory.moveSubmap(0, any());
    expect(trajectory.version).toBe(version + 2);
  });

  it('says from which place on an event changed poses', () => {
    expect(trajectory.follow(poseEvent(30, 2, any()))).toBe(30);
    const refined = [8, 5, 99].map((index) => ({ index, pose: any() }));
    expect(trajectory.follow({ type: 'refined', poses: refined })).toBe(5);
    expect(trajectory.follow({ type: 'mesh', submap: 0, version: 3 })).toBeUndefined();
    expect(trajectory.length).toBe(31);
  });

  it('measures the distance anew when the path is corrected', () => {
    const sum = (): number => {
      const poses = [...trajectory].map(({ pose }) => pose);
      const step = (a: Pose, b: Pose) => Math.hypot(b[3]! - a[3]!, b[7]! - a[7]!, b[11]! - a[11]!);
      return poses.slice(1).reduce((metres, pose, i) => metres + step(poses[i]!, pose), 0);
    };
    expect(new Trajectory().distance).toBe(0);
    expect(trajectory.distance).toBeCloseTo(sum(), 9);
    trajectory.refine(29, any());
    expect(trajectory.distance).toBeCloseTo(sum(), 9);
    trajectory.follow(poseEvent(30, 2, any()));
    expect(trajectory.distance).toBeCloseTo(sum(), 9);
    trajectory.refine(3, any());
    trajectory.moveSubmap(1, any());
    expect(trajectory.distance).toBeCloseTo(sum(), 9);
  });

  it('is empty after clear, and submaps lie at the identity again', () => {
    trajectory.moveSubmap(0, any());
    trajectory.clear();
    expect([trajectory.length, trajectory.placeOf(3), [...trajectory]]).toEqual([0, undefined, []]);
    expect(trajectory.submap(0)).toEqual(identity());
    trajectory.follow(poseEvent(0, 0, truth[0]!));
    expect(trajectory.at(0)!.pose).toEqual(truth[0]);
  });
});
