import { ROS_TYPES } from '../messages/types.js';

/*
 * Message definitions in MCAP's ros2msg form: the fields of the type, then those of every type it uses. Field names,
 * types and order are what defines the bytes; the comments of the original files are left out.
 */
const TIME = { 'builtin_interfaces/Time': 'int32 sec\nuint32 nanosec' };
const HEADER = { ...TIME, 'std_msgs/Header': 'builtin_interfaces/Time stamp\nstring frame_id' };
const VECTOR3 = { 'geometry_msgs/Vector3': 'float64 x\nfloat64 y\nfloat64 z' };
const QUATERNION = {
  'geometry_msgs/Quaternion': 'float64 x 0\nfloat64 y 0\nfloat64 z 0\nfloat64 w 1',
};
const POSE = {
  'geometry_msgs/Point': 'float64 x\nfloat64 y\nfloat64 z',
  ...QUATERNION,
  'geometry_msgs/Pose': 'geometry_msgs/Point position\ngeometry_msgs/Quaternion orientation',
};
const POSE_STAMPED = 'std_msgs/Header header\ngeometry_msgs/Pose pose';

const DEFINITIONS: Record<string, { fields: string; uses: Record<string, string> }> = {
  [ROS_TYPES.pointCloud2]: {
    fields:
      'std_msgs/Header header\nuint32 height\nuint32 width\nsensor_msgs/PointField[] fields\nbool is_bigendian\n' +
      'uint32 point_step\nuint32 row_step\nuint8[] data\nbool is_dense',
    uses: {
      ...HEADER,
      'sensor_msgs/PointField':
        'uint8 INT8=1\nuint8 UINT8=2\nuint8 INT16=3\nuint8 UINT16=4\nuint8 INT32=5\nuint8 UINT32=6\nuint8 FLOAT32=7\n' +
        'uint8 FLOAT64=8\nstring name\nuint32 offset\nuint8 datatype\nuint32 count',
    },
  },
  [ROS_TYPES.imu]: {
    fields:
      'std_msgs/Header header\ngeometry_msgs/Quaternion orientation\nfloat64[9] orientation_covariance\n' +
      'geometry_msgs/Vector3 angular_velocity\nfloat64[9] angular_velocity_covariance\n' +
      'geometry_msgs/Vector3 linear_acceleration\nfloat64[9] linear_acceleration_covariance',
    uses: { ...HEADER, ...VECTOR3, ...QUATERNION },
  },
  [ROS_TYPES.odometry]: {
    fields:
      'std_msgs/Header header\nstring child_frame_id\ngeometry_msgs/PoseWithCovariance pose\n' +
      'geometry_msgs/TwistWithCovariance twist',
    uses: {
      ...HEADER,
      ...POSE,
      ...VECTOR3,
      'geometry_msgs/PoseWithCovariance': 'geometry_msgs/Pose pose\nfloat64[36] covariance',
      'geometry_msgs/Twist': 'geometry_msgs/Vector3 linear\ngeometry_msgs/Vector3 angular',
      'geometry_msgs/TwistWithCovariance': 'geometry_msgs/Twist twist\nfloat64[36] covariance',
    },
  },
  [ROS_TYPES.image]: {
    fields:
      'std_msgs/Header header\nuint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\nuint32 step\nuint8[] data',
    uses: HEADER,
  },
  [ROS_TYPES.compressedImage]: {
    fields: 'std_msgs/Header header\nstring format\nuint8[] data',
    uses: HEADER,
  },
  [ROS_TYPES.cameraInfo]: {
    fields:
      'std_msgs/Header header\nuint32 height\nuint32 width\nstring distortion_model\nfloat64[] d\nfloat64[9] k\n' +
      'float64[9] r\nfloat64[12] p\nuint32 binning_x\nuint32 binning_y\nsensor_msgs/RegionOfInterest roi',
    uses: {
      ...HEADER,
      'sensor_msgs/RegionOfInterest':
        'uint32 x_offset\nuint32 y_offset\nuint32 height\nuint32 width\nbool do_rectify',
    },
  },
  [ROS_TYPES.poseStamped]: { fields: POSE_STAMPED, uses: { ...HEADER, ...POSE } },
  [ROS_TYPES.path]: {
    fields: 'std_msgs/Header header\ngeometry_msgs/PoseStamped[] poses',
    uses: { ...HEADER, ...POSE, 'geometry_msgs/PoseStamped': POSE_STAMPED },
  },
  [ROS_TYPES.tf]: {
    fields: 'geometry_msgs/TransformStamped[] transforms',
    uses: {
      ...HEADER,
      ...VECTOR3,
      ...QUATERNION,
      'geometry_msgs/Transform': 'geometry_msgs/Vector3 translation\ngeometry_msgs/Quaternion rotation',
      'geometry_msgs/TransformStamped':
        'std_msgs/Header header\nstring child_frame_id\ngeometry_msgs/Transform transform',
    },
  },
};

/** The ros2msg schema of a type that Feltmap writes; undefined for others. */
export function ros2Schema(type: string): string | undefined {
  const definition = DEFINITIONS[type];
  if (!definition) return undefined;
  const parts = Object.entries(definition.uses).map(
    ([name, fields]) => `${'='.repeat(80)}\nMSG: ${name}\n${fields}\n`,
  );
  return [`${definition.fields}\n`, ...parts].join('');
}
