import type { Box3 } from 'three';
import { MOUSE, OrthographicCamera, PerspectiveCamera, Quaternion, TOUCH, Vector3 } from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import type { Pose } from '../../../geometry/se3.js';
import type { CameraMode } from '../model/settings.js';

const FOV = 45;
const UP = new Vector3(0, 0, 1);

/**
 * Eye of the picture: orbit around the map, behind the robot, or straight down. z is up everywhere.
 *
 * @example
 * const rig = new CameraRig(canvas, () => view.invalidate());
 * rig.mode = 'follow';
 * renderer.render(scene, rig.camera);
 */
export class CameraRig {
  readonly perspective = new PerspectiveCamera(FOV, 1, 0.1, 1000);
  readonly orthographic = new OrthographicCamera(-1, 1, 1, -1, 0.1, 1000);
  readonly #orbit: OrbitControls;
  readonly #map: OrbitControls;
  #mode: CameraMode = 'orbit';
  #robot: { position: Vector3; yaw: number } | undefined;
  #width = 1;
  #height = 1;
  #inset = { right: 0, bottom: 0 };
  /** Whether the user has taken the camera in hand; before, it keeps the map in view by itself. */
  touched = false;

  /** @param onMove called when the user moves the camera */
  constructor(canvas: HTMLElement, onMove: () => void) {
    this.perspective.up.copy(UP);
    this.perspective.position.set(-30, -30, 30);
    this.orthographic.up.set(0, 1, 0);
    this.orthographic.position.set(0, 0, 500);
    this.#orbit = new OrbitControls(this.perspective, canvas);
    this.#orbit.maxPolarAngle = 0.98 * Math.PI;
    this.#orbit.zoomToCursor = true;
    this.#map = new OrbitControls(this.orthographic, canvas);
    this.#map.enableRotate = false;
    this.#map.zoomToCursor = true;
    this.#map.mouseButtons = { LEFT: MOUSE.PAN, MIDDLE: MOUSE.DOLLY, RIGHT: MOUSE.PAN };
    this.#map.touches = { ONE: TOUCH.PAN, TWO: TOUCH.DOLLY_PAN };
    for (const controls of [this.#orbit, this.#map]) {
      controls.enableDamping = true;
      controls.dampingFactor = 0.12;
      controls.addEventListener('change', onMove);
      controls.addEventListener('start', () => (this.touched = true));
    }
    this.mode = 'orbit';
  }

  get camera(): PerspectiveCamera | OrthographicCamera {
    return this.#mode === 'top' ? this.orthographic : this.perspective;
  }

  get mode(): CameraMode {
    return this.#mode;
  }

  set mode(mode: CameraMode) {
    if (mode !== this.#mode) this.touched = false;
    this.#mode = mode;
    this.#orbit.enabled = mode !== 'top';
    this.#map.enabled = mode === 'top';
    // In follow mode the target is the robot's: zooming to the cursor would drift away from it.
    this.#orbit.zoomToCursor = mode === 'orbit';
    this.#orbit.enablePan = mode === 'orbit';
  }

  /** What the camera looks at. */
  get target(): Vector3 {
    return this.#mode === 'top' ? this.#map.target : this.#orbit.target;
  }

  /** From the eye to what it looks at; for the view from above, what a perspective eye would need. */
  get distance(): number {
    if (this.#mode !== 'top') return this.perspective.position.distanceTo(this.#orbit.target);
    return (this.metresPerPixel * this.#height) / (2 * Math.tan((FOV * Math.PI) / 360));
  }

  /** At the target, CSS pixels. */
  get metresPerPixel(): number {
    if (this.#mode === 'top') {
      const { top, bottom, zoom } = this.orthographic;
      return (top - bottom) / zoom / this.#height;
    }
    return (2 * this.distance * Math.tan((FOV * Math.PI) / 360)) / this.#height;
  }

  /** Whether the camera may be used to point (a drag would turn it). */
  set enabled(on: boolean) {
    this.#orbit.enabled = on && this.#mode !== 'top';
    this.#map.enabled = on && this.#mode === 'top';
  }

  /**
   * @param width of the canvas in CSS pixels
   * @param inset part of the canvas that the panel covers: the middle of the picture is the middle of the rest
   */
  resize(width: number, height: number, inset: { right: number; bottom: number }): void {
    this.#width = Math.max(1, width);
    this.#height = Math.max(1, height);
    this.#inset = inset;
    this.perspective.aspect = this.#width / this.#height;
    const half = 0.5 * (this.orthographic.top - this.orthographic.bottom);
    for (const camera of [this.perspective, this.orthographic])
      camera.setViewOffset(
        this.#width,
        this.#height,
        0.5 * inset.right,
        0.5 * inset.bottom,
        this.#width,
        this.#height,
      );
    this.#setOrtho(half);
  }

  /** Shares of the canvas' width and height that the panel leaves. */
  get #free(): { x: number; y: number } {
    return {
      x: Math.max(0.2, 1 - this.#inset.right / this.#width),
      y: Math.max(0.2, 1 - this.#inset.bottom / this.#height),
    };
  }

  /**
   * Moves on with damping, the robot, and what there is to see.
   *
   * @param focus what should be in view while the user leaves the camera alone
   * @param ease share of the way to go in this frame, 0 … 1
   * @returns whether the picture changes
   */
  update(focus: Box3 | undefined, heading: number, ease: number): boolean {
    let moving = false;
    if (!this.touched && focus && !focus.isEmpty()) {
      if (this.#mode === 'orbit') moving = this.#frame(focus, heading, ease);
      else if (this.#mode === 'top') moving = this.#frameTop(focus, ease);
    }
    const controls = this.#mode === 'top' ? this.#map : this.#orbit;
    return controls.update() || moving;
  }

  /** The robot moved; in follow mode the camera goes and turns with it. */
  follow(pose: Pose): void {
    const position = new Vector3(pose[3], pose[7], pose[11]);
    const yaw = Math.atan2(pose[4]!, pose[0]!);
    if (this.#mode === 'follow') {
      const before = this.#robot;
      if (!before || !this.touched) this.#chase(position, yaw);
      else {
        const turn = Math.atan2(Math.sin(yaw - before.yaw), Math.cos(yaw - before.yaw));
        const offset = this.perspective.position.clone().sub(this.#orbit.target);
        offset.applyQuaternion(new Quaternion().setFromAxisAngle(UP, turn));
        this.#orbit.target.copy(position);
        this.perspective.position.copy(position).add(offset);
      }
    }
    this.#robot = { position, yaw };
  }

  /** Size of what a chase camera keeps in view, metres. */
  chaseDistance = 14;

  #chase(position: Vector3, yaw: number): void {
    const d = this.chaseDistance;
    this.#orbit.target.copy(position);
    this.perspective.position.set(
      position.x - d * Math.cos(yaw),
      position.y - d * Math.sin(yaw),
      position.z + 0.55 * d,
    );
  }

  /** Jumps to where `update` would ease to, and leaves the camera to itself again. */
  reset(focus: Box3 | undefined, heading: number): void {
    this.touched = false;
    if (this.#mode === 'follow' && this.#robot) this.#chase(this.#robot.position, this.#robot.yaw);
    else if (focus && !focus.isEmpty()) this.update(focus, heading, 1);
  }

  /** Looks at a point from where the camera is. */
  lookAt(point: Vector3): void {
    this.touched = true;
    const shift = point.clone().sub(this.target);
    if (this.#mode === 'top') shift.z = 0;
    this.target.add(shift);
    this.camera.position.add(shift);
  }

  /** Near and far around what there is, so that the depth buffer stays fine. */
  clip(bounds: Box3): void {
    const radius = bounds.isEmpty() ? 10 : 0.5 * bounds.getSize(new Vector3()).length();
    const centre = bounds.isEmpty() ? this.target : bounds.getCenter(new Vector3());
    const away = this.camera.position.distanceTo(centre);
    const far = Math.max(10, away + radius, 6 * this.distance);
    if (this.#mode === 'top') {
      this.orthographic.near = 0.1;
      this.orthographic.far = far;
      this.orthographic.position.z = Math.max(this.orthographic.position.z, centre.z + radius + 1);
    } else {
      this.perspective.near = Math.max(far * 2e-5, Math.min(0.02 * this.distance, 0.5));
      this.perspective.far = far;
    }
    this.camera.updateProjectionMatrix();
  }

  #frame(focus: Box3, heading: number, ease: number): boolean {
    const centre = focus.getCenter(new Vector3());
    const size = focus.getSize(new Vector3());
    const azimuth = heading + Math.PI - 0.3;
    const elevation = 0.58;
    const direction = new Vector3(
      Math.cos(elevation) * Math.cos(azimuth),
      Math.cos(elevation) * Math.sin(azimuth),
      Math.sin(elevation),
    );
    // Half widths of the box as seen: along the picture's horizontal and vertical.
    const right = new Vector3(-Math.sin(azimuth), Math.cos(azimuth), 0);
    const up = direction.clone().cross(right);
    const span = (axis: Vector3): number =>
      0.5 * (Math.abs(axis.x) * size.x + Math.abs(axis.y) * size.y + Math.abs(axis.z) * size.z);
    const tan = Math.tan((FOV * Math.PI) / 360);
    const free = this.#free;
    const distance =
      Math.max(span(right) / (tan * this.perspective.aspect * free.x), span(up) / (tan * free.y)) +
      0.35 * span(direction);
    const eye = centre.clone().addScaledVector(direction, Math.max(0.05, 0.86 * distance));
    return this.#ease(this.perspective.position, eye, this.#orbit.target, centre, ease);
  }

  #frameTop(focus: Box3, ease: number): boolean {
    const centre = focus.getCenter(new Vector3());
    const size = focus.getSize(new Vector3());
    const free = this.#free;
    const half = 0.55 * Math.max(size.y / free.y, size.x / (this.perspective.aspect * free.x), 1e-2);
    const now = (0.5 * (this.orthographic.top - this.orthographic.bottom)) / this.orthographic.zoom;
    this.orthographic.zoom = 1;
    this.#setOrtho(now + ease * (half - now));
    const target = new Vector3(centre.x, centre.y, focus.min.z);
    const eye = new Vector3(centre.x, centre.y, this.orthographic.position.z);
    const moved = this.#ease(this.orthographic.position, eye, this.#map.target, target, ease);
    return moved || Math.abs(half - now) > 1e-3 * half;
  }

  #ease(eye: Vector3, newEye: Vector3, target: Vector3, newTarget: Vector3, ease: number): boolean {
    const far = eye.distanceTo(newEye) + target.distanceTo(newTarget);
    const still = far < 2e-4 * newEye.distanceTo(newTarget);
    eye.lerp(newEye, still ? 1 : ease);
    target.lerp(newTarget, still ? 1 : ease);
    return !still;
  }

  #setOrtho(half: number): void {
    this.orthographic.top = half;
    this.orthographic.bottom = -half;
    this.orthographic.left = -half * this.perspective.aspect;
    this.orthographic.right = half * this.perspective.aspect;
    this.orthographic.updateProjectionMatrix();
  }
}
