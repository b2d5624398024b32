import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ParameterStore } from '../../src/ros/parameter-check.js';
import { listParameters } from '../../src/ros/parameters.js';

const folder = fileURLToPath(new URL('../../launch/config/', import.meta.url));
const LIDARS = ['velodyne', 'ouster', 'livox', 'hesai'];
const CAMERAS = ['realsense', 'zed', 'orbbec', 'kinect'];
const OTHERS = ['digit'];
/** What every preset has to say, so that none rests on a default that was meant for another sensor. */
const REQUIRED = ['sensor.minRange', 'sensor.maxRange', 'sensor.maxPoints', 'sensor.deskew'];

/** Parameters of a ROS parameter file that is meant for nodes of any name, under their dotted names. */
function parametersOf(text: string): Map<string, unknown> {
  const file = parse(text) as Record<string, Record<string, unknown>>;
  if (Object.keys(file).join() !== '/**')
    throw new Error(`expected one key '/**', not ${Object.keys(file).join()}`);
  const node = file['/**'] ?? {};
  if (Object.keys(node).join() !== 'ros__parameters') throw new Error(`expected one key 'ros__parameters'`);
  const out = new Map<string, unknown>();
  const collect = (value: unknown, path: string): void => {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) collect(inner, path === '' ? key : `${path}.${key}`);
    } else out.set(path, value);
  };
  collect(node['ros__parameters'], '');
  return out;
}

/** Throws for a key that the node does not declare, for a value that it refuses, and for a key that is missing. */
function check(text: string, required: readonly string[]): void {
  const parameters = parametersOf(text);
  const store = new ParameterStore();
  store.start(parameters);
  for (const name of required) {
    if (!parameters.has(name)) throw new Error(`${name} is missing`);
  }
}

const read = (name: string): string => readFileSync(`${folder}${name}.yaml`, 'utf8');

describe('presets', () => {
  it('are there for all sensors, and each is checked here', () => {
    const all = [...LIDARS, ...CAMERAS, ...OTHERS];
    expect(readdirSync(folder).sort()).toEqual(all.map((name) => `${name}.yaml`).sort());
  });

  it.each(LIDARS)('%s sets declared parameters to values that the node takes', (name) => {
    check(read(name), [...REQUIRED, 'lidar_topics']);
  });

  it.each(OTHERS)('%s is a tactile sensor, and the map is made by touch', (name) => {
    check(read(name), ['tactile_preset', 'touch.voxel']);
    const store = new ParameterStore();
    store.start(parametersOf(read(name)));
    expect(store.string('tactile_preset')).toBe(name);
    expect(store.config.sensor.kind).toBe('touch');
  });

  it.each(CAMERAS)('%s is that of its driver, and the map is made with a camera', (name) => {
    check(read(name), ['preset', 'rgbd.maxRange']);
    const store = new ParameterStore();
    store.start(parametersOf(read(name)));
    expect(store.string('preset')).toBe(name);
    expect(store.config.sensor.kind).toBe('rgbd');
  });

  it('an unknown key, a missing key and a wrong value fail', () => {
    const good = read('velodyne');
    expect(() => check(good.replace('maxRange', 'maxrange'), REQUIRED)).toThrow(/maxrange.*did you mean/);
    expect(() => check(good.replace('sensor:', 'sensors:'), REQUIRED)).toThrow(/sensors/);
    expect(() => check(good.replace(/^.*maxRange.*$/m, ''), REQUIRED)).toThrow(/sensor.maxRange is missing/);
    expect(() => check(good.replace('maxRange: 100.0', 'maxRange: -1.0'), REQUIRED)).toThrow(/maxRange/);
    expect(() => check(good.replace('ros__parameters', 'ros_parameters'), REQUIRED)).toThrow(
      /ros__parameters/,
    );
    expect(() => check(good.replace('/**', '/feltmap'), REQUIRED)).toThrow(/\/\*\*/);
  });

  it('numbers have the type that is declared: rcl tells 100 and 100.0 apart', () => {
    const kinds = new Map(listParameters().map(({ name, kind }) => [name, kind]));
    for (const name of [...LIDARS, ...CAMERAS, ...OTHERS]) {
      for (const [key] of parametersOf(read(name))) {
        if (kinds.get(key) !== 'double') continue;
        const leaf = key.slice(key.lastIndexOf('.') + 1);
        expect(read(name), `${name}: ${key}`).toMatch(new RegExp(`^ +${leaf}: -?\\d+\\.\\d+$`, 'm'));
      }
    }
  });
});
