import { transformCovariance } from '../geometry/covariance.js';
import { compose, inverse, log, type Pose } from '../geometry/se3.js';
import { LOST_COVARIANCE } from './covariance.js';

/** Metres and radians after which the surroundings are new ones, mapped with the error that the pose then has. */
const NEW_METRES = 10;
const NEW_RADIANS = 5;
/** Error of lengths as a share of the way, of a calibrated sensor: it does not average out. */
const SCALE = 4e-4;

const ORIGIN = [0, 0, 0];
const NOT_SLID = new Float64Array(9);

/**
 * How far the pose in the odom frame may be off after a long way. A scan is registered with a map that was made from
 * earlier ones, whose errors stay in it: with every new piece of the way the pose's own covariance is added once more,
 * and turned with the motion since. An error of scale grows with the distance itself.
 *
 * @example
 * const drift = new OdometryCovariance();
 * const covariance = drift.update(T_odom_body, poseCovariance, submap); // 6×6, grows with the way
 */
export class OdometryCovariance {
  /** In the body's axes at the last pose. */
  #drift: Float64Array = new Float64Array(36);
  #first: Pose | undefined;
  #last: Pose | undefined;
  #slid: Float64Array = NOT_SLID;
  #submap: number | undefined;

  /**
   * A pose that is known.
   *
   * @param T_odom_body the newest pose
   * @param covariance 6×6 of the pose in the map around it, about the body, axes of the odom frame
   * @param submap a new number: how it lies to the one before is not known
   * @param slid 3×3, the part of the covariance that a sliding direction has gathered
   * @returns 6×6 in the odom frame, [x y z rotX rotY rotZ] about the body, fixed axes
   */
  update(
    T_odom_body: Pose,
    covariance: Float64Array,
    submap: number,
    slid: Float64Array = NOT_SLID,
  ): Float64Array {
    const turn = inverse(T_odom_body);
    const measured = withoutSlide(covariance, slid);
    const own = transformCovariance(measured, turn, ORIGIN);
    if (this.#last) this.#move(T_odom_body, own);
    // What has slid stays when the sliding ends.
    const more = slid.map((v, i) => v - this.#slid[i]!);
    if (more[0]! + more[4]! + more[8]! > 0) this.#add(transformCovariance(inTranslation(more), turn, ORIGIN));
    if (this.#submap !== undefined && submap !== this.#submap) this.#add(LOST_COVARIANCE);
    this.#first ??= T_odom_body;
    this.#last = T_odom_body;
    this.#submap = submap;
    this.#slid = slid;
    return this.#total(measured, T_odom_body);
  }

  /** A pose that is a prediction: anything may have happened. @returns 6×6 as from {@link update} */
  lost(T_odom_body: Pose): Float64Array {
    return this.#total(LOST_COVARIANCE, T_odom_body);
  }

  /** Turns the drift into the axes of the next pose and adds what the way to it is new. */
  #move(T_odom_body: Pose, own: Float64Array): void {
    const T_now_last = compose(inverse(T_odom_body), this.#last!);
    const step = log(T_now_last);
    const share =
      Math.hypot(step[0]!, step[1]!, step[2]!) / NEW_METRES +
      Math.hypot(step[3]!, step[4]!, step[5]!) / NEW_RADIANS;
    const arm = [-T_now_last[3]!, -T_now_last[7]!, -T_now_last[11]!];
    this.#drift = transformCovariance(this.#drift, T_now_last, arm);
    this.#add(own.map((v) => v * share));
  }

  #add(covariance: Float64Array): void {
    this.#drift = this.#drift.map((v, i) => v + covariance[i]!);
  }

  /** @param own axes of the odom frame */
  #total(own: Float64Array, T: Pose): Float64Array {
    const way = [3, 7, 11].map((i) => SCALE * (T[i]! - (this.#first ?? T)[i]!));
    return transformCovariance(this.#drift, T, ORIGIN).map((v, i) => {
      const [r, c] = [Math.floor(i / 6), i % 6];
      return v + own[i]! + (r < 3 && c < 3 ? way[r]! * way[c]! : 0);
    });
  }
}

function withoutSlide(covariance: Float64Array, slid: Float64Array): Float64Array {
  return covariance.map((v, i) => (i % 6 < 3 && i < 18 ? v - slid[Math.floor(i / 6) * 3 + (i % 6)]! : v));
}

/** 6×6 with a 3×3 of the translation. */
function inTranslation(block: Float64Array): Float64Array {
  const out = new Float64Array(36);
  for (let r = 0; r < 3; r++) for (let c = 0; c < 3; c++) out[r * 6 + c] = block[r * 3 + c]!;
  return out;
}
