import * as L from '../../kernels/layout/camera.js';
import type { CameraIntrinsics } from './frame.js';

/** What the kernels need to know of a lens. */
export interface Lens {
  readonly kind: typeof L.LENS_NONE | typeof L.LENS_RATIONAL | typeof L.LENS_EQUIDISTANT;
  /** k1 k2 k3 k4 k5 k6 p1 p2 of the rational model, or k1 … k4 of the equidistant one. */
  readonly coefficients: Float32Array;
}

/** The model of a camera's lens; one without effect is none. */
export function lensOf({ distortion, coefficients: c }: CameraIntrinsics): Lens {
  const out = new Float32Array(8);
  if (distortion === 'none' || !c.some((v) => v !== 0)) return { kind: L.LENS_NONE, coefficients: out };
  if (distortion === 'equidistant') {
    for (let k = 0; k < 4; k++) out[k] = c[k] ?? 0;
    return { kind: L.LENS_EQUIDISTANT, coefficients: out };
  }
  // CameraInfo has k1 k2 p1 p2 k3 k4 k5 k6; plumb_bob ends with k3.
  const order = distortion === 'plumb_bob' ? [0, 1, 4] : [0, 1, 4, 5, 6, 7];
  order.forEach((from, k) => (out[k] = c[from] ?? 0));
  out[6] = c[2] ?? 0;
  out[7] = c[3] ?? 0;
  return { kind: L.LENS_RATIONAL, coefficients: out };
}

/** How much longer a lens makes a ray at distance r from the axis of the normalised image plane. */
function radial({ kind, coefficients: c }: Lens, r: number): number {
  if (kind === L.LENS_NONE) return 1;
  if (kind === L.LENS_EQUIDISTANT) {
    const theta = Math.atan(r);
    const q = theta * theta;
    const k = 1 + q * (c[0]! + q * (c[1]! + q * (c[2]! + q * c[3]!)));
    return r < 1e-9 ? 1 : (theta * k) / r;
  }
  const s = r * r;
  const over = 1 + s * (c[0]! + s * (c[1]! + s * c[2]!));
  return over / (1 + s * (c[3]! + s * (c[4]! + s * c[5]!)));
}

/**
 * Where a lens puts the ray (x, y, 1) on the normalised image plane: OpenCV's rational model with tangential part, or
 * Kannala and Brandt's equidistant one.
 */
export function distort(lens: Lens, x: number, y: number): [number, number] {
  const s = x * x + y * y;
  const k = radial(lens, Math.sqrt(s));
  if (lens.kind !== L.LENS_RATIONAL) return [x * k, y * k];
  const [p1, p2] = [lens.coefficients[6]!, lens.coefficients[7]!];
  return [x * k + 2 * p1 * x * y + p2 * (s + 2 * x * x), y * k + p1 * (s + 2 * y * y) + 2 * p2 * x * y];
}

/** {@link distort} for rays within a squared radius ({@link lensReach}); undefined for a lens without effect. */
export function bendOf(
  lens: Lens,
  reach: number,
): ((x: number, y: number) => [number, number] | undefined) | undefined {
  if (lens.kind === L.LENS_NONE) return undefined;
  return (x, y) => (x * x + y * y > reach ? undefined : distort(lens, x, y));
}

/** Largest radius of a ray that a polynomial is trusted with; beyond, or where it turns back, there is nothing to see. */
const MAX_RADIUS = 8;

/**
 * Squared radius of the rays that can be seen: beyond it a polynomial turns back into the image, or the image is left.
 */
export function lensReach(lens: Lens, { width, height, fx, fy, cx, cy }: CameraIntrinsics): number {
  const corner = 1.1 * Math.hypot(Math.max(cx + 1, width - cx) / fx, Math.max(cy + 1, height - cy) / fy);
  let last = 0;
  for (let r = 0.01; r < MAX_RADIUS; r += 0.01) {
    const seen = r * radial(lens, r);
    if (!(seen > last)) return (r - 0.01) ** 2;
    if (seen > corner) return r * r;
    last = seen;
  }
  return MAX_RADIUS ** 2;
}

/**
 * For each pixel of the pinhole image with the camera's focal lengths and centre: the nearest pixel of the camera's own
 * image, or NO_SOURCE where it has none.
 */
export function lensMap(camera: CameraIntrinsics, out: Uint32Array): void {
  const { width, height, fx, fy, cx, cy } = camera;
  const lens = lensOf(camera);
  const reach = lensReach(lens, camera);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const [a, b] = [(x - cx) / fx, (y - cy) / fy];
      const [u, v] = distort(lens, a, b);
      const [column, row] = [Math.round(u * fx + cx), Math.round(v * fy + cy)];
      const seen = a * a + b * b <= reach && column >= 0 && row >= 0 && column < width && row < height;
      out[i] = seen ? row * width + column : L.NO_SOURCE;
    }
}
