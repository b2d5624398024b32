import { listSettings, type Setting } from '../config/settings.js';
import { PRESET_NAMES } from './camera/presets.js';
import { BOX_CONSTRAINTS } from './completion/completion-boxes.js';
import { TACTILE_INPUTS, TACTILE_PRESETS } from './tactile/choices.js';
import { MESH_COLOR_MODES } from '../host/mesh-feed/mesh-color.js';

export type ParameterKind = 'bool' | 'integer' | 'double' | 'string' | 'string-array' | 'double-array';
export type ParameterValue = boolean | number | string | readonly string[] | readonly number[];

/** One ROS parameter of the node: what rcl_interfaces/ParameterDescriptor says, and when it may change. */
export interface ParameterSpec {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly default: ParameterValue;
  readonly description: string;
  /** What it takes, in words, beyond the range. */
  readonly constraints: string;
  /** Inclusive, for numbers. */
  readonly range?: readonly [number, number];
  readonly choices?: readonly string[];
  /**
   * `live`: a change acts at once. `reset`: it is taken, and acts when the map is next started (~/reset, ~/load_map).
   * `start`: fixed while the node runs; the descriptor says read-only.
   */
  readonly change: 'live' | 'reset' | 'start';
}

type Options = Partial<Pick<ParameterSpec, 'range' | 'choices' | 'change' | 'constraints'>>;

const spec = (
  name: string,
  kind: ParameterKind,
  value: ParameterValue,
  description: string,
  options: Options = {},
): ParameterSpec => ({
  name,
  kind,
  default: value,
  description,
  constraints: '',
  change: 'live',
  ...options,
});

/** Parameters of the ROS side. Those of the SLAM system follow from the configuration schema. */
const NODE_PARAMETERS: readonly ParameterSpec[] = [
  spec('lidar_topics', 'string-array', ['lidar'], 'PointCloud2 topics, one per LiDAR; the first one leads.', {
    change: 'start',
    constraints: '1 to 8 topic names',
  }),
  spec(
    'preset',
    'string',
    'none',
    'Driver of a depth camera whose topics are used; with one, sensor.kind is rgbd unless it is given.',
    { change: 'start', choices: PRESET_NAMES },
  ),
  spec(
    'rgbd_cameras',
    'string-array',
    ['rgbd'],
    'Depth cameras, the leading one first: camera c is read from the topics c/depth, c/camera_info, c/color and c/color_camera_info.',
    { change: 'start', constraints: '1 to 8 names' },
  ),
  spec(
    'color_cameras',
    'string-array',
    ['none'],
    'Cameras without depth that colour what LiDARs map: camera c is read from the topics c/image and c/camera_info; none: there are none.',
    { change: 'start', constraints: '1 to 8 names' },
  ),
  spec(
    'rgbd_input',
    'string',
    'raw',
    'raw: Image; compressed: CompressedImage on the topics with /compressedDepth and /compressed appended; points: organised PointCloud2.',
    { change: 'start', choices: ['raw', 'compressed', 'points'] },
  ),
  spec(
    'depth_topic',
    'string',
    '',
    'Depth images of the only camera; empty: by preset, else c/depth. With it, sensor.kind is rgbd unless that is given.',
    { change: 'start' },
  ),
  spec(
    'color_topic',
    'string',
    '',
    'Its colour images; empty: by preset, else c/color; none: depth without colour.',
    { change: 'start' },
  ),
  spec(
    'camera_info_topic',
    'string',
    '',
    'CameraInfo of its depth images; empty: by preset, else c/camera_info.',
    { change: 'start' },
  ),
  spec(
    'color_camera_info_topic',
    'string',
    '',
    'CameraInfo of its colour images; empty: by preset, else c/color_camera_info. Not needed where depth is registered to colour.',
    { change: 'start' },
  ),
  spec('points_topic', 'string', '', 'Its organised PointCloud2, for rgbd_input points; empty: c/points.', {
    change: 'start',
  }),
  spec(
    'tactile_sensors',
    'string-array',
    ['tactile'],
    'Tactile sensors, for sensor.kind with touch: sensor c is read from the topic c/image, c/depth or c/points.',
    { change: 'start', constraints: '1 to 8 names' },
  ),
  spec(
    'tactile_input',
    'string',
    'image',
    'image: pictures of a gel, which need tactile_calibration; depth: Image of depths (32FC1, m); points: PointCloud2 of contacts, with pressure or force of taxels.',
    { change: 'start', choices: TACTILE_INPUTS },
  ),
  spec(
    'tactile_preset',
    'string',
    'none',
    'Gel sensor as it is sold: says how large a pixel of its depth images is (else touch.pitch does).',
    { change: 'start', choices: TACTILE_PRESETS },
  ),
  spec(
    'tactile_calibration',
    'string',
    '',
    'File of feltmap calibrate-touch, which turns pictures of the gels into heights.',
    { change: 'start' },
  ),
  spec(
    'use_imu',
    'bool',
    true,
    'Use the topic imu: turn rates and accelerations predict the motion, gravity holds roll and pitch.',
    {
      change: 'start',
    },
  ),
  spec(
    'odom_topic',
    'string',
    '',
    'Odometry topic of wheels, legs or a camera: predicts the motion, and holds what the scans leave open; empty: none.',
    { change: 'start' },
  ),
  spec(
    'guess_frame',
    'string',
    '',
    'Frame of tf in which something else knows the pose of base_frame, used likewise (such as odom of the wheels); empty: none.',
    { change: 'start', constraints: 'not together with odom_topic' },
  ),
  spec(
    'base_frame',
    'string',
    'base_link',
    'Frame of the robot whose odometry is published; empty: the frame of the first LiDAR (with cameras and tactile sensors it must be named).',
    { change: 'start' },
  ),
  spec('odom_frame', 'string', 'odom', 'Frame that odometry, path and mesh are in.', {
    change: 'start',
    constraints: 'not empty',
  }),
  spec('publish_odom_tf', 'bool', true, 'Publish the transform between odom_frame and base_frame.'),
  spec('invert_odom_tf', 'bool', false, 'Publish that transform with base_frame as parent.'),
  spec('tf_timeout', 'double', 0.2, 'How long a scan waits for the transform of its sensor (s).', {
    range: [0, 10],
  }),
  spec(
    'lost_timeout',
    'double',
    1,
    'While tracking is lost, predicted odometry (with a large covariance) is published for so long (s), then none.',
    { range: [0, 60] },
  ),
  spec('time_jump', 'double', 1, 'Stamps that go back by more (s) start everything anew.', {
    range: [0.1, 3600],
    change: 'start',
  }),
  spec('queue_size', 'integer', 3, 'Scans that may wait; beyond that the oldest is dropped and counted.', {
    range: [1, 100],
  }),
  spec('mesh_rate', 'double', 2, 'Largest rate of mesh messages (Hz); 0: no mesh.', { range: [0, 30] }),
  spec('mesh_bandwidth', 'double', 10, 'Largest amount of mesh data (MB/s).', { range: [0.1, 1000] }),
  spec(
    'mesh_color',
    'string',
    'color',
    'Colours of the mesh; color: as cameras saw it, by height where none did.',
    { choices: MESH_COLOR_MODES },
  ),
  spec('mesh_color_low', 'double', -2, 'Height of the darkest colour (m, odom_frame).', {
    range: [-10000, 10000],
  }),
  spec('mesh_color_high', 'double', 4, 'Height of the lightest colour (m, odom_frame).', {
    range: [-10000, 10000],
  }),
  spec('cloud_rate', 'double', 10, 'Largest rate of the deskewed cloud (Hz); 0: no cloud.', {
    range: [0, 100],
  }),
  spec('path_rate', 'double', 2, 'Rate of the path (Hz); 0: no path.', { range: [0, 50] }),
  spec('path_step', 'double', 0.1, 'A pose of the path is kept every so many metres.', {
    range: [0, 100],
    change: 'start',
  }),
  spec(
    'completion.box',
    'double-array',
    [],
    'Boxes (m) whose objects are completed, in odom_frame or in completion.frame; empty: none. Sides are at most 0.5 m.',
    { constraints: BOX_CONSTRAINTS },
  ),
  spec(
    'completion.frame',
    'string',
    '',
    'A tf frame that moves with an object, such as one in a hand: completion.box lies in it, and touches are taken into it at their stamps; empty: odom_frame.',
    { change: 'start' },
  ),
  spec(
    'completion.size',
    'double',
    0.2,
    'Side of the box around a point of /clicked_point, or clicked in the viewer, whose object is completed (m).',
    { range: [0.02, 0.5] },
  ),
  spec(
    'completion.period',
    'double',
    2,
    'Objects are completed again so often (s) where the map has changed; 0: only with ~/complete.',
    { range: [0, 3600] },
  ),
  spec('diagnostics_rate', 'double', 1, 'Rate of the diagnostics (Hz); 0: none.', { range: [0, 10] }),
  spec(
    'save_directory',
    'string',
    '',
    'Folder of ~/save_map, ~/load_map and ~/save_mesh; empty: feltmap in ROS_HOME (~/.ros).',
  ),
  spec('load_map', 'bool', false, 'Continue the map in save_directory from the start.', { change: 'start' }),
  spec('config', 'string', '', 'YAML file with settings of the SLAM system; parameters given here win.', {
    change: 'start',
  }),
  spec('viewer.port', 'integer', 0, 'Port of the browser viewer on this machine; 0: no viewer.', {
    range: [0, 65535],
    change: 'start',
  }),
  spec(
    'viewer.host',
    'string',
    '127.0.0.1',
    'Address that the viewer listens on; 0.0.0.0: all of this machine, which then asks for a token.',
    { change: 'start' },
  ),
  spec(
    'viewer.token',
    'string',
    '',
    'Secret that the viewer asks for; empty: a random one is logged where the viewer can be reached from elsewhere.',
    { change: 'start' },
  ),
  spec('lifecycle', 'bool', false, 'Be a managed (lifecycle) node.', { change: 'start' }),
  spec('autostart', 'bool', true, 'A managed node configures and activates itself.', { change: 'start' }),
];

/** Settings that the running system reads anew for every scan. */
export const LIVE_SETTINGS: ReadonlySet<string> = new Set([
  'costmap.height',
  'costmap.maxSlope',
  'costmap.maxStep',
  'costmap.period',
  'costmap.resolution',
  'costmap.size',
  'costmap.sliceHeight',
  'costmap.sliceRadius',
  'mesh.blocksPerScan',
  'tracking.minInlierRatio',
  'tracking.minValuedRatio',
]);

/** Settings that decide what the node subscribes to. */
const START_SETTINGS: ReadonlySet<string> = new Set(['sensor.kind']);

/** All parameters: those of the node, then one per setting of the SLAM system under its dotted path. */
export function listParameters(): ParameterSpec[] {
  return [...NODE_PARAMETERS, ...simpleSettings().map(fromSetting)];
}

/** Paths of the SLAM settings. */
export function settingPaths(): string[] {
  return simpleSettings().map(({ path }) => path);
}

/** Lists and settings that are derived unless given have no counterpart among parameters: they are for `config`. */
function simpleSettings(): Setting[] {
  const types = ['boolean', 'integer', 'number', 'string'];
  return listSettings().filter(({ type, default: value }) => types.includes(type) && value !== undefined);
}

function fromSetting({
  path,
  default: value,
  takes,
  description,
  type,
  bounds,
  choices,
}: Setting): ParameterSpec {
  const kinds: Record<string, ParameterKind> = { boolean: 'bool', integer: 'integer', number: 'double' };
  const kind = kinds[type] ?? 'string';
  return {
    name: path,
    kind,
    default: value as ParameterValue,
    description,
    constraints: takes,
    ...(kind === 'integer' || kind === 'double' ? { range: bounds } : {}),
    ...(choices ? { choices } : {}),
    change: LIVE_SETTINGS.has(path) ? 'live' : START_SETTINGS.has(path) ? 'start' : 'reset',
  };
}
