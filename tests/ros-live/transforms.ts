/** geometry_msgs/TransformStamped for tf2_msgs/TFMessage, at rest unless x, y, z say otherwise. */
export function transform(parent: string, child: string, stampNs = 0n, [x, y, z] = [0, 0, 0]): object {
  return {
    header: {
      stamp: { sec: Number(stampNs / 1_000_000_000n), nanosec: Number(stampNs % 1_000_000_000n) },
      frame_id: parent,
    },
    child_frame_id: child,
    transform: { translation: { x, y, z }, rotation: { x: 0, y: 0, z: 0, w: 1 } },
  };
}
