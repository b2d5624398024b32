import { greyOf } from '../../sensors/tactile/depth-table.js';

/** A circle in an image, pixels; the middle of the first pixel is (0, 0). */
export interface Circle {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** How much a touch changed an image: largest difference of a channel, smoothed. */
export interface ChangeImage {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
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
/** Least change of a pixel that can belong to a touch, grey levels. */
const LEAST_CHANGE = 4;

/**
 * @param image RGB, 3 bytes a pixel, as the reference
 * @param fill fills in what printed dots hide
 */
export function changeOf(
  image: Uint8Array,
  reference: Uint8Array,
  width: number,
  height: number,
  fill?: (data: Float32Array) => void,
): ChangeImage {
  const data = new Float32Array(width * height);
  for (let i = 0; i < data.length; i++)
    for (let c = 0; c < 3; c++)
      data[i] = Math.max(data[i]!, Math.abs(image[3 * i + c]! - reference[3 * i + c]!));
  fill?.(data);
  return { width, height, data: smooth(smooth(data, width, height), width, height) };
}

/** How much darker than the reference an image is: for gels whose shade tells the depth. @param image RGB, as the reference */
export function darkeningOf(
  image: Uint8Array,
  reference: Uint8Array,
  width: number,
  height: number,
): ChangeImage {
  const data = Float32Array.from({ length: width * height }, (_, i) =>
    Math.max(0, greyOf(reference, i) - greyOf(image, i)),
  );
  return { width, height, data: smooth(smooth(data, width, height), width, height) };
}

/**
 * The circle of contact of a ball, found without labels: the largest blob of change, a circle through its contour, then
 * the circle nearby whose edge has the strongest contrast, in steps of 2, 1 and ½ pixel.
 *
 * @param shaded a gel whose colour tells the depth and not the slope: it fades out at the rim, so the contour of the least
 *   change is the circle
 * @returns undefined where nothing round is found
 */
export function findCircle(change: ChangeImage, shaded = false): Circle | undefined {
  const blob = largestBlob(change, shaded);
  if (!blob) return undefined;
  let best = fitContour(blob, change);
  if (!best || shaded) return best;
  for (const step of [2, 1, 0.5]) best = climb(change, best, step);
  return best.radius >= 3 * EDGE && edgeContrast(change, best) > LEAST_CHANGE / 2 ? best : undefined;
}

/** 3×3 box, shrunk at the borders. */
function smooth(data: Float32Array, width: number, height: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let [sum, count] = [0, 0];
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++)
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          sum += data[v * width + u]!;
          count++;
        }
      out[y * width + x] = sum / count;
    }
  return out;
}

/** Pixels of the connected region with the largest sum of change. */
function largestBlob({ width, data }: ChangeImage, shaded: boolean): Uint8Array | undefined {
  const sorted = Float32Array.from(data).sort();
  const strong = sorted[Math.floor(sorted.length * 0.995)]!;
  const threshold = shaded ? LEAST_CHANGE : Math.max(LEAST_CHANGE, 0.35 * strong);
  const label = new Int32Array(data.length);
  const queue = new Int32Array(data.length);
  let [best, most, labels] = [0, 0, 0];
  for (let start = 0; start < data.length; start++) {
    if (label[start] !== 0 || data[start]! < threshold) continue;
    let [head, tail, sum] = [0, 0, 0];
    label[start] = ++labels;
    queue[tail++] = start;
    while (head < tail) {
      const at = queue[head++]!;
      sum += data[at]!;
      const x = at % width;
      for (const next of [x > 0 ? at - 1 : -1, x < width - 1 ? at + 1 : -1, at - width, at + width])
        if (next >= 0 && next < data.length && label[next] === 0 && data[next]! >= threshold) {
          label[next] = labels;
          queue[tail++] = next;
        }
    }
    if (sum > most && tail > 30) [best, most] = [labels, sum];
  }
  if (best === 0) return undefined;
  return Uint8Array.from(label, (l) => (l === best ? 1 : 0));
}

/** Least-squares circle (Kåsa) through the outermost pixels of a blob, those at the border of the image left out. */
function fitContour(blob: Uint8Array, { width, height }: ChangeImage): Circle | undefined {
  const points: [number, number][] = [];
  let [sx, sy, n] = [0, 0, 0];
  for (let i = 0; i < blob.length; i++)
    if (blob[i]) {
      sx += i % width;
      sy += Math.floor(i / width);
      n++;
    }
  const [cx, cy] = [sx / n, sy / n];
  for (const [ux, uy] of UNIT) {
    let last = -1;
    for (let r = 0; ; r++) {
      const x = Math.round(cx + r * ux);
      const y = Math.round(cy + r * uy);
      if (x < 0 || y < 0 || x >= width || y >= height) break;
      if (blob[y * width + x]) last = r;
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

/** The best of the neighbours again and again until none is better. */
function climb(change: ChangeImage, start: Circle, step: number): Circle {
  let best = start;
  let most = edgeContrast(change, best);
  for (let round = 0; round < 30; round++) {
    const from = best;
    for (let i = -2; i <= 2; i++)
      for (let j = -2; j <= 2; j++)
        for (let k = -2; k <= 2; k++) {
          const next = { x: from.x + i * step, y: from.y + j * step, radius: from.radius + k * step };
          const contrast = edgeContrast(change, next);
          if (contrast > most) [best, most] = [next, contrast];
        }
    if (best === from) break;
  }
  return best;
}

/** Mean over the circle of the change just inside minus that just outside; −∞ for what lies mostly outside the image. */
function edgeContrast(change: ChangeImage, { x, y, radius }: Circle): number {
  if (radius < 3 * EDGE) return -Infinity;
  let [sum, count] = [0, 0];
  for (const [ux, uy] of UNIT) {
    const inside = sampleAt(change, x + (radius - EDGE) * ux, y + (radius - EDGE) * uy);
    const outside = sampleAt(change, x + (radius + EDGE) * ux, y + (radius + EDGE) * uy);
    if (Number.isNaN(inside) || Number.isNaN(outside)) continue;
    sum += inside - outside;
    count++;
  }
  return count < LEAST_VISIBLE * ANGLES ? -Infinity : sum / count;
}

/** Bilinear; NaN outside the image. */
function sampleAt({ width, height, data }: ChangeImage, x: number, y: number): number {
  const [u, v] = [Math.floor(x), Math.floor(y)];
  if (u < 0 || v < 0 || u + 1 >= width || v + 1 >= height) return NaN;
  const [fx, fy] = [x - u, y - v];
  const at = v * width + u;
  const upper = data[at]! * (1 - fx) + data[at + 1]! * fx;
  const lower = data[at + width]! * (1 - fx) + data[at + width + 1]! * fx;
  return upper * (1 - fy) + lower * fy;
}
