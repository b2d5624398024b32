// Called by CMake: node bundle.mjs CHECKOUT BUILD_DIR NPM
// Makes BUILD_DIR/bundle: package.json, dist/ and the run-time part of node_modules/. Compiling needs development
// packages that no robot should carry, so it happens in BUILD_DIR/compile, with its own node_modules. Each of the
// three steps is skipped while a hash of what it depends on stands in its stamp.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [checkout, buildDir, npm] = process.argv.slice(2);
if (npm === undefined) throw new Error('usage: node bundle.mjs CHECKOUT BUILD_DIR NPM');
const compileDir = join(buildDir, 'compile');
const bundleDir = join(buildDir, 'bundle');
const NOT_FOR_BUILDING = new Set(
  [
    'node_modules',
    'dist',
    'out',
    'coverage',
    'tests',
    'bags',
    'docs',
    'bench',
    'ros',
    'launch',
    'rviz',
  ].concat(
    ['build', 'install', 'log'], // where a workspace was made inside the checkout
  ),
);

const sources = readdirSync(checkout).filter(
  (name) => !/^\.|\.md$/.test(name) && !NOT_FOR_BUILDING.has(name),
);
const lock = readFileSync(join(checkout, 'package-lock.json'));
const node = `${process.version} ${process.platform} ${process.arch}`;

step('tools', hash(node, lock), () => {
  copyInto(compileDir, ['package.json', 'package-lock.json']);
  // No install scripts: none of the tools needs one, and rclnodejs must not be compiled twice.
  run(compileDir, ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
});

step('dist', hash(node, lock, ...sources.flatMap((name) => contents(join(checkout, name)))), () => {
  copyInto(compileDir, sources);
  rmSync(join(compileDir, 'dist'), { recursive: true, force: true });
  run(compileDir, ['run', 'build']);
  rmSync(join(bundleDir, 'dist'), { recursive: true, force: true });
  cpSync(join(compileDir, 'dist'), join(bundleDir, 'dist'), { recursive: true });
});

// rclnodejs compiles against, and generates its messages from, the ROS 2 that is sourced now.
step('modules', hash(node, lock, process.env.ROS_DISTRO ?? '', rosPrefix()), () => {
  copyInto(bundleDir, ['package.json', 'package-lock.json', 'LICENSE']);
  run(bundleDir, ['ci', '--omit=dev', '--foreground-scripts', '--no-audit', '--no-fund']);
  // npm leaves an optional package out without a word when its installation fails.
  if (!existsSync(join(bundleDir, 'node_modules', 'rclnodejs', 'generated'))) {
    fail(
      'rclnodejs could not be installed; what it said stands above. ROS 2 has to be sourced, and where rclnodejs has no ' +
        'prebuilt addon (it has them for Ubuntu 22.04, 24.04 and 26.04) g++, make and python3 have to be there.',
    );
  }
});
// What the bundle is made of; CMakeLists.txt installs it only where this has changed.
const made = ['dist', 'modules'].map((name) => readFileSync(join(buildDir, `${name}.stamp`), 'utf8'));
writeFileSync(join(buildDir, 'bundle.stamp'), made.join('\n'));

/** Runs `work` unless the stamp of an earlier run holds the same key; the stamp is written only after success. */
function step(name, key, work) {
  const stamp = join(buildDir, `${name}.stamp`);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return;
  rmSync(stamp, { force: true });
  work();
  writeFileSync(stamp, key);
}

function copyInto(folder, names) {
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    rmSync(join(folder, name), { recursive: true, force: true });
    cpSync(join(checkout, name), join(folder, name), { recursive: true });
  }
}

/** Path and bytes of every file under `path`, in a fixed order. */
function contents(path) {
  if (!existsSync(path)) return [];
  const entries = tryList(path);
  if (entries === undefined) return [path.slice(checkout.length), readFileSync(path)];
  return entries.sort().flatMap((name) => contents(join(path, name)));
}

function tryList(path) {
  try {
    return readdirSync(path);
  } catch (error) {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function hash(...parts) {
  const sum = createHash('sha256');
  // The length keeps ('ab', 'c') and ('a', 'bc') apart.
  for (const part of parts) sum.update(`${part.length}:`).update(part);
  return sum.digest('hex');
}

function rosPrefix() {
  const prefixes = (process.env.AMENT_PREFIX_PATH ?? '').split(':');
  return prefixes.find((prefix) => prefix !== '' && existsSync(join(prefix, 'share', 'rcl'))) ?? '';
}

function run(cwd, args) {
  try {
    // rclnodejs' install script calls npx, which a user's own `yes=false` would end.
    execFileSync(npm, args, { cwd, stdio: 'inherit', env: { ...process.env, npm_config_yes: 'true' } });
  } catch {
    fail(`\`npm ${args.join(' ')}\` failed in ${cwd}; its message stands above.`);
  }
}

function fail(message) {
  console.error(`feltmap: ${message}`);
  process.exit(1);
}
