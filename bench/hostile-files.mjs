// Hostile files: seconds and memory that `feltmap info` takes, and what it says. node bench/hostile-files.mjs [PART OF A NAME]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOSTILE, writeHostile } from './lib/hostile.mjs';
import { memoryMib } from './lib/memory.mjs';

/** Large, but nothing is wrong with it. */
const WHOLE = /million empty/;
const LIMIT_S = 15;
const LIMIT_MIB = 512;
const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'feltmap-hostile-'));
const idle = (await measure(['--version'])).mib;
let bad = 0;
for (const name of HOSTILE.filter((one) => one.includes(process.argv[2] ?? ''))) {
  const path = await writeHostile(work, name);
  const { status, seconds, mib, says } = await measure(['info', path]);
  rmSync(path, { recursive: true });
  const fine =
    (status === 0 || status === 3) &&
    seconds <= LIMIT_S &&
    mib - idle <= LIMIT_MIB &&
    (says !== '' || WHOLE.test(name));
  if (!fine) bad++;
  const line = says.replaceAll(work, '…').slice(0, 150);
  console.log(
    `${fine ? 'ok ' : 'BAD'}  ${name}: exit ${status}, ${seconds.toFixed(1)} s, ${mib - idle} MiB more: ${line}`,
  );
}
rmSync(work, { recursive: true });
console.log(bad === 0 ? `all ${HOSTILE.length} are bounded` : `${bad} are not bounded`);
process.exitCode = bad === 0 ? 0 : 1;

/** Runs the command line; the first warning or error is what it says. */
async function measure(args) {
  const start = performance.now();
  const child = spawn(process.execPath, [cli, ...args]);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
  let mib = 0;
  const look = setInterval(() => {
    mib = Math.max(mib, memoryMib(child.pid));
    if (performance.now() - start > 3000 * LIMIT_S) child.kill('SIGKILL');
  }, 5);
  const status = await new Promise((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  );
  clearInterval(look);
  const says = /^(?:warning|feltmap): (.*)$/m.exec(text)?.[1] ?? '';
  return { status, seconds: (performance.now() - start) / 1000, mib, says };
}
