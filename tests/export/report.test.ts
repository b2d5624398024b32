import { describe, expect, it } from 'vitest';
import { evaluateTrajectory } from '../../src/eval/trajectory.js';
import { linear, spread } from '../../src/export/chart.js';
import { escapeHtml, formatDuration, formatLength, formatNumber } from '../../src/export/html.js';
import { meshPicture } from '../../src/export/picture.js';
import {
  buildReport,
  formatReportJson,
  makeRunReport,
  type RunReportInput,
} from '../../src/export/report.js';
import type { ScanResult, TrackingState } from '../../src/slam/types.js';
import { noisy, stamps, winding } from '../eval/made-up.js';
import { randomMesh } from './made-up-mesh.js';

const EVIL = `"><script>alert(1)</script><img src=x onerror='alert(2)'>\u202egpj.\u0000`;

function results(n: number, stateOf: (i: number) => TrackingState = () => 'tracking'): ScanResult[] {
  const poses = noisy(winding(n, 0.8, 3), 0.02, 0.002, 5);
  const at = stamps(n);
  return poses.map((pose, i) => ({
    index: i,
    stampNs: at[i]!,
    pose,
    covariance: new Float64Array(36),
    odomCovariance: new Float64Array(36),
    twist: new Float64Array(6),
    state: stateOf(i),
    reason: stateOf(i) === 'tracking' ? '' : `few inliers ${EVIL}`,
    points: { input: 1000, valid: 900, mapped: 300, registered: 100 },
    iterations: 5,
    inlierRatio: 0.9,
    times: { prepare: 5, track: 10, map: 10, optimise: 20, mesh: 5 + (i % 2), total: 50 + (i % 2) },
  }));
}

function input(n: number, stateOf?: (i: number) => TrackingState): RunReportInput {
  return {
    versions: { feltmap: '0.1.0', [EVIL]: EVIL },
    input: { path: `/data/${EVIL}.mcap`, topic: EVIL, frameId: EVIL, timing: 'azimuth' },
    settings: { seed: 1, text: EVIL },
    results: results(n, stateOf),
    statistics: {
      blocks: 1,
      featureRows: 2,
      triangles: 3,
      keyframes: 4,
      memoryBytes: 5e6,
      forgottenBlocks: 0,
    },
    wallSeconds: 12,
    warnings: [EVIL],
    files: { mesh: EVIL },
  };
}

function withTruth(n: number): RunReportInput {
  const run = input(n);
  const estimate = { stampsNs: run.results.map((r) => r.stampNs), poses: run.results.map((r) => r.pose) };
  const metrics = evaluateTrajectory(estimate, { stampsNs: stamps(n), poses: winding(n, 0.8, 3) });
  return { ...run, truth: { source: EVIL, metrics } };
}

describe('depth images in a report', () => {
  it('stand in both, by camera; those of a LiDAR have none', () => {
    const run = input(4);
    const seen = run.results.map((result, i) => ({
      ...result,
      camera: EVIL,
      points: { ...result.points, valid: i === 0 ? 50 : 800, zero: 200 },
    }));
    const report = makeRunReport({ ...run, results: seen });
    expect(report.cameras).toMatchObject([
      { camera: EVIL, frames: 4, poorFrames: 1, pixels: { valid: 2450, zero: 800 } },
    ]);
    const page = buildReport(report);
    expect(page).toMatch(
      /Depth images.*61 % of the pixels usable; 20 % hold no depth.*1 of 4 frames below 10 %/,
    );
    expect(page).not.toContain('<script');
    expect(makeRunReport(run).cameras).toBeUndefined();
    expect(buildReport(makeRunReport(run))).not.toContain('Depth images');
  });
});

describe('makeRunReport', () => {
  it('sums up the run', () => {
    const report = makeRunReport(
      input(101, (i) => (i === 7 || i === 8 ? 'degraded' : i === 9 ? 'lost' : 'tracking')),
    );
    const { summary } = report;
    expect(summary).toMatchObject({
      scans: 101,
      recordedSeconds: 10,
      states: { tracking: 98, degraded: 2, lost: 1 },
    });
    expect(summary.meanMs.total).toBeCloseTo(50 + 50 / 101, 9);
    expect(summary.realTimeFactor).toBeCloseTo(100 / summary.meanMs.total, 9);
    expect(summary.maxMs).toBe(51);
    expect(summary.distance).toBeGreaterThan(79);
    expect(summary.firstStampNs).toBe('1317042272349660000');
    expect(report.incidents.map(({ state, first, last }) => [state, first, last])).toEqual([
      ['degraded', 7, 8],
      ['lost', 9, 9],
    ]);
    for (const column of Object.values(report.scans).flatMap((c) =>
      Array.isArray(c) ? [c] : Object.values(c),
    ))
      expect(column).toHaveLength(101);
  });
  it('brings the truth into the frame of the estimate', () => {
    const { truth, scans } = makeRunReport(withTruth(80));
    expect(truth!.matched).toBe(80);
    truth!.index.forEach((i, k) => {
      const d = Math.hypot(
        truth!.x[k]! - scans.x[i]!,
        truth!.y[k]! - scans.y[i]!,
        truth!.z[k]! - scans.z[i]!,
      );
      expect(Math.abs(d - truth!.error[k]!)).toBeLessThan(5e-4); // both rounded
    });
  });
  it('is the same after a round trip through report.json, columns on one line', () => {
    const report = makeRunReport(withTruth(50));
    const text = formatReportJson(report);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(report)));
    expect(text).toMatch(/^ {4}"x": \[[^\n]*\],$/m);
    expect(formatReportJson(makeRunReport(input(0)))).toContain('"scans": 0');
  });
});

describe('buildReport', () => {
  const mesh = randomMesh(60, 80);
  const picture = meshPicture(
    mesh,
    results(20).map((r) => r.pose),
    { width: 64, height: 36 },
  );

  it.each([
    ['a run with truth', () => withTruth(300), true],
    [
      'a long run with failures',
      () => input(3000, (i) => (i % 1000 > 990 ? 'lost' : i % 97 === 0 ? 'degraded' : 'tracking')),
      true,
    ],
    ['a single scan', () => input(1), false],
    ['no scan at all, with an error', () => ({ ...input(0), error: EVIL, interrupted: true }), false],
  ])('is one well-formed, safe page: %s', (_what, make, pictured) => {
    const html = buildReport(makeRunReport(make()), pictured ? { mesh: picture } : {});
    expectWellFormed(html);
    expect(html).not.toMatch(/<script|<img src=x|onerror='|\u202e|\u0000/);
    expect(html).not.toMatch(/(?:src|href|url\()\s*=?\s*["']?(?:https?:|\/\/|\.|\/)/);
    expect(html).not.toMatch(/NaN|undefined|Infinity|\[object/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html.includes('data:image/png;base64,iVBOR')).toBe(pictured);
    expect(html).toContain('prefers-color-scheme:dark');
    expect(html).toContain('width=device-width');
  });
  it('shows error and height only where there is a truth', () => {
    const titles = (html: string) => [...html.matchAll(/<h2>([^<]*)<\/h2>/g)].map((m) => m[1]);
    expect(titles(buildReport(makeRunReport(withTruth(60))))).toEqual([
      'Warning',
      'Path from above, against the truth',
      'Position error over distance',
      'Height over distance',
      'Uncertainty over distance',
      'Time per stage',
      'Tracking state over the scans',
      'Accuracy',
      'Run',
    ]);
    const plain = titles(buildReport(makeRunReport({ ...input(60), warnings: [] })));
    expect(plain).toEqual([
      'Path from above',
      'Uncertainty over distance',
      'Time per stage',
      'Tracking state over the scans',
      'Run',
    ]);
  });
  it('says how the mesh is coloured, and shows up to four frames with their figures', () => {
    const report = makeRunReport(input(20));
    expect(buildReport(report, { mesh: picture })).toContain('coloured by height');
    expect(buildReport(report, { mesh: picture, meshInColor: true })).toContain('as cameras saw it');
    expect(buildReport(report, { frames: [] })).not.toContain('Sample frames');
    const [width, height] = [4, 2];
    const depth = Float32Array.of(1, 1, 1, 1, 2, 2, 0, NaN);
    const frame = {
      title: `Frame 20 ${EVIL}`,
      width,
      height,
      depth,
      image: new Uint8Array(24).map((_, i) => 10 * i),
      rendered: {
        depth: Float32Array.of(1, 1.01, 1.02, NaN, 2, 2, 3, 3),
        color: new Uint8Array(24).map((_, i) => 10 * i + (i % 2 === 0 ? 3 : -3)),
      },
    };
    const html = buildReport(report, { frames: Array<typeof frame>(6).fill(frame) });
    expectWellFormed(html);
    expect(html).not.toMatch(/<script|NaN|undefined|Infinity/);
    expect(html.match(/Frame 20/g)).toHaveLength(4);
    expect(html.match(/<figure>/g)).toHaveLength(4 * 5);
    // 0, 1, 2, 0 and 0 cm, and a hole that counts as 10 cm: 13 cm over 6 pixels.
    expect(html).toContain('L1 2.2 cm · median 0.50 cm · 83.3 % within 5 cm · colour 38');
    const plain = { title: 'x', width, height, depth, rendered: { depth: frame.rendered.depth } };
    const without = buildReport(report, { frames: [plain] });
    expect(without.match(/<figure>/g)).toHaveLength(3);
    expect(without).not.toContain(' dB');
  });
  it('stays small for a long run: charts are thinned, failures stay visible', () => {
    const html = buildReport(makeRunReport(input(20_000, (i) => (i === 12_345 ? 'lost' : 'tracking'))));
    expect(html.length).toBeLessThan(200_000);
    expect(html).toMatch(/class="fill-lost"[^>]*width="3"/);
    expect(html).toContain('Scan 12345: lost');
  });
});

describe('numbers for people', () => {
  it('have the right unit', () => {
    expect([0.00123, 0.0821, 0.2071, 71.13, 12345, NaN].map(formatLength)).toEqual([
      '0.12 cm',
      '8.2 cm',
      '0.207 m',
      '71.1 m',
      '12.35 km',
      '–',
    ]);
    expect(formatNumber(1234567.891, 1)).toBe('1\u202f234\u202f567.9');
    expect(formatNumber(-0.001, 1)).toBe('0.0');
    expect(formatNumber(-2.5, 1)).toBe('−2.5');
    expect([9.96, 75, 3700].map(formatDuration)).toEqual(['10.0 s', '1 min 15 s', '1 h 1 min']);
  });
  it('escapes mark-up and makes control characters visible', () => {
    expect(escapeHtml(`<a b="c" d='e'>&\u202e\u0007`)).toBe(
      '&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\ufffd\ufffd',
    );
  });
});

describe('charts', () => {
  it('has ticks at round numbers inside the range', () => {
    expect(linear(0, 71, 0, 100, 6).ticks).toEqual([0, 20, 40, 60]);
    const s = linear(-0.13, 0.42, 100, 0);
    expect(s.ticks.map((t) => +t.toFixed(6))).toEqual([0, 0.2, 0.4]);
    expect(s.digits).toBe(1);
    expect(s(-0.13)).toBe(100);
    expect(s(0.42)).toBe(0);
    expect(linear(5, 5, 0, 1).ticks.every(Number.isFinite)).toBe(true);
  });
  it('thins evenly and keeps the ends', () => {
    expect(spread(3, 10)).toEqual([0, 1, 2]);
    expect(spread(1001, 5)).toEqual([0, 250, 500, 750, 1000]);
  });
});

/** Every element is closed in order; void ones aside. */
function expectWellFormed(html: string): void {
  const open: string[] = [];
  const body = html.replace(/<style>[\s\S]*?<\/style>/, '');
  for (const [, end, name, self] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s[^<>]*?)?(\/?)>/gi)) {
    if (self || ['meta', 'img', 'br'].includes(name!)) continue;
    if (!end) open.push(name!);
    else expect(open.pop()).toBe(name);
  }
  expect(open).toEqual([]);
  expect(body.replace(/<[^<>]*>/g, '')).not.toMatch(/[<]/);
}
