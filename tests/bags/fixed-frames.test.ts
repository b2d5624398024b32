import { describe, expect, it } from 'vitest';
import { fixedFrameNote } from '../../src/bags/fixed-frames.js';

describe('clouds in a frame that stands still', () => {
  it('are told, with topic and frame', () => {
    for (const frame of ['map', '/odom', 'world', 'robot1/map', 'camera_init'])
      expect(fixedFrameNote('/cloud_registered', frame)).toMatch(
        new RegExp(`^/cloud_registered: its clouds are in the frame '${frame.replace(/^\//, '')}'`),
      );
  });

  it('frames of sensors and bodies are not', () => {
    for (const frame of ['lidar', 'base_link', 'velodyne', 'map_lidar', 'odom_sensor', 'os_sensor', ''])
      expect(fixedFrameNote('/points', frame)).toBeUndefined();
  });
});
