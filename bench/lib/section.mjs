// Prints a benchmark's result and puts it into its section of docs/benchmarks.md.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { ROOT } from './options.mjs';
import { replaceSection } from './tables.mjs';

const PAGE = new URL('docs/benchmarks.md', ROOT);
const programAtStart = programDigest();

/**
 * @param {string} name section of docs/benchmarks.md
 * @param {string} command as a reader would type it
 * @param {string} body Markdown: tables and notes
 * @param {boolean} write false for partial runs: those are printed only
 */
export function publish(name, command, body, write) {
  console.log(`\n${body}\n`);
  if (!write) {
    console.log('Partial run: docs/benchmarks.md is left as it is.');
    return;
  }
  if (programDigest() !== programAtStart) {
    console.log(
      'dist/ was rebuilt during the run, so the rows may be of different programs: nothing is written.',
    );
    process.exitCode = 1;
    return;
  }
  const origin = `${new Date().toISOString().slice(0, 10)}, ${machine()}, commit ${commit()}: \`${command}\``;
  writeFileSync(PAGE, replaceSection(readFileSync(PAGE, 'utf8'), name, `${origin}\n\n${body}`));
  console.log(`docs/benchmarks.md: section ${name} written.`);
}

function machine() {
  const model = cpus()[0]?.model.trim().replace(/\s+/g, ' ') ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${availableParallelism()} cores, ${memory} GiB, ${platform()} ${release().split('-')[0]}, Node ${process.versions.node}`;
}

function commit() {
  const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
  try {
    // What decides the figures: the sources, not the page that is being written.
    const changed = git('status', '--porcelain', '--', 'src', 'bench', 'package-lock.json') !== '';
    return git('rev-parse', '--short', 'HEAD') + (changed ? ' with local changes' : '');
  } catch {
    return 'unknown';
  }
}

/** Changes with any compiled file. */
function programDigest() {
  const hash = createHash('sha256');
  const dist = new URL('dist/', ROOT);
  const files = readdirSync(dist, { recursive: true }).filter((name) => /\.(js|wasm)$/.test(name));
  for (const name of files.sort()) hash.update(name).update(readFileSync(new URL(name, dist)));
  return hash.digest('hex');
}
