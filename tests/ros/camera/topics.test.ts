import { describe, expect, it } from 'vitest';
import { ROS_TYPES } from '../../../src/messages/types.js';
import { PRESET_NAMES, PRESETS } from '../../../src/ros/camera/presets.js';
import { camerasOf, chosenType, optionalTopics } from '../../../src/ros/camera/topics.js';
import { ParameterStore } from '../../../src/ros/parameter-check.js';
import { problemWith } from '../../../src/ros/rcl-port.js';
import { SENSOR_DATA } from '../../../src/ros/qos.js';

function cameras(...values: [string, unknown][]) {
  const store = new ParameterStore();
  store.start(values);
  return camerasOf(store);
}
const names = (...values: [string, unknown][]): string[] =>
  cameras(...values).flatMap(({ topics }) => topics.map(({ name }) => name));
const KIND: [string, unknown] = ['sensor.kind', 'rgbd'];

describe('topics of depth cameras', () => {
  it('are none unless a camera is asked for, by sensor.kind, a preset or a topic', () => {
    expect(cameras()).toEqual([]);
    expect(names(KIND)).toEqual(['rgbd/depth', 'rgbd/camera_info', 'rgbd/color', 'rgbd/color_camera_info']);
    expect(names(['depth_topic', '/d'])).toEqual([
      '/d',
      'rgbd/camera_info',
      'rgbd/color',
      'rgbd/color_camera_info',
    ]);
    expect(names(['rgbd_input', 'points'], ['points_topic', '/p'])).toEqual(['/p']);
    expect(cameras(KIND, ['rgbd_cameras', ['front', 'rear']]).map(({ name }) => name)).toEqual([
      'front',
      'rear',
    ]);
    expect(names(KIND, ['rgbd_cameras', ['a', 'b']], ['color_topic', 'none'])).toEqual([
      'a/depth',
      'a/camera_info',
      'b/depth',
      'b/camera_info',
    ]);
  });

  it('of a driver are taken by its preset; those that are given win', () => {
    for (const preset of PRESET_NAMES) {
      if (preset === 'none') continue;
      const { depth, info, color, colorInfo } = PRESETS[preset];
      expect(names(['preset', preset])).toEqual([depth, info, color, colorInfo]);
      expect(names(['preset', preset], ['color_topic', '/mine'])).toEqual([depth, info, '/mine', colorInfo]);
    }
  });

  it('are compressed by the parameter, by their name, or as they are published', () => {
    const types = (...values: [string, unknown][]): [string, string][] =>
      cameras(KIND, ...values)[0]!
        .topics.filter(({ input }) => input === 'depth' || input === 'color')
        .map(({ name, type }) => [name, type]);
    expect(types()).toEqual([
      ['rgbd/depth', ROS_TYPES.image],
      ['rgbd/color', ROS_TYPES.image],
    ]);
    expect(types(['rgbd_input', 'compressed'])).toEqual([
      ['rgbd/depth/compressedDepth', ROS_TYPES.compressedImage],
      ['rgbd/color/compressed', ROS_TYPES.compressedImage],
    ]);
    expect(types(['color_topic', '/c/compressed'])[1]).toEqual(['/c/compressed', ROS_TYPES.compressedImage]);
    expect(chosenType('/c', [])).toBe(ROS_TYPES.image);
    expect(chosenType('/c/compressed', [])).toBe(ROS_TYPES.compressedImage);
    expect(chosenType('/c', [ROS_TYPES.compressedImage])).toBe(ROS_TYPES.compressedImage);
    expect(chosenType('/c', [ROS_TYPES.compressedImage, ROS_TYPES.image])).toBe(ROS_TYPES.image);
    expect(chosenType('/c', [ROS_TYPES.pointCloud2])).toBe(ROS_TYPES.image);
  });

  it('colour and its camera_info may be missing', () => {
    expect([...optionalTopics(cameras(KIND))]).toEqual(['rgbd/color', 'rgbd/color_camera_info']);
  });

  it('are refused with a reason where they contradict each other', () => {
    const refused = (...values: [string, unknown][]): string => {
      try {
        cameras(...values);
      } catch (error) {
        expect(error).toMatchObject({ code: 'bad-config' });
        return (error as Error).message;
      }
      throw new Error('was taken');
    };
    expect(refused(['preset', 'zed'], ['sensor.kind', 'lidar'])).toMatch(
      /preset is for cameras.*set it to rgbd/,
    );
    expect(refused(['preset', 'zed'], ['rgbd_cameras', ['a', 'b']])).toMatch(/preset is for one camera/);
    expect(refused(['preset', 'kinekt'])).toMatch(/one of none, realsense, zed, orbbec, kinect/);
    expect(refused(KIND, ['base_frame', ''])).toMatch(/base_frame is empty/);
    expect(refused(KIND, ['rgbd_cameras', ['a', 'a']])).toMatch(/1 to 8 different names/);
  });

  it('a publisher of the other type of image is told with the remedy', () => {
    const endpoint = (topic_type: string) => ({
      node_name: 'driver',
      topic_type,
      endpoint_gid: [],
      qos_profile: { depth: 5, reliability: 2, durability: 2 },
    });
    const problem = (type: string, wanted: string) => problemWith(endpoint(type), '/d', wanted, SENSOR_DATA);
    expect(problem(ROS_TYPES.image, ROS_TYPES.compressedImage)).toMatch(/set rgbd_input to raw/);
    expect(problem(ROS_TYPES.compressedImage, ROS_TYPES.image)).toMatch(/set rgbd_input to compressed/);
    expect(problem(ROS_TYPES.pointCloud2, ROS_TYPES.image)).toMatch(/remap the topic/);
    expect(problem(ROS_TYPES.image, ROS_TYPES.image)).toBeUndefined();
  });
});
