import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROS_TYPES } from '../../src/messages/types.js';
import { heightRamp } from '../../src/mesh/color.js';
import { CLICKED_POINT } from '../../src/ros/completion/node-completion.js';
import { compatible, OUTPUT_QOS, type QosProfile } from '../../src/ros/qos.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('ament package', () => {
  const xml = read('ros/feltmap/package.xml');
  const all = (tag: string): string[] =>
    [...xml.matchAll(new RegExp(`<${tag}>([^<]+)</${tag}>`, 'g'))].map(([, v]) => v!);

  it('is of format 3, with name, version, licence and build type', () => {
    expect(xml).toMatch(/<package format="3">/);
    expect(all('name')).toEqual(['feltmap']);
    expect(all('version')).toEqual([(JSON.parse(read('package.json')) as { version: string }).version]);
    expect(all('license')).toEqual(['Apache-2.0']);
    expect(all('build_type')).toEqual(['ament_cmake']);
  });

  it('depends on every interface package that the node uses', () => {
    const services = [
      'std_srvs/srv/Trigger',
      'lifecycle_msgs/srv/ChangeState',
      'rcl_interfaces/srv/SetParameters',
    ];
    const used = new Set([...Object.values(ROS_TYPES), ...services].map((type) => type.split('/')[0]!));
    expect(used.size).toBeGreaterThan(3);
    for (const name of used) expect(all('depend')).toContain(name);
    const launched = [
      'launch',
      'launch_ros',
      'ros2launch',
      'ros2bag',
      'rviz2',
      'nodejs',
      'ament_index_python',
    ];
    for (const name of launched) expect(all('exec_depend')).toContain(name);
  });

  it('starts through an executable that ros2 run can find', () => {
    const path = join(root, 'ros/feltmap/scripts/feltmap_node');
    expect(statSync(path).mode & 0o111).toBe(0o111);
    expect(readFileSync(path, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node');
  });
});

describe('rviz/feltmap.rviz', () => {
  interface Display {
    Class: string;
    Enabled: boolean;
    Topic?: Record<string, string>;
  }
  const file = parse(read('rviz/feltmap.rviz')) as { 'Visualization Manager': { Displays: Display[] } };
  const displays = file['Visualization Manager'].Displays;

  it('publishes clicked points where the node listens', () => {
    const { Tools } = file['Visualization Manager'] as unknown as {
      Tools: { Class: string; Topic?: Record<string, string> }[];
    };
    const tool = Tools.find((t) => t.Class.endsWith('/PublishPoint'));
    expect(tool!.Topic).toMatchObject({ Value: CLICKED_POINT, 'Reliability Policy': 'Reliable' });
  });

  it('shows mesh, scan, path, odometry, tf and what the camera sees', () => {
    const shown = displays.filter((d) => d.Enabled).map((d) => d.Class.split('/')[1]);
    for (const name of ['MarkerArray', 'PointCloud2', 'Path', 'Odometry', 'TF', 'Image'])
      expect(shown).toContain(name);
  });

  it('gives most of the window to the 3D view', () => {
    const geometry = (file as unknown as Record<string, Record<string, unknown>>)['Window Geometry']!;
    const state = Buffer.from(String(geometry['QMainWindow State']), 'hex');
    // As Qt writes it: marker and version, then docks, the size of the middle, and who has the four corners.
    expect(state.readUInt32BE(0)).toBe(0xff);
    const corners = state.indexOf(Buffer.from('00000004000000040000000800000008', 'hex'));
    const [width, height] = [state.readUInt32BE(corners - 8), state.readUInt32BE(corners - 4)];
    const window = Number(geometry['Width']) * Number(geometry['Height']);
    expect((width * height) / window).toBeGreaterThan(0.7);
    expect((width * height) / window).toBeLessThan(1);
    expect(geometry['Views']).toEqual({ collapsed: true });
  });

  it('has a background that the lowest colour of the mesh stands out from', () => {
    const background = (file['Visualization Manager'] as unknown as Record<string, Record<string, string>>)[
      'Global Options'
    ]!['Background Color']!;
    // Relative luminance and contrast of WCAG 2.
    const luminance = (rgb: readonly number[]): number => {
      const [r, g, b] = rgb.map((v) =>
        v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const dark = luminance(background.split(';').map(Number));
    let before = 0;
    for (let z = -2; z <= 4; z += 0.5) {
      const light = luminance(heightRamp(z, -2, 4));
      expect((light + 0.05) / (dark + 0.05)).toBeGreaterThan(3);
      expect(light).toBeGreaterThan(before);
      before = light;
    }
  });

  it('asks for topics that the node publishes, with a QoS that they offer', () => {
    // The camera's images come from its driver, best effort whatever it offers.
    const image = displays.find((d) => d.Class.endsWith('/Image'))!;
    expect(image.Topic).toMatchObject({ Value: 'rgbd/color', 'Reliability Policy': 'Best Effort' });
    const topics = displays.flatMap((d) => (d.Topic && d !== image ? [d.Topic] : []));
    expect(topics.map((t) => t['Value']).sort()).toEqual([
      'cloud',
      'completion',
      'mesh',
      'next_touch',
      'odometry',
      'path',
      'touch',
    ]);
    for (const topic of topics) {
      const offered = OUTPUT_QOS[topic['Value'] as keyof typeof OUTPUT_QOS] as QosProfile;
      const requested: QosProfile = {
        depth: Number(topic['Depth']),
        reliability: topic['Reliability Policy'] === 'Reliable' ? 'reliable' : 'best-effort',
        durability: topic['Durability Policy'] === 'Transient Local' ? 'transient-local' : 'volatile',
      };
      expect(compatible(offered, requested), topic['Value']).toBe(true);
    }
  });
});

describe('workflow', () => {
  it('builds and tests on every supported distribution', () => {
    const workflow = parse(read('.github/workflows/ros.yml')) as {
      jobs: { ros: { strategy: { matrix: { distro: string[] } }; steps: { run?: string }[] } };
    };
    expect(workflow.jobs.ros.strategy.matrix.distro).toEqual(['humble', 'jazzy', 'kilted', 'lyrical']);
    const runs = workflow.jobs.ros.steps.map((step) => step.run ?? '').join('\n');
    for (const command of ['colcon build', 'npm run test:ros', 'ros2 launch feltmap'])
      expect(runs).toContain(command);
  });
});
