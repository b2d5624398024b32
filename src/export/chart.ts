import { formatNumber } from './html.js';

/** A plot area inside an SVG: user units, y downwards. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export const FRAME: Frame = { width: 480, height: 260, left: 54, right: 10, top: 12, bottom: 36 };

export interface Scale {
  (v: number): number;
  readonly ticks: readonly number[];
  readonly digits: number;
}

/** A linear scale with ticks at round numbers (1, 2 or 5 times a power of ten). */
export function linear(lo: number, hi: number, from: number, to: number, wanted = 5): Scale {
  const span = hi > lo ? hi - lo : 1;
  const raw = span / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= raw * 0.999) ?? 10);
  const ticks: number[] = [];
  for (let t = Math.ceil(lo / step - 1e-9); t * step <= lo + span * (1 + 1e-9); t++) ticks.push(t * step + 0); // no −0
  const scale = (v: number) => from + ((v - lo) / span) * (to - from);
  return Object.assign(scale, { ticks, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) });
}

/** Grid lines, tick labels and axis titles. */
export function axes(frame: Frame, x: Scale, y: Scale, xTitle: string, yTitle: string): string {
  const { width, height, left, right, top, bottom } = frame;
  const base = height - bottom;
  const xs = x.ticks
    .map(
      (t) => `<text x="${n(x(t))}" y="${base + 15}" text-anchor="middle">${formatNumber(t, x.digits)}</text>`,
    )
    .join('');
  const ys = y.ticks
    .map(
      (t) =>
        `<line class="grid" x1="${left}" x2="${width - right}" y1="${n(y(t))}" y2="${n(y(t))}"/>` +
        `<text x="${left - 6}" y="${n(y(t) + 4)}" text-anchor="end">${formatNumber(t, y.digits)}</text>`,
    )
    .join('');
  return (
    `${ys}<line class="axis" x1="${left}" x2="${width - right}" y1="${base}" y2="${base}"/>${xs}` +
    `<text class="title" x="${(left + width - right) / 2}" y="${height - 4}" text-anchor="middle">${xTitle}</text>` +
    `<text class="title" transform="translate(11 ${(top + base) / 2}) rotate(-90)" text-anchor="middle">${yTitle}</text>`
  );
}

export function svg(width: number, height: number, label: string, body: string): string {
  return `<svg viewBox="0 0 ${n(width)} ${n(height)}" role="img" aria-label="${label}">${body}</svg>`;
}

/** `d` of a polyline; breaks where a coordinate is not finite. */
export function pathData(points: readonly (readonly [number, number])[]): string {
  let d = '';
  let pen = false;
  for (const [x, y] of points) {
    const finite = Number.isFinite(x) && Number.isFinite(y);
    if (finite) d += `${pen ? 'L' : 'M'}${n(x)} ${n(y)}`;
    pen = finite;
  }
  return d;
}

/** Short form of a coordinate. */
export function n(v: number): string {
  return String(Math.round(v * 100) / 100);
}

/** At most `count` indices out of 0…length−1, evenly spread, both ends kept. */
export function spread(length: number, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: count }, (_, k) => Math.round((k * (length - 1)) / (count - 1)));
}
