/** Quality of service of one topic, as far as rclnodejs can set it. History is always keep-last. */
export interface QosProfile {
  readonly depth: number;
  readonly reliability: 'reliable' | 'best-effort';
  readonly durability: 'volatile' | 'transient-local';
}

/** rmw's sensor data profile: takes what any publisher offers, never waits for a resend. */
export const SENSOR_DATA: QosProfile = { depth: 5, reliability: 'best-effort', durability: 'volatile' };

const reliable = (depth: number): QosProfile => ({ depth, reliability: 'reliable', durability: 'volatile' });
const latched = (depth: number): QosProfile => ({
  depth,
  reliability: 'reliable',
  durability: 'transient-local',
});

/**
 * Inputs. `/tf_static` has to be transient-local to hear of transforms published before the node started; `/clock` best
 * effort, because that is what `ros2 bag play --clock` offers and simulators' reliable clocks match it too.
 */
export const INPUT_QOS = {
  cloud: SENSOR_DATA,
  // Depth, colour and their camera_infos come in one go.
  image: { ...SENSOR_DATA, depth: 10 },
  cameraInfo: SENSOR_DATA,
  // IMU messages are small and come in bursts: one is taken per wake-up of the node.
  imu: { ...SENSOR_DATA, depth: 200 },
  odometry: { ...SENSOR_DATA, depth: 100 },
  // A person clicks.
  clickedPoint: reliable(5),
  tf: reliable(100),
  tfStatic: latched(100),
  clock: { ...SENSOR_DATA, depth: 1 },
} as const satisfies Record<string, QosProfile>;

/**
 * Outputs. Reliable matches subscribers of both kinds. Outputs that somebody who comes late wants at once are latched;
 * the mesh too, so that it matches a subscriber who asks for that (its whole is sent again to every new subscriber).
 */
export const OUTPUT_QOS = {
  odometry: reliable(10),
  tf: reliable(100),
  path: latched(1),
  mesh: latched(10),
  cloud: reliable(2),
  // As map servers offer it, and Nav2's static layer asks for it.
  costmap: latched(1),
  distance_slice: reliable(2),
  touch: latched(10),
  completion: latched(10),
  next_touch: latched(1),
  diagnostics: reliable(10),
} as const satisfies Record<string, QosProfile>;

/** Whether a subscription gets anything from a publisher: DDS request-offered rules for the policies above. */
export function compatible(offered: QosProfile, requested: QosProfile): boolean {
  const reliability = offered.reliability === 'reliable' || requested.reliability === 'best-effort';
  const durability = offered.durability === 'transient-local' || requested.durability === 'volatile';
  return reliability && durability;
}
