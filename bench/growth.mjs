// What a long drive costs at its end: node bench/growth.mjs [RECORDING]   (default: 2 km of simulated street)
// Time of the mesh stage in the last tenth against the first, and peak memory while results are written against before.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { memoryMib } from './lib/memory.mjs';
import { commandLine } from './lib/options.mjs';
import { fixed, markdownTable, mean } from './lib/tables.mjs';

const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const EVERY_MS = 50;
const work = mkdtempSync(join(tmpdir(), 'feltmap-growth-'));
const [given] = commandLine().positionals;
const recording = given ?? join(work, 'drive.mcap');
if (!given) {
  const size = ['--length', '2000', '--beams', '32', '--columns', '512', '--seed', '1', '--no-imu'];
  await run(['sim', 'street', ...size, '--out', recording]);
}
const out = join(work, 'out');
const { peaks, status } = await run(['replay', recording, '--out', out]);
if (status !== 0) console.log(`feltmap replay ended with ${status}`);
const { scans, summary, map } = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'));
rmSync(work, { recursive: true });

const stages = [...Object.keys(scans.stageMs), 'all'];
const rows = stages.map((stage) => {
  const ms = stage === 'all' ? scans.totalMs : scans.stageMs[stage];
  const tenth = Math.floor(ms.length / 10);
  // The start fills the first scans with work of its own.
  const [first, last] = [ms.slice(tenth >> 2, tenth), ms.slice(-tenth)];
  const [a, b] = [first, last].map(median);
  return [stage, fixed(a, 2), fixed(b, 2), fixed(b / a, 2), fixed(mean(first), 2), fixed(mean(last), 2), fixed(mean(last) / mean(first), 2)]; // prettier-ignore
});
console.log(`${summary.scans} scans, ${summary.distance.toFixed(0)} m, ${map.blocks} blocks in memory at the end, ${map.forgottenBlocks} forgotten\n`); // prettier-ignore
console.log(markdownTable(['stage', 'median ms, first tenth', 'last tenth', 'ratio', 'mean ms, first tenth', 'last tenth', 'ratio'], rows)); // prettier-ignore
console.log(`\nPeak memory: ${peaks.mapping} MiB while mapping, ${peaks.writing} MiB while writing (${fixed(peaks.writing / peaks.mapping, 2)} ×)`); // prettier-ignore

/** Runs the command line; peak resident memory (MiB) up to the last scan and after it. */
async function run(args) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const peaks = { mapping: 0, writing: 0 };
  let mapped = false;
  // The progress line says how many of how many; after the last one the files are written.
  child.stderr.setEncoding('utf8').on('data', (text) => {
    process.stderr.write(text);
    if ([...text.matchAll(/\] (\d+)\/(\d+) /g)].some(([, at, of]) => at === of)) mapped = true;
  });
  const timer = setInterval(() => {
    const mib = memoryMib(child.pid, 'VmRSS');
    const phase = mapped ? 'writing' : 'mapping';
    peaks[phase] = Math.max(peaks[phase], mib);
  }, EVERY_MS);
  const status = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(timer);
  return { status, peaks };
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
