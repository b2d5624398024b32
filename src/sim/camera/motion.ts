import type { Random } from '../../geometry/random.js';
import { compose, type Pose, type Twist } from '../../geometry/se3.js';
import { accelerationOf, mounted, twistOf, type Body } from '../body.js';
import { placed } from '../primitives.js';
import { walking, type Progress } from '../progress.js';
import type { Route } from '../route.js';
import { smoothstep, smoothstepIntegral, waves, type Wave } from '../smooth.js';
import { limitTurns, peakRate, type Turns } from '../turn-limit.js';

/** How the camera is carried: a calm hand, a hand that swings it about, a driving robot, or one with an arm that looks at the table. */
export type Carrier = 'gentle' | 'fast' | 'robot' | 'arm';

export interface CarrierOptions {
  /** Highest turning rate of the fast hand, degrees per second. Default 90. */
  readonly maxRate?: number;
  /** A point at which hand-held cameras look; without it, along the way. */
  readonly gaze?: readonly [number, number, number] | undefined;
  /** Time (s) from which it slows down to stand {@link STOPPING} seconds later. Default: never. */
  readonly standAfter?: number;
}

/** How long stopping takes, seconds. */
export const STOPPING = 2;

/** Turning of a calm hand stays below this, degrees per second, and its speed below 0.4 m/s. */
const CALM = 30;
const HAND_HEIGHT = 1.4;
/** The robot's camera looks from here on its base: ahead, and down by 8°. */
const CAMERA_ON_ROBOT: Pose = tilted(0.1, 0, 0.5, (8 * Math.PI) / 180);
/** The mast of the robot with an arm: its camera looks down by 27° and aside, to where the way goes round. */
const MAST = { x: 0.05, z: 1.25, yaw: (85 * Math.PI) / 180, pitch: (27 * Math.PI) / 180 };
/** The robot's LiDAR, above the camera. */
const LIDAR_ON_ROBOT: Pose = placed(0, 0, 0.75);
/** A LiDAR that is carried by hand together with the camera. */
const LIDAR_ON_HAND: Pose = placed(0, 0, 0.15);

interface Sway extends Turns {
  readonly x: readonly Wave[];
  readonly y: readonly Wave[];
  readonly z: readonly Wave[];
}

/**
 * The path of what carries a camera, smooth to the second derivative: x forward, y left, z up; for a hand-held camera
 * the camera's own housing, for a robot its base on the floor. It starts at rest.
 *
 * @example
 * const hand = new CarriedCamera(scene.world.route, 'gentle', new Random(1), { gaze: scene.gaze });
 * hand.pose(2.5); // T_world_body
 */
export class CarriedCamera implements Body {
  private readonly progress: Progress;
  private sway: Sway;
  private readonly wheeled: boolean;
  private readonly standAfter: number;
  private readonly turnsLeft: boolean;
  private readonly gaze: readonly [number, number, number] | undefined;

  constructor(
    readonly route: Route,
    readonly carrier: Carrier,
    random: Random,
    options: CarrierOptions = {},
  ) {
    this.progress = walking(route, random.fork('progress'));
    this.wheeled = carrier === 'robot' || carrier === 'arm';
    this.gaze = this.wheeled ? undefined : options.gaze;
    this.standAfter = options.standAfter ?? Infinity;
    this.turnsLeft = turnsLeft(route);
    const draw = random.fork('sway');
    const limit = carrier === 'gentle' ? CALM : carrier === 'fast' ? (options.maxRate ?? 90) : Infinity;
    const wanted = carrier === 'gentle' ? calm(draw) : carrier === 'fast' ? wild(draw) : wheels(draw);
    this.sway = wanted;
    // A calm hand is only held back; a fast one is brought to its limit.
    const looked = { seconds: 40, step: 0.04 };
    const pose = (t: number): Pose => this.pose(t);
    if (limit < Infinity && (carrier === 'fast' || peakRate(pose, looked) > rad(limit)))
      this.sway = limitTurns(wanted, (sway) => ((this.sway = sway), pose), { ...looked, rate: rad(limit), most: 3 }); // prettier-ignore
  }

  distanceAt(t: number): number {
    return this.progress.distance(this.slowed(t));
  }

  timeAt(metres: number): number {
    return this.progress.time(metres);
  }

  /** Time on the way: that of the clock until it slows down, smooth to the second derivative. */
  private slowed(t: number): number {
    const u = Math.min(1, (t - this.standAfter) / STOPPING);
    if (!(u > 0)) return t;
    return this.standAfter + STOPPING * (u - smoothstepIntegral(u));
  }

  pose(clock: number): Pose {
    const t = this.slowed(clock);
    const at = this.route.at(this.progress.distance(t));
    const { sway } = this;
    const grown = smoothstep(t / 2);
    const x = at.x + grown * waves(sway.x, t);
    const y = at.y + grown * waves(sway.y, t);
    const z = at.z + (this.wheeled ? 0 : HAND_HEIGHT) + grown * waves(sway.z, t);
    let [yaw, pitch] = [at.heading, 0];
    if (this.gaze) {
      const [dx, dy, dz] = [this.gaze[0] - x, this.gaze[1] - y, this.gaze[2] - z];
      yaw = Math.atan2(dy, dx);
      pitch = -Math.atan2(dz, Math.hypot(dx, dy));
    } else if (!this.wheeled) pitch = rad(8);
    yaw += grown * waves(sway.yaw, t);
    pitch += grown * waves(sway.pitch, t);
    const roll = grown * waves(sway.roll, t);
    const [cy, sy, cp, sp, cr, sr] = [
      Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch), Math.cos(roll), Math.sin(roll),
    ]; // prettier-ignore
    return Float64Array.of(
      cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr, x,
      sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr, y,
      -sp, cp * sr, cp * cr, z,
    ); // prettier-ignore
  }

  twist(t: number): Twist {
    return twistOf((at) => this.pose(at), t);
  }

  acceleration(t: number): [number, number, number] {
    return accelerationOf((at) => this.pose(at), t);
  }

  /** T_body_camera, x forward: where the camera sits. */
  get mount(): Pose {
    if (this.carrier === 'arm') {
      const aside = placed(MAST.x, 0, 0, this.turnsLeft ? MAST.yaw : -MAST.yaw);
      return compose(aside, tilted(0, 0, MAST.z, MAST.pitch));
    }
    return this.carrier === 'robot' ? CAMERA_ON_ROBOT : placed(0, 0, 0);
  }

  /** T_body_lidar. */
  get lidarMount(): Pose {
    return this.wheeled ? LIDAR_ON_ROBOT : LIDAR_ON_HAND;
  }

  /** The camera's housing on its way. */
  camera(): Body {
    return mounted(this, this.mount);
  }
}

/** Whether the way turns left on the whole, as round the middle of a room. */
function turnsLeft(route: Route): boolean {
  let turned = 0;
  const step = Math.min(1, route.length / 20);
  for (let s = step; s <= Math.min(route.length, 20); s += step) {
    const turn = route.at(s).heading - route.at(s - step).heading;
    turned += Math.atan2(Math.sin(turn), Math.cos(turn));
  }
  return turned > 0;
}

/** The optical frame (x right, y down, z forward) in a housing (x forward, y left, z up), `right` metres to the right. */
export function opticalMount(right: number): Pose {
  return Float64Array.of(0, 0, 1, 0, -1, 0, 0, -right, 0, -1, 0, 0);
}

function tilted(x: number, y: number, z: number, pitch: number): Pose {
  const [c, s] = [Math.cos(pitch), Math.sin(pitch)];
  return compose(placed(x, y, z), Float64Array.of(c, 0, s, 0, 0, 1, 0, 0, -s, 0, c, 0));
}

function rad(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

function wave(random: Random, amplitude: number, low: number, high: number): Wave {
  return {
    amplitude: amplitude * random.range(0.8, 1.2),
    omega: 2 * Math.PI * random.range(low, high),
    phase: random.range(0, 2 * Math.PI),
  };
}

function calm(r: Random): Sway {
  return {
    x: [wave(r, 0.03, 0.1, 0.25)],
    y: [wave(r, 0.03, 0.1, 0.25)],
    z: [wave(r, 0.06, 0.08, 0.16), wave(r, 0.004, 0.8, 1.2)],
    yaw: [wave(r, 0.2, 0.05, 0.09), wave(r, 0.012, 0.5, 0.9)],
    pitch: [wave(r, 0.12, 0.06, 0.11), wave(r, 0.01, 0.5, 0.9)],
    roll: [wave(r, 0.05, 0.08, 0.15), wave(r, 0.008, 0.6, 1)],
  };
}

function wild(r: Random): Sway {
  return {
    ...calm(r),
    yaw: [wave(r, 0.5, 0.3, 0.45), wave(r, 0.12, 0.7, 1)],
    pitch: [wave(r, 0.16, 0.3, 0.5), wave(r, 0.05, 0.8, 1.1)],
    roll: [wave(r, 0.1, 0.3, 0.5), wave(r, 0.05, 0.8, 1.1)],
  };
}

/** Wheels on a floor: the base stays on it, with slight shaking. */
function wheels(r: Random): Sway {
  return {
    x: [wave(r, 0.01, 0.1, 0.2)],
    y: [wave(r, 0.01, 0.1, 0.2)],
    z: [wave(r, 0.0008, 3, 5)],
    yaw: [wave(r, 0.02, 0.2, 0.4)],
    pitch: [wave(r, 0.004, 2, 4)],
    roll: [wave(r, 0.004, 2, 4)],
  };
}
