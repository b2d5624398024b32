// Damaged recordings: does any crash, hang, fill memory or lose messages without a word?
// node bench/mutated-bags.mjs [--count 200] [FILE…]   (a count for each format; files instead of the shipped fixtures)
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { memoryMib } from './lib/memory.mjs';
import { mutate } from './lib/mutate.mjs';

const HANG_MS = 20_000;
const MOST_MIB = 512;
const { values, positionals } = parseArgs({
  options: { count: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const fixture = (name) => fileURLToPath(new URL(`../tests/fixtures/${name}`, import.meta.url));
const sources =
  positionals.length > 0
    ? positionals
    : ['ros/bag_mcap/bag_mcap_0.mcap', 'ros/lz4.mcap', 'ros/bag_sqlite/bag_sqlite_0.db3']
        .concat(['ros1/none.bag', 'ros1/lz4.bag', 'ros1/bz2.bag'])
        .map(fixture);
const formats = Map.groupBy
  ? Map.groupBy(sources, formatOf)
  : sources.reduce(
      (map, path) => map.set(formatOf(path), [...(map.get(formatOf(path)) ?? []), path]),
      new Map(),
    );

const work = mkdtempSync(join(tmpdir(), 'feltmap-mutated-'));
const faults = [];
const totals = { read: 0, refused: 0, warned: 0, crashes: 0, hangs: 0, silent: 0, altered: 0, most: 0 };
let reader = await startReader();
const idle = memoryMib(reader.pid);

for (const [format, paths] of formats) {
  const originals = [];
  for (const path of paths) originals.push({ path, bytes: readFileSync(path), whole: await read(path) });
  for (let i = 0; i < Number(values.count); i++) {
    const { path, bytes, whole } = originals[i % originals.length];
    const seed = Number(values.seed) * 1_000_000 + i;
    const { kind, bytes: damaged } = mutate(bytes, seed);
    const file = join(work, basename(path));
    writeFileSync(file, damaged);
    const answer = await read(file);
    totals.read++;
    const name = `${basename(path)}, seed ${seed} (${kind})`;
    if (answer.hang) fault('hangs', name, `no answer within ${HANG_MS / 1000} s`);
    else if (answer.crash) fault('crashes', name, answer.crash.split('\n').slice(0, 3).join(' '));
    else if (answer.refused) totals.refused++;
    else if (answer.warnings.length > 0) totals.warned++;
    else {
      const lost = missing(whole.counts, answer.counts);
      if (lost.length > 0) fault('silent', name, lost.map(([topic, n]) => `${topic}, of ${n}`).join('; '));
      // A time that was altered in place, within its chunk, where there is no checksum: the message is read.
      else if (missing(whole.times, answer.times).length > 0) totals.altered++;
    }
  }
  console.log(`${format}: ${values.count} done, ${faults.length} faults so far`);
}
reader.kill();
rmSync(work, { recursive: true });
const more = totals.most - idle;
for (const line of faults) console.log(line);
console.log(
  `${totals.read} damaged recordings: ${totals.crashes} crashes, ${totals.hangs} hangs, ${totals.silent} with silent losses, ${totals.altered} with an altered time; ` +
    `${totals.refused} refused, ${totals.warned} read with warnings; at most ${more} MiB more than idle`,
);
process.exitCode = faults.length > 0 || more > MOST_MIB ? 1 : 0;

/** What there was more of before. */
function missing(before, after) {
  return Object.entries(before).filter(([name, n]) => (after[name] ?? 0) < n);
}

function fault(what, name, why) {
  totals[what]++;
  faults.push(`${what}: ${name}: ${why}`);
}

function formatOf(path) {
  return path.slice(path.lastIndexOf('.') + 1);
}

async function startReader() {
  const child = fork(fileURLToPath(new URL('lib/read-bags.mjs', import.meta.url)));
  await new Promise((resolve) => child.once('message', resolve));
  return child;
}

/** What the reader finds in a file; a reader that does not answer or dies is replaced. */
async function read(path) {
  const child = reader;
  const answer = await new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ hang: true }), HANG_MS);
    const done = (result) => {
      clearTimeout(timer);
      child.off('exit', died);
      resolve(result);
    };
    const died = (code, signal) => done({ crash: `the process ended (${code ?? signal})` });
    child.once('message', done);
    child.once('exit', died);
    child.send(path);
  });
  totals.most = Math.max(totals.most, memoryMib(child.pid));
  if (answer.hang || child.exitCode !== null || child.signalCode !== null) {
    child.kill('SIGKILL');
    reader = await startReader();
  }
  return answer;
}
