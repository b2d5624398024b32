/** ROS 2 names of the message types that Feltmap understands. */
export const ROS_TYPES = {
  pointCloud2: 'sensor_msgs/msg/PointCloud2',
  imu: 'sensor_msgs/msg/Imu',
  odometry: 'nav_msgs/msg/Odometry',
  path: 'nav_msgs/msg/Path',
  occupancyGrid: 'nav_msgs/msg/OccupancyGrid',
  pointStamped: 'geometry_msgs/msg/PointStamped',
  poseStamped: 'geometry_msgs/msg/PoseStamped',
  tf: 'tf2_msgs/msg/TFMessage',
  image: 'sensor_msgs/msg/Image',
  compressedImage: 'sensor_msgs/msg/CompressedImage',
  cameraInfo: 'sensor_msgs/msg/CameraInfo',
  markerArray: 'visualization_msgs/msg/MarkerArray',
  diagnosticArray: 'diagnostic_msgs/msg/DiagnosticArray',
  clock: 'rosgraph_msgs/msg/Clock',
} as const;

/** ROS 1 `pkg/Type` and ROS 2 `pkg/msg/Type` as the latter; ROS 1's old tf/tfMessage is tf2_msgs'. */
export function rosTypeName(name: string): string {
  const parts = name.split('/');
  const type = parts.length === 2 ? `${parts[0]}/msg/${parts[1]}` : name;
  return type === 'tf/msg/tfMessage' ? ROS_TYPES.tf : type;
}
