// Do two checkouts, both built, make the same bytes of the same recordings? node bench/same-bytes.mjs OLD [NEW=.] [--quick]
// Engine wasm; the old one with two threads, the new one with one and two. Exit status 1 when any file differs.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const FILES = ['trajectory.tum', 'mesh.ply'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
});
if (positionals.length < 1 || positionals.length > 2)
  fail('Usage: node bench/same-bytes.mjs OLD [NEW] [--quick]');
const checkouts = { old: resolve(positionals[0]), new: resolve(positionals[1] ?? '.') };
for (const folder of Object.values(checkouts))
  if (!existsSync(cliOf(folder))) fail(`${folder} is not a built checkout: run npm run build there.`);

const work = mkdtempSync(join(tmpdir(), 'feltmap-same-bytes-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

let differing = 0;
console.log(row('recording', 'threads', ...FILES, 'old, s', 'new, s'));
for (const { name, input, options } of await recordings()) {
  const old = await replay(checkouts.old, input, 2, options);
  for (const threads of [2, 1]) {
    const { sums, seconds } = await replay(checkouts.new, input, threads, options);
    const verdicts = sums.map((sum, i) => (sum === old.sums[i] ? 'same' : 'DIFFERS'));
    if (verdicts.includes('DIFFERS')) differing++;
    console.log(
      row(
        name,
        String(threads),
        ...verdicts,
        threads === 2 ? old.seconds.toFixed(1) : '',
        seconds.toFixed(1),
      ),
    );
  }
}
process.exit(differing > 0 ? 1 : 0);

/** The shipped bag and simulated worlds, made here by the new checkout. */
async function recordings() {
  const { quick } = values;
  const bag = fileURLToPath(new URL('../bags/kitti_0005.mcap', import.meta.url));
  const list = [{ name: 'bag', input: bag, options: quick ? ['--duration', '3'] : [] }];
  const worlds = quick ? { quad: 2 } : { street: 4, quad: 10 };
  for (const [name, seconds] of Object.entries(worlds)) {
    const input = join(work, `${name}.mcap`);
    // Checkouts that are older than the IMU in replays ignore it.
    const what = ['--no-imu', '--duration', String(seconds), '--beams', '64', '--quiet'];
    const args = ['sim', name, '--out', input, ...what];
    await feltmap(checkouts.new, args);
    list.push({ name, input, options: [] });
  }
  return list;
}

/** SHA-256 of what a replay writes, and how long it took to write it. */
async function replay(checkout, input, threads, options) {
  const out = mkdtempSync(join(work, 'replay-'));
  const files = FILES.map((name) => join(out, name));
  const start = performance.now();
  const args = ['replay', input, '--out', out, '--engine', 'wasm', '--threads', String(threads), '--quiet'];
  // Files appear whole or not at all; the pictures that come after them need not be waited for.
  await feltmap(checkout, [...args, ...options], () => files.every((file) => existsSync(file)));
  const seconds = (performance.now() - start) / 1000;
  const sums = files.map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
  rmSync(out, { recursive: true, force: true });
  return { sums, seconds };
}

/** Runs a checkout's command line until it ends or `done`; throws with what it said if it ends before, and not well. */
function feltmap(checkout, args, done = () => false) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cliOf(checkout), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('error', reject);
    const watch = setInterval(() => done() && child.kill('SIGKILL'), 20);
    child.on('close', (code) => {
      clearInterval(watch);
      if (code === 0 || done()) resolve();
      else
        reject(
          new Error(`${checkout}: feltmap ${args.join(' ')} ended with ${code}:\n${stderr.slice(-2000)}`),
        );
    });
  });
}

function cliOf(checkout) {
  return join(checkout, 'dist/cli/main.js');
}

function row(...cells) {
  const widths = [10, 8, 16, 10, 8, 8];
  return cells
    .map((cell, i) => cell.padEnd(widths[i]))
    .join(' ')
    .trimEnd();
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
