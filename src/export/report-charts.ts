import type { TrackingState } from '../slam/types.js';
import { axes, FRAME, linear, n, pathData, spread, svg, type Frame } from './chart.js';
import { formatLength, formatNumber } from './html.js';
import { nounOf } from './measurement-noun.js';
import { STAGES, type RunReport } from './report-types.js';

const STATE_ORDER: readonly TrackingState[] = ['tracking', 'degraded', 'lost'];

/** The path from above, x to the right, y up, one scale for both; over the truth where there is one. */
export function pathChart(report: RunReport): string {
  const { scans, truth } = report;
  const xs = [...scans.x, ...(truth?.x ?? [])].filter(Number.isFinite);
  const ys = [...scans.y, ...(truth?.y ?? [])].filter(Number.isFinite);
  if (xs.length === 0) return '';
  const [x0, x1] = range(xs);
  const [y0, y1] = range(ys);
  const pad = 26;
  const width = FRAME.width;
  const span = Math.max(x1 - x0, y1 - y0, 0.5);
  const wide = Math.max(x1 - x0, 0.45 * span, 0.35 * (y1 - y0));
  const tall = Math.max(y1 - y0, 0.3 * span);
  const k = Math.min((width - 2 * pad) / wide, 420 / tall);
  const height = tall * k + 2 * pad + 12;
  const px = (x: number) => width / 2 + (x - (x0 + x1) / 2) * k;
  const py = (y: number) => (height - 12) / 2 - (y - (y0 + y1) / 2) * k;
  const line = (x: readonly number[], y: readonly number[]) =>
    pathData(spread(x.length, 1500).map((i) => [px(x[i]!), py(y[i]!)]));
  const bad = (state: TrackingState) =>
    scans.state
      .map((s, i) => ({ s, i }))
      .filter(({ s }) => s === state)
      .slice(0, 2000)
      .map(
        ({ i }) =>
          `<circle class="fill-${state}" cx="${n(px(scans.x[i]!))}" cy="${n(py(scans.y[i]!))}" r="2.6"/>`,
      )
      .join('');
  const last = scans.x.length - 1;
  const bar = roundLength(span / 4);
  const body =
    (truth ? `<path class="truth" d="${line(truth.x, truth.y)}"/>` : '') +
    `<path class="estimate" d="${line(scans.x, scans.y)}"/>${bad('degraded')}${bad('lost')}` +
    `<circle class="start" cx="${n(px(scans.x[0]!))}" cy="${n(py(scans.y[0]!))}" r="5"><title>start</title></circle>` +
    `<circle class="end" cx="${n(px(scans.x[last]!))}" cy="${n(py(scans.y[last]!))}" r="5"><title>end</title></circle>` +
    `<path class="bar" d="M14 ${n(height - 12)}v5h${n(bar * k)}v-5"/>` +
    `<text x="${n(20 + bar * k)}" y="${n(height - 5)}">${formatNumber(bar, bar < 1 ? 1 : 0)} m</text>`;
  return svg(width, height, 'Path from above', body);
}

/** Position error after alignment over the distance travelled. */
export function errorChart(report: RunReport): string {
  const { truth } = report;
  if (!truth || truth.error.length === 0) return '';
  const [d0, d1] = range(truth.distance);
  const frame = FRAME;
  const x = linear(d0, Math.max(d1, d0 + 0.1), frame.left, frame.width - frame.right, 6);
  const y = linear(0, 1.1 * Math.max(truth.ate.max, 1e-3), frame.height - frame.bottom, frame.top, 5);
  const points = spread(truth.error.length, 1000).map(
    (i) => [x(truth.distance[i]!), y(truth.error[i]!)] as const,
  );
  const base = frame.height - frame.bottom;
  const area = `${pathData(points)}L${n(points[points.length - 1]![0])} ${base}L${n(points[0]![0])} ${base}Z`;
  const rmse = y(truth.ate.rmse);
  return svg(
    frame.width,
    frame.height,
    'Position error over distance',
    `${axes(frame, x, y, 'distance travelled (m)', 'error (m)')}<path class="area" d="${area}"/>` +
      `<path class="estimate" d="${pathData(points)}"/>` +
      `<line class="mark" x1="${frame.left}" x2="${frame.width - frame.right}" y1="${n(rmse)}" y2="${n(rmse)}"/>` +
      `<text class="halo" x="${frame.width - frame.right - 2}" y="${n(rmse - 5)}" text-anchor="end">RMSE ${formatLength(truth.ate.rmse)}</text>`,
  );
}

/** Milliseconds per stage, stacked, over the scans; long runs as means of neighbouring scans. */
export function stageChart(report: RunReport): string {
  const { scans, summary } = report;
  const noun = nounOf(report.input.sensor);
  const count = scans.totalMs.length;
  if (count === 0) return '';
  const frame: Frame = FRAME;
  const bins = Math.min(count, 240);
  const edge = (b: number) => Math.floor((b * count) / bins);
  const tops = new Float64Array(bins);
  const layers = STAGES.map((stage) => {
    const low = tops.slice();
    for (let b = 0; b < bins; b++) {
      let sum = 0;
      for (let i = edge(b); i < edge(b + 1); i++) sum += scans.stageMs[stage][i]!;
      tops[b]! += sum / (edge(b + 1) - edge(b));
    }
    return { stage, low, high: tops.slice() };
  });
  const period = count > 1 ? (1000 * summary.recordedSeconds) / (count - 1) : 0;
  const peak = tops.reduce((a, b) => Math.max(a, b), 0);
  const showPeriod = period > 0 && period < 2.5 * peak;
  const x = linear(0, Math.max(1, count - 1), frame.left, frame.width - frame.right, 6);
  const y = linear(
    0,
    Math.max(1.06 * peak, showPeriod ? 1.06 * period : 0, 1e-3),
    frame.height - frame.bottom,
    frame.top,
    5,
  );
  const at = (b: number) => (bins > 1 ? x((b * (count - 1)) / (bins - 1)) : x(0));
  const shapes = layers
    .map(({ stage, low, high }) => {
      const up = Array.from(high, (v, b) => [at(b), y(v)] as const);
      const down = Array.from(low, (v, b) => [at(b), y(v)] as const).reverse();
      const points = bins > 1 ? [...up, ...down] : bar(up[0]!, down[0]!);
      return `<path class="stage-${stage}" d="${pathData(points)}Z"><title>${stage}: mean ${formatNumber(summary.meanMs[stage], 1)} ms</title></path>`;
    })
    .join('');
  const rate = showPeriod
    ? `<line class="mark" x1="${frame.left}" x2="${frame.width - frame.right}" y1="${n(y(period))}" y2="${n(y(period))}"/>` +
      `<text class="halo" x="${frame.width - frame.right - 2}" y="${n(y(period) - 5)}" text-anchor="end">sensor period ${formatNumber(period, 0)} ms</text>`
    : '';
  return svg(
    frame.width,
    frame.height,
    `Time per stage over the ${noun}s`,
    axes(frame, x, y, noun, 'time (ms)') + shapes + rate,
  );
}

/** One band over the scans, coloured by tracking state. */
export function stateChart(report: RunReport): string {
  const { state } = report.scans;
  const noun = nounOf(report.input.sensor);
  const count = state.length;
  if (count === 0) return '';
  const width = 1000;
  let rects = '';
  for (let i = 0; i < count;) {
    let end = i + 1;
    while (end < count && state[end] === state[i]) end++;
    // A single bad scan in a long run must stay visible: at least 3 units wide.
    const w = Math.max(((end - i) * width) / count, state[i] === 'tracking' ? 0 : 3);
    rects += `<rect class="fill-${state[i]!}" x="${n((i * width) / count)}" y="0" width="${n(w)}" height="20"><title>${noun}s ${i}–${end - 1}: ${state[i]!}</title></rect>`;
    i = end;
  }
  const ticks = spread(count, 5).map((i) => `<span>${formatNumber(i)}</span>`);
  return (
    `<svg viewBox="0 0 ${width} 20" preserveAspectRatio="none" role="img" aria-label="Tracking state over the ${noun}s">${rects}</svg>` +
    `<div class="ticks">${ticks.join('')}</div>`
  );
}

/** Height over distance, against the truth: where LiDAR odometry drifts first. */
export function heightChart(report: RunReport): string {
  const { truth, scans } = report;
  if (!truth || truth.z.length === 0) return '';
  const frame = FRAME;
  const [d0, d1] = range(truth.distance);
  const [z0, z1] = range([...truth.z, ...scans.z].filter(Number.isFinite));
  const margin = Math.max(0.1 * (z1 - z0), 0.05);
  const x = linear(d0, Math.max(d1, d0 + 0.1), frame.left, frame.width - frame.right, 6);
  const y = linear(z0 - margin, z1 + margin, frame.height - frame.bottom, frame.top, 5);
  const line = (d: readonly number[], z: readonly number[]) =>
    pathData(spread(d.length, 1000).map((i) => [x(d[i]!), y(z[i]!)] as const));
  return svg(
    frame.width,
    frame.height,
    'Height over distance',
    `${axes(frame, x, y, 'distance travelled (m)', 'height (m)')}<path class="truth" d="${line(truth.distance, truth.z)}"/>` +
      `<path class="estimate" d="${line(scans.distance, scans.z)}"/>`,
  );
}

/** Standard deviation of the position: in the odom frame, and in the map around. */
export function sigmaChart({ scans }: RunReport): string {
  const known = scans.state.map((state, i) => (state === 'lost' ? -1 : i)).filter((i) => i >= 0);
  if (known.length === 0) return '';
  const frame = FRAME;
  const most = Math.max(...known.map((i) => 100 * Math.max(scans.odomSigma[i]!, scans.sigma[i]!)), 0.1);
  const x = linear(0, Math.max(scans.distance.at(-1)!, 0.1), frame.left, frame.width - frame.right, 6);
  const y = linear(0, 1.1 * most, frame.height - frame.bottom, frame.top, 5);
  const line = (values: readonly number[]) =>
    pathData(
      spread(values.length, 1000).map(
        (i) => [x(scans.distance[i]!), scans.state[i] === 'lost' ? NaN : y(100 * values[i]!)] as const,
      ),
    );
  return svg(
    frame.width,
    frame.height,
    'Uncertainty over distance',
    `${axes(frame, x, y, 'distance travelled (m)', 'σ of the position (cm)')}<path class="truth" d="${line(scans.sigma)}"/>` +
      `<path class="estimate" d="${line(scans.odomSigma)}"/>`,
  );
}

export function legend(items: readonly (readonly [string, string])[]): string {
  return `<p class="legend">${items.map(([cls, label]) => `<span><i class="${cls}"></i>${label}</span>`).join('')}</p>`;
}

export function stateLegend(report: RunReport): string {
  return legend(
    STATE_ORDER.map((s) => [`bg-${s}`, `${s} ${formatNumber(report.summary.states[s])}`] as const),
  );
}

function bar(up: readonly [number, number], down: readonly [number, number]): (readonly [number, number])[] {
  return [up, [up[0] + 20, up[1]], [down[0] + 20, down[1]], down];
}

function range(values: readonly number[]): [number, number] {
  let [lo, hi] = [Infinity, -Infinity];
  for (const v of values) [lo, hi] = [Math.min(lo, v), Math.max(hi, v)];
  return [lo, hi];
}

/** The largest of 1, 2, 5 times a power of ten not above. */
function roundLength(length: number): number {
  const power = 10 ** Math.floor(Math.log10(length));
  return power * ([5, 2, 1].find((m) => m * power <= length) ?? 1);
}
