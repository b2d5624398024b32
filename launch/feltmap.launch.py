"""Starts the Feltmap node, and RViz if wanted.

    ros2 launch feltmap feltmap.launch.py lidar:=/points
    ros2 launch feltmap feltmap.launch.py config:=ouster base_frame:=os_lidar rviz:=true

Arguments are listed by --show-args and explained in docs/ros.md. Parameters come from the preset or file `config`;
arguments that are given win.
"""

import json
import os
import tempfile

import yaml
from ament_index_python.packages import PackageNotFoundError, get_package_prefix, get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

# Argument, default, description. Empty means: as the preset or the node has it.
ARGUMENTS = [
    ('lidar', '', 'PointCloud2 topic; several separated by commas, the leading one first (default: of config, else /points)'),
    ('depth', '', 'depth images of an RGB-D camera, Image or CompressedImage; with them the map is made with the camera'),
    ('color', '', 'its colour images; none: depth without colour'),
    ('camera_info', '', 'CameraInfo of the depth images'),
    ('color_camera_info', '', 'CameraInfo of the colour images; not needed where depth is registered to colour'),
    ('points', '', 'organised PointCloud2 of an RGB-D camera, in the place of its images'),
    ('cameras', '', 'names of several RGB-D cameras, separated by commas: front is read from front/depth, front/camera_info, ...'),
    ('color_cameras', '', 'names of cameras without depth that colour what the LiDAR maps, separated by commas: front is read from front/image and front/camera_info'),
    ('image', '', 'colour images that RViz shows (default: those of the camera)'),
    ('tactile', '', 'Image of a tactile sensor, its heights (tactile_input:=depth) or points of contact; with it the map is made by touch as well'),
    ('tactile_input', '', 'what it brings: image (of a gel, with tactile_calibration), depth (32FC1, metres) or points (PointCloud2)'),
    ('tactile_calibration', '', 'file of feltmap calibrate-touch for the images of its gel'),
    ('imu', '', 'Imu topic (default: imu)'),
    ('odom_topic', '', 'Odometry topic of wheels, legs or a camera (default: none)'),
    ('base_frame', '', 'frame of the robot (default: base_link)'),
    ('odom_frame', '', 'frame that odometry, path and mesh are in (default: odom)'),
    ('config', '', 'preset (velodyne, ouster, livox, hesai, realsense, zed, orbbec, kinect, digit), a ROS parameter file, or a Feltmap settings file'),
    ('rviz', 'false', 'open RViz'),
    ('viewer', 'false', 'browser viewer: true (port 8080), false, or a port'),
    ('viewer_host', '', 'address that the viewer listens on; 0.0.0.0: for other machines, too (default: 127.0.0.1)'),
    ('viewer_token', '', 'secret that the viewer asks other machines for (default: a random one, which is logged)'),
    ('queue_size', '', 'scans that may wait, 1 to 100; beyond that the oldest is dropped (default: 3)'),
    ('use_sim_time', 'false', 'follow /clock'),
    ('namespace', '', 'namespace of node, topics and services'),
]

# Where the drivers of these sensors publish, for what is not given. Those of depth cameras are known to the node (`preset`).
TACTILE_TOPICS = {
    'digit': {'tactile': '/digit/image_raw'},
}

# Name of the topic within the node, by argument.
REMAPPED = {
    'imu': 'imu',
}

# Parameter that takes the text, by argument.
TEXTS = {
    'depth': 'depth_topic',
    'color': 'color_topic',
    'camera_info': 'camera_info_topic',
    'color_camera_info': 'color_camera_info_topic',
    'points': 'points_topic',
    'tactile_input': 'tactile_input',
    'tactile_calibration': 'tactile_calibration',
    'odom_topic': 'odom_topic',
    'base_frame': 'base_frame',
    'odom_frame': 'odom_frame',
    'viewer_host': 'viewer.host',
    'viewer_token': 'viewer.token',
}


def is_true(argument, value):
    if value.lower() in ('true', '1', 'yes', 'on'):
        return True
    if value.lower() in ('false', '0', 'no', 'off', ''):
        return False
    raise RuntimeError(f'{argument}:={value} is neither true nor false')


def resolve_config(config, share):
    """Path of the preset or file; the names of the presets in the error."""
    folder = os.path.join(share, 'config')
    preset = os.path.join(folder, f'{config}.yaml')
    if os.path.isfile(preset):
        return preset
    path = os.path.abspath(os.path.expanduser(config))
    if os.path.isfile(path):
        return path
    presets = ', '.join(sorted(name[:-5] for name in os.listdir(folder) if name.endswith('.yaml')))
    raise RuntimeError(f'config:={config} is neither a preset ({presets}) nor a file')


def config_parameters(config, share):
    """What to give to the node for the argument config, and whether that names the LiDAR topics."""
    if config == '':
        return [], False
    path = resolve_config(config, share)
    with open(path, encoding='utf-8') as file:
        content = yaml.safe_load(file) or {}
    nodes = content.values() if isinstance(content, dict) else []
    of_ros = [node['ros__parameters'] for node in nodes if isinstance(node, dict) and 'ros__parameters' in node]
    if of_ros:
        return [path], any('lidar_topics' in (parameters or {}) for parameters in of_ros)
    # A file as for `feltmap replay --config`.
    return [{'config': path}], False


def sensor_kind(given, lidars, cameras, tactile):
    """What the map is made with, by the topics that are given; empty: as the preset or the node has it."""
    camera = cameras or given['depth'] or given['points'] or given['config'] in PRESET_IMAGES
    if tactile:
        return '+'.join([*(['lidar'] if lidars else []), *(['rgbd'] if camera else []), 'touch'])
    if cameras:
        return 'lidar+rgbd' if lidars else 'rgbd'
    return ''


def viewer_port(value):
    if value.isdigit() and value not in ('0', '1'):
        return int(value)
    return 8080 if is_true('viewer', value) else 0


def start(context):
    given = {name: LaunchConfiguration(name).perform(context).strip() for name, _, _ in ARGUMENTS}
    share = get_package_share_directory('feltmap')
    use_sim_time = is_true('use_sim_time', given['use_sim_time'])

    parameters, has_topics = config_parameters(given['config'], share)
    own = {'use_sim_time': use_sim_time}
    topics = [topic.strip() for topic in given['lidar'].split(',') if topic.strip()]
    if topics or not has_topics:
        own['lidar_topics'] = topics or ['/points']
    for argument, name in TEXTS.items():
        if given[argument]:
            # Text, also where it looks like a number.
            own[name] = ParameterValue(given[argument], value_type=str)
    cameras = [camera.strip() for camera in given['cameras'].split(',') if camera.strip()]
    if cameras:
        own['rgbd_cameras'] = cameras
    colour = [camera.strip() for camera in given['color_cameras'].split(',') if camera.strip()]
    if colour:
        own['color_cameras'] = colour
    preset_topics = TACTILE_TOPICS.get(given['config'], {})
    tactile = given['tactile'] or preset_topics.get('tactile', '')
    kind = sensor_kind(given, topics, cameras, tactile)
    if kind:
        own['sensor.kind'] = kind
    if given['points']:
        own['rgbd_input'] = 'points'
    if given['queue_size']:
        own['queue_size'] = int(given['queue_size'])
    if given['viewer'].lower() not in ('', 'false'):
        own['viewer.port'] = viewer_port(given['viewer'])

    remappings = [(inner, given[name]) for name, inner in REMAPPED.items() if given[name]]
    if tactile:
        remappings.append((f'tactile/{given["tactile_input"] or "image"}', tactile))
    actions = [
        Node(
            package='feltmap',
            executable='feltmap_node',
            name='feltmap',
            namespace=given['namespace'],
            parameters=parameters + [own],
            remappings=remappings,
            output='screen',
        )
    ]
    if is_true('rviz', given['rviz']):
        image = shown_image(given, cameras, colour, PRESET_IMAGES, LIDAR_PRESETS)
        scale = shown_scale(topics, kind, image)
        actions.append(rviz(given, share, use_sim_time, image, scale))
    return actions


# Colour images by preset, as the node has them.
PRESET_IMAGES = {
    'realsense': '/camera/camera/color/image_raw',
    'zed': '/zed/zed_node/rgb/color/rect/image',
    'orbbec': '/camera/color/image_raw',
    'kinect': '/rgb/image_raw',
}
LIDAR_PRESETS = ('velodyne', 'ouster', 'livox', 'hesai')


def shown_image(given, cameras, colour, presets, lidar_presets):
    """Topic of the images that RViz shows, without what image_transport appends; None where there is surely no camera."""
    color = given['color'] if given['color'] != 'none' else ''
    own = [*(f'{name}/color' for name in cameras), *(f'{name}/image' for name in colour)]
    image = given['image'] or color or presets.get(given['config']) or (own or [None])[0]
    if image is None:
        # Somebody's own file may name a camera.
        with_camera = given['depth'] or given['points'] or given['config'] not in ('', *lidar_presets)
        return 'rgbd/color' if with_camera else None
    return image[: -len('/compressed')] if image.endswith('/compressed') else image


def display_file(path, base_frame, with_images=True, scale=1):
    """The display file with a camera that follows the robot, without the panel of images where none will come.

    One of its own where the robot is not called base_link, or has no camera. scale: how far away the camera is, and how
    large grid and axes are, as a share of what a LiDAR needs.
    """
    if base_frame == 'base_link' and with_images and scale == 1:
        return path
    with open(path, encoding='utf-8') as file:
        text = file.read().replace('Target Frame: base_link', f'Target Frame: {json.dumps(base_frame)}')
    # One display a paragraph, as they lie there. A disabled one would be enabled again by its panel in the window's state.
    parts = text.split('\n    - ')
    parts = [part for part in parts if with_images or not part.startswith('Class: rviz_default_plugins/Image')]
    lines = '\n    - '.join(parts).split('\n')
    for k, line in enumerate(lines):
        name, _, value = line.partition(': ')
        if name.strip() in ('Distance', 'Cell Size', 'Marker Scale', 'Axes Length', 'Axes Radius', 'Line Width'):
            lines[k] = f'{name}: {float(value) * scale:g}'
    with tempfile.NamedTemporaryFile('w', encoding='utf-8', prefix='feltmap-', suffix='.rviz', delete=False) as file:
        file.write('\n'.join(lines))
    return file.name


def shown_scale(lidars, kind, image):
    """How large what RViz shows is, as a share of what a LiDAR sees: a room of a camera, an object of touch."""
    if lidars or 'lidar' in kind:
        return 1
    if image is not None or 'rgbd' in kind:
        return 0.1
    return 0.02 if kind == 'touch' else 1


def rviz(given, share, use_sim_time, image, scale):
    """RViz with the shipped displays; image: topic of the camera's, None without one."""
    try:
        get_package_prefix('rviz2')
    except PackageNotFoundError:
        distribution = os.environ.get('ROS_DISTRO', 'DISTRO')
        return LogInfo(msg=f'rviz:=true, but RViz is not installed (apt install ros-{distribution}-rviz2); going on without it')
    shown = display_file(os.path.join(share, 'rviz', 'feltmap.rviz'), given['base_frame'] or 'base_link', image is not None, scale)
    remappings = [('rgbd/color', image), ('rgbd/color/compressed', f'{image}/compressed')] if image else []
    return Node(
        package='rviz2',
        executable='rviz2',
        name='rviz',
        # Relative topics of the display file are found in the same namespace.
        namespace=given['namespace'],
        arguments=['-d', shown, '-f', given['odom_frame'] or 'odom'],
        parameters=[{'use_sim_time': use_sim_time}],
        remappings=remappings,
        output='log',
    )


def generate_launch_description():
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])
