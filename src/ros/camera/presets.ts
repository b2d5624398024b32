/** Topics of a depth camera, as its driver for ROS 2 names them by default. */
export interface DriverTopics {
  readonly depth: string;
  readonly color: string;
  /** Of the depth images. */
  readonly info: string;
  readonly colorInfo: string;
}

export const PRESET_NAMES = ['none', 'realsense', 'zed', 'orbbec', 'kinect'] as const;

/**
 * What drivers publish without any remapping; depth registered to colour where they offer it. The launch file or option of
 * the driver that is needed stands in docs/ros.md.
 */
export const PRESETS: Readonly<Record<Exclude<(typeof PRESET_NAMES)[number], 'none'>, DriverTopics>> = {
  // realsense-ros 4.55 and newer, camera_namespace and camera_name `camera`, align_depth.enable:=true.
  realsense: {
    depth: '/camera/camera/aligned_depth_to_color/image_raw',
    color: '/camera/camera/color/image_raw',
    info: '/camera/camera/aligned_depth_to_color/camera_info',
    colorInfo: '/camera/camera/color/camera_info',
  },
  // zed-ros2-wrapper 5.1 and newer, camera_name `zed`: depth lies in the pixels of the rectified left image.
  zed: {
    depth: '/zed/zed_node/depth/depth_registered',
    color: '/zed/zed_node/rgb/color/rect/image',
    info: '/zed/zed_node/rgb/color/rect/camera_info',
    colorInfo: '/zed/zed_node/rgb/color/rect/camera_info',
  },
  // OrbbecSDK_ROS2, camera_name `camera`, depth_registration:=true.
  orbbec: {
    depth: '/camera/depth/image_raw',
    color: '/camera/color/image_raw',
    info: '/camera/depth/camera_info',
    colorInfo: '/camera/color/camera_info',
  },
  // Azure_Kinect_ROS_Driver, branch humble: depth in the pixels of colour.
  kinect: {
    depth: '/depth_to_rgb/image_raw',
    color: '/rgb/image_raw',
    info: '/depth_to_rgb/camera_info',
    colorInfo: '/rgb/camera_info',
  },
};
