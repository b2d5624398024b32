// What each sensor of a simulated arm saw of the room, and the exact distance to it, in the frame of the true path.
import { cameraSimulation, touchingOf } from '../../../dist/cli/sim-camera.js';
import { ArmTouches, firstTouch } from '../../../dist/cli/sim-arm.js';
import { touchSimulation } from '../../../dist/cli/sim-touch.js';
import { inverse, transformPoint } from '../../../dist/geometry/se3.js';
import { mounted } from '../../../dist/sim/body.js';
import { seenPoints } from '../../../dist/sim/camera/seen-points.js';
import { lidarModel } from '../../../dist/sim/lidar.js';
import { surfacePoints } from '../../../dist/sim/surface.js';

/** Of a beam's end, and of a measured pixel, within which a surface counts as seen (m). */
const SEEN = { lidar: 0.1, rgbd: 0.02 };
/** Sides of the table, with what stands on it, about the object (m). */
const TABLE = { half: [0.65, 0.4], low: -0.06, high: 0.3 };

/** The recording as `feltmap sim room --lidar --object …` makes it with the same options. */
export class ArmTruth {
  constructor(options) {
    this.options = { world: 'room', lidar: true, out: '', ...options };
    this.camera = cameraSimulation(this.options);
    const { startNs } = this.camera;
    this.touch = touchSimulation(touchingOf(this.options), firstTouch(startNs, this.options.duration));
    this.arm = new ArmTouches(this.camera, this.touch, new Set());
    this.T_object_odom = inverse(this.arm.T_odom_object);
  }

  /** Of a point of the odom frame to the room's surface, the object with it (m). */
  distance(x, y, z) {
    return this.camera.distanceToSurface([x, y, z])[0];
  }

  /** Signed, of a point of the odom frame to the object (m). */
  objectDistance(x, y, z) {
    return this.touch.object.distance(...transformPoint(this.T_object_odom, x, y, z));
  }

  /** Whether a point of the odom frame is at the table, or on it. */
  atTable(x, y, z) {
    const [a, b, c] = transformPoint(this.T_object_odom, x, y, z);
    return Math.abs(a) < TABLE.half[0] && Math.abs(b) < TABLE.half[1] && c > TABLE.low && c < TABLE.high;
  }

  /** Points spread over what beams ended near to. */
  seenByLidar(spacing = 0.02) {
    const { camera, options } = this;
    const model = lidarModel(options.beams ?? 32, options.columns ?? 1024, 10);
    const count = Math.floor((camera.frameCount / camera.model.rate) * model.rate + 1e-6);
    const starts = Array.from({ length: count }, (_, k) => camera.time(0) + k / model.rate);
    // Once it stands, a second says it all.
    const driving = Math.ceil((options.duration + 3) * model.rate);
    return surfacePoints(
      camera.scene.world,
      mounted(camera.carrier, camera.carrier.lidarMount),
      model,
      starts.slice(0, driving).filter((_, k) => k % 3 === 0),
      { spacing, seenRadius: SEEN.lidar, frame: camera.odomFromWorld() },
    );
  }

  /** Points spread over what the depth camera measured. */
  seenByCamera(spacing = 0.02) {
    const { camera, options } = this;
    const { rate } = camera.model;
    // Once it stands, a second says it all.
    const frames = Math.ceil((options.duration + 3) * rate);
    const every = Math.max(1, Math.round(rate / 2));
    return seenPoints(camera, { spacing, radius: SEEN.rgbd, every, frames }).points;
  }
}
