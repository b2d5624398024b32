"""Plays a bag into the Feltmap node in simulated time and opens RViz.

    ros2 launch feltmap replay.launch.py bag:=drive.mcap lidar:=/velodyne_points base_frame:=velodyne

Playing begins when the node says that it is ready. All arguments of feltmap.launch.py may be given, too.
"""

import os
import re

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    TimerAction,
)
from launch.event_handlers import OnProcessExit, OnProcessIO
from launch.events import Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, ThisLaunchFileDir

ARGUMENTS = [
    ('bag', None, 'recording to play: a folder of ros2 bag, an .mcap or .db3 file'),
    ('rate', '1.0', 'speed of playing; 1 is as recorded'),
    ('start', '0.0', 'seconds of the bag to skip'),
    ('loop', 'false', 'begin anew at the end (the node notices, and starts a new map)'),
    ('topics', '', 'play only these topics, separated by spaces or commas (default: all)'),
    ('exit', 'false', 'end everything when the bag has been played'),
    ('queue_size', '100', 'scans that may wait: a slow machine falls behind instead of leaving scans out'),
    ('rviz', 'true', 'open RViz'),
]

# Arguments of feltmap.launch.py that are passed on; defaults are kept there.
PASSED = [
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
    'viewer',
    'viewer_host',
    'viewer_token',
    'namespace',
]

# What the node says when it takes scans.
READY = re.compile(r'Ready\.|The saved map is loaded\.')
# Should the node's word be missed, playing begins all the same.
LATEST_START = 20.0


def play(context):
    def value(name):
        return LaunchConfiguration(name).perform(context).strip()

    bag = os.path.abspath(os.path.expanduser(value('bag')))
    if not os.path.exists(bag):
        raise RuntimeError(f'bag:={value("bag")} does not exist')
    command = ['ros2', 'bag', 'play', bag, '--clock', '100', '--rate', value('rate')]
    if float(value('start')) > 0:
        command += ['--start-offset', value('start')]
    if value('loop').lower() == 'true':
        command.append('--loop')
    topics = value('topics').replace(',', ' ').split()
    if topics:
        command += ['--topics', *topics]
    # Its keyboard control would take over the terminal of the launch.
    command.append('--disable-keyboard-controls')
    player = ExecuteProcess(cmd=command, name='bag', output='screen')
    begun = []

    def begin(*_):
        if begun:
            return None
        begun.append(True)
        return [player]

    def on_output(event):
        of_node = event.process_name.startswith('feltmap_node')
        return begin() if of_node and READY.search(event.text.decode(errors='replace')) else None

    def at_end(_, context):
        if context.is_shutdown:
            return None
        said = LogInfo(msg='The bag has been played; Ctrl-C ends node and RViz.')
        # The last scans are still being worked on.
        wait = TimerAction(period=3.0, actions=[EmitEvent(event=Shutdown(reason='the bag has been played'))])
        return [wait] if value('exit').lower() == 'true' else [said]

    def node_ended(event, _):
        if not event.process_name.startswith('feltmap_node'):
            return None
        begun.append(True)  # nobody is left to play to
        return EmitEvent(event=Shutdown(reason='the node has ended'))

    return [
        RegisterEventHandler(OnProcessExit(on_exit=node_ended)),
        RegisterEventHandler(OnProcessIO(on_stdout=on_output, on_stderr=on_output)),
        RegisterEventHandler(OnProcessExit(target_action=player, on_exit=at_end)),
        TimerAction(period=LATEST_START, actions=[OpaqueFunction(function=begin)]),
    ]


def generate_launch_description():
    declared = [
        DeclareLaunchArgument(name, description=text)
        if default is None
        else DeclareLaunchArgument(name, default_value=default, description=text)
        for name, default, text in ARGUMENTS
    ]
    passed = [DeclareLaunchArgument(name, default_value='', description='see feltmap.launch.py') for name in PASSED]
    node = IncludeLaunchDescription(
        PythonLaunchDescriptionSource([ThisLaunchFileDir(), '/feltmap.launch.py']),
        launch_arguments=[
            *((name, LaunchConfiguration(name)) for name in [*PASSED, 'queue_size', 'rviz']),
            ('use_sim_time', 'true'),
        ],
    )
    # The handlers that wait for the node are registered before it starts.
    return LaunchDescription([*declared, *passed, OpaqueFunction(function=play), node])
