import { expect, it } from 'vitest';
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
