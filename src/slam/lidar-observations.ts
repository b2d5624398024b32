import { identity, type Twist } from '../geometry/se3.js';
import type { LidarPreparer } from '../sensors/lidar/preparer.js';
import type { PreparedScan } from '../sensors/lidar/prepared-scan.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import type { Observation, SurfaceSamples } from '../sensors/observation.js';
import { surfaceOf } from './points.js';

/** Makes observations of LiDAR sweeps. There is one buffer: an older observation is prepared again when it is used. */
export class LidarObservations {
  readonly #preparer: LidarPreparer;
  readonly #undistort: boolean;
  #current: object | undefined;

  constructor(preparer: LidarPreparer, undistort: boolean) {
    this.#preparer = preparer;
    this.#undistort = undistort;
  }

  /** @throws FeltmapError bad-input for a scan with too many points or arrays that do not fit together */
  observe(scan: LidarScan): Observation {
    const key = {};
    const prepare = (): PreparedScan => {
      if (this.#current === key) return this.#preparer.latest;
      this.#current = key;
      return this.#preparer.prepare(scan);
    };
    const { input, valid } = prepare().counts;
    const sweep = scan.timing !== 'none' && this.#undistort;
    return {
      sensor: scan.frameId,
      stampNs: scan.stampNs,
      frameId: scan.frameId,
      T_body_sensor: scan.mount ?? identity(),
      ...(scan.mountTwist && { mountTwist: scan.mountTwist }),
      get surface(): SurfaceSamples {
        return surfaceOf(prepare());
      },
      rays: 'from-sensor',
      motion: sweep ? 'sweep' : 'rigid',
      counts: { input, valid },
      undistort: (twist: Twist): void => {
        prepare();
        if (sweep) this.#preparer.deskew(twist);
      },
      release: (): void => undefined,
    };
  }
}
