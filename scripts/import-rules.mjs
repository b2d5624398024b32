/**
 * Who may import whom, as ESLint rules: the core knows nothing of ROS, files or sockets, and nobody but the backends
 * themselves knows a backend. `tests/structure.test.ts` checks that they reject what they should.
 */

/** Folders of src that take typed arrays and return typed arrays. */
const CORE = [
  'geometry',
  'compute',
  'kernels',
  'sensors',
  'calibration',
  'field',
  'mesh',
  'map',
  'planning',
  'completion',
  'slam',
  'eval',
];
/** Folders of src that the core must not know. */
const SHELL = ['bags', 'cli', 'export', 'host', 'images', 'ros', 'sim', 'viewer'];
/** Packages of Node and others that reach files, sockets, processes or ROS. */
const OUTSIDE = ['fs', 'net', 'http', 'https', 'http2', 'tls', 'dgram', 'dns', 'child_process', 'readline'];
const PACKAGES = ['rclnodejs', 'ws', '@mcap/core', 'commander', '@gltf-transform/core', 'pcl.js', 'sharp'];

/** Core files that may read files, and why. */
const READERS = [
  'src/compute/pool.ts', // its own wasm
  'src/completion/load-prior.ts', // its own data
  'src/field/backends/webgpu/cache.ts', // compiled shaders, as a browser keeps them
];

const BACKEND = {
  regex: '(^|/)backends/(wasm|webgpu|tfjs)/',
  message: 'Only src/field/backends knows a backend: take it from field/backends/select.ts.',
};
const SHELL_FOLDER = {
  regex: `^\\.\\./(.*/)?(${SHELL.join('|')})/`,
  message:
    'The core imports nothing of ROS, recordings, command line, host or viewer: hand it data or a callback.',
};
const FILES_AND_SOCKETS = {
  regex: `^(node:)?(${OUTSIDE.join('|')})(/.*)?$|^(${PACKAGES.join('|')})(/.*)?$`,
  message: 'The core reaches no files, sockets, processes or ROS: hand it bytes or a callback.',
};

/** import() is not seen by no-restricted-imports. */
const dynamic = ({ regex, message }) => ({
  selector: `ImportExpression[source.value=/${regex.replaceAll('/', '\\u002F')}/]`,
  message,
});

const restrict = (files, patterns, ignores = []) => ({
  files,
  ...(ignores.length > 0 && { ignores }),
  rules: {
    'no-restricted-imports': ['error', { patterns }],
    'no-restricted-syntax': ['error', ...patterns.map(dynamic)],
  },
});

const core = CORE.map((folder) => `src/${folder}/**/*.ts`);
const backends = ['src/field/backends/**/*.ts'];

/** For eslint.config.mjs. Of several entries for a file the last one counts. */
export const importRules = [
  restrict(['src/**/*.ts'], [BACKEND], backends),
  restrict(core, [BACKEND, SHELL_FOLDER, FILES_AND_SOCKETS]),
  restrict(backends, [SHELL_FOLDER, FILES_AND_SOCKETS]),
  restrict(READERS, [BACKEND, SHELL_FOLDER]),
];
