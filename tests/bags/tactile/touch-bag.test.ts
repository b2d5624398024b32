import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openScanSource, type ScanSourceOptions } from '../../../src/bags/source.js';
import { exp, identity, type Pose } from '../../../src/geometry/se3.js';
import { encodeImage } from '../../../src/messages/images.js';
import { encodePointCloud2, PointType } from '../../../src/messages/pointcloud2.js';
import { encodeTFMessage } from '../../../src/messages/poses.js';
import { ROS_TYPES } from '../../../src/messages/types.js';
import { isFrame, isTouch } from '../../../src/sensors/measurement.js';
import type { TouchMeasurement } from '../../../src/sensors/tactile/touch.js';
import { cameraInfo, depthMessage, fixed, image, info, writeBag, type Written } from '../camera/helpers.js';

const MS = 1_000_000n;
const stamp = (k: number): bigint => 1_000_000_000n + BigInt(k) * 100n * MS;
/** T_base_gel of the arm: it moves evenly. */
const armAt = (k: number): Pose => exp([0.1 * k, 0, 0.5, 0, 0, 0]);

let folder: string;
let path: string;
const write = async (messages: readonly Written[]): Promise<void> => {
  path = await writeBag(folder, 'touch.mcap', messages);
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'feltmap-touch-bag-'));
});
afterEach(() => rm(folder, { recursive: true }));

const tf = (k: number): Written => {
  const transform = { stampNs: stamp(k), frameId: 'base_link', childFrameId: 'gel', transform: armAt(k) };
  return ['/tf', ROS_TYPES.tf, stamp(k), encodeTFMessage([transform])];
};

/** A gel of 4 × 3 pixels that is pressed in by `depth` everywhere. */
function touch(stampNs: bigint, depth = 0.001): Written {
  const data = new Uint8Array(Float32Array.from({ length: 12 }, () => depth).buffer);
  const size = { width: 4, height: 3, step: 16, bigEndian: false };
  const bytes = encodeImage({ stampNs, frameId: 'gel', encoding: '32FC1', ...size, data });
  return ['/tactile/depth', ROS_TYPES.image, stampNs, bytes];
}

async function touches(
  options: ScanSourceOptions,
): Promise<{ list: TouchMeasurement[]; warnings: readonly string[]; sensor: string }> {
  const source = await openScanSource(path, options);
  const list: TouchMeasurement[] = [];
  for await (const one of source.measurements()) if (isTouch(one)) list.push(one);
  await source.close();
  return { list, warnings: source.warnings, sensor: source.sensor };
}

describe('touches of a bag', () => {
  it('are placed by tf at their stamps, also where that comes later than they do', async () => {
    const between = stamp(1) - 50n * MS;
    await write([tf(0), touch(between), tf(1)]);
    const { list, sensor, warnings } = await touches({ touchPitch: 1e-4 });
    expect(sensor).toBe('touch');
    expect(warnings).toEqual([]);
    expect(list).toHaveLength(1);
    expect(list[0]).toMatchObject({ kind: 'touch-image', stampNs: between, frameId: 'gel', pitch: 1e-4 });
    const { mount } = list[0]!;
    [0.05, 0, 0.5].forEach((v, i) => expect(mount[4 * i + 3]).toBeCloseTo(v, 9));
  });

  it('are also placed in frames that move with an object, as those are at the stamps', async () => {
    const hand = (k: number): Written => {
      // The hand stands 5 cm under the gel's way and is half a step behind.
      const transform = { stampNs: stamp(k), frameId: 'base_link', childFrameId: 'in_hand', transform: exp([0.1 * k - 0.05, 0, 0.45, 0, 0, 0]) }; // prettier-ignore
      return ['/tf', ROS_TYPES.tf, stamp(k), encodeTFMessage([transform])];
    };
    await write([tf(0), hand(0), touch(stamp(1) - 50n * MS), tf(1), hand(1), touch(stamp(1))]);
    const { list, warnings } = await touches({ touchPitch: 1e-4, touchFrames: ['in_hand', 'nobody'] });
    expect(list).toHaveLength(2);
    for (const { inFrames } of list) {
      expect([...inFrames!.keys()]).toEqual(['in_hand']);
      [0.05, 0, 0.05].forEach((v, i) => expect(inFrames!.get('in_hand')![4 * i + 3]).toBeCloseTo(v, 9));
    }
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/where 'gel' was in 'nobody' when it touched/);
  });

  it('are left out with a sentence where nothing says where they were, or how large a pixel is', async () => {
    await write([touch(stamp(0)), tf(30), touch(stamp(30))]);
    const { list, warnings } = await touches({ touchPitch: 1e-4 });
    expect(list.map(({ stampNs }) => stampNs)).toEqual([stamp(30)]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/nothing says where 'gel' was when it touched.*record \/tf/);
    const without = await touches({ touch: ['/tactile/depth'] });
    expect(without.list).toEqual([]);
    expect(without.warnings.join()).toMatch(/need the size of a pixel on the gel/);
  });

  it('are left out and counted in a gap of tf in which the arm moves, with its length', async () => {
    // Nothing from 0.2 s to 1 s: the arm goes 8 cm meanwhile.
    const felt = [1, 3, 5, 7, 10].map((k) => touch(stamp(k)));
    await write([...[0, 1, 2, 10, 11].map(tf), ...felt]);
    const { list, warnings } = await touches({ touchPitch: 1e-4 });
    expect(list.map(({ stampNs }) => stampNs)).toEqual([stamp(1), stamp(10)]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /not known where 'gel' was .* for 0\.80 s around it, in which it changes by 800 mm .*at most 0\.25 s are bridged \(sensor\.transformGap\).*left out \(3\)$/,
    );
    const bridged = await touches({ touchPitch: 1e-4, transformGap: 1 });
    expect(bridged.list).toHaveLength(5);
    expect(bridged.warnings).toEqual([]);
  });

  it('are placed where an arm stands that publishes transforms only as it moves', async () => {
    // It comes to rest at 0.2 s and goes on at 7.2 s, in half a millimetre's reach of where it was.
    const on = (k: number): Written => {
      const transform = { stampNs: stamp(k), frameId: 'base_link', childFrameId: 'gel', transform: exp([0.2004 + 0.1 * (k - 72), 0, 0.5, 0, 0, 0]) }; // prettier-ignore
      return ['/tf', ROS_TYPES.tf, stamp(k), encodeTFMessage([transform])];
    };
    const felt = [3, 20, 40, 70].map((k) => touch(stamp(k)));
    await write([...[0, 1, 2].map(tf), ...felt, ...[72, 73].map(on)]);
    const { list, warnings } = await touches({ touchPitch: 1e-4 });
    expect(warnings).toEqual([]);
    expect(list.map(({ stampNs }) => stampNs)).toEqual([3, 20, 40, 70].map(stamp));
    for (const { mount } of list) expect(Math.abs(mount[3]! - 0.2)).toBeLessThan(5e-4);
  });

  it('come from one topic a sensor: what its messages can be read with', async () => {
    const fields = ['x', 'y', 'z', 'pressure'].map((name, i) => ({
      name,
      offset: 4 * i,
      datatype: PointType.FLOAT32,
      count: 1,
    }));
    const layout = {
      height: 1,
      width: 2,
      fields,
      bigEndian: false,
      pointStep: 16,
      rowStep: 32,
      isDense: true,
    };
    const data = new Uint8Array(Float32Array.of(0.01, 0, 0, 2, 0.02, 0, 0, 0).buffer);
    const cloud = encodePointCloud2({ stampNs: stamp(0), frameId: 'gel', ...layout, data });
    const points = (frameId: string): Written => {
      const bytes = encodePointCloud2({ stampNs: stamp(0), frameId, ...layout, data });
      return ['/tactile/points', ROS_TYPES.pointCloud2, stamp(0), bytes];
    };
    // Some drivers give points of contact in the frame of the arm's base: they are placed already.
    await write([tf(0), points('base_link')]);
    expect((await touches({})).list).toMatchObject([{ kind: 'touch-points', mount: identity() }]);
    await write([tf(0), points('nowhere')]);
    expect((await touches({})).list).toEqual([]);
    await write([tf(0), touch(stamp(0)), ['/tactile/points', ROS_TYPES.pointCloud2, stamp(0), cloud]]);
    expect((await touches({ touchPitch: 1e-4 })).list.map(({ kind }) => kind)).toEqual(['touch-image']);
    // A taxel without pressure touches nothing.
    expect((await touches({})).list).toMatchObject([
      { kind: 'touch-points', points: Float32Array.of(0.01, 0, 0) },
    ]);
    await expect(touches({ touch: ['/tactile/nowhere'] })).rejects.toThrow(
      /no image or cloud topic \/tactile\/nowhere/,
    );
    await expect(touches({ touch: ['none'], sensor: 'touch' })).rejects.toThrow(
      /has no topic of a tactile sensor/,
    );
  });

  it('join a camera on its body, in order of time, and are left out on request', async () => {
    const frames = [0, 1, 2].map((k) => image('/camera/depth/image_raw', depthMessage(stamp(k), k)));
    const camera = info('/camera/depth/camera_info', cameraInfo('depth_optical'));
    const mounted = fixed('base_link', 'depth_optical', exp([0.2, 0, 0.4, 0, 0, 0]));
    await write([camera, mounted, ...frames, tf(0), tf(1), tf(2), touch(stamp(1) + 10n * MS)]);
    const source = await openScanSource(path, { touchPitch: 1e-4 });
    expect(source.sensor).toBe('rgbd+touch');
    const kinds: string[] = [];
    for await (const one of source.measurements()) {
      kinds.push(isFrame(one) ? 'frame' : 'touch');
      // Both are given on base_link.
      if (isFrame(one)) expect(one.mount![3]).toBeCloseTo(0.2, 9);
      if (isTouch(one)) expect(one.mount[3]).toBeCloseTo(0.11, 9);
    }
    await source.close();
    expect(kinds).toEqual(['frame', 'frame', 'touch', 'frame']);
    const alone = await openScanSource(path, { touch: ['none'] });
    expect(alone.sensor).toBe('rgbd');
    await alone.close();
  });
});
