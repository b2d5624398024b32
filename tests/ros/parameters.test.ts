import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import { ParameterStore } from '../../src/ros/parameter-check.js';
import { listParameters } from '../../src/ros/parameters.js';
import { overrideKeys, remappedName } from '../../src/ros/parameter-overrides.js';

describe('external odometry', () => {
  it('comes from a topic or from tf, and not from the node itself', () => {
    const store = new ParameterStore();
    store.start([['odom_topic', '/odom']]);
    expect(store.string('odom_topic')).toBe('/odom');
    expect(() => new ParameterStore().start([['guess_frame', 'odom']])).toThrow(/publishes itself/);
    const both = [['guess_frame', 'wheels'], ['odom_topic', '/odom']] as const; // prettier-ignore
    expect(() => new ParameterStore().start(both)).toThrow(/choose one/);
  });
});

describe('the table of parameters', () => {
  it('has unique names that ROS takes, descriptions, and defaults within their ranges', () => {
    const specs = listParameters();
    expect(new Set(specs.map((s) => s.name)).size).toBe(specs.length);
    for (const spec of specs) {
      expect(spec.name).toMatch(/^[a-z][A-Za-z0-9_]*(\.[a-zA-Z0-9_]+)*$/);
      expect(spec.description, spec.name).not.toBe('');
      if (spec.kind === 'integer' || spec.kind === 'double') {
        const [low, high] = spec.range!;
        expect(spec.default as number, spec.name).toBeGreaterThanOrEqual(low);
        expect(spec.default as number, spec.name).toBeLessThanOrEqual(high);
      }
      if (spec.choices) expect(spec.choices).toContain(spec.default);
    }
  });

  it('has every setting of the SLAM system, and gives its defaults', () => {
    expect(new ParameterStore().config).toEqual(configSchema.parse({}));
    const names = listParameters().map((s) => s.name);
    for (const name of [
      'sensor.maxRange',
      'engine',
      'training.iterations',
      'tracking.minInlierRatio',
      'seed',
    ])
      expect(names).toContain(name);
  });
});

describe('ParameterStore', () => {
  const refusal = (values: [string, unknown][], starting = false): string => {
    try {
      const store = new ParameterStore();
      if (starting) store.start(values);
      else store.change(values);
    } catch (error) {
      expect(error).toMatchObject({ name: 'FeltmapError', code: 'bad-config' });
      return (error as Error).message;
    }
    throw new Error('was taken');
  };

  it('takes values, whole numbers for numbers, and tells what is new', () => {
    const store = new ParameterStore();
    expect(
      store.change([
        ['sensor.maxRange', 80n],
        ['mesh_rate', 5],
        ['publish_odom_tf', true],
      ]),
    ).toEqual(['sensor.maxRange', 'mesh_rate']);
    expect(store.config.sensor.maxRange).toBe(80);
    expect(store.number('mesh_rate')).toBe(5);
  });

  it('refuses with a reason: range, kind, choice, unknown with the nearest name', () => {
    expect(refusal([['mesh_rate', 31]])).toBe('mesh_rate = 31 is refused; it takes a number from 0 to 30');
    expect(refusal([['sensor.maxRange', 0]])).toMatch(/sensor\.maxRange = 0 is refused; it takes number > 0/);
    expect(refusal([['sensor.maxRange', 'far']])).toMatch(/sensor\.maxRange = "far" is refused/);
    expect(refusal([['threads', 1.5]])).toMatch(/threads = 1\.5 is refused; it takes a whole number/);
    expect(refusal([['publish_odom_tf', 1n]])).toMatch(
      /publish_odom_tf = 1 is refused; it takes true or false/,
    );
    expect(refusal([['mesh_color', 'red']])).toBe(
      'mesh_color = "red" is refused; it takes one of color, height, normal, plain',
    );
    expect(refusal([['engine', 'cuda']])).toMatch(/engine = "cuda" is refused/);
    expect(refusal([['mesh_rat', 1]])).toBe('there is no parameter mesh_rat; did you mean mesh_rate?');
    expect(refusal([['tf_timeout', NaN]])).toMatch(/refused/);
    expect(refusal([['mesh_color_low', 9]])).toBe('mesh_color_low (9) has to be below mesh_color_high (4)');
  });

  it('what is fixed at the start may be set then, and only then', () => {
    const store = new ParameterStore();
    store.start([
      ['base_frame', ''],
      ['lidar_topics', ['a', 'b']],
    ]);
    expect(store.strings('lidar_topics')).toEqual(['a', 'b']);
    expect(refusal([['base_frame', 'x']])).toMatch(/base_frame cannot change while the node runs/);
    expect(store.change([['lidar_topics', ['a', 'b']]])).toEqual([]);
    expect(refusal([['odom_frame', '']], true)).toMatch(/not empty/);
    expect(refusal([['lidar_topics', []]], true)).toMatch(/1 to 8/);
    expect(refusal([['lidar_topics', ['a', 'a']]], true)).toMatch(/1 to 8 different/);
  });

  it('takes all of a request or nothing', () => {
    const store = new ParameterStore();
    expect(() =>
      store.change([
        ['mesh_rate', 7],
        ['cloud_rate', -1],
      ]),
    ).toThrow(/cloud_rate/);
    expect(store.number('mesh_rate')).toBe(2);
  });

  it('a configuration file comes before parameters', () => {
    const store = new ParameterStore();
    store.useConfig(configSchema.parse({ sensor: { maxRange: 30 }, seed: 9 }));
    store.start([['seed', 4n]]);
    expect(store.config).toMatchObject({ seed: 4, sensor: { maxRange: 30 } });
    expect(store.number('sensor.maxRange')).toBe(30);
  });
});

describe('names under which files hold parameters', () => {
  it('go from the general to the exact, with and without slash', () => {
    const keys = overrideKeys('feltmap', '/robot1');
    expect(keys[0]).toBe('/**');
    for (const key of [
      '/robot1/feltmap',
      'robot1/feltmap',
      'feltmap',
      '/*/feltmap',
      '/**/feltmap',
      '/robot1/*',
      '/robot1/**',
    ])
      expect(keys).toContain(key);
    expect(keys.at(-1)).toBe('/robot1/feltmap');
    expect(keys.indexOf('/robot1/*')).toBeLessThan(keys.indexOf('/robot1/feltmap'));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).not.toContain('/other/feltmap');
  });

  it('without a namespace', () => {
    const keys = overrideKeys('feltmap', '/');
    expect(keys.slice(-2)).toEqual(['feltmap', '/feltmap']);
    expect(keys).toContain('/*');
  });

  it('names are remapped on the command line', () => {
    expect(remappedName(['--ros-args', '-r', '__node:=slam', '-r', '__ns:=/a/b'], 'feltmap')).toEqual({
      name: 'slam',
      namespace: '/a/b',
    });
    expect(remappedName(['--ros-args', '-r', 'lidar:=/points'], 'feltmap')).toEqual({
      name: 'feltmap',
      namespace: '/',
    });
  });
});
