import {
  errorChart,
  heightChart,
  sigmaChart,
  legend,
  pathChart,
  stageChart,
  stateChart,
  stateLegend,
} from './report-charts.js';
import { escapeHtml, formatDuration, formatLength, formatNumber } from './html.js';
import { capital, nounOf } from './measurement-noun.js';
import { pngDataUri } from './png.js';
import { accuracyTable, baseName, depthTable, meshTable, runTable } from './report-tables.js';
import { REPORT_STYLE } from './report-style.js';
import { STAGES, type RunReport } from './report-types.js';
import { sampleFrames, type SampleFrame } from './sample-frames.js';

export type { RunReport, RunReportInput } from './report-types.js';
export type { SampleFrame } from './sample-frames.js';
export { formatReportJson, makeRunReport } from './run-report.js';

/** The pictures of a report. */
export interface ReportPictures {
  /** PNG. */
  readonly mesh?: Uint8Array;
  /** Whether it is in the colours that cameras saw; else it is coloured by height. */
  readonly meshInColor?: boolean;
  /** Up to four frames beside what the mesh looks like from their poses. */
  readonly frames?: readonly SampleFrame[];
}

/**
 * `report.html`: one file without scripts or outside references. Every text from the run is escaped.
 *
 * @returns the page
 */
export function buildReport(report: RunReport, pictures: ReportPictures = {}): string {
  const name = escapeHtml(baseName(report.input.path));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="generator" content="feltmap"><title>${name} · Feltmap</title><style>${REPORT_STYLE}</style></head><body><main>
<header><h1>${name}</h1><p>${subtitle(report)}</p></header>
${notices(report)}
<section class="tiles">${tiles(report)}</section>
${pictures.mesh ? `<section class="card picture"><img alt="The mesh with the path" src="${pngDataUri(pictures.mesh)}"><p>The mesh, ${pictures.meshInColor ? 'as cameras saw it' : 'coloured by height'}, with the path.</p></section>` : ''}
${sampleFrames(pictures.frames ?? [])}<div class="grid">${charts(report)}</div>
<section class="card states"><h2>Tracking state over the ${nounOf(report.input.sensor)}s</h2>${stateChart(report)}${stateLegend(report)}${incidents(report)}</section>
<div class="grid">${accuracyTable(report)}${meshTable(report)}${depthTable(report)}${runTable(report)}</div>
<details class="card"><summary>Settings</summary><pre>${escapeHtml(JSON.stringify(report.settings, null, 2) ?? '')}</pre></details>
</main></body></html>
`;
}

function subtitle({ input, summary }: RunReport): string {
  const topic = input.topic ? `topic ${input.topic}` : '';
  const text = [
    topic,
    `${formatDuration(summary.recordedSeconds)} of recording`,
    summary.interrupted ? 'stopped early' : '',
  ];
  return escapeHtml(text.filter(Boolean).join(' · '));
}

function notices({ summary, warnings }: RunReport): string {
  const list = (items: readonly string[], cls: string, title: string) =>
    items.length === 0
      ? ''
      : `<section class="card notice ${cls}"><h2>${title}</h2><ul>${items.map((w) => `<li>${escapeHtml(w)}</li>`).join('')}</ul></section>`;
  return (
    list(summary.error === undefined ? [] : [summary.error], 'bad', 'The run ended with an error') +
    list(warnings, '', warnings.length === 1 ? 'Warning' : 'Warnings')
  );
}

function tiles({ input, summary, map, truth, mesh }: RunReport): string {
  const noun = nounOf(input.sensor);
  const { states, meanMs } = summary;
  const unsure = states.degraded + states.lost;
  const tile = (label: string, value: string, note = '', cls = '') =>
    `<div class="tile ${cls}"><span>${label}</span><b>${value}</b>${note ? `<em>${note}</em>` : ''}</div>`;
  const real = summary.realTimeFactor;
  return [
    tile(`${capital(noun)}s`, formatNumber(summary.scans), `in ${formatDuration(summary.wallSeconds)}`),
    tile('Distance', formatLength(summary.distance)),
    tile(
      `Mean time per ${noun}`,
      `${formatNumber(meanMs.total, 1)} ms`,
      `${formatNumber(real, 1)} × real time`,
      real > 0 && real < 1 ? 'warn' : '',
    ),
    tile(
      'Tracking',
      summary.scans === 0
        ? '–'
        : `${formatNumber((100 * states.tracking) / summary.scans, unsure > 0 ? 1 : 0)} %`,
      unsure === 0
        ? 'never in doubt'
        : `${formatNumber(states.degraded)} degraded, ${formatNumber(states.lost)} lost`,
      states.lost > 0 ? 'bad' : states.degraded > 0 ? 'warn' : 'good',
    ),
    ...(truth
      ? [
          tile('ATE (RMSE)', formatLength(truth.ate.rmse), `largest ${formatLength(truth.ate.max)}`),
          ...(truth.drift.count > 0
            ? [
                tile(
                  'Drift',
                  `${formatNumber(truth.drift.translationPercent, 2)} %`,
                  `over ${truth.drift.lengths.map((l) => formatNumber(l)).join(', ')} m`,
                ),
              ]
            : []),
        ]
      : []),
    ...(mesh?.scores[mesh.scores.length - 1]
      ? mesh.scores
          .slice(-1)
          .map((s) =>
            tile('Mesh F-score', `${formatNumber(s.fscore, 1)} %`, `at ${formatLength(s.threshold)}`),
          )
      : []),
    tile('Mesh', `${formatNumber(map.triangles)}`, 'triangles'),
    tile(
      'Map',
      `${formatNumber(map.memoryBytes / 2 ** 20, 1)} MiB`,
      `${formatNumber(map.keyframes)} keyframes`,
    ),
  ].join('');
}

function charts(report: RunReport): string {
  const card = (title: string, chart: string, note: string) =>
    chart === '' ? '' : `<section class="card"><h2>${title}</h2>${chart}${note}</section>`;
  const { truth, summary } = report;
  const stages = STAGES.map((s) => [`bg-${s}`, `${s} ${formatNumber(summary.meanMs[s], 1)}`] as const);
  return (
    card(
      truth ? 'Path from above, against the truth' : 'Path from above',
      pathChart(report),
      legend([['bg-estimate', 'estimate'], ...(truth ? [['bg-truth', 'truth'] as const] : [])]),
    ) +
    card(
      'Position error over distance',
      errorChart(report),
      '<p>After alignment of the whole path (rotation and translation, no scale).</p>',
    ) +
    card(
      'Height over distance',
      heightChart(report),
      legend([
        ['bg-estimate', 'estimate'],
        ['bg-truth', 'truth'],
      ]),
    ) +
    card(
      'Uncertainty over distance',
      sigmaChart(report),
      legend([
        ['bg-estimate', 'in the odom frame'],
        ['bg-truth', 'in the map around'],
      ]),
    ) +
    card(
      'Time per stage',
      stageChart(report),
      `${legend(stages)}<p>Mean milliseconds; 95 % of the ${nounOf(report.input.sensor)}s took at most ${formatNumber(summary.p95Ms, 1)} ms, the slowest ${formatNumber(summary.maxMs, 1)} ms.</p>`,
    )
  );
}

function incidents({ input, incidents: all }: RunReport): string {
  const noun = capital(nounOf(input.sensor));
  if (all.length === 0) return '';
  const shown = all.slice(0, 12);
  const rows = shown.map((i) => {
    const which = i.first === i.last ? `${noun} ${i.first}` : `${noun}s ${i.first}–${i.last}`;
    return `<tr><th>${which}: ${escapeHtml(i.state)}</th><td>${escapeHtml(i.reason)}</td></tr>`;
  });
  const more =
    all.length > shown.length ? `<p>… and ${all.length - shown.length} more, in report.json.</p>` : '';
  return `<table>${rows.join('')}</table>${more}`;
}
