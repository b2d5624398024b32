import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { McapBagWriter } from '../../src/bags/mcap-writer.js';
import { openBag } from '../../src/bags/reader.js';
import { openScanSource } from '../../src/bags/source.js';
import { loadConfig } from '../../src/config/load.js';
import {
  compose,
  exp,
  inverse,
  rotationAngle,
  transformTwist,
  translationNorm,
} from '../../src/geometry/se3.js';
import type { SlamService } from '../../src/host/client.js';
import type { HostEvent, ResultEvent } from '../../src/host/protocol.js';
import { SlamHost } from '../../src/host/slam-host.js';
import { decodeTFMessage } from '../../src/messages/poses.js';
import { encodePointCloud2 } from '../../src/messages/pointcloud2.js';
import { TfBuffer } from '../../src/messages/tf-buffer.js';
import { ROS_TYPES } from '../../src/messages/types.js';
import { ScanIntake } from '../../src/ros/scan-intake.js';
import { ScanPump } from '../../src/ros/scan-pump.js';
import { ThrottledLog } from '../../src/ros/throttle.js';
import { TimeWatch } from '../../src/ros/time-watch.js';
import { ImuIntake } from '../../src/sensors/imu/intake.js';
import { pointCloud2FromScan } from '../../src/sensors/lidar/to-pointcloud2.js';
import { isImuBatch, isOdometryBatch, isScan } from '../../src/sensors/measurement.js';
import { OdometryIntake } from '../../src/sensors/odometry/intake.js';
import { simulate } from '../../src/sim/index.js';
import { createSlam } from '../../src/slam/create.js';

const folder = mkdtempSync(join(tmpdir(), 'feltmap-one-'));
const path = join(folder, 'turning.mcap');
/** A sensor that is swung about at up to 150°/s, with an IMU that is mounted askew. */
const simulation = simulate({ world: 'quad', beams: 16, columns: 512, seed: 5, duration: 2.5 });
const T_lidar_imu = exp([0.1, -0.2, 0.05, 0.4, -1.1, 2]);

beforeAll(async () => {
  const writer = await McapBagWriter.create(path);
  const start = { stampNs: simulation.startNs, frameId: 'lidar' };
  await writer.writeTransforms([{ ...start, childFrameId: 'imu', transform: T_lidar_imu }], true);
  const readings = simulation.imu();
  let next = readings.next();
  const wheels = simulation.odometry();
  let pose = wheels.next();
  for (const scan of simulation.scans()) {
    // As a driver does: the cloud goes out when its sweep is complete.
    const complete = scan.stampNs + 100_000_000n;
    for (; !next.done && next.value.stampNs <= complete; next = readings.next()) {
      const { stampNs, gyro } = next.value;
      const turned = transformTwist(inverse(T_lidar_imu), [0, 0, 0, ...gyro]);
      await writer.writeImu('/imu', {
        stampNs,
        frameId: 'imu',
        orientation: Float64Array.of(0, 0, 0, 1),
        orientationCovariance: new Float64Array(9).fill(-1, 0, 1),
        angularVelocity: turned.slice(3),
        angularVelocityCovariance: new Float64Array(9),
        linearAcceleration: new Float64Array(3),
        linearAccelerationCovariance: new Float64Array(9),
      });
    }
    for (; !pose.done && pose.value.stampNs <= complete; pose = wheels.next()) {
      const frames = { frameId: 'wheel_odom', childFrameId: 'lidar' };
      await writer.writeOdometry('/odom', { ...pose.value, ...frames });
      await writer.writeTransforms([{ stampNs: pose.value.stampNs, transform: pose.value.pose, ...frames }]);
    }
    const bytes = encodePointCloud2(pointCloud2FromScan({ ...scan, frameId: 'lidar' }));
    await writer.writeRaw('/points', ROS_TYPES.pointCloud2, complete, bytes);
  }
  await writer.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SET = ['engine=wasm', 'threads=1', 'map.memoryMiB=1024'];

async function makeHost(): Promise<{ host: SlamHost; results: ResultEvent['result'][] }> {
  const results: ResultEvent['result'][] = [];
  const take = (event: HostEvent) => event.type === 'result' && results.push(event.result);
  const options = { config: await loadConfig({ set: SET }) };
  return { host: await SlamHost.create(createSlam, options, take), results };
}

/** As `feltmap replay` reads it. */
async function replayed(imu: 'none' | '/imu', odometry?: string) {
  const { host, results } = await makeHost();
  const source = await openScanSource(path, { imu, ...(odometry !== undefined && { odometry }) });
  for await (const one of source.measurements())
    if (isScan(one)) await host.handle({ type: 'scan', scan: one });
    else if (isImuBatch(one)) await host.handle({ type: 'imu', batch: one });
    else if (isOdometryBatch(one)) await host.handle({ type: 'odometry', batch: one });
  await source.close();
  await host.close();
  return results;
}

/** As the node takes it, message by message in the order of their arrival. */
async function live(useImu: boolean, odometry?: string) {
  const { host, results } = await makeHost();
  const tf = new TfBuffer();
  const log = new ThrottledLog((_, text) => expect.unreachable(text));
  const slam = {
    call: (request: never) => host.handle(request),
    failure: undefined,
  } as unknown as SlamService;
  const intake = new ScanIntake({
    tf,
    log,
    time: new TimeWatch(1),
    baseFrame: '',
    tfTimeout: () => 1,
    queueSize: () => 20,
    onJump: () => expect.unreachable('time does not jump'),
  });
  const imu = new ImuIntake({
    lookup: (target, source, stampNs) => tf.lookup(target, source, stampNs),
    warn: (_, text) => expect.unreachable(text),
  });
  const wheels = new OdometryIntake({
    lookup: (target, source, stampNs) => tf.lookup(target, source, stampNs),
    warn: (_, text) => expect.unreachable(text),
  });
  const pump = new ScanPump({
    intake,
    imu,
    wheels,
    slam: () => slam,
    active: () => true,
    queueSize: () => 20,
    wantsCloud: () => false,
    onFatal: (error) => expect.unreachable(error.message),
  });
  const bag = await openBag(path);
  for await (const { topic, data } of bag.messages()) {
    if (topic === '/tf_static') for (const transform of decodeTFMessage(data)) tf.set(transform, true);
    else if (topic === '/imu' && useImu) imu.add(data);
    else if (topic === odometry) wheels.add(data);
    else if (topic === '/tf')
      for (const transform of decodeTFMessage(data)) {
        tf.set(transform, false);
        if (odometry === 'tf:wheel_odom') wheels.addTransform('wheel_odom', 'lidar', transform.stampNs);
      }
    else if (topic === '/points') {
      intake.add(topic, 0, data.slice());
      pump.pump();
      while (pump.current) await setImmediate();
    }
  }
  expect(intake.dropped).toBe(0);
  await bag.close();
  await host.close();
  return results;
}

const bytes = (results: readonly ResultEvent['result'][]): string =>
  results.map(({ stampNs, pose }) => `${stampNs} ${[...pose].join(' ')}`).join('\n');

/** Largest error against the true path, metres and radians; Infinity when a scan is lost. */
function errors(results: readonly ResultEvent['result'][]): [number, number] {
  const truth = simulation.odomPoses();
  let [metres, radians] = [0, 0];
  results.forEach(({ pose, state }, k) => {
    const off = compose(inverse(compose(inverse(truth[0]!), truth[k]!)), pose);
    metres = state === 'lost' ? Infinity : Math.max(metres, translationNorm(off));
    radians = Math.max(radians, rotationAngle(off));
  });
  return [metres, radians];
}

describe('one recording', () => {
  it('gives the same trajectory, bit by bit, through replay and through the node, with the IMU and without', async () => {
    const with_ = await replayed('/imu');
    const without = await replayed('none');
    expect(with_.length).toBe(simulation.scanCount);
    expect(bytes(await live(true))).toBe(bytes(with_));
    expect(bytes(await live(false))).toBe(bytes(without));
    expect(bytes(with_)).not.toBe(bytes(without));
    // The IMU does no harm where the sensor turns fast.
    const [metres, radians] = errors(with_);
    expect(metres).toBeLessThan(Math.max(0.05, 1.05 * errors(without)[0]));
    expect(radians).toBeLessThan(Math.max(0.01, 1.05 * errors(without)[1]));
  });

  it.each(['/odom', 'tf:wheel_odom'])('does so with the external odometry %s', async (odometry) => {
    const replay = await replayed('none', odometry);
    expect(bytes(await live(false, odometry))).toBe(bytes(replay));
    const without = await replayed('none');
    expect(bytes(replay)).not.toBe(bytes(without));
    // Wheels under something that is swung about by hand are not much use, but do no harm.
    expect(errors(replay)[0]).toBeLessThan(1.2 * errors(without)[0]);
  });

  it('says which odometry there is when another one is asked for', async () => {
    await expect(openScanSource(path, { odometry: '/wheels' })).rejects.toThrow(
      /no Odometry topic \/wheels; Odometry topics: \/odom/,
    );
  });
});
