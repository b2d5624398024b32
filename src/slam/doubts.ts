import type { Pose } from '../geometry/se3.js';
import type { ComparedLengths, LengthCheck } from '../sensors/imu/length-check.js';
import type { Observation, SensorId } from '../sensors/observation.js';
import { DepthAgainstLidar } from './depth-against-lidar.js';
import type { Estimate } from './estimate.js';
import { IntrinsicsDoubts } from './intrinsics/intrinsics-doubts.js';

/** Units in which points and depth come by mistake, as factors of the metre. */
const UNITS = [
  [1000, 'millimetres'],
  [100, 'centimetres'],
  [39.37, 'inches'],
  [10, 'decimetres'],
  [3.281, 'feet'],
] as const;
/** Nearer than this to one of them, as a factor, it is named. */
const NAMED = 1.2;

const REASON =
  'What the sensor measures is longer or shorter than the accelerometer of the IMU shows, so that path and map have another scale.';

const OTHERWISE =
  'Depth images and the LiDAR measure different distances in the same directions, so that one of them has another scale.';

/**
 * Sensors whose measurements fit themselves, and contradict what else is known: cameras by their intrinsics, any sensor by its
 * unit; of a camera and a LiDAR that contradict each other, both. Their poses are `degraded`, however well they fit.
 *
 * @example
 * const doubts = new SensorDoubts(lengths); // which has the readings of the IMU
 * doubts.add(observation, T_odom_sensor, estimate);
 * doubts.of(observation.sensor); // a sentence where it is doubted
 */
export class SensorDoubts {
  readonly #depth = new DepthAgainstLidar();
  /** Cameras whose depth is not what a LiDAR measures. */
  readonly #otherwise = new Set<SensorId>();
  readonly #intrinsics = new IntrinsicsDoubts();
  readonly #told: string[] = [];
  readonly #wrong = new Set<SensorId>();

  constructor(private readonly lengths: LengthCheck) {}

  /** What the user should know: lists that only ever grow. */
  get notices(): readonly (readonly string[])[] {
    return [this.#intrinsics.notices, this.#told];
  }

  /** Why a sensor's poses are doubted; undefined where nothing contradicts them. */
  of(sensor: SensorId): string | undefined {
    if (this.#wrong.has(sensor)) return REASON;
    return this.#otherwise.size > 0 ? OTHERWISE : this.#intrinsics.of(sensor);
  }

  /** An observation that has been mapped. @param pose T_odom_sensor */
  add(
    observation: Observation,
    pose: Pose,
    { state, continues, slides }: Pick<Estimate, 'state' | 'continues' | 'slides'>,
  ): void {
    this.#intrinsics.add(observation, pose, state);
    const { sensor, kind, stampNs, T_body_sensor } = observation;
    if (kind === 'touch') return;
    this.#compare(observation);
    // Along a corridor, and where another sensor carries this one, its poses are not what it measured.
    if (state === 'lost' || !continues || slides) return this.lengths.interrupt(sensor);
    const compared = this.lengths.see(sensor, stampNs, pose, T_body_sensor);
    if (!compared || (compared.kind !== 'right') === this.#wrong.has(sensor)) return;
    if (compared.kind === 'right') {
      this.#wrong.delete(sensor);
      this.#told.push(`What '${sensor}' measures agrees with the accelerometer of the IMU again.`);
      return;
    }
    this.#wrong.add(sensor);
    this.#told.push(describe(sensor, kind, compared));
  }

  /** Depth images with scans of the same body. */
  #compare({ sensor, kind, view, stampNs, surface, grid, T_body_sensor }: Observation): void {
    if (kind === 'lidar' && view === 'around') this.#depth.scan(stampNs, surface, T_body_sensor);
    if (kind !== 'rgbd' || !grid || grid.orthographic) return;
    const ratio = this.#depth.image(sensor, stampNs, grid, T_body_sensor);
    if (ratio === undefined || (ratio !== 1) === this.#otherwise.has(sensor)) return;
    if (ratio === 1) {
      this.#otherwise.delete(sensor);
      this.#told.push(`Depth of '${sensor}' is what the LiDAR measures again.`);
      return;
    }
    this.#otherwise.add(sensor);
    this.#told.push(
      `Depth of '${sensor}' is ${Number(ratio.toPrecision(2))} times what the LiDAR measures in the same directions: check the unit of its images ` +
        '(16UC1: millimetres, 32FC1: metres), that of the points (metres), and the transform between the two. Path and map mix both, and poses are degraded.',
    );
  }
}

function describe(sensor: SensorId, kind: Observation['kind'], compared: ComparedLengths): string {
  const { factor, sigma, seconds, measured, tracked } = compared;
  const [what, are, where] =
    kind === 'rgbd'
      ? ['Depth', 'is', 'check the unit of its images (16UC1: millimetres, 32FC1: metres)']
      : ['Points', 'are', 'check the unit of x, y and z, where metres belong'];
  const unit = UNITS.find(([perMetre]) => Math.abs(Math.log(factor / perMetre)) < Math.log(NAMED));
  const most = Number((Math.max(0, factor) + 2 * sigma).toPrecision(1));
  const about =
    compared.kind === 'none'
      ? `at most ${most} times as long as the accelerometer of the IMU shows`
      : `about ${Number(factor.toPrecision(2))} times as long as the accelerometer of the IMU shows${unit ? `, as if in ${unit[1]}` : ''}`;
  const otherwise =
    compared.kind === 'none'
      ? '; where what it sees moves along (a lift, a ship), nothing is wrong with it'
      : '';
  return (
    `${what} of '${sensor}' ${are} ${about}: over ${seconds.toFixed(0)} s that sped up and slowed down by ${measured.toFixed(2)} m/s² ` +
    `(root mean square), the sensor by ${tracked.toFixed(2)}; ${where}${otherwise}. Path and map have that scale, and poses are degraded.`
  );
}
