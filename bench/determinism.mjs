// Two replays of a recording, byte for byte: npm run bench:determinism -- [RECORDING]
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchOptions, ROOT } from './lib/options.mjs';
import { run } from './lib/run.mjs';
import { publish } from './lib/section.mjs';
import { markdownTable } from './lib/tables.mjs';

const options = benchOptions();
const recording = options.input ?? fileURLToPath(new URL('bags/kitti_0005.mcap', ROOT));
const FILES = ['trajectory.tum', 'mesh.ply'];
const part = Number.isFinite(options.scans) ? ['--duration', String(options.scans / 10)] : [];

const runs = [];
for (const [name, threads] of [
  ['first replay, 2 threads', 2],
  ['second replay, 2 threads', 2],
  ['1 thread', 1],
]) {
  runs.push({ name, sums: await sumsOf(threads) });
  console.log(name, runs.at(-1).sums.join(' '));
}
const equal = (run) => run.sums.every((sum, i) => sum === runs[0].sums[i]);
const verdict = (run) => (run === runs[0] ? '–' : equal(run) ? 'yes' : 'NO');
const body = [
  `\`feltmap replay\` of ${options.input ? 'the recording given' : 'the shipped bag'}: SHA-256, first 16 digits.`,
  markdownTable(
    ['', ...FILES, 'same bytes as the first'],
    runs.map((r) => [r.name, ...r.sums.map((sum) => `\`${sum.slice(0, 16)}\``), verdict(r)]),
  ),
].join('\n\n');
publish(
  'determinism',
  `npm run bench:determinism${options.input ? ' -- RECORDING' : ''}`,
  body,
  options.write,
);
if (!runs.every(equal)) process.exitCode = 1;

async function sumsOf(threads) {
  const out = mkdtempSync(join(tmpdir(), 'feltmap-determinism-'));
  try {
    const cli = fileURLToPath(new URL('dist/cli/main.js', ROOT));
    const args = ['replay', recording, '--out', out, '--threads', String(threads), '--quiet'];
    await run(process.execPath, [cli, ...args, ...part]);
    return FILES.map((name) =>
      createHash('sha256')
        .update(readFileSync(join(out, name)))
        .digest('hex'),
    );
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
