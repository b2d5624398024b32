import { expect, it } from 'vitest';
import { lengthScale } from '../../src/config/lengths.js';
import { configSchema } from '../../src/config/schema.js';
import { configOf, sensorKinds } from '../../src/config/sensors.js';

const of = (kind: string) => configSchema.parse({ sensor: { kind } });

it('knows the kinds of a map, coarsest first', () => {
  expect(['lidar', 'rgbd', 'lidar+rgbd'].map((kind) => sensorKinds(of(kind)))).toEqual([
    ['lidar'],
    ['rgbd'],
    ['lidar', 'rgbd'],
  ]);
});

it('gives each kind its own configuration: that of a map made with it alone', () => {
  const both = of('lidar+rgbd');
  expect(configOf(both, 'lidar')).toEqual(of('lidar'));
  expect(configOf(both, 'rgbd')).toEqual(configOf(of('rgbd'), 'rgbd'));
});

it('measures LiDARs beside touch in lengths of a room, unless they are finer or told otherwise', () => {
  const range = (kind: string, sensor = {}, touch = {}): number =>
    configOf(configSchema.parse({ sensor: { kind, ...sensor }, touch }), 'lidar').sensor.maxRange;
  expect(['lidar', 'lidar+rgbd', 'lidar+touch', 'lidar+rgbd+touch'].map((kind) => range(kind))).toEqual([
    100, 100, 30, 30,
  ]);
  expect(range('lidar+touch', { maxRange: 20 })).toBe(20);
  expect(range('lidar+touch', {}, { lidarRange: 100 })).toBe(100);
  const both = of('lidar+touch');
  expect(lengthScale(configOf(both, 'lidar'))).toBe(0.3);
  expect(configOf(both, 'touch')).toEqual(configOf(of('touch'), 'touch'));
});
