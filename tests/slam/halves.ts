import { exp, inverse, transformPoint, type Pose } from '../../src/geometry/se3.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';

export const FRONT = exp([0, 0, 0, 0, 0, 0]);
/** T_front_rear: looks backward, half a metre behind and lower. */
export const REAR = exp([-0.5, 0.1, -0.2, 0, 0, Math.PI]);

/** The half of a sweep that lies ahead of its sensor, or behind it, as another sensor at `mount` measures it. */
export function half(scan: LidarScan, frameId: 'front' | 'rear'): LidarScan & { readonly mount: Pose } {
  const mount = frameId === 'front' ? FRONT : REAR;
  const T = inverse(mount);
  const { positions: p } = scan;
  const kept = Array.from({ length: scan.count }, (_, i) => i).filter(
    (i) => p[3 * i]! > 0 === (frameId === 'front'),
  );
  return {
    stampNs: scan.stampNs,
    frameId,
    mount,
    count: kept.length,
    positions: Float32Array.from(
      kept.flatMap((i) => Array.from(transformPoint(T, p[3 * i]!, p[3 * i + 1]!, p[3 * i + 2]!))),
    ),
    times: Float32Array.from(kept, (i) => scan.times![i]!),
    timing: 'field',
  };
}
