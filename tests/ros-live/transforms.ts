/** geometry_msgs/TransformStamped for tf2_msgs/TFMessage; turned by `yaw` (rad) and moved by x, y, z (m). */
export function transform(
  parent: string,
  child: string,
  stampNs = 0n,
  [x, y, z]: readonly [number, number, number] = [0, 0, 0],
  yaw = 0,
): object {
  return {
    header: {
      stamp: { sec: Number(stampNs / 1_000_000_000n), nanosec: Number(stampNs % 1_000_000_000n) },
      frame_id: parent,
    },
    child_frame_id: child,
    transform: {
      translation: { x, y, z },
      rotation: { x: 0, y: 0, z: Math.sin(yaw / 2), w: Math.cos(yaw / 2) },
    },
  };
}
