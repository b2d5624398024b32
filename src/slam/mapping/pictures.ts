import { compose, interpolate, type Pose } from '../../geometry/se3.js';
import type { ColorFrame } from '../../sensors/camera/frame.js';
import { PicturePreparer } from '../../sensors/camera/picture-preparer.js';
import { steadyNs } from '../../sensors/clock-shift.js';
import type { Picture } from '../../sensors/observation.js';

/** Images that wait for the poses around them; more than that, and the oldest is left out. */
const MOST_WAITING = 16;
/** Poses that are remembered: images come later than scans where decoding takes long. */
const MOST_POSES = 20;
/** Poses farther apart than this (s) do not say where the body was between them. */
const LONGEST_GAP = 0.5;
/** An image so long (s) before the first pose is taken to be at that pose: cameras are triggered with the sweeps. */
const BESIDE = 0.05;

/** Where the body was: T_odom_body. */
interface Stamped {
  readonly stampNs: bigint;
  readonly pose: Pose;
}

/**
 * Images of cameras without depth: each waits until the poses of the body before and after it are known, and then colours
 * the surface that other sensors measured.
 *
 * @example
 * const pictures = new Pictures((picture, T_odom_camera) => painter.paint(surface, { picture }, T_odom_camera));
 * pictures.add(frame);
 * pictures.tracked(scan.stampNs, T_odom_body); // colours by the images up to there
 */
export class Pictures {
  readonly #preparer = new PicturePreparer();
  #waiting: ColorFrame[] = [];
  /** Oldest first. */
  readonly #path: Stamped[] = [];

  /** @param paint told of each picture and T_odom_camera; both are valid during the call only */
  constructor(private readonly paint: (picture: Picture, T_odom_camera: Pose) => void) {}

  /** What the user should know about images so far: only ever grows. */
  get notices(): readonly string[] {
    return this.#preparer.notices;
  }

  /** Takes an image. */
  add(frame: ColorFrame): void {
    this.#waiting.push(frame);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
  }

  /**
   * The body was tracked: images up to then can be used. Those of a time when nobody knew where the body was are dropped.
   *
   * @param pose T_odom_body at the stamp
   */
  tracked(stampNs: bigint, pose: Pose): void {
    const path = this.#path;
    if (path.length > 0 && stampNs <= path.at(-1)!.stampNs) return; // a late one of another sensor
    path.push({ stampNs, pose });
    if (path.length > MOST_POSES) path.shift();
    const due = this.#waiting.filter((frame) => steadyNs(frame) <= stampNs);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((frame) => steadyNs(frame) > stampNs);
    for (const frame of due) {
      const T_odom_body = poseAt(path, steadyNs(frame));
      const picture = T_odom_body && this.#preparer.prepare(frame);
      if (picture) this.paint(picture, compose(T_odom_body, frame.mount));
    }
  }

  /** Nobody knows where the body is, or a new map has begun: the path does not go on from the last pose. */
  interrupt(): void {
    this.#path.length = 0;
  }
}

/** The body's pose at a stamp up to the last one of a path; undefined where it is not known. */
function poseAt(path: readonly Stamped[], stampNs: bigint): Pose | undefined {
  const after = path.findIndex((one) => one.stampNs >= stampNs);
  const next = path[after]!;
  const last = path[after - 1];
  const before = Number(next.stampNs - stampNs) * 1e-9;
  if (!last) return path.length === 1 && before <= BESIDE ? next.pose : undefined;
  const gap = Number(next.stampNs - last.stampNs) * 1e-9;
  return gap > LONGEST_GAP ? undefined : interpolate(next.pose, last.pose, before / gap);
}
