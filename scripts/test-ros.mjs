// npm run test:ros [-- vitest arguments]: the tests that need a ROS 2 graph. Says in one line what is missing otherwise.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const missing = whatIsMissing();
if (missing) {
  console.log(`test:ros: skipped, no test was run: ${missing}`);
  // REQUIRE_ROS=1 for continuous integration, where skipping must not pass for success.
  process.exit(process.env.REQUIRE_ROS ? 1 : 0);
}

// The node under test is the built one.
const build = spawnSync('npm', ['run', 'build', '--silent'], { stdio: 'inherit' });
if (build.status !== 0) process.exit(build.status ?? 1);

const folder = mkdtempSync(join(tmpdir(), 'feltmap-ros-'));
const environment = {
  ...process.env,
  FELTMAP_TEST_DIR: folder,
  // A domain of its own, and this machine only: the tests neither disturb a robot nor hear it.
  ROS_DOMAIN_ID: process.env.FELTMAP_TEST_DOMAIN ?? String(60 + (process.pid % 40)),
  ROS_AUTOMATIC_DISCOVERY_RANGE: 'LOCALHOST',
};
// Humble knows only this one; later distributions warn about it.
if (process.env.ROS_DISTRO === 'humble') environment.ROS_LOCALHOST_ONLY = '1';
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const args = [vitest, 'run', '--config', 'vitest.ros.config.ts', ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env: environment });
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? 1);

function whatIsMissing() {
  if (!process.env.AMENT_PREFIX_PATH) {
    return 'no ROS 2 is sourced; source /opt/ros/DISTRO/setup.bash (Humble, Jazzy, Kilted or Lyrical) and run it again';
  }
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('rclnodejs/package.json'));
    const missing = interfaces().filter((name) => !existsSync(join(folder, 'generated', name)));
    if (missing.length === 0) return undefined;
    return `rclnodejs knows no messages of ${missing.join(', ')}; install these packages of ROS 2, then run \`npx generate-ros-messages\` in this shell`;
  } catch {
    return 'rclnodejs is not installed: it needs a sourced ROS 2 while installing; run `npm ci` again in this shell';
  }
}

/** Packages of interfaces that Feltmap's own package depends on. */
function interfaces() {
  const xml = readFileSync(new URL('../ros/feltmap/package.xml', import.meta.url), 'utf8');
  return [...xml.matchAll(/<depend>(\w+)<\/depend>/g)].map(([, name]) => name);
}
