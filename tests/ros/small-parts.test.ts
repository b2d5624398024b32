import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { exp } from '../../src/geometry/se3.js';
import { rosArguments } from '../../src/ros/node.js';
import { loadRclnodejs, missingInterfaces, requireInterfaces } from '../../src/ros/rclnodejs-load.js';
import { PathHistory } from '../../src/ros/path-history.js';
import { compatible, INPUT_QOS, OUTPUT_QOS, SENSOR_DATA, type QosProfile } from '../../src/ros/qos.js';
import { RateMeter, RecentValues } from '../../src/host/rates.js';
import { problemWith } from '../../src/ros/rcl-port.js';
import { guard } from '../../src/ros/ros-node.js';
import { ScanQueue } from '../../src/ros/scan-queue.js';
import { Trajectory } from '../../src/slam/trajectory.js';
import { ThrottledLog } from '../../src/ros/throttle.js';

const profile = (
  reliability: QosProfile['reliability'],
  durability: QosProfile['durability'],
): QosProfile => ({
  depth: 10,
  reliability,
  durability,
});

describe('quality of service', () => {
  it('sensor inputs and /clock take any publisher', () => {
    for (const reliability of ['reliable', 'best-effort'] as const)
      for (const durability of ['volatile', 'transient-local'] as const)
        for (const input of [INPUT_QOS.cloud, INPUT_QOS.imu, INPUT_QOS.clock])
          expect(compatible(profile(reliability, durability), input)).toBe(true);
    expect(INPUT_QOS.cloud).toEqual(SENSOR_DATA);
  });

  it('/tf_static hears what was published before; a volatile publisher cannot give that', () => {
    expect(compatible(profile('reliable', 'transient-local'), INPUT_QOS.tfStatic)).toBe(true);
    expect(compatible(profile('reliable', 'volatile'), INPUT_QOS.tfStatic)).toBe(false);
    expect(compatible(profile('best-effort', 'volatile'), INPUT_QOS.tf)).toBe(false);
  });

  it('outputs reach reliable and best effort subscribers, latched ones also those that ask for it', () => {
    for (const output of Object.values(OUTPUT_QOS)) {
      expect(compatible(output, profile('reliable', 'volatile'))).toBe(true);
      expect(compatible(output, SENSOR_DATA)).toBe(true);
    }
    for (const output of [OUTPUT_QOS.path, OUTPUT_QOS.mesh, OUTPUT_QOS.costmap])
      expect(compatible(output, profile('reliable', 'transient-local'))).toBe(true);
  });

  it('says why nothing can come from a publisher', () => {
    const type = 'tf2_msgs/msg/TFMessage';
    const endpoint = (topicType: string, reliability: number, durability: number) => ({
      node_name: 'driver',
      topic_type: topicType,
      endpoint_gid: [],
      qos_profile: { depth: 1, reliability, durability },
    });
    expect(problemWith(endpoint(type, 1, 1), '/tf_static', type, INPUT_QOS.tfStatic)).toBeUndefined();
    expect(problemWith(endpoint(type, 1, 2), '/tf_static', type, INPUT_QOS.tfStatic)).toMatch(
      /^driver publishes \/tf_static with a quality of service/,
    );
    expect(problemWith(endpoint('std_msgs/msg/String', 1, 1), 'lidar', type, SENSOR_DATA)).toMatch(
      /as std_msgs\/msg\/String, but/,
    );
  });
});

describe('guard', () => {
  it('keeps what throws away from rclnodejs, now or later', async () => {
    const errors: unknown[] = [];
    const hooks = { onError: (error: unknown) => errors.push(error) };
    const call = (f: () => unknown) => (guard(hooks, f) as () => unknown)();
    expect(call(() => 5)).toBe(5);
    expect(
      call(() => {
        throw new Error('now');
      }),
    ).toBeUndefined();
    await call(async () => {
      throw new Error('later');
    });
    expect(errors.map((e) => (e as Error).message)).toEqual(['now', 'later']);
  });

  it('has as many parameters as the callback', () => {
    expect(guard({ onError: () => 0 }, (_a: unknown, _b: unknown) => 0).length).toBe(2);
    expect(guard({ onError: () => 0 }, (_a: unknown) => 0).length).toBe(1);
  });
});

describe('without ROS 2', () => {
  it('says in one sentence what to source', async () => {
    await expect(loadRclnodejs({})).rejects.toThrow(/none is sourced.*source \/opt\/ros/);
  });

  it('says which interface packages rclnodejs lacks, and how to get them', () => {
    const without = (...packages: string[]): { require(type: string): unknown } => ({
      require: (type) => {
        if (packages.includes(type.split('/')[0]!)) throw new Error('The message required does not exist');
        return {};
      },
    });
    expect(missingInterfaces(without())).toEqual([]);
    expect(() => requireInterfaces(without(), 'jazzy')).not.toThrow();
    expect(missingInterfaces(without('visualization_msgs', 'std_srvs'))).toEqual([
      'std_srvs',
      'visualization_msgs',
    ]);
    expect(() => requireInterfaces(without('std_srvs'), 'jazzy')).toThrow(
      /no messages of std_srvs; install ros-jazzy-std-srvs .*generate-ros-messages/,
    );
  });

  it('npm ci says so where ROS 2 is sourced and rclnodejs is left out', async () => {
    const path = new URL('../../scripts/say-rclnodejs.mjs', import.meta.url).href;
    const { missingRclnodejs } = (await import(path)) as {
      missingRclnodejs: (env: object, exists: (path: string) => boolean) => string | undefined;
    };
    const sourced = { AMENT_PREFIX_PATH: '/opt/ros/jazzy', ROS_DISTRO: 'jazzy' };
    expect(missingRclnodejs(sourced, () => false)).toMatch(
      /^ROS 2 jazzy is sourced, but rclnodejs could not/,
    );
    expect(missingRclnodejs(sourced, () => true)).toBeUndefined();
    expect(missingRclnodejs({}, () => false)).toBeUndefined();
    const { scripts } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as {
      scripts: Record<string, string>;
    };
    expect(scripts['prepare']).toContain('scripts/say-rclnodejs.mjs');
  });

  it('takes ROS arguments only', () => {
    expect(rosArguments(['--ros-args', '-p', 'a:=1'])).toEqual(['--ros-args', '-p', 'a:=1']);
    expect(rosArguments([])).toEqual([]);
    expect(() => rosArguments(['lidar:=/points'])).toThrow(/only ROS arguments.*got "lidar:=\/points"/);
  });
});

describe('ThrottledLog', () => {
  it('says a thing once per period, then how often it happened', () => {
    let now = 0;
    const said: string[] = [];
    const log = new ThrottledLog(
      (level, text) => said.push(`${level} ${text}`),
      1000,
      () => now,
    );
    for (let i = 0; i < 10; i++, now += 100) log.log('warn', 'a', 'hot');
    log.log('warn', 'b', 'cold');
    now = 1000;
    log.log('warn', 'a', 'hot');
    expect(said).toEqual(['warn hot', 'warn cold', 'warn hot (9 more since the last message)']);
    log.clear('a');
    log.log('warn', 'a', 'hot again');
    expect(said.at(-1)).toBe('warn hot again');
  });
});

describe('ScanQueue', () => {
  it('keeps the newest, in order of stamps', () => {
    const queue = new ScanQueue<{ stampNs: bigint }>(3);
    const gone = [5n, 2n, 9n, 7n, 1n].flatMap((stampNs) => queue.push({ stampNs }));
    expect(gone.map((g) => g.stampNs)).toEqual([2n, 1n]);
    expect(queue.dropped).toBe(2);
    expect([queue.shift(), queue.shift(), queue.shift(), queue.shift()].map((q) => q?.stampNs)).toEqual([
      5n,
      7n,
      9n,
      undefined,
    ]);
  });
});

describe('PathHistory', () => {
  let trajectory: Trajectory;
  const drive = (path: PathHistory, x: number, yaw = 0) => {
    const index = trajectory.length;
    const stampNs = BigInt(Math.round(x * 1000));
    trajectory.add({ index, stampNs, submap: 0, pose: exp([x, 0, 0, 0, 0, yaw]), state: 'tracking' });
    path.add(index);
  };
  beforeEach(() => (trajectory = new Trajectory()));

  it('keeps a pose per step, or turn', () => {
    const path = new PathHistory(trajectory, 0.5);
    for (let i = 0; i <= 100; i++) drive(path, i / 10);
    // Steps are 0.5 m; rounding may need a tenth more.
    expect(path.length).toBeGreaterThanOrEqual(17);
    expect(path.length).toBeLessThanOrEqual(21);
    const before = path.length;
    drive(path, 10, 0.5);
    expect(path.length).toBe(before + 1);
  });

  it('never grows beyond its limit and still spans the whole run', () => {
    const path = new PathHistory(trajectory, 0.1, 100);
    for (let i = 0; i < 50_000; i++) drive(path, i * 0.11);
    expect(path.length).toBeLessThanOrEqual(100);
    const { poses } = path.message(0n, 'odom');
    expect(poses[0]!.pose[3]).toBe(0);
    expect(poses.at(-1)!.pose[3]).toBeGreaterThan(0.9 * 50_000 * 0.11);
    path.clear();
    expect(path.length).toBe(0);
  });

  it('follows a submap that a loop closure moves', () => {
    const path = new PathHistory(trajectory, 0.5);
    for (let i = 0; i < 5; i++) drive(path, i);
    trajectory.moveSubmap(0, exp([0, 0, 2, 0, 0, 0]));
    expect(path.message(9n, 'odom').poses.map(({ pose }) => [pose[3], pose[11]])).toEqual(
      [0, 1, 2, 3, 4].map((x) => [x, 2]),
    );
  });
});

describe('rates', () => {
  it('of events and silence', () => {
    let now = 0;
    const meter = new RateMeter(5000, () => now);
    expect([meter.rate, meter.silence]).toEqual([0, Infinity]);
    for (; now <= 10_000; now += 100) meter.tick();
    expect(meter.rate).toBeCloseTo(10, 3);
    now += 3000;
    expect(meter.silence).toBe(3100);
    expect(meter.count).toBe(101);
    now += 10_000;
    expect(meter.rate).toBe(0);
    expect(meter.silence).toBe(13_100);
  });

  it('percentiles of the last values', () => {
    const values = new RecentValues(100);
    expect(values.percentile(0.5)).toBeNaN();
    for (let i = 0; i < 300; i++) values.add(i);
    expect(values.percentile(0)).toBe(200);
    expect(values.percentile(0.95)).toBe(295);
    expect(values.percentile(1)).toBe(299);
  });
});
