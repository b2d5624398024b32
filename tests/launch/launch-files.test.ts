import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PRESETS } from '../../src/ros/camera/presets.js';
import { listParameters } from '../../src/ros/parameters.js';
import { parse } from 'yaml';
import { callOf, literalsOf, python } from './python.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const launchFile = (name: string): string => join(root, 'launch', name);
type Argument = [name: string, fallback: string | null, description: string];

const skipped = python ? '' : ' (skipped: no python3 on PATH; install it to check the launch files)';

describe.skipIf(!python)(`launch files${skipped}`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'feltmap-launch-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are Python that defines generate_launch_description()', () => {
    for (const name of ['feltmap.launch.py', 'replay.launch.py']) {
      expect(literalsOf(launchFile(name))['generate_launch_description()'], name).toBe(0);
    }
  });

  it('are really parsed: a syntax error is told with its line', async () => {
    const broken = join(folder, 'broken.launch.py');
    await writeFile(broken, 'a = 1\ndef f(:\n');
    expect(() => literalsOf(broken)).toThrow(/line 2/);
  });

  it('feltmap.launch.py takes the documented arguments', async () => {
    const names = (literalsOf(launchFile('feltmap.launch.py'))['ARGUMENTS'] as Argument[]).map(
      ([name]) => name,
    );
    expect(names).toEqual([
      'lidar',
      'depth',
      'color',
      'camera_info',
      'color_camera_info',
      'points',
      'cameras',
      'color_cameras',
      'image',
      'tactile',
      'tactile_input',
      'tactile_calibration',
      'imu',
      'odom_topic',
      'base_frame',
      'odom_frame',
      'config',
      'rviz',
      'viewer',
      'viewer_host',
      'viewer_token',
      'queue_size',
      'use_sim_time',
      'namespace',
    ]);
    const docs = await readFile(join(root, 'docs/ros.md'), 'utf8');
    for (const name of names) expect(docs).toContain(`\`${name}\``);
  });

  it('replay.launch.py passes on every argument of feltmap.launch.py', () => {
    const inner = (literalsOf(launchFile('feltmap.launch.py'))['ARGUMENTS'] as Argument[]).map(
      ([name]) => name,
    );
    const replay = literalsOf(launchFile('replay.launch.py'));
    const own = (replay['ARGUMENTS'] as Argument[]).map(([name]) => name);
    const passed = [...(replay['PASSED'] as string[]), 'rviz', 'queue_size', 'use_sim_time'];
    expect(passed.sort()).toEqual(inner.sort());
    expect(own).toContain('bag');
  });

  it("RViz's camera follows the robot, whatever its frame is called", async () => {
    const file = join(root, 'rviz', 'feltmap.rviz');
    const follows = async (base: string): Promise<unknown> => {
      const shown = callOf(launchFile('feltmap.launch.py'), 'display_file', [file, base]) as string;
      if (base === 'base_link') expect(shown).toBe(file);
      const { 'Visualization Manager': manager, ...rest } = parse(await readFile(shown, 'utf8')) as {
        'Visualization Manager': { Views: { Current: Record<string, unknown> } };
      };
      expect(Object.keys(rest)).toEqual(['Panels', 'Window Geometry']);
      if (shown !== file) await rm(shown);
      return manager.Views.Current['Target Frame'];
    };
    for (const base of ['base_link', 'velodyne', 'robot1/base: "x"']) expect(await follows(base)).toBe(base);
  });

  it("RViz's panel of images is there where a camera may be", async () => {
    const launch = launchFile('feltmap.launch.py');
    const literals = literalsOf(launch);
    const nothing = Object.fromEntries(
      ['image', 'color', 'config', 'depth', 'points'].map((name) => [name, '']),
    );
    const image = (given: object, cameras: string[] = [], colour: string[] = []): unknown =>
      callOf(launch, 'shown_image', [
        { ...nothing, ...given },
        cameras,
        colour,
        literals['PRESET_IMAGES'],
        literals['LIDAR_PRESETS'],
      ]);
    expect(image({})).toBeNull();
    expect(image({ config: 'velodyne' })).toBeNull();
    expect(image({ config: 'realsense' })).toBe('/camera/camera/color/image_raw');
    expect(image({ config: '/my/robot.yaml' })).toBe('rgbd/color');
    expect(image({ depth: '/cam/depth' })).toBe('rgbd/color');
    expect(image({ color: '/cam/rgb/compressed' })).toBe('/cam/rgb');
    expect(image({ color: 'none', depth: '/d' }, ['front', 'rear'])).toBe('front/color');
    expect(image({}, [], ['front'])).toBe('front/image');

    const file = join(root, 'rviz', 'feltmap.rviz');
    const shown = callOf(launch, 'display_file', [file, 'base_link', false]) as string;
    type Displays = { Name: string }[];
    const displays = async (path: string): Promise<Displays> =>
      (parse(await readFile(path, 'utf8')) as { 'Visualization Manager': { Displays: Displays } })[
        'Visualization Manager'
      ].Displays;
    const [before, after] = [await displays(file), await displays(shown)];
    await rm(shown);
    expect(before.map(({ Name }) => Name)).toContain('Camera');
    expect(after).toEqual(before.filter(({ Name }) => Name !== 'Camera'));
  });

  it('RViz is as near as the sensor needs it', async () => {
    const launch = launchFile('feltmap.launch.py');
    const scale = (...args: unknown[]): unknown => callOf(launch, 'shown_scale', args);
    expect(scale(['/points'], '', null)).toBe(1);
    expect(scale([], '', null)).toBe(1); // LiDAR at /points
    expect(scale(['/points'], 'lidar+rgbd', 'front/color')).toBe(1);
    expect(scale([], '', 'rgbd/color')).toBe(0.1);
    expect(scale([], 'rgbd+touch', null)).toBe(0.1);
    expect(scale([], 'touch', null)).toBe(0.02);

    const file = join(root, 'rviz', 'feltmap.rviz');
    const shown = callOf(launch, 'display_file', [file, 'base_link', true, 0.1]) as string;
    const sizes = async (path: string): Promise<unknown[]> => {
      const { Displays, Views } = (
        parse(await readFile(path, 'utf8')) as {
          'Visualization Manager': {
            Displays: Record<string, unknown>[];
            Views: { Current: { Distance: number } };
          };
        }
      )['Visualization Manager'];
      const of = (name: string): Record<string, unknown> => Displays.find(({ Name }) => Name === name)!;
      const axes = (of('Odometry')['Shape'] as Record<string, unknown>)['Axes Length'];
      return [Views.Current.Distance, of('Grid')['Cell Size'], axes, of('TF')['Marker Scale']];
    };
    const [full, near] = [await sizes(file), await sizes(shown)];
    await rm(shown);
    for (const [i, size] of near.entries()) expect(size).toBeCloseTo(0.1 * (full[i] as number), 6);
  });

  it('RViz shows the colour images of the preset', () => {
    const images = literalsOf(launchFile('feltmap.launch.py'))['PRESET_IMAGES'];
    expect(images).toEqual(
      Object.fromEntries(Object.entries(PRESETS).map(([name, { color }]) => [name, color])),
    );
  });

  it('set only parameters that the node declares', async () => {
    const declared = new Set(listParameters().map(({ name }) => name));
    const text = await readFile(launchFile('feltmap.launch.py'), 'utf8');
    const set = [...text.matchAll(/own\['([\w.]+)'\]/g)].map(([, name]) => name!);
    expect(set.length).toBeGreaterThan(1);
    const texts = Object.values(
      literalsOf(launchFile('feltmap.launch.py'))['TEXTS'] as Record<string, string>,
    );
    expect(texts.length).toBeGreaterThan(2);
    for (const name of [...set, ...texts, 'config']) expect(declared).toContain(name);
  });
});
