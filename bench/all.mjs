// Every benchmark of docs/benchmarks.md but the ablation, one after the other: npm run bench -- [KITTI_FOLDER]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { commandLine } from './lib/options.mjs';

const { positionals } = commandLine();
let failed = 0;
for (const name of [
  'speed',
  'odometry',
  'mesh',
  'recovery',
  'priors',
  'determinism',
  'viewer',
  'viewer-client',
  'engines',
  'ros-decode',
]) {
  console.log(`\n== ${name} ==\n`);
  // A folder of KITTI scans is for the benchmarks that run on KITTI.
  const args = process.argv.slice(2).filter((arg) => onKitti(name) || !positionals.includes(arg));
  const { status } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL(`${name}.mjs`, import.meta.url)), ...args],
    {
      stdio: 'inherit',
    },
  );
  if (status !== 0) failed++;
}
process.exitCode = failed > 0 ? 1 : 0;

function onKitti(name) {
  return name === 'speed' || name === 'odometry';
}
