import type { Pose } from '../../geometry/se3.js';
import { PoseTerm, type PoseQuadratic } from './pose-term.js';

/**
 * Which way is up in the sensor, as an IMU has it: a prior about roll and pitch that drift of either cannot escape.
 *
 * @example
 * const terms = [geometric, new GravityPrior(upInSensor, upInSubmap, 0.001)];
 */
export class GravityPrior extends PoseTerm {
  readonly fades = false;

  /**
   * @param sensor unit vector up, frame of the sensor
   * @param submap unit vector up, frame of the submap
   * @param sigma standard deviation of the angle between them in one frame, radians
   */
  constructor(
    readonly sensor: ArrayLike<number>,
    readonly submap: ArrayLike<number>,
    readonly sigma: number,
  ) {
    super();
  }

  /** Residual: the rotation vector φ that takes up in the submap to a = R·(up in the sensor); Λ = (I − a aᵀ)/σ² over turns. */
  quadratic(T: Pose): PoseQuadratic {
    const [x, y, z] = [this.sensor[0]!, this.sensor[1]!, this.sensor[2]!];
    const a = [0, 4, 8].map((r) => T[r]! * x + T[r + 1]! * y + T[r + 2]! * z);
    const g = this.submap;
    const cross = [
      g[1]! * a[2]! - g[2]! * a[1]!,
      g[2]! * a[0]! - g[0]! * a[2]!,
      g[0]! * a[1]! - g[1]! * a[0]!,
    ];
    const sine = Math.hypot(...cross);
    const angle = Math.atan2(sine, g[0]! * a[0]! + g[1]! * a[1]! + g[2]! * a[2]!);
    const scale = sine > 1e-12 ? angle / sine : 0;
    const information = new Float64Array(36);
    for (let r = 0; r < 3; r++)
      for (let c = 0; c < 3; c++)
        information[(3 + r) * 6 + 3 + c] = ((r === c ? 1 : 0) - a[r]! * a[c]!) / this.sigma ** 2;
    return { information, residual: Float64Array.of(0, 0, 0, ...cross.map((v) => v * scale)) };
  }
}
