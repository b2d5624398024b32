import type { Random } from '../geometry/random.js';
import type { Pose, Twist } from '../geometry/se3.js';
import { accelerationOf, twistOf, type Body } from './body.js';
import { driving, walking, type Progress } from './progress.js';
import type { Route } from './route.js';
import { smoothstep, waves, wavesSlope, type Wave } from './smooth.js';
import { limitTurns, type Turns } from './turn-limit.js';

export type Motion = 'smooth' | 'violent';

interface Attitude extends Turns {
  readonly lateral: readonly Wave[];
  readonly bounce: readonly Wave[];
  /** Seconds over which the waves in time grow from nothing; 0: at full size at once. */
  readonly onset: number;
}

export interface TrajectoryOptions {
  /** Highest turning rate of violent motion, degrees per second. Default 150. */
  readonly maxRate?: number;
  /** Turn of the sensor on its carrier about z, degrees. Default 0. */
  readonly mountYaw?: number;
}

/**
 * A sensor's path in continuous time, smooth to the second derivative: progress along a route, a slight lateral
 * weave, and attitude waves. Sensor frame: x forward, y left, z up.
 *
 * @example
 * const trajectory = new Trajectory(route, 'smooth', new Random(1));
 * const pose = trajectory.pose(2.5); // T_world_sensor after 2.5 s
 * const twist = trajectory.twist(2.5);
 */
export class Trajectory implements Body {
  private readonly progress: Progress;
  private attitude: Attitude;
  private readonly mount: number;

  constructor(
    readonly route: Route,
    readonly motion: Motion,
    random: Random,
    options: TrajectoryOptions = {},
  ) {
    this.mount = ((options.mountYaw ?? 0) * Math.PI) / 180;
    const draw = random.fork('attitude');
    if (motion === 'smooth') {
      this.progress = driving(route, random.fork('progress'));
      this.attitude = calm(draw);
    } else {
      this.progress = walking(route, random.fork('progress'));
      const rate = ((options.maxRate ?? 150) * Math.PI) / 180;
      const pose = (t: number): Pose => this.pose(t);
      this.attitude = limitTurns(violent(draw), (turns) => ((this.attitude = turns), pose), { rate, most: 2, seconds: 60, step: 0.02 }); // prettier-ignore
    }
  }

  /** Seconds until `metres` of the way are covered. */
  timeAt(metres: number): number {
    return this.progress.time(metres);
  }

  /** Metres covered along the way at time t. */
  distanceAt(t: number): number {
    return this.progress.distance(t);
  }

  /** T_world_sensor at t seconds. */
  pose(t: number): Pose {
    const s = this.progress.distance(t);
    const at = this.route.at(s);
    const a = this.attitude;
    const grown = a.onset > 0 ? smoothstep(t / a.onset) : 1;
    const lateral = waves(a.lateral, s);
    const yaw = at.heading + Math.atan(wavesSlope(a.lateral, s)) + grown * waves(a.yaw, t) + this.mount;
    const pitch = -Math.atan(at.slope) + grown * waves(a.pitch, t); // nose up is negative about y
    const roll = grown * waves(a.roll, t);
    const [cy, sy, cp, sp, cr, sr] = [
      Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch), Math.cos(roll), Math.sin(roll),
    ]; // prettier-ignore
    return Float64Array.of(
      cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr, at.x - lateral * Math.sin(at.heading),
      sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr, at.y + lateral * Math.cos(at.heading),
      -sp, cp * sr, cp * cr, at.z + this.route.sensorHeight + grown * waves(a.bounce, t),
    ); // prettier-ignore
  }

  /** Velocity in the sensor frame [vx vy vz wx wy wz]. */
  twist(t: number): Twist {
    return twistOf((at) => this.pose(at), t);
  }

  /** Acceleration of the sensor's origin in the world frame, m/s². */
  acceleration(t: number): [number, number, number] {
    return accelerationOf((at) => this.pose(at), t);
  }
}

function wave(random: Random, amplitude: number, low: number, high: number): Wave {
  return {
    amplitude: amplitude * random.range(0.8, 1.2),
    omega: 2 * Math.PI * random.range(low, high),
    phase: random.range(0, 2 * Math.PI),
  };
}

/** A car on its springs: frequencies in hertz, lateral weave per metre of way. */
function calm(random: Random): Attitude {
  return {
    yaw: [wave(random, 0.003, 0.2, 0.5)],
    pitch: [wave(random, 0.006, 0.5, 0.9), wave(random, 0.003, 1.2, 1.7)],
    roll: [wave(random, 0.006, 0.4, 0.8), wave(random, 0.003, 1.1, 1.6)],
    lateral: [wave(random, 0.12, 1 / 60, 1 / 35)],
    bounce: [wave(random, 0.012, 1.1, 1.6), wave(random, 0.006, 1.8, 2.4)],
    onset: 0,
  };
}

/** A hand: mostly yaw, with a walker's bob. */
function violent(random: Random): Attitude {
  return {
    yaw: [wave(random, 0.55, 0.25, 0.4), wave(random, 0.22, 0.6, 0.9)],
    pitch: [wave(random, 0.14, 0.3, 0.5), wave(random, 0.08, 0.8, 1.2)],
    roll: [wave(random, 0.12, 0.3, 0.5), wave(random, 0.07, 0.7, 1.1)],
    lateral: [wave(random, 0.25, 1 / 12, 1 / 7)],
    bounce: [wave(random, 0.025, 1.7, 2), wave(random, 0.05, 0.2, 0.4)],
    onset: 3,
  };
}
