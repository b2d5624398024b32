import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const MB = 1e6;

interface Pack {
  /** Bytes of the archive, and of what comes out of it. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

describe('the npm package', () => {
  let pack: Pack;
  let paths: string[];
  beforeAll(() => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const text = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    [pack] = JSON.parse(text) as [Pack];
    paths = pack.files.map((file) => file.path);
  }, 60_000); // prettier-ignore

  it('holds no recording: those of others are not under its licence', () => {
    expect(paths.filter((path) => /^bags\/|kitti_\d|\.(mcap|bag|db3|tum|pcd|bin)$/i.test(path))).toEqual([]);
    expect(pack.files.filter((file) => file.size > MB && file.path !== 'assets/shape.prior')).toEqual([]);
  });

  it('is small, and has what the commands need', () => {
    expect(pack.size).toBeLessThan(10 * MB);
    expect(paths).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'dist/cli/main.js',
        'dist/index.js',
        'dist/index.d.ts',
        'dist/viewer/client/index.html',
        'dist/viewer/client/licenses.txt',
        'launch/feltmap.launch.py',
        'rviz/feltmap.rviz',
      ]),
    );
    expect(paths.some((path) => path.endsWith('.wasm'))).toBe(true);
  });

  it('has nothing else', () => {
    const roots = new Set(paths.map((path) => path.split('/')[0]));
    expect([...roots].sort()).toEqual([
      'LICENSE',
      'README.md',
      'assets',
      'dist',
      'launch',
      'package.json',
      'rviz',
    ]);
    expect(paths.filter((path) => /\.(wat|tsbuildinfo)$/.test(path))).toEqual([]);
  });
});

describe('the licences of what is installed with it', () => {
  interface Entry {
    readonly license?: string;
    readonly dev?: boolean;
  }
  const { packages } = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8')) as {
    packages: Record<string, Entry>;
  };

  it('are all named on the page about dependencies', () => {
    const page = readFileSync(`${ROOT}docs/dependencies.md`, 'utf8');
    const section = page.slice(page.indexOf('Licences of everything installed at run time'));
    const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
    expect(installed.length).toBeGreaterThan(15);
    for (const [path, { license }] of installed) {
      expect(license, path).toBeDefined();
      // '(MIT OR Apache-2.0)' is a choice; 'Apache2' is how one package spells it.
      const names = license!.replace(/^Apache2$/, 'Apache-2.0').match(/[\w.-]+/g)!.filter((n) => n !== 'OR'); // prettier-ignore
      expect(names.some((name) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(section)), `${path}: ${license}`).toBe(true); // prettier-ignore
    }
  });
});
