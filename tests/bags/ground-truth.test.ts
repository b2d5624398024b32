import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readGroundTruth } from '../../src/bags/ground-truth.js';
import { McapBagWriter } from '../../src/bags/mcap-writer.js';
import { openScanSource } from '../../src/bags/source.js';
import { type Pose, exp, toQuaternion } from '../../src/geometry/se3.js';
import { encodePath } from '../../src/messages/poses.js';
import { ROS_TYPES } from '../../src/messages/types.js';
import { collect, scratchFolder } from './helpers.js';

const folder = scratchFolder();
const poses = Array.from({ length: 5 }, (_, i) => exp([i, 0.5 * i, -0.1, 0.01 * i, 0.02, 0.3 * i]));
const stamps = poses.map((_, i) => 1_317_042_272_349_659_964n + BigInt(i) * 100_000_000n);

function near(actual: readonly Pose[], digits: number): void {
  expect(actual.length).toBe(poses.length);
  actual.forEach((p, i) => p.forEach((v, k) => expect(v).toBeCloseTo(poses[i]![k]!, digits)));
}

function write(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.join('\n') + '\n');
  return path;
}

const tumLine = (i: number): string => {
  const p = poses[i]!;
  const seconds = `${stamps[i]! / 1_000_000_000n}.${String(stamps[i]! % 1_000_000_000n).padStart(9, '0')}`;
  return [seconds, p[3], p[7], p[11], ...toQuaternion(p)].join(' ');
};

describe('files', () => {
  it('TUM, in any order, with comments; stamps to the nanosecond', async () => {
    const truth = await readGroundTruth(write('a.tum', ['# t x y z', ...[2, 0, 1, 4, 3, 3].map(tumLine)]));
    expect(truth.stampsNs).toEqual(stamps);
    near(truth.poses, 12);
  });

  it('KITTI poses with the stamps of the scans, or of times.txt', async () => {
    const path = write(
      'poses.txt',
      poses.map((p) => Array.from(p, (v) => v.toExponential(12)).join(' ')),
    );
    await expect(readGroundTruth(path)).rejects.toThrow(/no times\.txt beside it/);
    const truth = await readGroundTruth(path, { scanStampsNs: stamps });
    expect(truth.stampsNs).toEqual(stamps);
    near(truth.poses, 10);
    write('times.txt', ['0.0', '0.1', '0.2', '0.3', '0.4']);
    expect((await readGroundTruth(path)).stampsNs[4]).toBe(400_000_000n);
  });

  it('names the line that is wrong', async () => {
    await expect(readGroundTruth(write('b.txt', [tumLine(0), '1 2 3']))).rejects.toThrow(/line 2: 3 columns/);
    const heading = write('h.txt', ['timestamp x y z qx qy qz qw', tumLine(0)]);
    await expect(readGroundTruth(heading)).rejects.toThrow(/line 1: 'timestamp' is no number/);
    await expect(readGroundTruth(folder)).rejects.toThrow(/is a folder, not a file/);
    await expect(readGroundTruth(write('c.txt', ['1 2 3 4 0 0 0 x']))).rejects.toThrow(/line 1/);
    await expect(readGroundTruth(write('d.txt', ['1 2 3 4 0 0 0 0']))).rejects.toThrow(/quaternion is zero/);
    await expect(readGroundTruth(write('e.txt', ['# nothing']))).rejects.toThrow(/holds no poses/);
    await expect(readGroundTruth(join(folder, 'missing.tum'))).rejects.toThrow(/does not exist/);
  });
});

describe('topics of a bag', () => {
  it('Odometry, PoseStamped, Path and TF give the same poses', async () => {
    const bagPath = join(folder, 'truth.mcap');
    const writer = await McapBagWriter.create(bagPath);
    for (const [i, pose] of poses.entries()) {
      const header = { stampNs: stamps[i]!, frameId: 'map' };
      const zeros = new Float64Array(36);
      const twist = new Float64Array(6);
      await writer.writeOdometry('/odom', {
        ...header, childFrameId: 'base', pose, poseCovariance: zeros, twist, twistCovariance: zeros,
      }); // prettier-ignore
      await writer.writePose('/pose', { ...header, pose });
      await writer.writeTransforms([
        { ...header, childFrameId: 'base', transform: pose },
        { ...header, childFrameId: 'other', transform: exp([9, 9, 9, 0, 0, 0]) },
      ]);
    }
    const path = {
      stampNs: stamps[4]!,
      frameId: 'map',
      poses: poses.map((pose, i) => ({ stampNs: stamps[i]!, frameId: 'map', pose })),
    };
    await writer.writeRaw('/path', ROS_TYPES.path, stamps[4]!, encodePath(path));
    await writer.writeImu('/imu', {
      stampNs: stamps[4]!, frameId: 'imu', orientation: new Float64Array(4), orientationCovariance: new Float64Array(9),
      angularVelocity: new Float64Array(3), angularVelocityCovariance: new Float64Array(9),
      linearAcceleration: new Float64Array(3), linearAccelerationCovariance: new Float64Array(9),
    }); // prettier-ignore
    await writer.close();

    for (const topic of ['/odom', '/pose', '/path', '/tf:map:base']) {
      const truth = await readGroundTruth(topic, { bagPath });
      expect(truth.stampsNs).toEqual(stamps);
      near(truth.poses, 12);
    }
    expect((await readGroundTruth('/odom', { bagPath })).childFrameId).toBe('base');
    await expect(readGroundTruth('/tf', { bagPath })).rejects.toThrow(
      /map:base, map:other.*\/tf:PARENT:CHILD/,
    );
    await expect(readGroundTruth('/imu', { bagPath })).rejects.toThrow(/is a sensor_msgs\/msg\/Imu/);
    const truth = join(folder, 'not-a-bag.txt');
    writeFileSync(truth, 'no recording');
    await expect(readGroundTruth('/missing.tum', { bagPath: truth })).rejects.toThrow(/no ground-truth file/);
    await expect(readGroundTruth('/none', { bagPath })).rejects.toThrow(/no topic \/none; it has: \/odom/);
    await expect(readGroundTruth('/tf:a:b', { bagPath })).rejects.toThrow(/holds no poses/);
  });
});

describe('the shipped recording', () => {
  const bags = fileURLToPath(new URL('../../bags/', import.meta.url));
  it.skipIf(!existsSync(join(bags, 'kitti_0005.mcap')))(
    '154 scans with times and the truth twice over',
    async () => {
      const bagPath = join(bags, 'kitti_0005.mcap');
      const source = await openScanSource(bagPath);
      expect(source.scanCount).toBe(154);
      const scans = await collect(source.scans({ durationS: 0.95 }));
      expect(scans.length).toBe(10);
      for (const scan of scans) {
        expect(scan.count).toBeGreaterThan(35_000);
        expect(scan.timing).toBe('field');
        expect(Math.max(...scan.rings!)).toBe(63);
        const { times, positions } = scan;
        let worst = 0;
        for (let i = 0; i < scan.count; i++) {
          const expected = (-Math.atan2(positions[3 * i + 1]!, positions[3 * i]!) / (2 * Math.PI)) * 0.1;
          // Near backward, rounding may put a point on the other side of the cut.
          if (Math.abs(expected) < 0.049) worst = Math.max(worst, Math.abs(times![i]! - expected));
        }
        expect(worst).toBeLessThan(2e-4);
      }
      await source.close();
      const file = await readGroundTruth(join(bags, 'kitti_0005.tum'));
      const topic = await readGroundTruth('/ground_truth', { bagPath });
      expect(file.stampsNs).toEqual(topic.stampsNs);
      expect(file.stampsNs.length).toBe(154);
      file.poses.forEach((p, i) => p.forEach((v, k) => expect(v).toBeCloseTo(topic.poses[i]![k]!, 7)));
      expect(file.stampsNs[3]).toBe(scans[3]!.stampNs);
    },
  );
});
