/** What `feltmap` reads. */
export const RECORDING =
  'MCAP, rosbag2 (.db3 or its folder), ROS 1 .bag, KITTI folder, folder of .pcd/.ply/.bin scans, or of colour and depth images (TUM RGB-D, 7-Scenes, ScanNet, Replica, Open3D, nerfstudio)';
/** Help of --layout. */
export const LAYOUT =
  'columns of .bin scans with their types, such as x,y,z,intensity,ring:u16,time:f64 (f32 unless given, _ for what is not needed; found out by itself unless given)';

/** Help of --depth-scale. */
export const DEPTH_SCALE =
  'unit of the depth images of a folder: how many make a metre, such as 1000 or 5000, or metres of one, such as 0.001 (unless given: what its files say, else what their values make likely)';
