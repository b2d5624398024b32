// Command line and working folder of the benchmarks.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** The repository, as a URL that ends with a slash. */
export const ROOT = new URL('../../', import.meta.url);

/**
 * --scans N      at most N scans of each recording (partial run)
 * --seeds 1,2    seeds of the simulated worlds (partial run unless 1,2,3)
 * --rounds N     repetitions of timed runs (partial run)
 * --only NAME    one part of a benchmark, which has a section of its own
 * --keep DIR     scans are kept there and used again; remove DIR after a change of the simulator
 * --no-write     leave docs/benchmarks.md as it is
 * --old DIR      a built checkout to time in turn with this one (speed only; partial run)
 * --software     a software adapter will do where there is no GPU
 */
export function benchOptions(defaults = {}) {
  const { values, positionals } = commandLine();
  if (!existsSync(new URL('dist/slam/create.js', ROOT))) throw new Error('Run `npm run build` first.');
  const { seeds: seedsDefault = [1, 2, 3], rounds: roundsDefault = 3 } = defaults;
  return {
    input: positionals[0],
    scans: values.scans === undefined ? Infinity : positive(values.scans, '--scans'),
    seeds: values.seeds === undefined ? seedsDefault : values.seeds.split(',').map(Number),
    rounds: values.rounds === undefined ? roundsDefault : positive(values.rounds, '--rounds'),
    only: values.only,
    keep: values.keep === undefined ? undefined : resolve(values.keep),
    old: values.old === undefined ? undefined : resolve(values.old),
    software: values.software ?? false,
    write: ['scans', 'seeds', 'rounds', 'old', 'no-write'].every((name) => values[name] === undefined),
  };
}

/** The words on the command line, sorted into options and the rest. */
export function commandLine() {
  return parseArgs({
    allowPositionals: true,
    options: {
      scans: { type: 'string' },
      seeds: { type: 'string' },
      rounds: { type: 'string' },
      only: { type: 'string' },
      keep: { type: 'string' },
      old: { type: 'string' },
      'no-write': { type: 'boolean' },
      software: { type: 'boolean' },
    },
  });
}

/** A folder for scans and results: the kept one, or one that is gone when the program ends. */
export function workFolder(keep) {
  if (keep !== undefined) {
    mkdirSync(keep, { recursive: true });
    return keep;
  }
  const folder = mkdtempSync(join(tmpdir(), 'feltmap-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  return folder;
}

function positive(text, name) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} takes a whole number above zero`);
  return value;
}
