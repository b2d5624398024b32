import { findBlobs, type Blob } from './blobs.js';
import { sampleAt, shrink, type ChangeImage } from './change-image.js';

/** A circle in an image, pixels; the middle of the first pixel is (0, 0). */
export interface Circle {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

const ANGLES = 96;
const UNIT = Array.from({ length: ANGLES }, (_, i) => {
  const angle = (2 * Math.PI * i) / ANGLES;
  return [Math.cos(angle), Math.sin(angle)] as const;
});
/** Half the width of an edge, pixels: it is compared on both sides at this distance. */
const EDGE = 2;
/** Least share of a circle inside the image that can be judged. */
const LEAST_VISIBLE = 0.3;
/** Images are averaged down to at most so many pixels along their longer side. */
const MOST_PIXELS = 480;
/** Regions nearer than this to each other, pixels, are one. */
const GAP = 8;
/** Regions of change reach these shares of the strongest: a dim side of a ball the lower one, a faint ball in noise the higher. */
const THRESHOLDS = [0.35, 0.2];
/** So many regions of each are tried. */
const CANDIDATES = 2;
/** How far a circle may move from the contour that it began at, and change its radius, as a share of that. */
const WANDER = 0.35;
/** Least change of a pixel that can belong to a touch, grey levels. */
const LEAST_CHANGE = 4;

/**
 * The circle of contact of a ball, found without labels: the largest regions of change, a circle through the contour of
 * each, then the circle nearby whose edge has the strongest contrast, in steps of 2, 1 and ½ pixel; of these the one with
 * the strongest edge that lies inside the image.
 *
 * @param shaded a gel whose colour tells the depth and not the slope: it fades out at the rim, so the contour of the least
 *   change is the circle
 * @returns undefined where nothing round is found
 */
export function findCircle(change: ChangeImage, shaded = false): Circle | undefined {
  if (shaded) {
    const [blob] = findBlobs(change, LEAST_CHANGE, 0);
    return blob && fitContour(blob, change);
  }
  // Edges are blurred over more pixels where there are more: what is averaged has sharper edges and less noise.
  const factor = Math.ceil(Math.max(change.width, change.height) / MOST_PIXELS);
  const small = factor > 1 ? shrink(change, factor) : change;
  const sorted = Float32Array.from(small.data).sort();
  const floor = sorted[sorted.length >> 1]!;
  const strong = sorted[Math.floor(sorted.length * 0.995)]!;
  let [best, most] = [undefined as Circle | undefined, 0];
  for (const share of THRESHOLDS)
    for (const blob of findBlobs(small, Math.max(LEAST_CHANGE, share * strong), GAP).slice(0, CANDIDATES)) {
      const contour = fitContour(blob, small);
      if (!contour) continue;
      let circle = contour;
      for (const step of [2, 1, 0.5]) circle = climb(small, circle, step, contour);
      const { contrast, visible } = edgeOf(small, circle);
      if (circle.radius < 3 * EDGE || contrast < LEAST_CHANGE / 2) continue;
      const score = contrast * circle.radius * visible ** 2 * shareInside(small, circle, floor) ** 2;
      if (score > most) [best, most] = [circle, score];
    }
  if (!best) return undefined;
  const middle = (factor - 1) / 2;
  return { x: best.x * factor + middle, y: best.y * factor + middle, radius: best.radius * factor };
}

/** Least-squares circle (Kåsa) through the outermost pixels of a blob, those at the border of the image left out. */
function fitContour({ pixels }: Blob, { width, height }: ChangeImage): Circle | undefined {
  const inside = new Uint8Array(width * height);
  const points: [number, number][] = [];
  let [sx, sy] = [0, 0];
  for (const at of pixels) {
    inside[at] = 1;
    sx += at % width;
    sy += Math.floor(at / width);
  }
  const [cx, cy] = [sx / pixels.length, sy / pixels.length];
  for (const [ux, uy] of UNIT) {
    let last = -1;
    for (let r = 0; ; r++) {
      const x = Math.round(cx + r * ux);
      const y = Math.round(cy + r * uy);
      if (x < 0 || y < 0 || x >= width || y >= height) break;
      if (inside[y * width + x]) last = r;
    }
    const [x, y] = [cx + last * ux, cy + last * uy];
    if (last > 0 && x > 2 && y > 2 && x < width - 3 && y < height - 3) points.push([x, y]);
  }
  let kept = points;
  let circle = kasa(kept);
  // Twice without what lies far off the circle.
  for (let round = 0; round < 2 && circle; round++) {
    const { x, y, radius } = circle;
    const off = ([px, py]: [number, number]): number => Math.abs(Math.hypot(px - x, py - y) - radius);
    const limit = Math.max(2, [...kept].map(off).sort((a, b) => a - b)[Math.floor(kept.length * 0.7)]! * 1.5);
    kept = points.filter((p) => off(p) <= limit);
    circle = kasa(kept) ?? circle;
  }
  if (circle && circle.radius > Math.max(width, height)) return undefined;
  return circle;
}

/** Solves x² + y² = 2ax + 2by + c by least squares. */
function kasa(points: readonly [number, number][]): Circle | undefined {
  if (points.length < 8) return undefined;
  const mx = points.reduce((s, p) => s + p[0], 0) / points.length;
  const my = points.reduce((s, p) => s + p[1], 0) / points.length;
  let [xx, xy, yy, xz, yz, z] = [0, 0, 0, 0, 0, 0];
  for (const p of points) {
    const [x, y] = [p[0] - mx, p[1] - my];
    const s = x * x + y * y;
    xx += x * x;
    xy += x * y;
    yy += y * y;
    xz += x * s;
    yz += y * s;
    z += s;
  }
  const determinant = xx * yy - xy * xy;
  if (Math.abs(determinant) < 1e-9) return undefined;
  const a = (xz * yy - yz * xy) / determinant / 2;
  const b = (yz * xx - xz * xy) / determinant / 2;
  return { x: a + mx, y: b + my, radius: Math.sqrt(z / points.length + a * a + b * b) };
}

/** The best of the neighbours again and again until none is better, near the contour that it began at. */
function climb(change: ChangeImage, start: Circle, step: number, contour: Circle): Circle {
  let best = start;
  let most = edgeOf(change, best).contrast;
  for (let round = 0; round < 30; round++) {
    const from = best;
    for (let i = -2; i <= 2; i++)
      for (let j = -2; j <= 2; j++)
        for (let k = -2; k <= 2; k++) {
          const next = { x: from.x + i * step, y: from.y + j * step, radius: from.radius + k * step };
          const contrast = isNear(next, contour) ? edgeOf(change, next).contrast : -Infinity;
          if (contrast > most) [best, most] = [next, contrast];
        }
    if (best === from) break;
  }
  return best;
}

/** A side that the lamps make brighter has the strongest edge of all, but is not the ball. */
function isNear({ x, y, radius }: Circle, contour: Circle): boolean {
  const limit = WANDER * contour.radius;
  return Math.hypot(x - contour.x, y - contour.y) <= limit && Math.abs(radius - contour.radius) <= limit;
}

/** How clear the edge of a circle is. */
interface Edge {
  /** Mean over the circle of the change just inside minus that just outside; −∞ for what lies mostly outside the image. */
  readonly contrast: number;
  /** Share of the circle inside the image. */
  readonly visible: number;
}

function edgeOf(change: ChangeImage, { x, y, radius }: Circle): Edge {
  if (radius < 3 * EDGE) return { contrast: -Infinity, visible: 0 };
  let [sum, count] = [0, 0];
  for (const [ux, uy] of UNIT) {
    const inside = sampleAt(change, x + (radius - EDGE) * ux, y + (radius - EDGE) * uy);
    const outside = sampleAt(change, x + (radius + EDGE) * ux, y + (radius + EDGE) * uy);
    if (Number.isNaN(inside) || Number.isNaN(outside)) continue;
    sum += inside - outside;
    count++;
  }
  const visible = count / ANGLES;
  return { contrast: visible < LEAST_VISIBLE ? -Infinity : sum / count, visible };
}

/** How much of the change within twice the radius of a circle lies inside it: little where it encloses half of a ball. */
function shareInside({ width, height, data }: ChangeImage, { x, y, radius }: Circle, floor: number): number {
  let [inside, all] = [0, 0];
  const reach = 2 * radius;
  for (let v = Math.max(0, Math.ceil(y - reach)); v <= Math.min(height - 1, y + reach); v++)
    for (let u = Math.max(0, Math.ceil(x - reach)); u <= Math.min(width - 1, x + reach); u++) {
      const away = Math.hypot(u - x, v - y);
      const change = data[v * width + u]! - floor;
      if (away > reach || change <= 0) continue;
      all += change;
      if (away <= radius) inside += change;
    }
  return all > 0 ? inside / all : 0;
}
