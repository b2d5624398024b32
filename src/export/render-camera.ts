/** A camera in the mesh's frame, metres. */
export type Camera =
  | {
      readonly kind: 'perspective';
      readonly eye: Vec3;
      readonly target: Vec3;
      readonly up?: Vec3;
      /** Vertical field of view (radians); default 40°. */
      readonly fovY?: number;
    }
  | {
      readonly kind: 'orthographic';
      readonly eye: Vec3;
      readonly target: Vec3;
      readonly up?: Vec3;
      /** Height of the picture in the world (m). */
      readonly viewHeight: number;
    };

export type Vec3 = readonly [number, number, number];

/**
 * A camera with its axes worked out for a picture of given size. A point's camera coordinates are its components
 * along right, down and forward from the eye; pixel = centre + focal · (right, down) / w, where w is the depth for a
 * perspective camera and 1 for an orthographic one.
 */
export interface View {
  readonly perspective: boolean;
  readonly eye: Vec3;
  readonly right: Vec3;
  readonly down: Vec3;
  readonly forward: Vec3;
  /** Pixels per unit of tangent (perspective) or per metre (orthographic). */
  readonly focal: number;
  readonly width: number;
  readonly height: number;
}

export function viewOf(camera: Camera, width: number, height: number): View {
  const forward = unit(subtract(camera.target, camera.eye));
  let right = cross(forward, camera.up ?? [0, 0, 1]);
  if (Math.hypot(...right) < 1e-6) right = cross(forward, [0, 1, 0]); // looking along "up"
  right = unit(right);
  const down = cross(forward, right);
  const focal =
    camera.kind === 'perspective'
      ? height / 2 / Math.tan((camera.fovY ?? (40 * Math.PI) / 180) / 2)
      : height / camera.viewHeight;
  return {
    perspective: camera.kind === 'perspective',
    eye: camera.eye,
    right,
    down,
    forward,
    focal,
    width,
    height,
  };
}

/** Pixel and depth along the view of a world point: [x, y, depth]. */
export function project(view: View, x: number, y: number, z: number): [number, number, number] {
  const d: Vec3 = [x - view.eye[0], y - view.eye[1], z - view.eye[2]];
  const depth = dot(d, view.forward);
  const k = view.perspective ? view.focal / depth : view.focal;
  return [view.width / 2 + k * dot(d, view.right), view.height / 2 + k * dot(d, view.down), depth];
}

export function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function subtract(a: Vec3, b: Vec3): Vec3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function unit(a: Vec3): Vec3 {
  const n = Math.hypot(...a) || 1;
  return [a[0] / n, a[1] / n, a[2] / n];
}
