import { describe, expect, it } from 'vitest';
import { decodeDiagnosticArray, encodeDiagnosticArray } from '../../src/messages/diagnostics.js';
import { Health, type HealthInput } from '../../src/ros/health.js';
import { InputWatch } from '../../src/ros/input-watch.js';
import { fullName } from '../../src/ros/node.js';
import type { TopicPublishers } from '../../src/ros/port.js';
import { ThrottledLog } from '../../src/ros/throttle.js';
import type { ScanResult } from '../../src/slam/types.js';
import { FakePort, scanResult } from './helpers.js';

class Graph extends FakePort {
  found: Record<string, TopicPublishers> = {};
  override publishers(topic = ''): TopicPublishers {
    return this.found[topic] ?? { count: 0, problems: [] };
  }
  override resolve(topic: string): string {
    return topic === 'lidar' ? '/robot/points' : `/robot/${topic}`;
  }
}

function watch(topics = ['lidar', 'imu']) {
  const port = new Graph();
  const clock = { ms: 1000 };
  const now = (): number => clock.ms;
  const optional = (topic: string): boolean => topic === 'imu';
  const inputs = new InputWatch(port, { topics, optional, log: new ThrottledLog(port.log, 5000, now), now });
  inputs.start();
  /** Seconds go by; messages come on some topics. */
  const pass = (seconds: number, ...coming: string[]): void => {
    for (let i = 0; i < seconds; i++) {
      clock.ms += 1000;
      for (const topic of coming) inputs.received(topic);
      inputs.check();
    }
  };
  return { port, inputs, pass, texts: () => port.logs.map(({ text }) => text) };
}

describe('inputs that bring nothing', () => {
  it('are told within five seconds by their real name, once, with what there is instead', () => {
    const { port, pass, texts } = watch();
    port.found = { lidar: { count: 0, problems: [], others: ['/velodyne_points', '/rear/points'] } };
    pass(3);
    expect(texts()).toEqual([]);
    pass(2);
    expect(port.logs).toEqual([
      {
        level: 'warn',
        text: 'Nobody publishes /robot/points: no messages to map. There are /velodyne_points, /rear/points: remap the topic to one of them.',
      },
    ]);
    pass(60);
    expect(port.logs).toHaveLength(1); // nor the IMU, which is optional
  });

  it('are told when there is a publisher from which nothing comes, and when one falls silent', () => {
    const { port, pass, texts } = watch();
    port.found = { lidar: { count: 1, problems: [] }, imu: { count: 2, problems: [] } };
    pass(5);
    expect(texts()).toHaveLength(2);
    expect(texts()[0]).toMatch(/^Nothing arrives on \/robot\/points, but it has a publisher: /);
    expect(texts()[1]).toMatch(/^Nothing arrives on \/robot\/imu, but it has 2 publishers: /);
    pass(3, 'lidar', 'imu');
    pass(5, 'imu');
    expect(texts()).toHaveLength(3);
    expect(texts()[2]).toMatch(/^Nothing more arrives on \/robot\/points/);
  });

  it('are told anew when the reason is another one', () => {
    const { port, pass, texts } = watch(['lidar']);
    pass(5);
    port.found = { lidar: { count: 1, problems: [] } };
    pass(1);
    expect(texts().map((text) => text.slice(0, 7))).toEqual(['Nobody ', 'Nothing']);
    port.found = { lidar: { count: 1, problems: ['driver publishes another type.'] } };
    pass(3);
    expect(texts().slice(2)).toEqual(['driver publishes another type.']);
  });

  it('are not told while messages come, whoever publishes them', () => {
    const { pass, texts } = watch(['lidar']);
    pass(20, 'lidar');
    expect(texts()).toEqual([]);
  });

  it('have their full names in the diagnostics', () => {
    const { inputs } = watch();
    expect(inputs.health.map(({ name }) => name)).toEqual(['/robot/points', '/robot/imu']);
  });
});

describe('diagnostics', () => {
  const input = (drops: [string, number][]): HealthInput => ({
    nodeName: fullName('/robot1', 'feltmap'),
    stampNs: 0n,
    activity: 'active',
    lacking: undefined,
    topics: [],
    drops: new Map(drops),
    waiting: 0,
    mesh: { sent: 0, remaining: 0 },
    stallMs: 0,
    memoryBytes: 0,
  });
  const clock = { ms: 0 };
  const statistics = {
    blocks: 0,
    featureRows: 0,
    triangles: 0,
    keyframes: 0,
    memoryBytes: 0,
    forgottenBlocks: 0,
  };
  const process = (health: Health, drops: [string, number][]) =>
    decodeDiagnosticArray(encodeDiagnosticArray(health.message(input(drops)))).status.at(-1)!;

  it('of two robots have different names', () => {
    expect(process(new Health(), []).name).toBe('robot1/feltmap: process');
    expect(fullName('/', 'feltmap')).toBe('feltmap');
    expect(fullName('/a/b', 'mapper')).toBe('a/b/mapper');
  });

  it('warn of drops for some seconds, not of those that were wanted', () => {
    clock.ms = 0;
    const health = new Health(() => clock.ms);
    clock.ms = 1000;
    expect(process(health, [])).toMatchObject({ level: 0, message: '0 scans dropped' });
    clock.ms = 2000;
    expect(process(health, [['queue-full', 3]])).toMatchObject({
      level: 1,
      message: '3 scans dropped, 3 in the last 10 s',
    });
    clock.ms = 8000;
    expect(process(health, [['queue-full', 5]]).message).toBe('5 scans dropped, 5 in the last 10 s');
    clock.ms = 13_000;
    expect(process(health, [['queue-full', 5]]).message).toBe('5 scans dropped, 2 in the last 10 s');
    clock.ms = 19_000;
    const later: [string, number][] = [
      ['queue-full', 5],
      ['paused', 100],
    ];
    expect(process(health, later)).toMatchObject({ level: 0, message: '105 scans dropped' });
  });

  it('have a status for each depth camera, which warns of frames of which little can be used', () => {
    const health = new Health(() => clock.ms);
    const frame = (camera: string, points: Partial<ScanResult['points']>): void => {
      const counts = { input: 1000, valid: 0, mapped: 1, registered: 1, ...points };
      health.add(scanResult({ camera, points: counts }), statistics, '', 1);
    };
    frame('front', { input: 1000, valid: 900, zero: 100, flying: 45 });
    frame('front', { input: 1000, valid: 40, zero: 850, tooFar: 110 });
    frame('back', { input: 1000, valid: 900, zero: 100, flying: 45 });
    const all = decodeDiagnosticArray(encodeDiagnosticArray(health.message(input([])))).status;
    const of = (camera: string) => {
      const { values, ...rest } = all.find(({ name }) => name === `robot1/feltmap: camera ${camera}`)!;
      return { ...rest, values: Object.fromEntries(values.map(({ key, value }) => [key, value])) };
    };
    expect(of('front')).toMatchObject({
      level: 1,
      message:
        'only 4.0 % of the pixels usable: 85 % hold no depth (0 or NaN: too near, dark, shiny, or covered), 11 % lie beyond rgbd.maxRange',
      values: { frames: '2', poor_frames: '1', no_depth_percent: '85.0', too_far_percent: '11.0' },
    });
    expect(of('back')).toMatchObject({ level: 0, message: 'depth', values: { flying_percent: '4.5' } });
    health.reset();
    expect(health.message(input([])).status.some(({ name }) => name.includes('camera'))).toBe(false);
  });

  it('warn of drops from before the first of them', () => {
    const health = new Health(() => clock.ms);
    expect(process(health, [['no-transform', 1]]).level).toBe(1);
  });
});
